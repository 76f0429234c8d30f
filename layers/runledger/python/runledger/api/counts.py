"""Counts and durations as the API shows them. Durations are milliseconds."""

from pydantic import Field

from runledger.api.runs import RunView
from runledger.models.base import WireModel


class CountsView(WireModel):
    """The number of rows in a list."""

    counts: dict[str, int] = Field(
        description="The number of rows by status, or by reason for refusals. Zeros are included."
    )
    total: int = Field(description="The sum of all counts.")
    is_complete: bool = Field(
        description="False if there may be more rows, because one request may not read them all."
    )
    freshness: str = Field(description="Changes up to this time are counted.")


class AutomationActivityView(WireModel):
    """What one automation did lately."""

    automation_id: str = Field(description="The automation's id.")
    counts: dict[str, int] = Field(description="Its runs in the range, by status.")
    total: int = Field(description="The sum of all counts.")
    is_complete: bool = Field(description="False if there may be more runs than were counted.")
    last_run: RunView | None = Field(
        description="The newest run, also if it is older than the range; null if there is none."
    )


class HourView(WireModel):
    """The runs that were created in one hour. In the first and the last hour, only runs inside
    the requested range are counted."""

    start: str = Field(description="When the hour starts.")
    counts: dict[str, int] = Field(description="The number of runs by status.")


class MinuteView(WireModel):
    """The runs that were created in one minute. In the first and the last minute, only runs inside
    the requested range are counted."""

    start: str = Field(description="When the minute starts.")
    counts: dict[str, int] = Field(description="The number of runs by status.")


class DurationView(WireModel):
    """How long the newest finished runs of the requested range took."""

    sampled: int = Field(description="The number of runs that were measured.")
    is_capped: bool = Field(description="Whether there are more finished runs than were measured.")
    p50_ms: int = Field(
        description="The median: half of the runs took this many milliseconds or less."
    )
    p95_ms: int = Field(description="95% of the runs took this many milliseconds or less.")
    p99_ms: int = Field(description="99% of the runs took this many milliseconds or less.")


class NodeDurationView(WireModel):
    """How long the newest visits of one node took. Up to 1,000 steps of the newest runs are
    measured, for all nodes together. In a large graph, 1,000 steps belong to few runs, so these
    durations come from fewer runs than the duration of whole runs."""

    node_id: str = Field(description="The node's id.")
    type: str = Field(description="The node's type.")
    sampled: int = Field(description="The number of visits that were measured.")
    p50_ms: int = Field(
        description=(
            "The median: half of the visits took this many milliseconds or less. For a WAIT, "
            "the waiting time counts."
        )
    )
    p95_ms: int = Field(description="95% of the visits took this many milliseconds or less.")
    p99_ms: int = Field(description="99% of the visits took this many milliseconds or less.")
    max_ms: int = Field(description="How long the slowest of these visits took.")
    failed: int = Field(description="How many of these visits failed.")


class StatsView(WireModel):
    """Runs by hour and status, and how long they took."""

    from_: str = Field(alias="from", description="The start of the range.")
    to: str = Field(description="The end of the range.")
    freshness: str = Field(description="Changes up to this time are counted.")
    is_complete: bool = Field(description="False if there may be more runs than were counted.")
    hours: list[HourView] = Field(description="The counts for each hour of the range.")
    minutes: list[MinuteView] = Field(
        description="The counts for each minute of a range of at most three hours; empty for "
        "longer ranges."
    )
    duration: DurationView | None = Field(
        description="How long runs took; null if none has finished."
    )
    nodes: list[NodeDurationView] = Field(
        description=(
            "How long each node took, in the order of the nodes in the newest version that ran. "
            "Empty unless the request names an automation."
        )
    )
