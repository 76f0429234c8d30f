"""Forks: two or more unlabeled edges out of one node, up to the MERGE that closes them."""

from collections.abc import Mapping
from dataclasses import dataclass

from runledger.compiler.graph import GraphView, IndexedEdge

MAX_BRANCHES = 10


@dataclass(frozen=True, slots=True)
class Fork:
    """A fork with its branches.

    `heads` are the first nodes of the branches. `meeting` is the first node that all branches
    reach, or None; in a valid fork it is the MERGE. `branches` maps each head to the nodes of its
    branch, without the meeting node. If an edge goes directly to the meeting node, its branch is
    empty.
    """

    node_id: str
    heads: tuple[str, ...]
    meeting: str | None
    branches: Mapping[str, frozenset[str]]


def fork_edges(view: GraphView, node_id: str) -> tuple[IndexedEdge, ...]:
    """Returns the edges that make the node a fork, or none. A node whose type chooses between
    branches is not a fork; nor is a node whose type or config is invalid."""
    node = view.nodes[node_id]
    if node.type is None or node.config is None:
        return ()
    branching = node.branching
    edges = view.out(node_id)
    labeled = any(edge.label is not None for edge in edges)
    if branching is not None and (branching.required or labeled):
        return ()
    unlabeled = tuple(edge for edge in edges if edge.label is None)
    return unlabeled if len(unlabeled) > 1 else ()


def find_forks(view: GraphView) -> tuple[Fork, ...]:
    """Returns the forks that a run can reach, in the topological order of the nodes where they
    begin. Forks whose branches lead into a cycle are left out."""
    topology = view.topology
    ranked = frozenset(topology.order)
    return tuple(
        _analyse(view, node_id)
        for node_id in topology.order
        if node_id in view.reachable
        and fork_edges(view, node_id)
        and topology.descendants(node_id) <= ranked
    )


def _analyse(view: GraphView, node_id: str) -> Fork:
    topology = view.topology
    heads = tuple(sorted((e.target for e in fork_edges(view, node_id)), key=topology.rank))
    common = frozenset.intersection(*(topology.descendants(head) | {head} for head in heads))
    if not common:
        return Fork(node_id, heads, None, {})
    meeting = min(common, key=topology.rank)
    beyond = topology.descendants(meeting) | {meeting}
    return Fork(node_id, heads, meeting, {head: _branch(view, head, beyond) for head in heads})


def _branch(view: GraphView, head: str, beyond: frozenset[str]) -> frozenset[str]:
    return (view.topology.descendants(head) | {head}) - beyond
