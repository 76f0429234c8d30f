"""Estimates the cost of one run of a graph on its most expensive path: units, requests and
invocations.

Read and write units are counted as for rows of at most 1 KB. tests/functional/test_run_costs.py
compares the estimate with what the example graphs really use.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runledger.compiler.prices import RunCost
from runledger.nodes.base import Function
from runledger.nodes.claiming import Claiming
from runledger.nodes.trigger import TriggerConfig

if TYPE_CHECKING:
    from runledger.compiler.graph import GraphView


@dataclass(frozen=True, slots=True)
class _Visit:
    """What one visit of a node uses."""

    writes: float
    reads: float
    in_a_row: int
    transitions: int
    calls_partner: bool = False


# The webhook: count the event, event, row with its indexes; automation and address; then the start.
_INTAKE = _Visit(writes=7, reads=1.5, in_a_row=5, transitions=0)
_OWN = _Visit(writes=1, reads=1, in_a_row=2, transitions=1)
# With keys, the row is written in one transaction with an item for each key.
_KEYED, _KEY = 4.0, 2.0
# The row leaves its lists and the due index.
_COMPLETE = _Visit(writes=6, reads=1, in_a_row=2, transitions=1)
# The attempt and the claim in one transaction, the attempt settled with its lists, the step.
_MESSAGE = _Visit(writes=9, reads=3, in_a_row=6, transitions=1)


def run_cost(view: "GraphView") -> RunCost:
    """Returns the cost of a run of a valid graph that takes the most expensive branch of each node.
    A node that sends messages counts as one message, even if it has many recipients."""
    (start,) = view.starts
    walked = _dearest(view, start, {})
    visits = [_INTAKE, *(_visit(view, node_id) for node_id in sorted(walked))]
    invocations = 1 + len(walked)
    return RunCost(
        writes=sum(each.writes for each in visits),
        reads=sum(each.reads for each in visits),
        in_a_row=sum(each.in_a_row for each in visits),
        invocations=invocations,
        transitions=sum(each.transitions for each in visits),
        partner_calls=sum(each.calls_partner for each in visits),
        log_lines=invocations,
    )


def _visit(view: "GraphView", node_id: str) -> _Visit:
    node_type, config = view.parsed(node_id)
    if node_type.is_start:
        count = len(config.run_keys) if isinstance(config, TriggerConfig) else 0
        return replace(_OWN, writes=_OWN.writes + (_KEYED + _KEY * count if count else 0))
    if node_type.is_end:
        return _COMPLETE
    states = 1 + any(edge.label for edge in view.out(node_id))
    if node_type.function is Function.MESSAGE:
        return _MESSAGE
    reads = 1 + view.reads_contact(node_id)
    if node_type.claiming(config) is Claiming.NEVER:
        return _Visit(1, reads, 1 + reads, states)
    if node_type.wait_seconds(config) > 0:
        # The claim is written again, with the time until which the run waits.
        return _Visit(3, reads, 4, states + 1)
    return _Visit(2, reads, 3, states, calls_partner=node_type.function is Function.INTEGRATION)


def _dearest(view: "GraphView", node_id: str, known: dict[str, frozenset[str]]) -> frozenset[str]:
    """Returns the nodes that a run visits from this node on. It follows all unlabeled edges, and
    the most expensive one of the labeled edges."""
    if node_id not in known:
        found = frozenset({node_id})
        branches = []
        for edge in view.out(node_id):
            onward = _dearest(view, edge.target, known)
            if edge.label is None:
                found |= onward
            else:
                branches.append(onward)
        if branches:
            found |= max(branches, key=lambda nodes: _writes(view, nodes))
        known[node_id] = found
    return known[node_id]


def _writes(view: "GraphView", node_ids: AbstractSet[str]) -> float:
    return sum(_visit(view, node_id).writes for node_id in node_ids)
