"""Delivery attempts: one outbound message to one address on one channel."""

from enum import StrEnum

from pydantic import Field

from runledger.models.base import Model
from runledger.models.report import Reports
from runledger.models.run import ErrorDetail


class DeliveryStatus(StrEnum):
    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    RETRYING = "RETRYING"
    FAILED = "FAILED"
    DEAD_LETTERED = "DEAD_LETTERED"
    SUPPRESSED = "SUPPRESSED"


class Gate(Model):
    """One check before sending, in the order the checks ran."""

    name: str
    passed: bool
    reason: str


class DeliveryAttempt(Model):
    """Times are epoch milliseconds; `provider_id` is the provider's own message id. `reports` are
    what the provider said after it took the message; `status`, `error` and `settled_at` have them
    taken into account (models/feedback.py)."""

    id: str
    workspace_id: str
    run_id: str | None
    node_id: str | None
    automation_id: str | None
    contact_id: str | None
    channel: str
    address: str
    status: DeliveryStatus
    template_id: str
    subject: str | None
    gates: tuple[Gate, ...]
    tries: int
    provider_id: str | None
    error: ErrorDetail | None
    created_at: int
    settled_at: int | None
    expires_at: int
    reports: Reports = Field(default_factory=dict)
