"""Bulk cancels: the cancellation of all open runs that match a filter, as stored. Skipping the
waits of all runs that match is stored in the same way."""

from enum import StrEnum

from runledger.models.base import Model
from runledger.models.listing import FrozenFilter


class BulkAction(StrEnum):
    """What is done to each run."""

    CANCEL = "CANCEL"
    SKIP_WAIT = "SKIP_WAIT"


class BulkCancel(Model):
    """One action on many runs, and its progress. Times are epoch milliseconds.

    `version` counts its changes. `cursor` is where the list continues after the runs found so far.
    `batch` holds the runs that are being canceled. `matched` and `canceled` count all runs so far,
    and `sample` holds the first ones. `is_read` says that the list was read to its end. `again_at`
    is when the second reading may start; None during the first reading. `finished_at` is when all
    was done."""

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
    is_read: bool = False
    again_at: int | None = None
    finished_at: int | None = None
