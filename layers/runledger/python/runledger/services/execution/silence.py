"""Finds when a run falls silent: the time by which one of its branches should have moved.

A branch waits, or its node is claimed, or it is between two nodes. A wait ends at its time. A claim
is valid until its lease ends, and the machine retries the node after that. Between two nodes, the
machine may have started the next node's task, although no claim was written yet. A node type that
is never claimed may be at work until its task's timeout.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import SECOND
from runledger.compiler.timing import FAILURE_TIMEOUT_SECONDS, lease_of, retriers, task_seconds
from runledger.models.run import StepStatus
from runledger.nodes.claiming import Claiming
from runledger.services.execution.branch_progress import walked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.compiler.graph import GraphView
    from runledger.models.run import Run, Step

# From one node to the next: the machine's own time and a cold start of the function.
_PASSAGE = 10 * SECOND
# For each recorded step that a later attempt passes through.
_PASSING = SECOND


@dataclass(frozen=True, slots=True)
class Silence:
    """When a run becomes silent, unless it moves before: `since` (epoch milliseconds), which may be
    in the future, and `node_id`, the node at which it then stands still."""

    since: int
    node_id: str


def attempt_began_at(run: "Run") -> int:
    """Returns when the current attempt of a RUNNING run began."""
    return run.resumed_at or run.started_at or run.created_at


def has_progressed(run: "Run", steps: "Mapping[str, Step]", graph: "GraphView") -> bool:
    """Whether the current attempt has recorded a step, or has begun another visit of a node that
    already has a step."""
    began = attempt_began_at(run)
    claims = {graph.topology.node_at(rank): claim for rank, claim in run.open_claims.items()}
    again = [claims[node_id].started_at for node_id in steps if node_id in claims]
    recorded = [step.started_at for step in steps.values()]
    return any(moment >= began for moment in (*recorded, *again))


def silence_of(run: "Run", steps: "Mapping[str, Step]", graph: "GraphView", now: int) -> Silence:
    """Returns the earliest silence of any branch of a RUNNING run that an execution owns."""
    come_to = walked(run, steps, graph, now)
    open_nodes = [node_id for node_id, finished_at in come_to.items() if finished_at is None]
    began = attempt_began_at(run) + (0 if run.resumed_at is None else _PASSING * len(steps))
    ahead = []
    for node_id in open_nodes:
        if not any(graph.topology.reaches(other, node_id) for other in open_nodes):
            came = _came(graph, come_to, node_id, began)
            ahead.append(Silence(_silent_from(run, steps, graph, node_id, came), node_id))
    if not ahead:
        # Every reached node has finished, and none leads on.
        last = max(come_to, key=lambda node_id: come_to[node_id] or 0)
        return Silence(max(come_to[last] or 0, began) + _PASSAGE, last)
    return min(ahead, key=lambda each: each.since)


def _came(graph: "GraphView", come_to: "Mapping[str, int | None]", node_id: str, began: int) -> int:
    """Returns when the machine reached a node, which is when the last node before it finished."""
    before = [come_to.get(other) or 0 for other in graph.topology.predecessors(node_id)]
    return max([began, *before])


def _silent_from(
    run: "Run", steps: "Mapping[str, Step]", graph: "GraphView", node_id: str, came: int
) -> int:
    step = steps.get(node_id)
    if step is not None and step.status is StepStatus.WAITING and step.wait_until is not None:
        return max(step.wait_until, came) + _PASSAGE
    if step is not None and step.status is StepStatus.FAILED:
        # The only thing left is to record the failure on the run.
        return max(step.finished_at or 0, came) + task_seconds(FAILURE_TIMEOUT_SECONDS) * SECOND
    node_type, config = graph.parsed(node_id)
    timeout = node_type.timeout_seconds(config)
    retries = sum(retrier.longest_delay() for retrier in retriers(timeout)) * SECOND
    since = came + _PASSAGE
    if node_type.claiming(config) is Claiming.NEVER:
        # No claim shows when its visit began.
        since += lease_of(timeout) * SECOND
    claim = run.open_claims.get(graph.topology.rank(node_id))
    if claim is not None:
        # A claim that was given back has no lease, but its node was at work until then.
        since = max(since, claim.lease_until, claim.started_at + lease_of(timeout) * SECOND)
    return since + retries
