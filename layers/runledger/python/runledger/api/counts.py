"""Counts and durations as the API shows them. Durations are milliseconds."""

from pydantic import Field

from runledger.models.base import WireModel


class CountsView(WireModel):
    """The number of rows in a list."""

    counts: dict[str, int] = Field(
        description="By status, or reason; those without rows are there too."
    )
    total: int = Field(description="All of them together.")
    is_complete: bool = Field(
        description=(
            "False where there may be more: the filters left more rows than one request may read."
        )
    )
    freshness: str = Field(description="Changes up to this time are in the counts.")


class HourView(WireModel):
    """The runs that were created in one hour. In the first and last hour, only those in the
    range."""

    start: str = Field(description="When the hour begins.")
    counts: dict[str, int] = Field(description="How many runs, by status.")


class DurationView(WireModel):
    """How long the newest finished runs of the range took."""

    sampled: int = Field(description="How many runs were looked at.")
    is_capped: bool = Field(description="Whether there are more runs than were looked at.")
    p50_ms: int = Field(description="Half of the runs took at most so many milliseconds.")
    p95_ms: int = Field(description="95 of 100 runs took at most so many milliseconds.")
    p99_ms: int = Field(description="99 of 100 runs took at most so many milliseconds.")


class NodeDurationView(WireModel):
    """How long the newest visits of one node took. They come from the newest runs that together
    have at most 1,000 steps, so for a large graph these are fewer runs than for `duration`."""

    node_id: str = Field(description="The node.")
    type: str = Field(description="The node's type.")
    sampled: int = Field(description="How many visits were looked at.")
    p50_ms: int = Field(
        description="Half of the visits took at most so many milliseconds; of a WAIT, waited."
    )
    p95_ms: int = Field(description="95 of 100 visits took at most so many milliseconds.")
    p99_ms: int = Field(description="99 of 100 visits took at most so many milliseconds.")


class StatsView(WireModel):
    """Runs by hour and status, and how long they took."""

    from_: str = Field(alias="from", description="The begin of the range.")
    to: str = Field(description="The end of the range.")
    freshness: str = Field(description="Changes up to this time are in the counts.")
    is_complete: bool = Field(description="False where there may be more runs than were counted.")
    hours: list[HourView] = Field(description="The hours of the range.")
    duration: DurationView | None = Field(
        description="How long runs took; null where none has finished."
    )
    nodes: list[NodeDurationView] = Field(
        description=(
            "How long nodes took, in the order of the newest version that ran; empty "
            "unless one automation was asked for."
        )
    )
