"""Exports of lists as they are stored. Times are epoch milliseconds."""

from enum import StrEnum

from runledger.models.base import Model
from runledger.models.listing import FrozenFilter, ListName


class ExportFormat(StrEnum):
    """A comma-separated table, or one JSON document a line."""

    CSV = "CSV"
    JSONL = "JSONL"


class ExportStatus(StrEnum):
    """PENDING: asked for. RUNNING: rows are being written. COMPLETED: the file is there, until it
    expires. FAILED: there will be none."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"

    @property
    def is_terminal(self) -> bool:
        return self in (ExportStatus.COMPLETED, ExportStatus.FAILED)


class Part(Model):
    """A part of the file that was uploaded."""

    number: int
    etag: str


class Export(Model):
    """One export and how far it has come.

    `version` counts its changes. `cursor` is where the list goes on after the `rows` that were
    written: to the `parts` of the multipart upload, and then to `left_over`, the object that keeps
    what is yet too short for a part. `object_key` is the file, there once the export is COMPLETED;
    `upload_id` the multipart upload that makes it, if one does; `is_read` tells that all rows are
    in its parts. `attempt` is the execution at work, `stalls` how often the tick found that it had
    come no further. `error` is why it failed, `expires_at` when the file goes."""

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
