"""Bulk cancels as the API shows and takes them."""

from pydantic import Field, StrictBool

from runledger.api.filters import FilterDocument, FilterView
from runledger.api.runs import CancelDocument, RunView
from runledger.models.base import WireModel


class BulkCancelDocument(CancelDocument):
    """The open runs to cancel, chosen by the filters of their list, and the reason."""

    filter: FilterDocument = Field(
        description="The filters of the list of runs. Only open runs are canceled."
    )
    dry_run: StrictBool = Field(default=False, description="Count the runs and cancel none.")


class BulkCancelView(WireModel):
    """A cancellation of many runs. A run that ends by itself meanwhile is not changed."""

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
