"""Imports of contacts as the API shows and takes them."""

from typing import Annotated

from pydantic import Field, StrictBool, StringConstraints

from runledger.models.base import Whole, WireModel
from runledger.models.contact import ExternalIdName, Tag
from runledger.models.contact_import import (
    FoundBy,
    ImportFormat,
    ImportStatus,
    RowOutcome,
    ValueKind,
)

MAX_PARTS = 100
_MAX_MAPPED = 200
_FileName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class ImportDocument(WireModel):
    """A file of contacts to upload."""

    format: ImportFormat = Field(description="The format of the file. Its text must be UTF-8.")
    file_name: _FileName = Field(description="The name of the file, to recognize the import.")


class ColumnDocument(WireModel):
    """A column of the file and the contact's field that it fills."""

    column: _Text = Field(
        description="The name of the column in the header of a CSV; in JSON Lines, the path of the "
        "value, such as `address.city`."
    )
    field: _Text = Field(
        description="The contact's field: `email`, `phone`, `firstName`, `lastName`, `tags`, "
        "`externalIds.<name>`, `metadata.<name>`, `consents.marketing`, `consents.transactional`, "
        "the consents of one channel (`consents.channels.SMS.marketing`), or `consents.source` and "
        "`consents.date`, without which a withdrawn consent is not given again. Tags are added, "
        "and separated by commas or semicolons. An empty value changes nothing."
    )
    kind: ValueKind = Field(
        default=ValueKind.TEXT,
        description="What a text of a CSV becomes in `metadata`.",
    )


class ImportStartDocument(WireModel):
    """How the rows of the uploaded file become contacts."""

    parts: Whole = Field(ge=1, le=MAX_PARTS, description="How many parts the file has.")
    by: FoundBy = Field(
        description="The field by which a row's contact is found. A column must fill it. A row "
        "without a contact creates one."
    )
    name: ExternalIdName | None = Field(
        default=None, description="The name of the external id, with `by` externalId."
    )
    columns: list[ColumnDocument] = Field(
        min_length=1, max_length=_MAX_MAPPED, description="The columns to use, others are ignored."
    )
    tags: list[Tag] = Field(
        default_factory=list, max_length=20, description="Tags for every contact of the file."
    )
    dry_run: StrictBool = Field(
        default=False, description="Whether to check the rows without writing any contact."
    )


class ImportMappingView(WireModel):
    """How the rows of the file become contacts. These are the settings with which the import was
    last started or checked."""

    by: FoundBy = Field(description="The field by which a row's contact is found.")
    name: str | None = Field(description="The name of the external id, with `by` externalId.")
    columns: list[ColumnDocument] = Field(description="The columns that are used.")
    tags: list[str] = Field(description="Tags for every contact of the file.")


class RowProblemView(WireModel):
    """A problem of one row: why the row failed, or which of its values the import left out."""

    row: int = Field(description="The row, counted from 1. Row 1 of a CSV is its header.")
    column: str | None = Field(
        description="The column whose value is wrong; null if the problem is not in one column."
    )
    text: str = Field(description="What is wrong.")


class ImportView(WireModel):
    """An import of contacts and its progress."""

    id: str = Field(description="The import's id.")
    format: ImportFormat = Field(description="The format of the file.")
    file_name: str = Field(description="The name of the file.")
    status: ImportStatus = Field(description="The import's status.")
    bytes: int = Field(description="How many bytes were uploaded so far.")
    parts: list[int] = Field(description="The numbers of the parts that were uploaded.")
    total: int | None = Field(
        description="How many rows the file has, without header and blank rows; null until it is "
        "read."
    )
    done: int = Field(description="How many rows have their outcome.")
    counts: dict[RowOutcome, int] = Field(
        description="How many rows have each outcome. After a dry run, what the import would do."
    )
    problems: list[RowProblemView] = Field(
        description="The first problems of rows. The report has all."
    )
    mapping: ImportMappingView | None = Field(
        description="How the rows become contacts; null until it is started or checked."
    )
    is_dry_run: bool = Field(description="Whether the counts and the report are of a dry run.")
    is_cancel_requested: bool = Field(description="Whether somebody asked to cancel it.")
    error: str | None = Field(description="Why the import failed; null unless it did.")
    created_at: str = Field(description="When the import was created.")
    requested_by: str = Field(description="The e-mail address of the user who created it.")
    started_at: str | None = Field(description="When it was last started; null until then.")
    finished_at: str | None = Field(description="When it ended; null until then.")
    expires_at: str = Field(description="When the file and the report are deleted.")
    report_url: str | None = Field(
        description="A download link for the report, a CSV with a line for each row; new in each "
        "answer. Null for VIEWER, and until there is a report."
    )
    report_url_expires_at: str | None = Field(description="Until when the link works.")


class ImportColumnView(WireModel):
    """A column of the uploaded file."""

    name: str = Field(description="The column's name, or its path in JSON Lines.")
    field: str | None = Field(description="The field that it fills by its name; null if none.")
    samples: list[str] = Field(description="Its first values.")


class ImportPreviewView(WireModel):
    """The beginning of an uploaded file."""

    columns: list[ImportColumnView] = Field(description="The columns of the file.")
    rows: int = Field(description="How many rows the preview read.")
    delimiter: str | None = Field(description="The separator of a CSV; null for JSON Lines.")
