"""Scopes: the machine itself, and each branch of a Parallel. Each scope has its own states."""

from dataclasses import dataclass

from runledger.compiler.forks import Fork, find_forks
from runledger.compiler.graph import GraphView

COMPLETED = "run completed"
RELEASED = "walk released"
RECORD_FAILURE = "record failure"
FAILED = "run failed"
BRANCH_DONE = "branch done"


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope. `head` is the first node of the branch; None for the machine itself. `start` is the
    first node of the scope. `nodes` are its nodes by rank, without the nodes inside its forks.
    `merge` is the MERGE that closes the branch and is not part of it."""

    head: str | None
    start: str
    merge: str | None
    nodes: tuple[str, ...]
    forks: tuple[Fork, ...]

    def state(self, name: str) -> str:
        """Returns the name of a state that the compiler adds. It is unique in the machine, because
        no node id contains a space."""
        return name if self.head is None else f"{self.head} {name}"

    def entry(self, node_id: str) -> str:
        """Returns the name of the state that an edge to this node leads to in this scope: the
        node's own state, or the end of the branch."""
        return self.state(BRANCH_DONE) if node_id == self.merge else node_id


def fork_state(node_id: str) -> str:
    return f"{node_id} fork"


def find_scopes(view: GraphView) -> tuple[Scope, ...]:
    """Returns the scopes of a valid graph: first the machine itself, and outer branches before
    inner ones."""
    forks = find_forks(view)
    branches = sorted(
        (
            (head, fork.meeting, nodes)
            for fork in forks
            for head, nodes in fork.branches.items()
            if nodes
        ),
        key=lambda branch: -len(branch[2]),
    )
    # An inner branch is smaller than its outer one, so the last one to claim a node is the
    # innermost.
    owner: dict[str, str | None] = dict.fromkeys(view.nodes)
    for head, _, nodes in branches:
        owner.update(dict.fromkeys(nodes, head))

    def scope(head: str | None, start: str, merge: str | None) -> Scope:
        own = tuple(node_id for node_id in view.topology.order if owner[node_id] == head)
        return Scope(head, start, merge, own, tuple(f for f in forks if f.node_id in own))

    root = scope(None, view.starts[0], None)
    return (root, *(scope(head, head, merge) for head, merge, _ in branches))
