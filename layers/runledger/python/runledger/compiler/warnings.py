"""Warnings for the author of a graph. They never prevent activation."""

import time
from typing import Any

from runledger.compiler.graph import GraphView
from runledger.compiler.wording import sentence
from runledger.html_mail.checks import html_warnings
from runledger.models.automation import Problem
from runledger.templating import TemplateSyntaxError, missing_variables

# Processor time for the texts of one graph.
_SECONDS = 1.0


def warnings_of(view: GraphView) -> list[Problem]:
    """Returns the warnings of every node that could be parsed, and of its texts, in the order of
    the document."""
    of_nodes = [
        Problem(code=each.code, message=each.message, node_id=node.id, field=each.field)
        for node in view.nodes.values()
        if node.type is not None and node.config is not None
        for each in node.type.warnings(node.config)
    ]
    return [*of_nodes, *_about_html(view), *_not_in_sample(view)]


def _about_html(view: GraphView) -> list[Problem]:
    """Warns of HTML that mail clients may show badly."""
    return [
        Problem(
            code="HTML_EMAIL",
            message=f"In the HTML of template {template.name!r}: {sentence(message)}",
            node_id=use.node_id,
            field=use.field,
        )
        for use in view.template_uses
        if (template := view.templates.get(use.template_id)) and template.html is not None
        for message in html_warnings(template.html)
    ]


def _not_in_sample(view: GraphView) -> list[Problem]:
    """Warns of variables that have no value in the trigger's sample event. Without a sample there
    are no warnings."""
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
                message=place.says(
                    f"`{name}` has no value in the trigger's sample event; check the spelling, or "
                    "add it to the sample."
                ),
                node_id=place.node_id,
                field=place.field,
            )
            for name in _missing(text, sample)
        ]
    return found


def _missing(text: str, sample: Any) -> list[str]:
    try:
        names = missing_variables(text, {"trigger": sample, "event": {"body": sample}})
    except TemplateSyntaxError:
        # Reported as a problem by another check.
        return []
    return [name for name in names if f"{name}.".startswith(("trigger.", "event.body."))]


def _sample_event(view: GraphView) -> Any:
    for node_id in view.starts:
        config: Any = view.nodes[node_id].config
        if config is not None:
            return config.sample_event
    return None
