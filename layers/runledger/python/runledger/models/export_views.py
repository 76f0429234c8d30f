"""Exports on the wire."""

from pydantic import Field

from runledger.models.base import WireModel
from runledger.models.export import ExportFormat, ExportStatus
from runledger.models.listing import FilterDocument, FilterView, ListName


class ExportDocument(WireModel):
    """Which list is asked for as a file, and with which of its filters."""

    list: ListName
    format: ExportFormat
    filter: FilterDocument = FilterDocument()


class ExportView(WireModel):
    """An export. `rows` are those written so far; `url` is a link to the file for whoever may have
    it, as long as that is there, and works until `url_expires_at`. At `expires_at` the file
    goes."""

    id: str
    list: ListName
    format: ExportFormat
    filter: FilterView
    status: ExportStatus
    rows: int
    created_at: str
    requested_by: str
    finished_at: str | None
    expires_at: str
    url: str | None = Field(description="For MEMBER and above; made anew with each answer.")
    url_expires_at: str | None
    error: str | None = Field(description="Why it failed.")
