"""Canceling all open runs that a list shows: as it is stored, and on the wire."""

from pydantic import Field, StrictBool

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
    """The open runs to cancel, by the filters of their list, and why."""

    filter: FilterDocument = Field(
        description="The filters of the list of runs. Only open runs are canceled."
    )
    dry_run: StrictBool = Field(default=False, description="Count the runs and cancel none.")


class BulkCancelView(WireModel):
    """A cancellation of many runs. A run that ends by itself meanwhile stays as it is."""

    id: str | None = Field(description="Null of a dry run.")
    filter: FilterView = Field(description="The filters that were asked for.")
    reason: str = Field(description="Why the runs are canceled.")
    requested_by: str = Field(description="The e-mail of the user who asked for it.")
    matched: int = Field(description="How many open runs were found so far.")
    canceled: int = Field(description="How many of these were canceled so far.")
    is_complete: bool = Field(
        description=(
            "False while there may be more; of a dry run where there are more than were counted."
        )
    )
    sample: list[RunView] = Field(description="The first of them, ten at most, as they are now.")
    created_at: str = Field(description="When it was asked for.")
    finished_at: str | None = Field(description="When the last run was canceled; null before.")
