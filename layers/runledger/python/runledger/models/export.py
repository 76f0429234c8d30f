"""Exports of lists, as stored. Times are epoch milliseconds."""

from enum import StrEnum

from runledger.models.base import Model
from runledger.models.listing import FrozenFilter, ListName


class ExportFormat(StrEnum):
    """The format of an export: a comma-separated table, or one JSON document per line."""

    CSV = "CSV"
    JSONL = "JSONL"


class ExportStatus(StrEnum):
    """The status of an export. PENDING: requested. RUNNING: rows are being written. COMPLETED: the
    file exists until it expires. FAILED: there will be no file."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"

    @property
    def is_terminal(self) -> bool:
        return self in (ExportStatus.COMPLETED, ExportStatus.FAILED)


class Part(Model):
    """One uploaded part of the file."""

    number: int
    etag: str


class Export(Model):
    """One export and its progress.

    - `version` counts its changes.
    - `cursor` is where the list continues after the `rows` written so far.
    - `upload_id` is the multipart upload that makes the file, if any. `parts` are its uploaded
      parts.
    - `left_over` is an object with data that is too short for a part of its own.
    - `is_read` is True once all rows are in uploaded parts.
    - `object_key` is the file, which exists once the export is COMPLETED.
    - `attempt` is the execution that works on it.
    - `stalls` counts how often the tick found no progress.
    - `error` says why the export failed.
    - `expires_at` is when the file is deleted.
    """

    workspace_id: str
    id: str
    list: ListName
    format: ExportFormat
    filter: FrozenFilter
    requested_by: str
    created_at: int
    expires_at: int
    status: ExportStatus = ExportStatus.PENDING
    version: int = 1
    attempt: int = 1
    stalls: int = 0
    rows: int = 0
    cursor: str | None = None
    parts: tuple[Part, ...] = ()
    left_over: str | None = None
    object_key: str | None = None
    upload_id: str | None = None
    is_read: bool = False
    finished_at: int | None = None
    error: str | None = None
