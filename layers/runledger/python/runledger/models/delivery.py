"""Delivery attempts: one outbound message to one address on one channel."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from runledger.models.base import Model
from runledger.models.report import KeptReport
from runledger.models.run import ErrorDetail


class DeliveryStatus(StrEnum):
    """The status of a delivery. QUEUED: it will be sent at once. RETRYING: it waits for its next
    try. PROCESSING: it was handed to the provider, which has not answered yet. The other names
    explain themselves."""

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
        """Whether no work is left. A provider's report may still change the status."""
        return self not in (
            DeliveryStatus.QUEUED,
            DeliveryStatus.PROCESSING,
            DeliveryStatus.RETRYING,
        )


class Gate(Model):
    """One check before sending. `forced_by` is the user who sent the message although this check
    failed."""

    name: str
    passed: bool
    reason: str
    forced_by: str | None = None


class TryOutcome(StrEnum):
    """The provider's answer: it accepted the message, refused it permanently, or refused it
    temporarily; or its answer was lost."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    TRANSIENT = "TRANSIENT"
    UNKNOWN = "UNKNOWN"


class Try(Model):
    """One try to hand the message to the provider. `code` and `message` are the provider's."""

    at: int
    outcome: TryOutcome
    code: str | None = None
    message: str | None = None
    provider_id: str | None = None


class DeliveryFacts(Model):
    """The attributes of an attempt's row that are not in its packed part: no text, no reason, no
    address."""

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
    """One message to one address. Times are epoch milliseconds.

    - `provider_id` is the provider's id of the message.
    - `status` combines our own status with the provider's later reports; `known` is our own status,
      if it differs.
    - `tries` counts how often sending began. `tries_log` has the tries that ended.
    - `sequence` grows by one with every change of the status, and `revision` with every other
      change.
    - `due_at` is when the attempt is due. `generation` counts the starts of its retry machine.
    - `unknown_since` is when we found that the answer to the last try was lost.
    - `error` is our own error; the provider's errors are in `reports`.
    - `addressee_id` is the contact that an AD_HOC address belonged to when the message was made. It
      is None for a message to a contact.
    - `body` is the plain text, and `html` the HTML of an e-mail whose template has one.
    - `rules` are the node's rules for the gates. A resend applies the same rules.
    - `resend_of` is the attempt that this one repeats; that attempt lists this one in `resends`.
    - `erased_at` is when personal data was removed from the attempt.
    - `unreadable` names the parts of a damaged row that were left out. It is never stored.
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
    html: str | None = None
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
    def is_test(self) -> bool:
        """Whether a person sent it to themselves to test its template."""
        return self.run_id is None and self.resend_of is None and self.requested_by is not None

    @property
    def is_unknown(self) -> bool:
        """Whether it is unknown if the provider received the message."""
        return self.status is DeliveryStatus.PROCESSING and self.unknown_since is not None
