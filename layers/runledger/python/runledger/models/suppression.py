"""The suppression list: addresses that a workspace sends nothing to."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from runledger.models.base import Model, WireModel


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


class SuppressionDocument(WireModel):
    """An address to send nothing to, as a person would paste it."""

    address: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)
    ] = Field(description="An e-mail address or a phone number.")
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] | None = Field(
        default=None, description="Why, for whoever reads the list."
    )


class SuppressionView(WireModel):
    """An address that nothing is sent to, on any channel that reaches it."""

    address: str | None = Field(
        description="Null where its owner was erased: a hash of it is kept, so it holds on."
    )
    kind: str = Field(description="EMAIL or PHONE.")
    reason: SuppressionReason = Field(description="Why nothing is sent to it.")
    note: str | None = Field(description="A note for people.")
    delivery_id: str | None = Field(description="The message that it goes back to.")
    created_by: str | None = Field(
        description="The e-mail of the user who added it; null where a report did."
    )
    created_at: str = Field(description="When it was added.")
