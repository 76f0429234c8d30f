"""Sends a delivery again by hand: a new attempt with no run, linked to the original.

The text is the original one. The gates and the contact's address are the current ones. The new
attempt is QUEUED and the delivery-retry machine sends it, because the API's function has no right
to send.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.errors import ConflictError, InvalidInputError, NotFoundError
from runledger.ids import derived_id, new_id
from runledger.models.attempt_transitions import MACHINE_GRACE, kept_until, suppressed
from runledger.models.automation import TemplateSnapshot
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.nodes.base import OutboundMessage
from runledger.services.messages.gatekeeper import Gatekeeper, PreparedMessage, refused
from runledger.services.messages.gates import address_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.api.resends import ResendDocument
    from runledger.channels.base import Channel
    from runledger.models.contact import Contact
    from runledger.services.messages.retry_machine import RetryMachine
    from runledger.store.contacts import ContactStore
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.templates import TemplateStore
    from runledger.store.workspaces import WorkspaceStore

# The most resends of one attempt; its row lists them all.
MAX_RESENDS = 100


@dataclass(frozen=True, slots=True)
class Resent:
    attempt: DeliveryAttempt
    is_duplicate: bool


@dataclass(frozen=True, slots=True)
class Resends:
    deliveries: "DeliveryStore"
    contacts: "ContactStore"
    templates: "TemplateStore"
    workspaces: "WorkspaceStore"
    channels: "Mapping[str, Channel]"
    gatekeeper: Gatekeeper
    machine: "RetryMachine"
    clock: Clock

    def resend(
        self, workspace_id: str, delivery_id: str, document: "ResendDocument", by: str
    ) -> Resent:
        """Creates a new attempt: QUEUED, or SUPPRESSED if a gate refuses it. Raises ConflictError
        if the delivery is still under way or its contact was erased, and InvalidInputError if the
        contact no longer has an address."""
        now = self.clock()
        original = self.deliveries.get(delivery_id)
        if original.workspace_id != workspace_id or original.expires_at <= now:
            raise NotFoundError(f"there is no delivery {delivery_id}")
        new = _new_id(original, document.idempotency_key)
        known = self.deliveries.find(new) if document.idempotency_key is not None else None
        if known is not None:
            return self._again(known)
        self._check(original)
        attempt = self._attempt(new, original, by if document.force else None, by, now)
        shards = self.workspaces.cached(workspace_id).shards
        written = self.deliveries.add_resend(attempt, original, shards)
        if written is not attempt:
            return self._again(written)
        if written.status is DeliveryStatus.QUEUED:
            self.machine.start(written)
        return Resent(written, is_duplicate=False)

    def _again(self, known: DeliveryAttempt) -> Resent:
        """Returns the existing attempt. Starts its machine, because the process that made the
        attempt may have died first."""
        if known.status is DeliveryStatus.QUEUED:
            self.machine.start(known)
        return Resent(known, is_duplicate=True)

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

    def _attempt(
        self, new: str, original: DeliveryAttempt, forced_by: str | None, by: str, now: int
    ) -> DeliveryAttempt:
        contact = self._contact(original)
        workspace = self.workspaces.cached(original.workspace_id)
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
        template = self._template(original)
        prepared = PreparedMessage(
            workspace_id=original.workspace_id,
            delivery_id=new,
            message=message,
            channel=channel,
            template=template,
            subject=original.subject,
            body=original.body or "",
        )
        gates = self.gatekeeper.check(prepared, forced_by)
        attempt = DeliveryAttempt(
            id=new,
            workspace_id=original.workspace_id,
            run_id=None,
            node_id=None,
            automation_id=original.automation_id,
            contact_id=original.contact_id,
            addressee_id=original.addressee_id,
            channel=original.channel,
            address=address,
            status=DeliveryStatus.QUEUED,
            template_id=original.template_id,
            consent=original.consent,
            subject=original.subject,
            body=original.body,
            gates=gates,
            rules=original.rules,
            tries=0,
            provider_id=None,
            error=None,
            created_at=now,
            settled_at=None,
            next_try_at=now,
            due_at=now + MACHINE_GRACE,
            generation=1,
            resend_of=original.id,
            requested_by=by,
            forced=forced_by is not None,
            expires_at=kept_until(now, workspace.retention),
        )
        closed = refused(gates)
        return attempt if closed is None else suppressed(attempt, closed, now)

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
            body=original.body or "",
        )


def _new_id(original: DeliveryAttempt, key: str | None) -> str:
    if key is None:
        return new_id("dlv")
    return derived_id("dlv", original.workspace_id, original.id, "resend", key)
