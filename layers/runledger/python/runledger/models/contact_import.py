"""Imports of contacts from a file, as stored. Times are epoch milliseconds."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from runledger.models.base import Model

FoundBy = Literal["email", "phone", "externalId"]


class ImportFormat(StrEnum):
    """The format of the file: a table with a header, or one JSON object per line."""

    CSV = "CSV"
    JSONL = "JSONL"


class ImportStatus(StrEnum):
    """The status of an import. UPLOADING: the file is not whole yet. CHECKING: a dry run reads the
    rows and writes no contact. CHECKED: the dry run has ended, and the import can be started.
    RUNNING: contacts are being written. COMPLETED: every row has its outcome. CANCELED: somebody
    ended it; the rows done before that have their outcome. FAILED: it could not go on; `error` says
    why."""

    UPLOADING = "UPLOADING"
    CHECKING = "CHECKING"
    CHECKED = "CHECKED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    FAILED = "FAILED"

    @property
    def is_at_work(self) -> bool:
        return self in (ImportStatus.CHECKING, ImportStatus.RUNNING)

    @property
    def can_start(self) -> bool:
        return self in (ImportStatus.UPLOADING, ImportStatus.CHECKED)

    @property
    def is_terminal(self) -> bool:
        return self in (ImportStatus.COMPLETED, ImportStatus.CANCELED, ImportStatus.FAILED)


class RowOutcome(StrEnum):
    """What an import did with a row, or what it would do. CREATED, UPDATED and UNCHANGED are about
    the row's contact. FAILED: the row was left out, for the reason in the report. REPEATED, only in
    a dry run: an earlier row has the same address, so the outcome depends on that row. UNKNOWN:
    the import failed while it wrote this row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    FAILED = "FAILED"
    REPEATED = "REPEATED"
    UNKNOWN = "UNKNOWN"


class ValueKind(StrEnum):
    """How a text of a CSV file becomes a value of `metadata`."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"


class MappedColumn(Model):
    """A column of the file and the contact's field that it fills. In a CSV, `column` is the name in
    the header, and `place` is the position of the column, from 0. In JSON Lines, `column` is the
    path of a value, and `place` is None."""

    column: str
    field: str
    kind: ValueKind = ValueKind.TEXT
    place: int | None = None


class ImportMapping(Model):
    """How rows become contacts. `by` is the field by which a row's contact is found; with
    `externalId`, `name` is the name of the external id. Every row's contact gets the `tags`."""

    by: FoundBy
    name: str | None = None
    columns: tuple[MappedColumn, ...]
    tags: tuple[str, ...] = ()

    @property
    def by_field(self) -> str:
        """The contact's field that finds it: `email`, `phone` or `externalIds.<name>`."""
        return f"externalIds.{self.name}" if self.by == "externalId" else self.by


class FilePart(Model):
    """An uploaded part of the file: its object and its length in bytes."""

    key: str
    size: int


class RowProblem(Model):
    """A problem of one row: why the row failed, or which of its values the import left out. `row`
    counts from 1, as a spreadsheet does: row 1 of a CSV is its header."""

    row: int
    column: str | None
    text: str


class ContactImport(Model):
    """One import and its progress.

    - `version` counts its changes; `attempt` is the execution that works on it; `stalls` counts how
      often the tick found no progress.
    - `parts` are the parts of the file by number, from 1.
    - `delimiter` and `width` are the separator and the number of columns of a CSV.
    - `total` is the number of rows in the file, without the header and blank rows; None until it
      has been read.
    - `offset` is the byte at which the next row begins, and `row` is the number of the last row
      before it.
    - `planned` has one letter for each row in work: the outcome that is planned for the row.
      `planned_at` is when these rows were planned.
    - `counts` has the number of finished rows by outcome. `problems` has the first few problems.
    - `chunks` are the objects with the report's lines about finished rows. When the import ends,
      they are joined to one report, the object `report_key`.
    - `seen` are the objects with the addresses of a dry run's rows.
    - `canceled_by` is the user who asked to cancel it.
    - `expires_at` is when the files are deleted.
    """

    workspace_id: str
    id: str
    format: ImportFormat
    file_name: str
    requested_by: str
    created_at: int
    expires_at: int
    status: ImportStatus = ImportStatus.UPLOADING
    version: int = 1
    attempt: int = 0
    stalls: int = 0
    parts: dict[int, FilePart] = Field(default_factory=dict)
    mapping: ImportMapping | None = None
    delimiter: str | None = None
    width: int | None = None
    total: int | None = None
    offset: int = 0
    row: int = 0
    planned: str = ""
    planned_at: int | None = None
    counts: dict[RowOutcome, int] = Field(default_factory=dict)
    problems: tuple[RowProblem, ...] = ()
    chunks: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    report_key: str | None = None
    canceled_by: str | None = None
    started_at: int | None = None
    started_by: str | None = None
    finished_at: int | None = None
    error: str | None = None

    @property
    def size(self) -> int:
        """The bytes uploaded so far."""
        return sum(part.size for part in self.parts.values())

    @property
    def done(self) -> int:
        """How many rows have their outcome."""
        return sum(self.counts.values())

    @property
    def is_dry(self) -> bool:
        return self.status in (ImportStatus.CHECKING, ImportStatus.CHECKED)
