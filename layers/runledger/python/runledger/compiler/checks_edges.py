"""Checks of single edges: where they may begin and end."""

from collections.abc import Iterator

from runledger.compiler.graph import GraphView
from runledger.models.automation import Problem


def dangling_edges(view: GraphView) -> Iterator[Problem]:
    for edge in view.all_edges:
        lost = [end for end in (edge.source, edge.target) if end not in view.nodes]
        if lost:
            yield Problem(
                code="DANGLING_EDGE",
                message=f"The edge from {edge.source!r} to {edge.target!r} names a node "
                f"that does not exist: {', '.join(map(repr, lost))}.",
                edge=edge.index,
            )


def duplicate_edges(view: GraphView) -> Iterator[Problem]:
    first: dict[tuple[str, str, str | None], int] = {}
    for edge in view.all_edges:
        key = (edge.source, edge.target, edge.label)
        if key in first:
            yield Problem(
                code="DUPLICATE_EDGE",
                message=f"There is more than one edge from {edge.source!r} to "
                f"{edge.target!r}; keep only one.",
                edge=edge.index,
            )
        first.setdefault(key, edge.index)


def edges_into_triggers(view: GraphView) -> Iterator[Problem]:
    for edge in view.all_edges:
        target = view.nodes.get(edge.target)
        if target is not None and target.is_start:
            yield Problem(
                code="EDGE_INTO_TRIGGER",
                message=f"An edge leads into the TRIGGER {edge.target!r}; a run begins there, so "
                "remove the edge.",
                edge=edge.index,
            )


def edges_out_of_ends(view: GraphView) -> Iterator[Problem]:
    for edge in view.all_edges:
        source = view.nodes.get(edge.source)
        if source is not None and source.is_end:
            yield Problem(
                code="EDGE_OUT_OF_END",
                message=f"An edge leads out of {edge.source!r}, which ends the run; "
                "remove the edge.",
                edge=edge.index,
            )
