"""Checks of the fork rule: the branches share no nodes, contain no END, and end at one MERGE."""

from collections.abc import Iterator

from runledger.compiler.forks import MAX_BRANCHES, Fork, find_forks
from runledger.compiler.graph import GraphView
from runledger.models.automation import Problem
from runledger.nodes.base import Operation


def too_wide(view: GraphView) -> Iterator[Problem]:
    for fork in find_forks(view):
        if len(fork.heads) > MAX_BRANCHES:
            yield Problem(
                code="FORK_TOO_WIDE",
                message=f"{fork.node_id!r} forks into {len(fork.heads)} branches; at most "
                f"{MAX_BRANCHES} are allowed.",
                node_id=fork.node_id,
            )


def without_merge(view: GraphView) -> Iterator[Problem]:
    for fork in find_forks(view):
        if fork.meeting is None:
            yield Problem(
                code="FORK_WITHOUT_MERGE",
                message=f"The branches of the fork {fork.node_id!r} never meet; lead all of them "
                "into one MERGE.",
                node_id=fork.node_id,
            )
        elif not view.nodes[fork.meeting].is_join and view.nodes[fork.meeting].type is not None:
            yield Problem(
                code="FORK_MEETS_OUTSIDE_MERGE",
                message=f"The branches of the fork {fork.node_id!r} meet in {fork.meeting!r}, "
                "which is not a MERGE; put a MERGE before it.",
                node_id=fork.meeting,
            )


def shared_nodes(view: GraphView) -> Iterator[Problem]:
    """Reports the nodes in which branches of a fork wrongly meet. The nodes after them are shared
    too, but are not reported."""
    for fork, shared in _closed_forks(view):
        for node_id in sorted(shared, key=view.topology.rank):
            if not any(view.topology.reaches(other, node_id) for other in shared):
                yield Problem(
                    code="FORK_SHARES_NODE",
                    message=f"Several branches of the fork {fork.node_id!r} lead into {node_id!r}; "
                    f"they may meet only in {fork.meeting!r}.",
                    node_id=node_id,
                )


def ends_inside(view: GraphView) -> Iterator[Problem]:
    for fork, _ in _closed_forks(view):
        for node_id in _inside(view, fork):
            node_type = view.nodes[node_id].type
            if node_type is not None and node_type.operation is Operation.COMPLETE:
                yield Problem(
                    code="FORK_HOLDS_END",
                    message=f"A branch of the fork {fork.node_id!r} ends the run in {node_id!r}; "
                    f"lead it into {fork.meeting!r} instead.",
                    node_id=node_id,
                )


def entered_from_outside(view: GraphView) -> Iterator[Problem]:
    for fork, _ in _closed_forks(view):
        inside = set(_inside(view, fork))
        allowed = inside | {fork.node_id}
        for edge in view.edges:
            is_entry = edge.target in inside and edge.source not in allowed
            if is_entry and edge.source in view.reachable:
                yield Problem(
                    code="FORK_ENTERED",
                    message=f"{edge.target!r} is in a branch of the fork {fork.node_id!r}; remove "
                    f"the edge from {edge.source!r}, which is outside that branch.",
                    edge=edge.index,
                )


def merge_bypassed(view: GraphView) -> Iterator[Problem]:
    for fork, _ in _closed_forks(view):
        inside = set(_inside(view, fork))
        for edge in view.edges:
            if edge.source in inside and edge.target not in inside and edge.target != fork.meeting:
                yield Problem(
                    code="FORK_BYPASSES_MERGE",
                    message=f"A branch of the fork {fork.node_id!r} leads to {edge.target!r} "
                    f"outside the fork; it may leave only through {fork.meeting!r}.",
                    edge=edge.index,
                )


def _closed_forks(view: GraphView) -> Iterator[tuple[Fork, frozenset[str]]]:
    """Yields each fork that has a meeting node, with the nodes that are in more than one of its
    branches."""
    for fork in find_forks(view):
        if fork.meeting is None:
            continue
        seen: set[str] = set()
        shared: set[str] = set()
        for nodes in fork.branches.values():
            shared |= seen & nodes
            seen |= nodes
        yield fork, frozenset(shared)


def _inside(view: GraphView, fork: Fork) -> list[str]:
    nodes = frozenset[str]().union(*fork.branches.values())
    return sorted(nodes, key=view.topology.rank)
