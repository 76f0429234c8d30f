"""Delivers one message: gates, claim, send, settle.

The attempt's id is derived from the effect (run, node, recipient, channel), and its row is written
before the message leaves. A second process sees the row and sends nothing: it returns the result of
a settled attempt, and marks an attempt whose first try did not finish as unknown. If the provider
refuses temporarily, the delivery-retry machine takes over, and the run continues.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from runledger.clock import Clock
from runledger.errors import NodeError, RunReleasedError
from runledger.ids import derived_id, new_token
from runledger.models.attempt_transitions import (
    UNKNOWN_AFTER,
    found_unknown,
    kept_until,
    suppressed,
    tried,
)
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.template import UNSUBSCRIBE_PLACE, UNSUBSCRIBE_VARIABLE
from runledger.nodes.tools import MessageOutcome, OutboundMessage
from runledger.services.messages.gatekeeper import Gatekeeper, PreparedMessage, refused
from runledger.services.messages.gates import address_of
from runledger.services.messages.provider_send import send
from runledger.services.messages.rendering import RenderedParts, rendered_parts
from runledger.services.runs.run_context import contact_scope

if TYPE_CHECKING:
    from runledger.channels.base import Channel
    from runledger.models.automation import TemplateSnapshot
    from runledger.models.run import Run
    from runledger.services.messages.retry_machine import RetryMachine
    from runledger.services.messages.unsubscribe_links import UnsubscribeLinks
    from runledger.services.retry_budget import RetryBudget
    from runledger.store.contacts import ContactStore
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.table import Write


class MessageClaim(Protocol):
    """The visit's claim of its node. It may be written in the transaction that begins the visit's
    first message."""

    def write(self) -> "Write":
        """Returns what the transaction that begins a message must write to the run's row."""

    def written(self) -> None:
        """Notes that the transaction succeeded."""

    def require_free(self) -> None:
        """Raises RunReleasedError or StepInProgressError if the transaction failed because of the
        write to the run's row."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sends the messages of one node of one run; `retention` is in milliseconds. `effect_run` is
    the run whose id is part of the messages' ids. For a rerun, `continues` are the earlier runs,
    newest first: a message that they sent, or may have sent, is not sent again."""

    run: "Run"
    node_id: str
    effect_run: str
    continues: tuple[str, ...]
    claim: MessageClaim
    templates: "Mapping[str, TemplateSnapshot]"
    channels: "Mapping[str, Channel]"
    links: "UnsubscribeLinks"
    deliveries: "DeliveryStore"
    contacts: "ContactStore"
    gatekeeper: Gatekeeper
    retries: "RetryMachine"
    shards: int
    retention: int
    clock: Clock
    begun: list[str]
    retry_budget: "RetryBudget"

    def deliver(self, message: OutboundMessage, scope: Mapping[str, Any]) -> MessageOutcome:
        channel = self.channels[message.channel]
        template = self.templates[message.template_id]
        address, _ = address_of(message, channel)
        # Different spellings of an address are one recipient.
        recipient = message.contact.id if message.contact else address or message.recipient
        delivery_id = attempt_id(self.effect_run, self.node_id, recipient, message.channel)
        sent_before = self._continued(recipient, message.channel)
        if sent_before is not None:
            self.begun.append(sent_before.id)
            return self._recall(sent_before)
        parts = _rendered(template, message, scope)
        prepared = PreparedMessage(
            self.run.workspace_id, delivery_id, message, channel, template, parts
        )
        gates = self.gatekeeper.check(prepared)
        closed = refused(gates)
        self.begun.append(delivery_id)
        now = self.clock()
        attempt = DeliveryAttempt(
            id=delivery_id,
            workspace_id=self.run.workspace_id,
            run_id=self.run.id,
            node_id=self.node_id,
            automation_id=self.run.automation_id,
            contact_id=message.contact.id if message.contact else None,
            addressee_id=self._addressee(message, channel, address),
            channel=message.channel,
            address=address or "",
            status=DeliveryStatus.PROCESSING,
            template_id=message.template_id,
            consent=message.consent,
            subject=parts.subject,
            body=parts.body,
            html=parts.html,
            gates=gates,
            rules=message.rules,
            tries=1,
            provider_id=None,
            error=None,
            created_at=now,
            settled_at=None,
            due_at=None if self._is_found_by_its_run(message) else now + UNKNOWN_AFTER,
            # A message sent long after its run was due must not expire with the run.
            expires_at=max(self.run.expires_at, kept_until(now, self.retention)),
        )
        if closed is not None:
            stored = self.deliveries.add(suppressed(attempt, closed, now), self.shards)
            if stored.status is DeliveryStatus.SUPPRESSED:
                return _outcome(stored)
            # An earlier visit claimed it while the gates still let it pass.
            return self._recall(stored)
        earlier = self._begin(attempt)
        if earlier is not None:
            return self._recall(earlier)
        return self._send(channel, attempt)

    def _continued(self, recipient: str, channel: str) -> DeliveryAttempt | None:
        """Returns the message that an earlier run sent, or may have sent, to this recipient."""
        for run_id in self.continues:
            earlier = self.deliveries.find(attempt_id(run_id, self.node_id, recipient, channel))
            if earlier is not None and may_have_left(earlier):
                return earlier
        return None

    def _begin(self, attempt: DeliveryAttempt) -> DeliveryAttempt | None:
        """Claims the message. Returns None if this call claimed it, or else the attempt that had
        claimed it earlier. Raises RunReleasedError if this execution no longer owns the run,
        StepInProgressError if another request is working on the node."""
        token, run_part = new_token(), self.claim.write()
        if self.retry_budget.retry(lambda: self.deliveries.begin(attempt, run_part, token)):
            self.claim.written()
            return None
        self.claim.require_free()
        earlier = self.deliveries.find(attempt.id)
        if earlier is None:
            raise RunReleasedError("the run ended, or another execution took it")
        return earlier

    def _addressee(
        self, message: OutboundMessage, channel: "Channel", address: str | None
    ) -> str | None:
        """Returns the contact whose address the automation names, or None. The message then appears
        in that contact's history and is erased with it."""
        if message.contact is not None or address is None:
            return None
        return self.contacts.find_address(self.run.workspace_id, channel.address_kind, address)

    def _is_found_by_its_run(self, message: OutboundMessage) -> bool:
        """Whether orphaned_messages.py can derive the attempt's id from the run, if the run ends
        while the attempt is under way. Other attempts are due from the start, which costs an entry
        in the due index."""
        return message.contact is not None and message.contact.id == self.run.contact_id

    def _send(self, channel: "Channel", attempt: DeliveryAttempt) -> MessageOutcome:
        made = send(channel, attempt, self.links, self.deliveries, self.clock)
        outcome = partial(tried, made=made, now=self.clock())
        settled = self.retry_budget.retry(
            lambda: self.deliveries.settle(
                attempt, outcome, self.shards, by_provider_id=channel.is_found_by_provider_id
            )
        )
        if settled.status is DeliveryStatus.RETRYING:
            self.retries.start(settled)
        return _outcome(settled)

    def _recall(self, earlier: DeliveryAttempt) -> MessageOutcome:
        """Returns the outcome of an attempt that was claimed before. If its first try did not
        finish, it is not sent again: its outcome is unknown until the provider reports it."""
        if earlier.tries > 1:
            # The retry machine handles it.
            return _outcome(earlier)
        lost = partial(found_unknown, now=self.clock())
        return _outcome(self.deliveries.settle(earlier, lost, self.shards))


