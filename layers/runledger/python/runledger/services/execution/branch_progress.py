"""Finds how far the branches of a run have come, from its row and recorded steps.

Only paths that were taken count. After a finished node, the run follows the edges whose label is
the node's recorded outcome, and all edges without a label. Nodes of a branch that was not taken are
left out.
"""

from typing import TYPE_CHECKING

from runledger.clock import SECOND
from runledger.errors import BranchUnfinishedError
from runledger.models.run import StepStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.compiler.graph import GraphView
    from runledger.models.run import Run, Step

# A Wait state drops the fraction of a second from its timestamp, so it may end up to a second early
# (AWS Step Functions Developer Guide, "Wait workflow state"). Clocks also differ a little.
_EARLY = 2 * SECOND
_PASSED = (StepStatus.COMPLETED, StepStatus.SKIPPED)


def walked(
    run: "Run", steps: "Mapping[str, Step]", graph: "GraphView", now: int
) -> dict[str, int | None]:
    """Returns the nodes that the run has reached, in topological order, each with the time it
    finished (epoch milliseconds), or None if it has not finished or it failed."""
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
    """Raises BranchUnfinishedError if a node before this one, on the paths taken, has not finished.
    A machine can come to a node too early: a branch stops when its execution loses the run, and the
    machine takes the stopped branch for a finished one."""
    missing = [
        before
        for before, finished_at in walked(run, steps, graph, now).items()
        if finished_at is None and graph.topology.reaches(before, node_id)
    ]
    if missing:
        raise BranchUnfinishedError(
            f"node {node_id} cannot begin: the earlier node {missing[0]} has not finished"
        )
