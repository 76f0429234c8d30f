"""How far the branches of a run have come, by its row and what its steps recorded.

Only the paths that were taken count: from a finished node its recorded outcome leads on, over the
edge of that label and over every edge without one. A branch that was not taken has no nodes here.
"""

from typing import TYPE_CHECKING

from runledger.clock import SECOND
from runledger.errors import BranchUnfinishedError
from runledger.models.run import StepStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.compiler.graph import GraphView
    from runledger.models.run import Run, Step

# A Wait state takes its timestamp in whole seconds and drops the rest, so it may end up to a
# second before the moment (AWS Step Functions Developer Guide, "Wait workflow state"); and clocks
# differ a little.
_EARLY = 2 * SECOND
_PASSED = (StepStatus.COMPLETED, StepStatus.SKIPPED)


def walked(
    run: "Run", steps: "Mapping[str, Step]", graph: "GraphView", now: int
) -> dict[str, int | None]:
    """The nodes that the run has come to, in topological order: each with the moment it was
    finished (epoch milliseconds), None where it was not, or where it failed."""
    (start,) = graph.starts
    reached = {start}
    found: dict[str, int | None] = {}
    for node_id in graph.topology.order:
        if node_id not in reached:
            continue
        step = steps.get(node_id)
        if node_id == start:
            found[node_id] = run.started_at
        else:
            found[node_id] = None if step is None else _finished_at(step, steps, graph, now)
        if found[node_id] is not None:
            outcome = None if step is None else step.outcome
            reached.update(
                edge.target
                for edge in graph.out(node_id)
                if edge.label is None or edge.label == outcome
            )
    return found


def _finished_at(
    step: "Step", steps: "Mapping[str, Step]", graph: "GraphView", now: int
) -> int | None:
    if step.status in _PASSED:
        return step.finished_at
    if step.status is not StepStatus.WAITING or step.wait_until is None:
        return None
    after = [steps[each] for each in graph.topology.successors(step.node_id) if each in steps]
    if after:
        return min(step.wait_until, *(each.started_at for each in after))
    return step.wait_until if step.wait_until <= now + _EARLY else None


def require_finished(
    node_id: str, run: "Run", steps: "Mapping[str, Step]", graph: "GraphView", now: int
) -> None:
    """BranchUnfinishedError where a node before this one, on the paths that were taken, has not
    finished: a machine may come here all the same, as a released branch looks like one that is
    done."""
    missing = [
        before
        for before, finished_at in walked(run, steps, graph, now).items()
        if finished_at is None and graph.topology.reaches(before, node_id)
    ]
    if missing:
        raise BranchUnfinishedError(f"before node {node_id}, node {missing[0]} had not finished")
