"""Exports as the API shows and takes them."""

from pydantic import Field

from runledger.api.filters import FilterDocument, FilterView
from runledger.models.base import WireModel
from runledger.models.export import ExportFormat, ExportStatus
from runledger.models.listing import ListName


class ExportDocument(WireModel):
    """A list to write to a file."""

    list: ListName = Field(description="Which list.")
    format: ExportFormat = Field(description="The format of the file.")
    filter: FilterDocument = Field(
        default=FilterDocument(), description="The filters of that list."
    )


class ExportView(WireModel):
    """An export and its progress."""

    id: str = Field(description="The export's id.")
    list: ListName = Field(description="Which list.")
    format: ExportFormat = Field(description="The format of the file.")
    filter: FilterView = Field(description="The filters, as they were when it was asked for.")
    status: ExportStatus = Field(description="How far the export is.")
    rows: int = Field(description="How many rows were written so far.")
    created_at: str = Field(description="When it was asked for.")
    requested_by: str = Field(description="The e-mail of the user who asked for it.")
    finished_at: str | None = Field(description="When the file was complete; null before.")
    expires_at: str = Field(description="When the file will be deleted.")
    url: str | None = Field(
        description=(
            "A link to the file, made anew for each answer; for MEMBER and above, "
            "while the file is there."
        )
    )
    url_expires_at: str | None = Field(description="Until when the link works.")
    error: str | None = Field(description="Why the export failed; null unless it did.")
