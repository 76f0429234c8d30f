"""Suppressed addresses as the API shows and takes them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from runledger.models.base import WireModel
from runledger.models.suppression import SuppressionReason


class SuppressionDocument(WireModel):
    """An address to send nothing to, as a person would paste it."""

    address: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)
    ] = Field(description="An e-mail address or a phone number.")
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] | None = Field(
        default=None, description="Why, shown in the list."
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
