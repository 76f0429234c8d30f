"""Imports of contacts as the API shows them."""

from runledger.api.contact_imports import (
    ColumnDocument,
    ImportMappingView,
    ImportView,
    RowProblemView,
)
from runledger.clock import iso, optional_iso
from runledger.models.contact_import import ContactImport, ImportMapping


def import_view(made: ContactImport, url: str | None = None, url_expires_at: int = 0) -> ImportView:
    return ImportView(
        id=made.id,
        format=made.format,
        file_name=made.file_name,
        status=made.status,
        bytes=made.size,
        parts=sorted(made.parts),
        total=made.total,
        done=made.done,
        counts=made.counts,
        problems=[
            RowProblemView(row=each.row, column=each.column, text=each.text)
            for each in made.problems
        ],
        mapping=_mapping_view(made.mapping) if made.mapping is not None else None,
        is_dry_run=made.is_dry,
        is_cancel_requested=made.canceled_by is not None and made.status.is_at_work,
        error=made.error,
        created_at=iso(made.created_at),
        requested_by=made.requested_by,
        started_at=optional_iso(made.started_at),
        finished_at=optional_iso(made.finished_at),
        expires_at=iso(made.expires_at),
        report_url=url,
        report_url_expires_at=iso(url_expires_at) if url is not None else None,
    )


def _mapping_view(mapping: ImportMapping) -> ImportMappingView:
    return ImportMappingView(
        by=mapping.by,
        name=mapping.name,
        columns=[
            ColumnDocument(column=each.column, field=each.field, kind=each.kind)
            for each in mapping.columns
        ],
        tags=list(mapping.tags),
    )
