"""Checks of labels: a branching node has one edge for each outcome, and no other edge."""

from collections.abc import Iterator

from runledger.compiler.graph import GraphView, NodeView
from runledger.models.automation import Problem
from runledger.nodes.base import Branching


def missing_labels(view: GraphView) -> Iterator[Problem]:
    """Reports unlabeled edges if there are any, otherwise the outcomes without an edge."""
    for node, branching in _branching_nodes(view):
        edges = [edge for edge in view.all_edges if edge.source == node.id]
        taken = {edge.label for edge in edges}
        open_labels = [label for label in dict.fromkeys(branching.labels) if label not in taken]
        unlabeled = [edge for edge in edges if edge.label is None]
        if not branching.required and len(unlabeled) == len(edges):
            continue
        for edge in unlabeled:
            yield Problem(
                code="LABEL_MISSING",
                message=f"Every edge out of {node.id!r} needs a label, one of "
                f"{_quoted(branching.labels)}.",
                edge=edge.index,
            )
        # A node without any edge is a dead end, which has its own check.
        if open_labels and edges and not unlabeled:
            yield Problem(
                code="LABEL_MISSING",
                message=f"{node.id!r} has no edge for the outcome {_quoted(open_labels)}; add one.",
                node_id=node.id,
            )


def doubled_labels(view: GraphView) -> Iterator[Problem]:
    for node, _ in _branching_nodes(view):
        seen: set[str] = set()
        for edge in view.out(node.id):
            if edge.label is None:
                continue
            if edge.label in seen:
                yield Problem(
                    code="LABEL_DOUBLED",
                    message=f"{node.id!r} has more than one edge with the label "
                    f"{edge.label!r}; keep only one.",
                    edge=edge.index,
                )
            seen.add(edge.label)


def unknown_labels(view: GraphView) -> Iterator[Problem]:
    for node, branching in _branching_nodes(view):
        for edge in view.out(node.id):
            if edge.label is not None and edge.label not in branching.labels:
                yield Problem(
                    code="LABEL_UNKNOWN",
                    message=f"{node.id!r} has no outcome {edge.label!r}; its outcomes are "
                    f"{_quoted(branching.labels)}.",
                    edge=edge.index,
                )


def unexpected_labels(view: GraphView) -> Iterator[Problem]:
    for node in view.nodes.values():
        if node.config is None or node.branching is not None:
            continue
        for edge in view.out(node.id):
            if edge.label is not None:
                yield Problem(
                    code="LABEL_UNEXPECTED",
                    message=f"{node.id!r} does not branch; remove the label of its edge.",
                    edge=edge.index,
                )


def _branching_nodes(view: GraphView) -> Iterator[tuple[NodeView, Branching]]:
    for node in view.nodes.values():
        branching = node.branching
        if branching is not None:
            yield node, branching


def _quoted(labels: tuple[str, ...] | list[str]) -> str:
    return ", ".join(repr(label) for label in dict.fromkeys(labels))
