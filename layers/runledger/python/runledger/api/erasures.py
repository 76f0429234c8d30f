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
        description="For the record, which stays: name a request or a ticket, not the person.",
    )


class ErasureView(WireModel):
    """The progress of erasing a contact. An erasure takes some minutes."""

    contact_id: str = Field(description="The contact's id.")
    status: ErasureStatus = Field(description="Whether anything is left to erase.")
    reason: str | None = Field(description="Why it was asked for.")
    requested_by: str = Field(description="The e-mail of the user who asked for it.")
    requested_at: str = Field(description="When it was asked for.")
    finished_at: str | None = Field(description="When nothing was left to erase; null before.")
