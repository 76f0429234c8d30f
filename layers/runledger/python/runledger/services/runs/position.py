"""Finds where in its graph a run is, or where it ended or failed."""

from typing import TYPE_CHECKING, Any

from runledger.errors import NotFoundError
from runledger.models.run import Claim, ErrorDetail, Step, StepStatus
from runledger.services.runs.step_errors import is_node_failure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.compiler.graph import GraphView
    from runledger.models.run import Run
    from runledger.services.runs.run_context import RunContext, RunContexts

# The most version graphs that one page of a list may read; the process caches them.
_GRAPHS_A_PAGE = 10


def unknown_outcome_step(context: "RunContext", node_id: str, claim: Claim) -> Step:
    """Returns the step of an effect that was not recorded: it may or may not have happened."""
    error = ErrorDetail(
        node_id=node_id,
        kind="OUTCOME_UNKNOWN",
        message="The function that ran this node stopped before it recorded the result. The node's "
        "call may have been made, so it was not repeated.",
        cause=f"claimed by request {claim.request_id}, lease expired",
    )
    return Step(
        node_id=node_id,
        type=context.graph.nodes[node_id].node.type,
        status=StepStatus.FAILED,
        started_at=claim.started_at,
        finished_at=claim.lease_until,
        error=error,
    )


def failed_node(
    context: "RunContext", head: str, state: dict[str, Any], caught: dict[str, Any]
) -> str | None:
    """Returns the node that led to a failure state, or None if it is not clear.

    If the node itself reported the failure, its step has the error. Otherwise, the only node of
    this branch that is claimed and not recorded led to the failure. If there is no such node, the
    node after the last finished one did. `head` is the first node of the branch."""
    if is_node_failure(caught):
        failed = [step.node_id for step in context.history.steps.values() if step.error is not None]
        within = [node_id for node_id in failed if _is_in_branch(context.graph, head, node_id)]
        if within:
            return within[0]
    topology = context.graph.topology
    at_work = [
        topology.node_at(rank)
        for rank in sorted(context.run.open_claims)
        if _is_at_work(context, topology.node_at(rank))
    ]
    within = [node_id for node_id in at_work if _is_in_branch(context.graph, head, node_id)]
    if len(within) == 1:
        return within[0]
    last = state.get("last") or {}
    after = (
        [
            edge.target
            for edge in context.graph.out(last.get("nodeId", ""))
            if edge.label is None or edge.label == last.get("outcome")
        ]
        if last.get("nodeId") in context.graph.nodes
        else [head]
    )
    if head in after:
        return head
    return after[0] if len(after) == 1 else None


def _is_at_work(context: "RunContext", node_id: str) -> bool:
    """Whether a claimed node has no step yet, or one that is still RUNNING."""
    step = context.history.steps.get(node_id)
    return step is None or step.status is StepStatus.RUNNING


def _is_in_branch(graph: "GraphView", head: str, node_id: str) -> bool:
    return node_id == head or graph.topology.reaches(head, node_id)


def current_nodes(run: "Run", graph: "GraphView | None") -> list[str]:
    """Returns the nodes a run is at, or the one it ended at. Without a graph it uses only the
    row."""
    if run.error is not None and run.error.node_id is not None:
        return [run.error.node_id]
    if run.end_node_id is not None:
        return [run.end_node_id]
    if graph is None or not _has_begun(run):
        return []
    # Between two nodes, show the last one claimed; for a canceled run, the ones that were at work.
    ranks = sorted(run.open_claims) or [max(run.claimed)]
    return [graph.topology.node_at(rank) for rank in ranks]


def _has_begun(run: "Run") -> bool:
    """Whether any node of the run was claimed. An ended run has lost `claimed` and keeps only
    `open_claims`, so both are checked."""
    return bool(run.open_claims or run.claimed)


def current_nodes_by_run(runs: "Iterable[Run]", contexts: "RunContexts") -> dict[str, list[str]]:
    """Returns the current nodes of each run of a page, by run id. The row is enough for most ended
    runs. The others need their version's graph; at most _GRAPHS_A_PAGE graphs are read."""
    graphs: dict[tuple[str, int], GraphView | None] = {}
    found = {}
    for run in runs:
        found[run.id] = current_nodes(run, None)
        if found[run.id] or not _has_begun(run) or run.unreadable is not None:
            continue
        version = (run.automation_id, run.version)
        if version not in graphs:
            if len(graphs) == _GRAPHS_A_PAGE:
                continue
            graphs[version] = _graph_of(run, contexts)
        found[run.id] = current_nodes(run, graphs[version])
    return found


def _graph_of(run: "Run", contexts: "RunContexts") -> "GraphView | None":
    try:
        return contexts.graph(run)
    except NotFoundError:
        # One row with a missing version must not fail the whole list.
        return None
