"""Checks of the paths through the graph: cycles, reachability, ends, and how long a run may
wait."""

from collections.abc import Iterator

from runledger.compiler.graph import GraphView
from runledger.compiler.timing import MAX_WAIT_SECONDS, wait_seconds
from runledger.models.automation import Problem


def cycles(view: GraphView) -> Iterator[Problem]:
    for members in view.topology.cycles:
        first = members[0]
        yield Problem(
            code="CYCLE",
            message=f"A run could loop without end: {' → '.join([*_round(view, first), first])}. "
            "Remove one of these edges.",
            node_id=first,
        )


def unreachable_nodes(view: GraphView) -> Iterator[Problem]:
    for node_id in view.nodes:
        if node_id not in view.reachable:
            yield Problem(
                code="UNREACHABLE",
                message=f"No path from the TRIGGER leads to {node_id!r}; connect it or remove it.",
                node_id=node_id,
            )


def dead_ends(view: GraphView) -> Iterator[Problem]:
    """Reports each reachable node that is not an end and has no outgoing edge."""
    sources = {edge.source for edge in view.all_edges}
    for node in view.nodes.values():
        known = node.type is not None
        leads_nowhere = node.id not in sources and not node.is_end
        if known and leads_nowhere and node.id in view.reachable:
            yield Problem(
                code="NO_END",
                message=f"No path from {node.id!r} leads to an END or STOP_ERROR; add "
                "an edge to one.",
                node_id=node.id,
            )


def total_waits(view: GraphView) -> Iterator[Problem]:
    """Reports each node whose wait makes the longest path to it exceed the limit."""
    if not view.is_acyclic:
        return
    waited: dict[str, int] = {}
    for node_id in view.topology.order:
        node = view.nodes[node_id]
        before = max((waited[other] for other in view.topology.predecessors(node_id)), default=0)
        own = wait_seconds(node.type, node.config) if node.type and node.config else 0
        waited[node_id] = before + own
        if before <= MAX_WAIT_SECONDS < waited[node_id]:
            yield Problem(
                code="WAIT_TOO_LONG",
                message=f"The waits up to and including {node_id!r} can take "
                f"{waited[node_id] / 86_400:.1f} days in all; at most "
                f"{MAX_WAIT_SECONDS // 86_400} are allowed.",
                node_id=node_id,
            )


def _round(view: GraphView, start: str) -> list[str]:
    """Returns the nodes of a shortest cycle through `start`, beginning with `start`."""
    came_from: dict[str, str] = {}
    queue = [start]
    for node_id in queue:
        for target in view.topology.successors(node_id):
            if target == start:
                way = [node_id]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if target not in came_from:
                came_from[target] = node_id
                queue.append(target)
    return [start]
