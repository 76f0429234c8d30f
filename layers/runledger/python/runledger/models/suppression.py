"""The suppression list: addresses to which a workspace sends nothing."""

from enum import StrEnum

from runledger.models.base import Model


class SuppressionReason(StrEnum):
    """Why an address is suppressed: a message to it bounced, its owner complained about a message,
    or a user added it."""

    BOUNCE = "BOUNCE"
    COMPLAINT = "COMPLAINT"
    MANUAL = "MANUAL"


class Suppression(Model):
    """One suppressed address. `address` is None if its owner was erased and only its hash is kept.
    `kind` is the kind of the address, EMAIL or PHONE. `delivery_id` is the message that bounced or
    got a complaint. `created_by` is the user who added the address. `created_at` is epoch
    milliseconds."""

    workspace_id: str
    kind: str
    address: str | None
    reason: SuppressionReason
    note: str | None
    delivery_id: str | None
    created_by: str | None
    created_at: int
