"""The overview of a workspace: its last hour, its open runs and what needs attention."""

from pydantic import Field

from runledger.api.counts import CountsView
from runledger.api.failures import FailureGroupView
from runledger.models.base import WireModel

_AT_LEAST = "False if one request could not count all of them: then the numbers are minimums."


class SpanView(WireModel):
    """The runs that were created in one hour."""

    from_: str = Field(alias="from", description="The start of the hour, included.")
    to: str = Field(description="The end of the hour, included.")
    runs: int = Field(description="The number of runs.")
    failed: int = Field(description="The number of these runs that failed.")


class UsualView(WireModel):
    """The usual numbers for an hour: medians of earlier weeks, for the same weekday and hour."""

    runs: int = Field(description="The median number of runs, rounded.")
    failed: int = Field(description="The median number of failed runs, rounded.")
    hours: list[SpanView] = Field(
        description="The hours that were compared, the latest first: two to four."
    )


class LastHourView(SpanView):
    """The runs of the last 60 minutes, by their status now."""

    open_: int = Field(alias="open", description="The number of these runs that have not ended.")
    completed: int = Field(description="The number of these runs that completed.")
    canceled: int = Field(description="The number of these runs that were canceled.")
    is_complete: bool = Field(description=_AT_LEAST)
    usual: UsualView | None = Field(
        description=(
            "The usual numbers for this weekday and hour; null if fewer than two earlier weeks "
            "are in the history, or if there are too many runs to count."
        )
    )


class OpenRunsView(WireModel):
    """All runs that have not ended, however old."""

    total: int = Field(description="The number of open runs.")
    is_total_complete: bool = Field(description="False if there are more open runs than `total`.")
    oldest_at: str | None = Field(
        description="When the oldest open run was created; null if there is none. A list of runs "
        "with this time as `from` has all open runs."
    )
    by_health: dict[str, int] = Field(
        description=(
            "The number of open runs by `health.state`. Zeros are included. If `isComplete` is "
            "false, these are minimums, but OVERDUE is exact if `isOverdueComplete` is true."
        )
    )
    is_complete: bool = Field(description="Whether every open run was read for `byHealth`.")
    is_overdue_complete: bool = Field(description="Whether every overdue run was counted.")


class CountView(WireModel):
    """How many items there are; a minimum if not all of them could be counted."""

    count: int = Field(description="The number of items.")
    is_complete: bool = Field(description=_AT_LEAST)


class NextFireView(WireModel):
    """When an active date automation fires next."""

    automation_id: str = Field(description="The automation's id.")
    automation_name: str = Field(description="The automation's name.")
    next_fire_at: str = Field(description="When it fires next.")
    time_zone: str = Field(description="The IANA time zone of its schedule.")
    is_held: bool = Field(description="Whether the automation is held, so that new runs wait.")


class SlowNodeView(WireModel):
    """How long the visits of one node took. Waits are not counted."""

    automation_id: str = Field(description="The automation's id.")
    automation_name: str = Field(description="The automation's name in the newest run.")
    node_id: str = Field(description="The node's id.")
    type: str = Field(description="The node's type.")
    sampled: int = Field(description="The number of visits that were measured.")
    p95_ms: int = Field(description="95% of these visits took this many milliseconds or less.")


class OverviewView(WireModel):
    """A workspace at a glance. Every time range ends at `at`."""

    at: str = Field(description="When the numbers were counted.")
    day_from: str = Field(description="The start of the last day: 24 hours before `at`.")
    automations: CountView = Field(description="All automations.")
    active_automations: CountView = Field(description="The active automations.")
    last_hour: LastHourView = Field(description="The last 60 minutes.")
    open_runs: OpenRunsView = Field(description="The runs that have not ended.")
    open_failures: CountView = Field(
        description="The failure groups that are open and have runs of the last day."
    )
    newest_failures: list[FailureGroupView] = Field(
        description="Up to five of these groups, the latest failure first, with their runs of the "
        "last day."
    )
    refusals: CountsView = Field(
        description="The refusals of the last day, by reason. One that stands for several events "
        "counts once."
    )
    bounces: CountView = Field(
        description="The messages of the last day that bounced: failed deliveries with the error "
        "BOUNCED."
    )
    dead_letters: CountView = Field(
        description="The messages of the last day that failed their last try: DEAD_LETTERED "
        "deliveries."
    )
    date_automations: CountView = Field(description="The active date automations.")
    next_fires: list[NextFireView] = Field(
        description="Up to five active date automations, the next fire first."
    )
    measured_runs: CountView = Field(
        description="The finished runs of the last day in which nodes were measured. If "
        "`isComplete` is false, older runs were left out."
    )
    slowest_nodes: list[SlowNodeView] = Field(
        description="Up to five nodes of these runs, the slowest first."
    )
