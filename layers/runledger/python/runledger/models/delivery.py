"""Delivery attempts: one outbound message to one address on one channel."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from runledger.models.base import Model
from runledger.models.report import KeptReport
from runledger.models.run import ErrorDetail


class DeliveryStatus(StrEnum):
    """QUEUED waits to be sent at once, RETRYING to be sent again; PROCESSING was handed to the
    provider, whose answer is not known yet. The others are told by their names."""

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
        """Nothing is under way any more; a provider's report may still tell more."""
        return self not in (
            DeliveryStatus.QUEUED,
            DeliveryStatus.PROCESSING,
            DeliveryStatus.RETRYING,
        )


class Gate(Model):
    """One check before sending, in the order the checks ran. `forced_by` is who overruled it."""

    name: str
    passed: bool
    reason: str
    forced_by: str | None = None


class TryOutcome(StrEnum):
    """What the provider answered: it took the message, refused it for good, refused it for now,
    or its answer was lost."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    TRANSIENT = "TRANSIENT"
    UNKNOWN = "UNKNOWN"


class Try(Model):
    """One time that the message was handed to the provider; `code` and `message` are its own."""

    at: int
    outcome: TryOutcome
    code: str | None = None
    message: str | None = None
    provider_id: str | None = None


class DeliveryFacts(Model):
    """What the row of an attempt tells without its bag: no text, no reason, no address."""

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
    """Times are epoch milliseconds; `provider_id` is the provider's own message id.

    `status` is what we know ourselves and what the provider reported since, together; `known` is
    the former, where it differs. `tries` counts the times the message was claimed for sending,
    `tries_log` tells those that came to an end. `sequence` grows by one with every status, and
    `revision` with every further change. `due_at` is when the attempt must be looked at again,
    `generation` how often the retry machine was started for it; `unknown_since` is when it was
    found that the answer to the last try is lost. `error` is ours; the provider's stands in
    `reports`. `addressee_id` is the contact that an AD_HOC address belonged to when the message was
    made; a message to a contact has none. `rules` are what its node asked of the gates, so that a
    resend asks the same. A resend names the attempt it repeats, and `resends` of that one name it
    back. `erased_at` is when the person was taken out of it; `unreadable` says what of a damaged
    row was left out, and is never stored.
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
        """The status by what we know ourselves, whatever was reported."""
        return self.known or self.status

    @property
    def person_id(self) -> str | None:
        """The contact in whose index the row stands: whoever gets the message."""
        return self.contact_id or self.addressee_id

    @property
    def is_unknown(self) -> bool:
        """Whether the provider may or may not have the message."""
        return self.status is DeliveryStatus.PROCESSING and self.unknown_since is not None
