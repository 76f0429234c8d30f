"""Sends a saved template to the person who edits it, as a delivery without a run.

The delivery is in every list of deliveries, and its subject begins with `[Test]`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, SECOND, Clock
from runledger.errors import InvalidInputError, RateLimitedError
from runledger.models.automation import TemplateSnapshot
from runledger.models.delivery import Gate
from runledger.nodes.tools import OutboundMessage
from runledger.services.messages.gatekeeper import PreparedMessage
from runledger.services.messages.rendering import RenderedParts, one_line
from runledger.services.messages.requested_messages import RequestedMessage, delivery_id

if TYPE_CHECKING:
    from runledger.api.previews import PreviewView
    from runledger.api.resends import TestSendDocument
    from runledger.models.template import Template
    from runledger.services.automations.preview import Previews
    from runledger.services.messages.gatekeeper import Gatekeeper
    from runledger.services.messages.requested_messages import RequestedMessages
    from runledger.services.workspaces.identity import Caller
    from runledger.store.contacts import ContactStore
    from runledger.store.rates import RateStore

# Of one person, in one workspace.
TESTS_A_MINUTE = 5
_CHANNEL = "EMAIL"
_NO_CONSENT = "no consent needed: a test goes to the person who asked for it"


@dataclass(frozen=True, slots=True)
class TestSends:
    previews: "Previews"
    requested: "RequestedMessages"
    contacts: "ContactStore"
    rates: "RateStore"
    gatekeeper: "Gatekeeper"
    clock: Clock

    def send(
        self, caller: "Caller", template_id: str, document: "TestSendDocument"
    ) -> RequestedMessage:
        """Sends the template to the caller's own address, rendered as in a preview. Returns the
        delivery: QUEUED, or SUPPRESSED if a gate refuses it. A repeated request of the same person
        with the same idempotency key returns the same delivery, even if the template has changed.
        Raises NotFoundError if the workspace has no such template, InvalidInputError if it is not
        for e-mails or cannot be rendered, and RateLimitedError."""
        template = self.previews.templates.store.get(caller.workspace_id, template_id)
        if template.channel != _CHANNEL:
            raise InvalidInputError(
                "only e-mails can be tested: a test goes to your own e-mail address",
                field="channel",
            )
        key = document.idempotency_key
        user_id = caller.membership.user_id
        new = delivery_id(key, caller.workspace_id, user_id, template_id, "test")
        known = self.requested.find(new, key)
        if known is not None:
            return known
        shown = self.previews.of_saved(caller.workspace_id, template_id, document)
        if shown.problems:
            problem = shown.problems[0]
            raise InvalidInputError(problem.message, field=problem.field)
        self._refuse_often(caller)
        prepared = self._prepared(new, caller, template, shown)
        kind, address = prepared.channel.address_kind, prepared.message.address or ""
        return self.requested.queue(
            prepared,
            self._gates(prepared),
            address,
            caller.email,
            # If a contact has this address, an erasure of the contact finds the delivery.
            addressee_id=self.contacts.find_address(caller.workspace_id, kind, address),
        )

    def _refuse_often(self, caller: "Caller") -> None:
        now = self.clock()
        name = f"TEST#{caller.membership.user_id}"
        if self.rates.count(caller.workspace_id, name, now // MINUTE) > TESTS_A_MINUTE:
            left = MINUTE - now % MINUTE
            raise RateLimitedError(
                f"you may send {TESTS_A_MINUTE} tests a minute; try again in a minute",
                -(-left // SECOND),
            )

    def _prepared(
        self, new: str, caller: "Caller", template: "Template", shown: "PreviewView"
    ) -> PreparedMessage:
        channel = self.previews.templates.channels[_CHANNEL]
        address = channel.normalize(caller.email)
        message = OutboundMessage(
            recipient=address,
            contact=None,
            address=address,
            channel=_CHANNEL,
            template_id=template.id,
            consent="TRANSACTIONAL",
        )
        snapshot = TemplateSnapshot(
            id=template.id,
            name=template.name,
            channel=template.channel,
            subject=template.subject,
            body=template.body,
            html=template.html,
        )
        parts = RenderedParts(
            one_line(f"[Test] {shown.subject}"),
            shown.body or "",
            None if template.html is None else shown.html,
        )
        return PreparedMessage(caller.workspace_id, new, message, channel, snapshot, parts)

    def _gates(self, prepared: PreparedMessage) -> tuple[Gate, ...]:
        return tuple(
            gate.changed(reason=_NO_CONSENT) if gate.name == "consent" else gate
            for gate in self.gatekeeper.check(prepared)
        )
