"""Delivery attempts: one outbound message to one address on one channel."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from runledger.models.base import Model
from runledger.models.report import KeptReport
from runledger.models.run import ErrorDetail


class DeliveryStatus(StrEnum):
    """The status of a delivery. QUEUED waits to be sent at once, RETRYING waits for its next try,
    PROCESSING was handed to the provider, whose answer is not known yet. The other names explain
    themselves."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    RETRYING = "RETRYING"
    FAILED = "FAILED"
    DEAD_LETTERED = "DEAD_LETTERED"
    SUPPRESSED = "SUPPRESSED"

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way. A provider's report may still change the status."""
        return self not in (
            DeliveryStatus.QUEUED,
            DeliveryStatus.PROCESSING,
            DeliveryStatus.RETRYING,
        )


class Gate(Model):
    """One check before sending. `forced_by` is the user who overruled it."""

    name: str
    passed: bool
    reason: str
    forced_by: str | None = None


class TryOutcome(StrEnum):
    """The provider's answer: it accepted the message, refused it permanently, refused it for now,
    or its answer was lost."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    TRANSIENT = "TRANSIENT"
    UNKNOWN = "UNKNOWN"


class Try(Model):
    """One try to hand the message to the provider. `code` and `message` are the provider's own."""

    at: int
    outcome: TryOutcome
    code: str | None = None
    message: str | None = None
    provider_id: str | None = None


class DeliveryFacts(Model):
    """The facts on an attempt's row outside its bag: no text, no reason, no address."""

    id: str
    workspace_id: str
    run_id: str | None
    node_id: str | None
    automation_id: str | None
    contact_id: str | None
    channel: str
    template_id: str
    status: DeliveryStatus
    error_kind: str | None
    has_complaint: bool
    tries: int
    sequence: int
    created_at: int
    settled_at: int | None
    next_try_at: int | None
    resend_of: str | None


class DeliveryAttempt(Model):
    """One message to one address. Times are epoch milliseconds; `provider_id` is the provider's
    message id.

    `status` combines what we know ourselves with the provider's later reports; `known` is our own
    status, if it differs. `tries` counts how often the message was claimed for sending. `tries_log`
    lists the tries that ended. `sequence` grows by one with every status, and `revision` with every
    other change. `due_at` is when the attempt is due. `generation` is how often the retry machine
    was started for it. `unknown_since` is when the answer to the last try was found to be lost.
    `error` is ours; the provider's errors are in `reports`. `addressee_id` is the contact that an
    AD_HOC address belonged to when the message was made; a message to a contact has none. `rules`
    are the node's rules for the gates, so that a resend applies the same ones. A resend names the
    attempt it repeats in `resend_of`, and that attempt lists it in `resends`. `erased_at` is when
    the person was removed from the attempt. `unreadable` says which parts of a damaged row were
    left out, and is never stored.
    """

    id: str
    workspace_id: str
    run_id: str | None
    node_id: str | None
    automation_id: str | None
    contact_id: str | None
    addressee_id: str | None = None
    channel: str
    address: str
    status: DeliveryStatus
    known: DeliveryStatus | None = None
    template_id: str
    consent: str = "TRANSACTIONAL"
    subject: str | None
    body: str | None = None
    gates: tuple[Gate, ...]
    rules: dict[str, Any] = Field(default_factory=dict)
    tries: int
    tries_log: tuple[Try, ...] = ()
    provider_id: str | None
    error: ErrorDetail | None
    reports: dict[str, KeptReport] = Field(default_factory=dict)
    created_at: int
    settled_at: int | None
    next_try_at: int | None = None
    unknown_since: int | None = None
    due_at: int | None = None
    generation: int = 0
    sequence: int = 1
    revision: int = 0
    resend_of: str | None = None
    requested_by: str | None = None
    forced: bool = False
    resends: frozenset[str] = frozenset()
    erased_at: int | None = None
    expires_at: int
    unreadable: str | None = None

    @property
    def base_status(self) -> DeliveryStatus:
        """Our own status, without the provider's reports."""
        return self.known or self.status

    @property
    def person_id(self) -> str | None:
        """The contact that gets the message. The row is in this contact's index."""
        return self.contact_id or self.addressee_id

    @property
    def is_unknown(self) -> bool:
        """Whether the provider may or may not have the message."""
        return self.status is DeliveryStatus.PROCESSING and self.unknown_since is not None
