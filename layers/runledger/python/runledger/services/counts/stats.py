"""Computes the figures of a chart: runs per hour, and durations of the newest runs and their
nodes.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.counts import DurationView, HourView, NodeDurationView, StatsView
from runledger.clock import DAY, HOUR, iso
from runledger.errors import InvalidInputError
from runledger.models.event import Event
from runledger.models.run import Run, RunStatus, Step, StepStatus
from runledger.models.totals import Scope, hour_of
from runledger.services.counts.row_counts import countable
from runledger.services.counts.totals import Totals
from runledger.services.lists.kinds import ListFilter, runs_kind
from runledger.services.lists.pages import SCAN_BUDGET, list_rows
from runledger.services.lists.windows import window
from runledger.services.runs.run_state import steps_of
from runledger.store.keys import Kind
from runledger.store.runs import RunHistory
from runledger.store.step_times import StepTimeStore

if TYPE_CHECKING:
    from runledger.compiler.graph import GraphView
    from runledger.services.lists.queries import Queries

# The longest range of one answer.
LONGEST = 92 * DAY
# The most steps that one answer reads; for a large graph, fewer runs. DynamoDB bills whole items,
# each with up to 64 KB of step data: at worst 8,000 read units.
STEP_READS = 1_000
_BATCH = 100
_DEFAULT_RANGE = "24h"
_FINISHED = frozenset({RunStatus.COMPLETED.value, RunStatus.FAILED.value})
_TIMED = (StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.SKIPPED)


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of the runs that `queries` lists."""

    queries: "Queries"

    def of(
        self,
        workspace_id: str,
        automation_id: str | None,
        range_: str | None,
        since: str | None,
        until: str | None,
        time_zone: str | None = None,
    ) -> StatsView:
        """Returns the figures of a range, by default 24 hours. Raises InvalidInputError, with the
        parameter, if one cannot be read."""
        now = self.queries.clock()
        if range_ is None and since is None and until is None:
            range_ = _DEFAULT_RANGE
        first, last = window(range_, since, until, now, time_zone)
        last = max(min(last, now), first)
        if last - first > LONGEST:
            raise InvalidInputError(
                f"the period may have at most {LONGEST // DAY} days", field="from"
            )
        stores = self.queries.stores
        shards = stores.workspaces.cached(workspace_id).shards
        kind = runs_kind(stores.runs)
        scope = Scope(workspace_id, Kind.RUN.value, automation_id)
        totals = Totals(
            stores.table, stores.totals, stores.freshness, stores.workspaces, self.queries.gather
        )
        found = totals.count(scope, countable(kind, scope, shards), first, last, now)
        wanted = ListFilter(workspace_id, _FINISHED, automation_id, None, first, last)
        page = list_rows(
            stores.table,
            kind,
            wanted,
            shards,
            limit=SCAN_BUDGET,
            after=None,
            now=now,
            gather=self.queries.gather,
        )
        return StatsView(
            from_=iso(first),
            to=iso(last),
            freshness=iso(found.until),
            is_complete=found.is_complete,
            hours=[
                HourView(
                    start=iso(hour),
                    counts={
                        status.value: found.hours.get(hour, Counter())[status]
                        for status in RunStatus
                    },
                )
                for hour in range(hour_of(first), last + 1, HOUR)
            ],
            duration=_duration(page.rows, is_capped=page.position is not None),
            nodes=[] if automation_id is None else self._nodes(page.rows, now),
        )

    def _nodes(self, runs: Sequence[Run], now: int) -> list[NodeDurationView]:
        """Returns the durations of nodes in the newest runs: as many runs as STEP_READS allows, at
        least one."""
        visits: list[tuple[str, str]] = []
        looked_at: list[tuple[Run, GraphView]] = []
        for run in runs:
            if run.unreadable is not None:
                # Its version and times are unknown.
                continue
            graph = self.queries.contexts.graph(run)
            # The steps of the start and the end have no item; the run row holds them.
            in_run_row = {*graph.starts, run.end_node_id}
            more = [(run.id, node_id) for node_id in graph.nodes if node_id not in in_run_row]
            if looked_at and len(visits) + len(more) > STEP_READS:
                break
            visits += more
            looked_at.append((run, graph))
        recorded = self._recorded(visits)
        took: dict[str, list[int]] = {}
        types: dict[str, str] = {}
        for run, graph in looked_at:
            for node_id in graph.topology.order:
                took.setdefault(node_id, [])
                types.setdefault(node_id, graph.nodes[node_id].node.type)
            steps = {
                node_id: recorded[run.id, node_id]
                for node_id in graph.nodes
                if (run.id, node_id) in recorded
            }
            # No duration depends on the event, so it is not read.
            event = Event(trigger_type=run.trigger_type, details={}, body=None)
            history = RunHistory(run, event, steps)
            for step in steps_of(history, graph, now):
                # A step that a rerun took over counts only where it was recorded first.
                is_own = step.reused_from is None
                if is_own and step.status in _TIMED and step.finished_at is not None:
                    took[step.node_id].append(step.finished_at - step.started_at)
        return [
            NodeDurationView(
                node_id=node_id,
                type=types[node_id],
                sampled=len(times),
                p50_ms=percentile(times, 50),
                p95_ms=percentile(times, 95),
                p99_ms=percentile(times, 99),
            )
            for node_id, times in took.items()
            if times
        ]

    def _recorded(self, visits: list[tuple[str, str]]) -> dict[tuple[str, str], Step]:
        store = StepTimeStore(self.queries.stores.table, self.queries.stores.bodies)

        def reader(some: list[tuple[str, str]]) -> Callable[[], Mapping[tuple[str, str], Step]]:
            return lambda: store.get_many(some)

        found: dict[tuple[str, str], Step] = {}
        starts = range(0, len(visits), _BATCH)
        for steps in self.queries.gather(reader(visits[at : at + _BATCH]) for at in starts):
            found.update(steps)
        return found


def percentile(values: Iterable[int], percent: int) -> int:
    """Returns a percentile by its nearest rank: the smallest value that is at least as large as
    `percent` percent of all."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _duration(runs: Sequence[Run], *, is_capped: bool) -> DurationView | None:
    times = [
        run.finished_at - run.started_at
        for run in runs
        if run.finished_at is not None and run.started_at is not None
    ]
    if not times:
        return None
    return DurationView(
        sampled=len(times),
        is_capped=is_capped,
        p50_ms=percentile(times, 50),
        p95_ms=percentile(times, 95),
        p99_ms=percentile(times, 99),
    )
