"""Sends a delivery again by hand: a new attempt with no run, linked to the original.

The text is the original one. The gates and the contact's address are the current ones.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.errors import ConflictError, InvalidInputError, NotFoundError
from runledger.models.automation import TemplateSnapshot
from runledger.models.delivery import DeliveryAttempt
from runledger.nodes.tools import OutboundMessage
from runledger.services.messages.gatekeeper import PreparedMessage
from runledger.services.messages.gates import address_of
from runledger.services.messages.rendering import RenderedParts
from runledger.services.messages.requested_messages import RequestedMessage, delivery_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.api.resends import ResendDocument
    from runledger.channels.base import Channel
    from runledger.models.contact import Contact
    from runledger.services.messages.gatekeeper import Gatekeeper
    from runledger.services.messages.requested_messages import RequestedMessages
    from runledger.store.contacts import ContactStore
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.templates import TemplateStore

# The most resends of one attempt; its row lists them all.
MAX_RESENDS = 100


@dataclass(frozen=True, slots=True)
class Resends:
    requested: "RequestedMessages"
    deliveries: "DeliveryStore"
    contacts: "ContactStore"
    templates: "TemplateStore"
    channels: "Mapping[str, Channel]"
    gatekeeper: "Gatekeeper"
    clock: Clock

    def resend(
        self, workspace_id: str, original_id: str, document: "ResendDocument", by: str
    ) -> RequestedMessage:
        """Creates a new attempt: QUEUED, or SUPPRESSED if a gate refuses it. Raises ConflictError
        if the delivery is still under way or its contact was erased, and InvalidInputError if the
        contact no longer has an address."""
        now = self.clock()
        original = self.deliveries.get(original_id)
        if original.workspace_id != workspace_id or original.expires_at <= now:
            raise NotFoundError(f"there is no delivery {original_id}")
        key = document.idempotency_key
        new = delivery_id(key, original.workspace_id, original.id, "resend")
        known = self.requested.find(new, key)
        if known is not None:
            return known
        self._check(original)
        prepared, address = self._prepared(new, original)
        forced_by = by if document.force else None
        return self.requested.queue(
            prepared,
            self.gatekeeper.check(prepared, forced_by),
            address,
            by,
            original=original,
            automation_id=original.automation_id,
            addressee_id=original.addressee_id,
            resend_of=original.id,
            forced=document.force,
        )

    def _check(self, original: DeliveryAttempt) -> None:
        if original.erased_at is not None:
            raise ConflictError(
                "the contact of this delivery was erased, so it cannot be sent again"
            )
        if not original.status.is_settled:
            raise ConflictError(
                f"the delivery is {original.status}, so the message may still be sent; resend it "
                "after it has settled",
                status=original.status.value,
            )
        if original.body is None:
            raise ConflictError(
                "the text of this delivery was not stored, so it cannot be sent again"
            )
        if len(original.resends) >= MAX_RESENDS:
            raise ConflictError(
                f"the delivery was already resent {MAX_RESENDS} times, which is the limit"
            )

    def _prepared(self, new: str, original: DeliveryAttempt) -> tuple[PreparedMessage, str]:
        """Returns a message with the original's text, and the address to which the message goes.
        That is the contact's current address or, if the original had no contact, the original's
        address."""
        contact = self._contact(original)
        channel = self.channels[original.channel]
        message = OutboundMessage(
            recipient=original.contact_id or original.address,
            contact=contact,
            address=None if contact else original.address,
            channel=original.channel,
            template_id=original.template_id,
            consent=original.consent,
            **original.rules,
        )
        address, _ = address_of(message, channel)
        if not address:
            raise InvalidInputError(f"the contact no longer has an address for {channel.name}")
        prepared = PreparedMessage(
            workspace_id=original.workspace_id,
            delivery_id=new,
            message=message,
            channel=channel,
            template=self._template(original),
            parts=RenderedParts(original.subject, original.body or "", original.html),
        )
        return prepared, address

    def _contact(self, original: DeliveryAttempt) -> "Contact | None":
        if original.contact_id is None:
            return None
        try:
            return self.contacts.get(original.workspace_id, original.contact_id)
        except NotFoundError:
            raise ConflictError(
                "the contact of this delivery was erased, so it cannot be sent again"
            ) from None

    def _template(self, original: DeliveryAttempt) -> TemplateSnapshot:
        """Returns the template as the delivery used it: the text stays, even if the template
        changed."""
        template_id = original.template_id
        found = self.templates.get_many(original.workspace_id, [template_id])
        name = found[template_id].name if template_id in found else template_id
        return TemplateSnapshot(
            id=template_id,
            name=name,
            channel=original.channel,
            subject=original.subject,
            body=original.body,
            html=original.html,
        )
