"""Computes the figures of a chart: runs per hour, and durations of the newest runs and their
nodes.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runledger.api.counts import DurationView, HourView, MinuteView, NodeDurationView, StatsView
from runledger.clock import DAY, HOUR, MINUTE, iso
from runledger.errors import InvalidInputError
from runledger.models.event import Event
from runledger.models.run import Run, RunStatus, Step, StepStatus
from runledger.models.totals import Scope, hour_of
from runledger.services.counts.row_counts import countable
from runledger.services.counts.totals import HourlyCounts, Totals
from runledger.services.lists.kinds import ListFilter, runs_kind
from runledger.services.lists.pages import SCAN_BUDGET, RowPage, list_rows
from runledger.services.lists.queries import of_run
from runledger.services.lists.requests import ListRequest
from runledger.services.lists.windows import window
from runledger.services.runs.run_state import steps_of
from runledger.store.keys import Kind
from runledger.store.run_reads import RunHistory
from runledger.store.step_times import StepTimeStore

if TYPE_CHECKING:
    from runledger.compiler.graph import GraphView
    from runledger.services.lists.queries import Queries

# The longest range of one answer, and the longest that is counted by the minute.
LONGEST = 92 * DAY
_BY_MINUTE = 3 * HOUR
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

    def of(self, workspace_id: str, request: ListRequest, version: int | None = None) -> StatsView:
        """Returns the figures of a list's runs, by default of the last 24 hours. With `version`,
        only the runs of that version are measured; the counts include all versions. Raises
        InvalidInputError, with the parameter, if a parameter is not valid."""
        if version is not None and request.automation_id is None:
            raise InvalidInputError(
                "a version belongs to one automation; send `automationId` too",
                field="automationId",
            )
        now = self.queries.clock()
        if request.range is None and request.since is None and request.until is None:
            request = replace(request, range=_DEFAULT_RANGE)
        first, last = window(request.range, request.since, request.until, now, request.time_zone)
        last = max(min(last, now), first)
        if last - first > LONGEST:
            raise InvalidInputError(
                f"the period may have at most {LONGEST // DAY} days", field="from"
            )
        wanted = self.queries.filter_of(workspace_id, request, now)
        if wanted is None:
            return _view(first, last, HourlyCounts({}, now, is_complete=True))
        wanted = replace(wanted, created_from=first, created_to=last)
        also = of_run(request, now)
        found = self._counted(wanted, also, now)
        finished = _FINISHED & wanted.statuses if wanted.statuses else _FINISHED
        if not finished:
            return _view(first, last, found)
        page = self._rows(replace(wanted, statuses=finished), also, now)
        measured = [run for run in page.rows if version is None or run.version == version]
        return _view(
            first,
            last,
            found,
            _duration(measured, is_capped=page.position is not None),
            [] if request.automation_id is None else self._nodes(measured, now),
        )

    def _counted(
        self, wanted: ListFilter, also: Callable[[Run], bool] | None, now: int
    ) -> HourlyCounts:
        """Counts the runs by the minute if the range is short, otherwise by the hour. For hours,
        uses the stored totals. For minutes, counts the runs in the index. If the list is filtered
        by a contact, a failure group or `also`, reads the newest runs, as many as one request looks
        at, and counts only these."""
        is_short = _is_short(wanted.created_from, wanted.created_to)
        if also is not None or wanted.contact_id is not None or wanted.error_group is not None:
            page = self._rows(wanted, also, now)
            unit = MINUTE if is_short else HOUR
            times: dict[int, Counter[str]] = {}
            for run in page.rows:
                times.setdefault(run.created_at // unit * unit, Counter())[run.status] += 1
            return HourlyCounts(times, now, is_complete=page.position is None)
        of = self.queries.stores
        kind = runs_kind(of.runs)
        scope = Scope(wanted.workspace_id, Kind.RUN.value, wanted.automation_id)
        shards = of.workspaces.cached(wanted.workspace_id).shards
        totals = Totals(of.table, of.totals, of.freshness, of.workspaces, self.queries.gather)
        count = totals.count_minutes if is_short else totals.count
        what = countable(kind, scope, shards, wanted.statuses)
        return count(scope, what, wanted.created_from, wanted.created_to, now)

    def _rows(
        self, wanted: ListFilter, also: Callable[[Run], bool] | None, now: int
    ) -> RowPage[Run]:
        """Returns the newest runs of a list, as many as one request looks at."""
        return list_rows(
            self.queries.stores.table,
            runs_kind(self.queries.stores.runs),
            wanted,
            self.queries.stores.workspaces.cached(wanted.workspace_id).shards,
            limit=SCAN_BUDGET,
            after=None,
            now=now,
            also=also,
            gather=self.queries.gather,
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
        failed: Counter[str] = Counter()
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
                    failed[step.node_id] += step.status is StepStatus.FAILED
        return [
            NodeDurationView(
                node_id=node_id,
                type=types[node_id],
                sampled=len(times),
                p50_ms=percentile(times, 50),
                p95_ms=percentile(times, 95),
                p99_ms=percentile(times, 99),
                max_ms=max(times),
                failed=failed[node_id],
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


def _is_short(first: int, last: int) -> bool:
    return last - first <= _BY_MINUTE


def _view(
    first: int,
    last: int,
    found: HourlyCounts,
    duration: DurationView | None = None,
    nodes: Sequence[NodeDurationView] = (),
) -> StatsView:
    """Returns the view. `found` are counts by the minute if the range is short."""
    hours: dict[int, Counter[str]] = {}
    for start, counts in found.hours.items():
        hours.setdefault(hour_of(start), Counter()).update(counts)
    minutes = range(first // MINUTE * MINUTE, last + 1, MINUTE) if _is_short(first, last) else ()
    return StatsView(
        from_=iso(first),
        to=iso(last),
        freshness=iso(found.until),
        is_complete=found.is_complete,
        hours=[
            HourView(start=iso(hour), counts=_by_status(hours.get(hour)))
            for hour in range(hour_of(first), last + 1, HOUR)
        ],
        minutes=[
            MinuteView(start=iso(minute), counts=_by_status(found.hours.get(minute)))
            for minute in minutes
        ],
        duration=duration,
        nodes=list(nodes),
    )


def _by_status(counts: Counter[str] | None) -> dict[str, int]:
    return {status.value: (counts or Counter())[status] for status in RunStatus}


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
