"""What the API answers about counts and durations. Durations are milliseconds."""

from pydantic import Field

from runledger.models.base import WireModel


class CountsView(WireModel):
    """How many rows a list shows, by status. `freshness` is up to when changes are in it for sure.
    Where `isComplete` is false there are at least so many: the filters left more rows to read than
    one request may."""

    counts: dict[str, int] = Field(description="Every status, also those of no row.")
    total: int
    is_complete: bool
    freshness: str


class HourView(WireModel):
    """The runs created in one hour; of the first and the last hour only those in the range."""

    start: str
    counts: dict[str, int]


class DurationView(WireModel):
    """How long the newest finished runs of the range took: half of them at most `p50Ms`.
    `isCapped` says that there are more than were looked at."""

    sampled: int
    is_capped: bool
    p50_ms: int
    p95_ms: int
    p99_ms: int


class NodeDurationView(WireModel):
    """The same of one node; that of a WAIT is how long it waited. `sampled` tells of how many
    visits: the newest runs are looked at until they have 1,000 steps, so of a large graph these are
    fewer runs than those of `duration`."""

    node_id: str
    type: str
    sampled: int
    p50_ms: int
    p95_ms: int
    p99_ms: int


class StatsView(WireModel):
    """`duration` is null where no run has finished; `nodes` are there for one automation only, in
    the order of its newest version that ran."""

    from_: str = Field(alias="from")
    to: str
    freshness: str
    is_complete: bool
    hours: list[HourView]
    duration: DurationView | None
    nodes: list[NodeDurationView]
