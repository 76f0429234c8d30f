"""Bulk cancels: the cancellation of all open runs that match a filter, as stored."""

from runledger.models.base import Model
from runledger.models.listing import FrozenFilter


class BulkCancel(Model):
    """One cancellation of many runs and its progress. Times are epoch milliseconds.

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
    version: int = 1
    cursor: str | None = None
    batch: tuple[str, ...] = ()
    sample: tuple[str, ...] = ()
    matched: int = 0
    canceled: int = 0
    is_read: bool = False
    again_at: int | None = None
    finished_at: int | None = None
