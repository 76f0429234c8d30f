"""Finds the nodes that take the most time, in the newest finished runs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from runledger.api.overview import CountView, SlowNodeView
from runledger.errors import NotFoundError
from runledger.models.run import RunStatus, StepStatus
from runledger.services.counts.stats import percentile
from runledger.services.lists.kinds import ListFilter, runs_kind
from runledger.services.lists.pages import list_rows
from runledger.store.step_times import StepTimeStore

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.models.run import Run, Step
    from runledger.models.workspace import Workspace
    from runledger.store.stores import Stores

# The most runs that are measured, the most steps that are read for them, and how many nodes are
# shown. DynamoDB bills whole items, each with up to 64 KB of step data.
MOST_RUNS, MOST_STEPS, SHOWN = 100, 200, 5
_FINISHED = frozenset({RunStatus.COMPLETED.value, RunStatus.FAILED.value})
_TIMED = (StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.SKIPPED)
# The run row holds the times of the start and the end, and a wait takes the time that its author
# chose.
_NOT_MEASURED = ("TRIGGER", "END", "WAIT")


class SlowestNodes(NamedTuple):
    """The number of measured runs, and their slowest nodes."""

    runs: CountView
    slowest: list[SlowNodeView]


class _Place(NamedTuple):
    automation_id: str
    node_id: str


@dataclass(frozen=True, slots=True)
class SlowNodes:
    stores: "Stores"
    workspace: "Workspace"
    first: int
    now: int

    def read(self) -> "SlowestNodes":
        """Reads the newest finished runs since `first` (epoch milliseconds) and their steps."""
        wanted = ListFilter(self.workspace.id, _FINISHED, None, None, self.first, self.now)
        page = list_rows(
            self.stores.table,
            runs_kind(self.stores.runs),
            wanted,
            self.workspace.shards,
            limit=MOST_RUNS,
            after=None,
            now=self.now,
        )
        runs, visits = self._visits(page.rows)
        steps = StepTimeStore(self.stores.table, self.stores.bodies).get_many(visits)
        is_complete = page.position is None and len(runs) == len(page.rows)
        measured = CountView(count=len(runs), is_complete=is_complete)
        return SlowestNodes(measured, _slowest(runs, visits, steps))

    def _visits(self, rows: "Iterable[Run]") -> "tuple[dict[str, Run], list[tuple[str, str]]]":
        """Returns the runs to measure, by id, and the steps to read. A damaged run is left out,
        because its version may be unknown, and so is a run whose version does not exist."""
        runs: dict[str, Run] = {}
        visits: list[tuple[str, str]] = []
        missing: set[tuple[str, int]] = set()
        for run in rows:
            if run.unreadable is not None:
                continue
            if (run.automation_id, run.version) in missing:
                continue
            try:
                graph = self.stores.automations.version(run.automation_id, run.version).graph
            except NotFoundError:
                missing.add((run.automation_id, run.version))
                continue
            more = [(run.id, node.id) for node in graph.nodes if node.type not in _NOT_MEASURED]
            if runs and len(visits) + len(more) > MOST_STEPS:
                break
            runs[run.id] = run
            visits += more
        return runs, visits


def _slowest(
    runs: "dict[str, Run]",
    visits: "Iterable[tuple[str, str]]",
    steps: "dict[tuple[str, str], Step]",
) -> list[SlowNodeView]:
    took: dict[_Place, list[int]] = {}
    newest: dict[_Place, tuple[str, str]] = {}
    for visit in visits:
        step = steps.get(visit)
        # A step that a rerun took over was measured where it was recorded.
        if step is None or step.reused_from is not None or step.finished_at is None:
            continue
        if step.status in _TIMED and step.wait_until is None:
            run = runs[visit[0]]
            place = _Place(run.automation_id, step.node_id)
            took.setdefault(place, []).append(step.finished_at - step.started_at)
            newest.setdefault(place, (run.automation_name, step.type))
    shown = [
        SlowNodeView(
            automation_id=place.automation_id,
            automation_name=newest[place][0],
            node_id=place.node_id,
            type=newest[place][1],
            sampled=len(times),
            p95_ms=percentile(times, 95),
        )
        for place, times in took.items()
    ]
    return sorted(shown, key=lambda node: (-node.p95_ms, node.automation_id, node.node_id))[:SHOWN]
