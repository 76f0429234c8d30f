"""The suppression list: addresses that a workspace sends nothing to."""

from enum import StrEnum

from runledger.models.base import Model


class SuppressionReason(StrEnum):
    """The address does not take messages, its owner complained of one, or somebody said so."""

    BOUNCE = "BOUNCE"
    COMPLAINT = "COMPLAINT"
    MANUAL = "MANUAL"


class Suppression(Model):
    """One address; None where its owner was erased, and only its hash is kept. `kind` is that of
    the channels that reach it; `delivery_id` is the message that came back or was complained of;
    `created_by` is who added it by hand; `created_at` is epoch milliseconds."""

    workspace_id: str
    kind: str
    address: str | None
    reason: SuppressionReason
    note: str | None
    delivery_id: str | None
    created_by: str | None
    created_at: int
