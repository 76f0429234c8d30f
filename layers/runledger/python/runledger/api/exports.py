"""Exports as the API shows and takes them."""

from pydantic import Field

from runledger.api.filters import FilterDocument, FilterView
from runledger.api.request_fields import IdempotencyKey
from runledger.models.base import WireModel
from runledger.models.export import ExportFormat, ExportStatus
from runledger.models.listing import ListName


class ExportDocument(WireModel):
    """A list to write to a file."""

    list: ListName = Field(description="The list to export.")
    format: ExportFormat = Field(description="The format of the file.")
    filter: FilterDocument = Field(default=FilterDocument(), description="The filters of the list.")
    idempotency_key: IdempotencyKey | None = Field(
        default=None,
        description="Makes the request safe to repeat: the same key writes only one file.",
    )


class ExportView(WireModel):
    """An export and its progress."""

    id: str = Field(description="The export's id.")
    list: ListName = Field(description="The list that is exported.")
    format: ExportFormat = Field(description="The format of the file.")
    filter: FilterView = Field(description="The filters, fixed at the time of the request.")
    status: ExportStatus = Field(description="The export's status.")
    rows: int = Field(description="How many rows were written so far.")
    created_at: str = Field(description="When the export was requested.")
    requested_by: str = Field(
        description="The e-mail address of the user who requested the export."
    )
    finished_at: str | None = Field(description="When the export ended; null until then.")
    expires_at: str = Field(description="When the file is deleted.")
    url: str | None = Field(
        description=(
            "A download link, new in each answer. Null for VIEWER, and if there is no file."
        )
    )
    url_expires_at: str | None = Field(description="Until when the link works.")
    error: str | None = Field(description="Why the export failed; null unless it did.")
