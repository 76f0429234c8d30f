"""Bulk cancels as the API shows and takes them."""

from pydantic import Field, StrictBool

from runledger.api.filters import FilterDocument, FilterView
from runledger.api.request_fields import IdempotencyKey
from runledger.api.runs import CancelDocument, RunView
from runledger.models.base import WireModel


class BulkDocument(WireModel):
    """Runs chosen by the filters of their list."""

    filter: FilterDocument = Field(
        description="Which runs to select, by the filters of the list of runs."
    )
    dry_run: StrictBool = Field(
        default=False, description="If true, count the runs and change none."
    )
    idempotency_key: IdempotencyKey | None = Field(
        default=None,
        description="Makes the request safe to repeat: the same key begins only one bulk action.",
    )


class BulkCancelDocument(BulkDocument, CancelDocument):
    """The open runs to cancel, chosen by the filters of their list, and the reason."""

    filter: FilterDocument = Field(
        description=(
            "Which runs to cancel, by the filters of the list of runs. Only open runs are canceled."
        )
    )
    dry_run: StrictBool = Field(
        default=False, description="If true, count the runs and cancel none."
    )


class BulkSkipDocument(BulkDocument):
    """A request to end the waits of all waiting runs that the filters of the list select."""


class BulkSkipView(WireModel):
    """A request to end the waits of many runs now, and its progress. A run that continues by itself
    meanwhile is not changed."""

    id: str | None = Field(description="The id of the bulk action; null for a dry run.")
    filter: FilterView = Field(description="The filters of the request.")
    requested_by: str = Field(
        description="The e-mail address of the user who requested the bulk action."
    )
    matched: int = Field(description="How many waiting runs were found so far.")
    skipped: int = Field(
        description="How many of these runs were handed back, so that they continue."
    )
    is_complete: bool = Field(
        description="Whether the bulk action has ended. For a dry run: whether every matching run "
        "was counted."
    )
    sample: list[RunView] = Field(
        description="The first runs found, up to ten, in their current state."
    )
    created_at: str = Field(description="When the bulk action was requested.")
    finished_at: str | None = Field(description="When the bulk action ended; null until then.")


class BulkCancelView(WireModel):
    """A cancellation of many runs. A run that ends by itself meanwhile is not changed."""

    id: str | None = Field(description="The bulk cancel's id; null for a dry run.")
    filter: FilterView = Field(description="The filters of the request.")
    reason: str = Field(description="Why the runs are canceled.")
    requested_by: str = Field(
        description="The e-mail address of the user who requested the bulk action."
    )
    matched: int = Field(description="How many open runs were found so far.")
    canceled: int = Field(description="How many of the runs found were canceled so far.")
    is_complete: bool = Field(
        description=(
            "Whether the bulk cancel has ended. For a dry run: whether every matching run "
            "was counted."
        )
    )
    sample: list[RunView] = Field(
        description="The first runs found, up to ten, in their current state."
    )
    created_at: str = Field(description="When the bulk cancel was requested.")
    finished_at: str | None = Field(description="When the bulk cancel ended; null until then.")
