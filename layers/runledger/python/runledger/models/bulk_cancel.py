"""Canceling all open runs that a list shows: as it is stored, and on the wire."""

from pydantic import Field

from runledger.models.base import Model, WireModel
from runledger.models.listing import FilterDocument, FilterView, FrozenFilter
from runledger.models.wire import CancelDocument, RunView


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


class BulkCancelDocument(CancelDocument):
    """Which open runs to cancel, by the filters of their list, and why. With `dry_run` nothing is
    canceled, only told."""

    filter: FilterDocument
    dry_run: bool = False


class BulkCancelView(WireModel):
    """A cancellation of many runs: how many open ones it `matched` and how many of these it
    `canceled` so far; a run that ends by itself meanwhile is left as it is. `is_complete` is false
    while there may be more to come, and of a dry run where there are at least so many."""

    id: str | None = Field(description="Null of a dry run.")
    filter: FilterView
    reason: str
    requested_by: str
    matched: int
    canceled: int
    is_complete: bool
    sample: list[RunView] = Field(description="The first of them, ten at most, as they are now.")
    created_at: str
    finished_at: str | None
