"""What a graph may do and its author should know: nothing here keeps it from being activated."""

import time
from typing import Any

from runledger.compiler.graph import GraphView
from runledger.models.automation import Problem
from runledger.templating import TemplateSyntaxError, missing_variables

# Of processor time, for the texts of one graph.
_SECONDS = 1.0


def warnings_of(view: GraphView) -> list[Problem]:
    """The warnings of every node that could be understood, in the order of the document, and those
    of its texts."""
    of_nodes = [
        Problem(code=each.code, message=each.message, node_id=node.id, field=each.field)
        for node in view.nodes.values()
        if node.type is not None and node.config is not None
        for each in node.type.warnings(node.config)
    ]
    return [*of_nodes, *_not_in_sample(view)]


def _not_in_sample(view: GraphView) -> list[Problem]:
    """The variables that the trigger's sample event has no value for, where there is a sample."""
    sample = _sample_event(view)
    if sample is None:
        return []
    found = []
    ends_at = time.thread_time() + _SECONDS
    for place, text in view.texts:
        if time.thread_time() > ends_at:
            break
        found += [
            Problem(
                code="NOT_IN_SAMPLE",
                message=place.says(f"`{name}` has no value in the trigger's sample event."),
                node_id=place.node_id,
                field=place.field,
            )
            for name in _missing(text, sample)
        ]
    return found


def _missing(text: str, sample: Any) -> list[str]:
    try:
        names = missing_variables(text, {"trigger": sample})
    except TemplateSyntaxError:
        # A problem of its own.
        return []
    return [name for name in names if name.partition(".")[0] == "trigger"]


def _sample_event(view: GraphView) -> Any:
    for node_id in view.starts:
        config: Any = view.nodes[node_id].config
        if config is not None:
            return config.sample_event
    return None
