"""Exports as the API shows them."""

from runledger.api.exports import ExportView
from runledger.clock import iso, optional_iso
from runledger.models.export import Export
from runledger.services.views.filters import filter_view


def export_view(export: Export, url: str | None = None, url_expires_at: int = 0) -> ExportView:
    return ExportView(
        id=export.id,
        list=export.list,
        format=export.format,
        filter=filter_view(export.list, export.filter),
        status=export.status,
        rows=export.rows,
        created_at=iso(export.created_at),
        requested_by=export.requested_by,
        finished_at=optional_iso(export.finished_at),
        expires_at=iso(export.expires_at),
        url=url,
        url_expires_at=iso(url_expires_at) if url is not None else None,
        error=export.error,
    )
