"""Canceling all open runs that a list shows: as it is stored, and on the wire."""

from runledger.models.base import Model
from runledger.models.listing import FrozenFilter


class BulkCancel(Model):
    """One cancellation of many runs and how far it has come. Times are epoch milliseconds.

    `version` counts its changes. `cursor` is where the list goes on after the runs that were found,
    `batch` those of them that are being canceled, `matched` and `canceled` count all so far, and
    `sample` are the first ones. `is_read` tells that the list has come to its end, `again_at` from
    when on it is read a second time (None while it is read the first time), `finished_at` when
    everything had come to its end."""

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
