"""Checks of nodes: their ids, types, configs and number."""

from collections.abc import Iterator

from runledger.compiler.graph import GraphView
from runledger.compiler.wording import sentence
from runledger.models.automation import MAX_NODES, Problem

# Each visit takes seven events of the execution's history, and twice that with retries.
MAX_VISITS = 3_000


def too_many_nodes(view: GraphView) -> Iterator[Problem]:
    count = len(view.graph.nodes)
    if count > MAX_NODES:
        yield Problem(
            code="TOO_MANY_NODES",
            message=f"The graph has {count} nodes; at most {MAX_NODES} are allowed.",
        )


def duplicate_node_ids(view: GraphView) -> Iterator[Problem]:
    for node_id, count in view.id_counts.items():
        if count > 1:
            yield Problem(
                code="DUPLICATE_NODE_ID",
                message=f"{count} nodes have the id {node_id!r}; give each node its own id.",
                node_id=node_id,
            )


def too_many_visits(view: GraphView) -> Iterator[Problem]:
    """Reports a node if it and the nodes before it may need too many visits in total. All visits
    count toward the limit of 25,000 events in the history of an execution."""
    visits = 0
    for node in view.nodes.values():
        if node.type is None or node.config is None:
            continue
        longest = node.type.max_visits(node.config)
        if longest == 1:
            continue
        visits += longest
        if visits > MAX_VISITS:
            yield Problem(
                code="TOO_MANY_VISITS",
                message="A node that sends to a segment or to tags needs a visit for each page of "
                f"contacts. With {node.id!r}, such nodes can need {visits:,} visits in one run; at "
                f"most {MAX_VISITS:,} are allowed.",
                node_id=node.id,
            )


def triggers(view: GraphView) -> Iterator[Problem]:
    if not view.starts:
        yield Problem(code="NO_TRIGGER", message="The graph has no TRIGGER node; add one.")
    for node_id in view.starts[1:]:
        yield Problem(
            code="SEVERAL_TRIGGERS",
            message=f"A graph has exactly one TRIGGER node, and {view.starts[0]!r} is already one; "
            "remove this one.",
            node_id=node_id,
        )


def unknown_types(view: GraphView) -> Iterator[Problem]:
    for node in view.all_nodes:
        if node.type is None:
            yield Problem(
                code="UNKNOWN_TYPE",
                message=f"There is no node type {node.node.type!r}.",
                node_id=node.id,
            )


def invalid_configs(view: GraphView) -> Iterator[Problem]:
    for node in view.all_nodes:
        for error in node.errors:
            yield Problem(
                code="INVALID_CONFIG",
                message=sentence(error.message),
                node_id=node.id,
                field=error.field,
            )
