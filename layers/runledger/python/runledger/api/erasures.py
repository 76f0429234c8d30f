"""Erasures of contacts as the API shows and takes them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from runledger.models.base import WireModel
from runledger.models.erasure import ErasureStatus


class EraseDocument(WireModel):
    """Why a contact is erased."""

    reason: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
        | None
    ) = Field(
        default=None,
        description=(
            "The reason, which is kept permanently. Name a request or a ticket, not the person."
        ),
    )


class ErasureView(WireModel):
    """The progress of erasing a contact. An erasure takes some minutes."""

    contact_id: str = Field(description="The contact's id.")
    status: ErasureStatus = Field(description="Whether the erasure has finished.")
    reason: str | None = Field(description="The reason given.")
    requested_by: str = Field(
        description="The e-mail address of the user who requested the erasure."
    )
    requested_at: str = Field(description="When the erasure was requested.")
    finished_at: str | None = Field(description="When the erasure finished; null until then.")
