"""Bulk actions: each cancels all open runs that match a filter, or skips their waits. These are the
stored rows."""

from enum import StrEnum

from runledger.models.base import Model
from runledger.models.listing import FrozenFilter


class BulkAction(StrEnum):
    """What is done to each run."""

    CANCEL = "CANCEL"
    SKIP_WAIT = "SKIP_WAIT"


class BulkCancel(Model):
    """One action on many runs, and its progress. Times are epoch milliseconds.

    - `version` counts its changes.
    - `cursor` is where the list continues after the runs found so far.
    - `batch` has the runs that are being changed.
    - `matched` counts the runs found so far, each once, and `sample` has the ids of the first few.
    - `canceled` counts the runs that were canceled so far, or whose waits were skipped.
    - `passed_over` has runs that the first reading found but could not change. The second reading
      may change them, but does not count them as found again.
    - `is_read` is True once the whole list was read.
    - `again_at` is when the list may be read a second time; None during the first reading.
    - `finished_at` is when everything was done.
    """

    workspace_id: str
    id: str
    filter: FrozenFilter
    by: str
    reason: str
    created_at: int
    expires_at: int
    action: BulkAction = BulkAction.CANCEL
    version: int = 1
    cursor: str | None = None
    batch: tuple[str, ...] = ()
    sample: tuple[str, ...] = ()
    matched: int = 0
    canceled: int = 0
    passed_over: tuple[str, ...] = ()
    is_read: bool = False
    again_at: int | None = None
    finished_at: int | None = None
