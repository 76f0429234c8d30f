"""Erasures of contacts as the API shows and takes them."""

from pydantic import Field

from runledger.api.request_fields import Reason
from runledger.models.base import WireModel
from runledger.models.erasure import ErasureStatus


class EraseDocument(WireModel):
    """Why a contact is erased."""

    reason: Reason | None = Field(
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