def may_have_left(attempt: DeliveryAttempt) -> bool:
    """Whether the message was sent, may have been sent, or may still be sent."""
    is_lost = attempt.error is not None and attempt.error.kind == "OUTCOME_UNKNOWN"
    never_left = (
        DeliveryStatus.FAILED,
        DeliveryStatus.DEAD_LETTERED,
        DeliveryStatus.SUPPRESSED,
    )
    return is_lost or attempt.base_status not in never_left


def attempt_id(run_id: str, node_id: str, recipient: str, channel: str) -> str:
    """Returns the same id for the same effect. `recipient` is a contact's id, or an address."""
    return derived_id("dlv", run_id, node_id, recipient, channel)


def _rendered(
    template: "TemplateSnapshot", message: OutboundMessage, scope: Mapping[str, Any]
) -> RenderedParts:
    """Returns the message's parts. If a message of a mailing to many cannot be rendered, the parts
    hold the problem, and the other messages are still sent. Any other message raises NodeError,
    which fails the run. `contact` in a template is the recipient."""
    if message.contact is not None:
        scope = {
            **scope,
            "contact": contact_scope(message.contact),
            UNSUBSCRIBE_VARIABLE: UNSUBSCRIBE_PLACE,
        }
    try:
        return rendered_parts(template, scope)
    except NodeError as error:
        if not message.is_one_of_many:
            raise
        return RenderedParts(None, "", problem=str(error))


def _outcome(attempt: DeliveryAttempt) -> MessageOutcome:
    reason = attempt.error.message if attempt.error else None
    return MessageOutcome(
        delivery_id=attempt.id,
        status=attempt.status,
        reason=reason,
        is_unknown=attempt.is_unknown,
    )
