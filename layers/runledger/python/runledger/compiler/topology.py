"""Order, ranks, reachability and cycles of a graph. Nodes and edges are plain ids; node types do
not matter here."""

import heapq
from collections.abc import Iterable, Mapping

from runledger.models.automation import Graph


class Topology:
    """An immutable index over a directed graph. Edges to ids without a node are ignored.

    The result depends only on the ids, not on the order of nodes and edges in a document.
    """

    def __init__(self, ids: Iterable[str], edges: Iterable[tuple[str, str]]) -> None:
        self.ids: tuple[str, ...] = tuple(sorted(set(ids)))
        known = frozenset(self.ids)
        pairs = sorted({(a, b) for a, b in edges if a in known and b in known})
        self._successors = _neighbors(self.ids, pairs)
        self._predecessors = _neighbors(self.ids, [(b, a) for a, b in pairs])
        self._order = _topological_order(self.ids, self._successors, self._predecessors)
        self._ranks = {node_id: rank for rank, node_id in enumerate(self._order)}
        components = _components(self.ids, self._successors)
        self._cycles = tuple(
            tuple(sorted(component))
            for component in components
            if len(component) > 1 or component[0] in self._successors[component[0]]
        )
        self._bit = {node_id: 1 << place for place, node_id in enumerate(self.ids)}
        self._reach = _reach(components, self._successors, self._bit)

    @classmethod
    def of(cls, graph: Graph) -> "Topology":
        """Returns the topology of a graph. For a valid graph, it is equal to the topology that the
        compiler used, so each node has the same rank."""
        return cls(
            (node.id for node in graph.nodes), ((edge.source, edge.target) for edge in graph.edges)
        )

    @property
    def order(self) -> tuple[str, ...]:
        """The nodes in a topological order, which is always the same. Nodes on a cycle or after one
        are left out."""
        return self._order

    @property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """The groups of nodes that can all reach each other, each sorted by id."""
        return self._cycles

    def rank(self, node_id: str) -> int:
        """Returns the node's position in `order`. Raises KeyError if the node is not in it."""
        return self._ranks[node_id]

    def node_at(self, rank: int) -> str:
        """Returns the node with that rank. Raises IndexError if no node has it."""
        if rank < 0:
            raise IndexError(rank)
        return self._order[rank]

    def successors(self, node_id: str) -> tuple[str, ...]:
        return self._successors[node_id]

    def predecessors(self, node_id: str) -> tuple[str, ...]:
        return self._predecessors[node_id]

    def reaches(self, source: str, target: str) -> bool:
        """Whether a path of one edge or more leads from `source` to `target`."""
        return bool(self._reach[source] & self._bit[target])

    def descendants(self, node_id: str) -> frozenset[str]:
        """Returns the nodes that `node_id` reaches by one edge or more."""
        reach = self._reach[node_id]
        return frozenset(other for other in self.ids if reach & self._bit[other])

    def ancestors(self, node_id: str) -> frozenset[str]:
        """Returns the nodes that reach `node_id` by one edge or more."""
        return frozenset(other for other in self.ids if self.reaches(other, node_id))


def _neighbors(ids: tuple[str, ...], pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {node_id: [] for node_id in ids}
    for source, target in pairs:
        found[source].append(target)
    return {node_id: tuple(sorted(targets)) for node_id, targets in found.items()}


def _topological_order(
    ids: tuple[str, ...],
    successors: Mapping[str, tuple[str, ...]],
    predecessors: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    waiting = {node_id: len(predecessors[node_id]) for node_id in ids}
    ready = [node_id for node_id in ids if waiting[node_id] == 0]
    order: list[str] = []
    while ready:
        node_id = heapq.heappop(ready)
        order.append(node_id)
        for target in successors[node_id]:
            waiting[target] -= 1
            if waiting[target] == 0:
                heapq.heappush(ready, target)
    return tuple(order)


def _components(
    ids: tuple[str, ...], successors: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """Returns the strongly connected components. Each comes after the components that it reaches
    (Tarjan's algorithm, without recursion)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    stacked: set[str] = set()
    components: list[tuple[str, ...]] = []
    for root in ids:
        if root in number:
            continue
        work = [(root, iter(successors[root]))]
        number[root] = low[root] = len(number)
        stack.append(root)
        stacked.add(root)
        while work:
            node_id, targets = work[-1]
            for target in targets:
                if target not in number:
                    number[target] = low[target] = len(number)
                    stack.append(target)
                    stacked.add(target)
                    work.append((target, iter(successors[target])))
                    break
                if target in stacked:
                    low[node_id] = min(low[node_id], number[target])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node_id])
                if low[node_id] == number[node_id]:
                    cut = stack.index(node_id)
                    components.append(tuple(stack[cut:]))
                    stacked.difference_update(stack[cut:])
                    del stack[cut:]
    return components


def _reach(
    components: list[tuple[str, ...]],
    successors: Mapping[str, tuple[str, ...]],
    bit: Mapping[str, int],
) -> dict[str, int]:
    """Returns the descendants of every node, as a bit set. One pass is enough, because each node
    comes after its successors."""
    reach: dict[str, int] = {}
    for component in components:
        members = sum(bit[node_id] for node_id in component)
        mask = 0
        for node_id in component:
            for target in successors[node_id]:
                mask |= bit[target] | (0 if bit[target] & members else reach[target])
        for node_id in component:
            reach[node_id] = mask
    return reach
