"""Messages that a person requests outside of a run: resends, and tests of templates.

The API's function has no right to send. So the new delivery is QUEUED, and the delivery-retry
machine sends it. If the process dies before it starts the machine, a repeated request or the tick
starts it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.clock import Clock
from runledger.ids import derived_id, new_id
from runledger.models.attempt_transitions import MACHINE_GRACE, kept_until, suppressed
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus, Gate
from runledger.services.messages.gatekeeper import PreparedMessage, refused

if TYPE_CHECKING:
    from runledger.services.messages.retry_machine import RetryMachine
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.workspaces import WorkspaceStore


@dataclass(frozen=True, slots=True)
class RequestedMessage:
    """The attempt of a requested message. `is_duplicate` says that an earlier request with the same
    key made the attempt."""

    attempt: DeliveryAttempt
    is_duplicate: bool


@dataclass(frozen=True, slots=True)
class RequestedMessages:
    deliveries: "DeliveryStore"
    workspaces: "WorkspaceStore"
    machine: "RetryMachine"
    clock: Clock

    def find(self, delivery_id: str, key: str | None) -> RequestedMessage | None:
        """Returns the attempt of an earlier request with the same idempotency key, or None. If the
        attempt is still QUEUED, starts the delivery-retry machine, because the earlier request may
        have died before it started the machine."""
        known = None if key is None else self.deliveries.find(delivery_id)
        return None if known is None else self._again(known)

    def queue(
        self,
        prepared: PreparedMessage,
        gates: tuple[Gate, ...],
        address: str,
        by: str,
        *,
        original: DeliveryAttempt | None = None,
        **more: Any,
    ) -> RequestedMessage:
        """Stores a new attempt and returns it. If no gate refuses the message, the attempt is
        QUEUED, and the delivery-retry machine is started to send it. If a gate refuses the message,
        the attempt is SUPPRESSED, and nothing is started. If an attempt with this id exists,
        returns that attempt as a duplicate.

        `by` is the e-mail address of the person who requests the message. `original` is the attempt
        that a resend repeats. `more` has further fields of the attempt."""
        attempt = self._attempt(prepared, gates, address, by, more)
        shards = self.workspaces.cached(attempt.workspace_id).shards
        if original is None:
            written = self.deliveries.add(attempt, shards)
        else:
            written = self.deliveries.add_resend(attempt, original, shards)
        if written is not attempt:
            return self._again(written)
        self._start(written)
        return RequestedMessage(written, is_duplicate=False)

    def _attempt(
        self,
        prepared: PreparedMessage,
        gates: tuple[Gate, ...],
        address: str,
        by: str,
        more: dict[str, Any],
    ) -> DeliveryAttempt:
        now, message, parts = self.clock(), prepared.message, prepared.parts
        contact = message.contact
        fields: dict[str, Any] = {
            "automation_id": None,
            "contact_id": None if contact is None else contact.id,
            **more,
        }
        attempt = DeliveryAttempt(
            id=prepared.delivery_id,
            workspace_id=prepared.workspace_id,
            run_id=None,
            node_id=None,
            channel=message.channel,
            address=address,
            status=DeliveryStatus.QUEUED,
            template_id=message.template_id,
            consent=message.consent,
            subject=parts.subject,
            body=parts.body,
            html=parts.html,
            gates=gates,
            rules=message.rules,
            tries=0,
            provider_id=None,
            error=None,
            created_at=now,
            settled_at=None,
            next_try_at=now,
            due_at=now + MACHINE_GRACE,
            generation=1,
            requested_by=by,
            expires_at=kept_until(now, self.workspaces.cached(prepared.workspace_id).retention),
            **fields,
        )
        closed = refused(gates)
        return attempt if closed is None else suppressed(attempt, closed, now)

    def _again(self, known: DeliveryAttempt) -> RequestedMessage:
        self._start(known)
        return RequestedMessage(known, is_duplicate=True)

    def _start(self, attempt: DeliveryAttempt) -> None:
        if attempt.status is DeliveryStatus.QUEUED:
            self.machine.start(attempt)


def delivery_id(key: str | None, *parts: str) -> str:
    """Returns the id of a new delivery: a random one, or the same one for the same key and
    parts."""
    return new_id("dlv") if key is None else derived_id("dlv", *parts, key)
