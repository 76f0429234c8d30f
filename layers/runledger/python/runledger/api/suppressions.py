"""Suppressed addresses as the API shows and takes them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from runledger.models.base import WireModel
from runledger.models.suppression import SuppressionReason


class SuppressionDocument(WireModel):
    """An address to which nothing will be sent. It may be written in any format."""

    address: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)
    ] = Field(description="An e-mail address or a phone number.")
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] | None = Field(
        default=None, description="The reason, which the list shows."
    )


class SuppressionView(WireModel):
    """An address to which nothing is sent, on any channel that uses it."""

    address: str | None = Field(
        description=(
            "The address. It is null if the contact was erased; then only the hash of the address "
            "is kept, and the suppression stays in effect."
        )
    )
    kind: str = Field(description="EMAIL or PHONE.")
    reason: SuppressionReason = Field(description="Why the address is suppressed.")
    note: str | None = Field(description="A note that people see.")
    delivery_id: str | None = Field(
        description=(
            "The message that bounced or was reported as spam; null if a user added the address."
        )
    )
    created_by: str | None = Field(
        description="The e-mail address of the user who added it; null if a provider's report did."
    )
    created_at: str = Field(description="When the address was added.")
