"""Checks what texts refer to: variables, secrets, earlier steps and templates. Also checks their
Liquid."""

from collections.abc import Iterator

from runledger.compiler.graph import GraphView
from runledger.compiler.references import Place, Reference
from runledger.compiler.wording import sentence
from runledger.models.automation import Problem
from runledger.models.event import EVENT_FIELDS
from runledger.models.template import UNSUBSCRIBE_VARIABLE

ROOTS = ("contact", "trigger", "event", "steps", "vars", "workspace", "secret")
# A name that only templates have.
_OF_TEMPLATES = UNSUBSCRIBE_VARIABLE
# A reference to the event itself has no second part.
_KNOWN_OF_EVENT = ((), *((name,) for name in EVENT_FIELDS))


def liquid_syntax(view: GraphView) -> Iterator[Problem]:
    for fault in view.syntax_faults:
        yield _problem("INVALID_LIQUID", fault.place, sentence(fault.message))


def unknown_variables(view: GraphView) -> Iterator[Problem]:
    for reference in view.references:
        if reference.path == (_OF_TEMPLATES,) and reference.place.part is not None:
            continue
        if reference.root not in ROOTS:
            yield _problem(
                "UNKNOWN_VARIABLE",
                reference.place,
                f"There is no variable {reference.name!r}; a variable begins with "
                f"{', '.join(ROOTS[:-1])} or {ROOTS[-1]}.",
            )
        elif reference.root == "event" and reference.path[1:2] not in _KNOWN_OF_EVENT:
            yield _problem(
                "UNKNOWN_VARIABLE",
                reference.place,
                f"There is no variable {reference.name!r}; an event has "
                f"{', '.join(EVENT_FIELDS[:-1])} and {EVENT_FIELDS[-1]}.",
            )


def secrets(view: GraphView) -> Iterator[Problem]:
    for reference in view.references:
        node_type = view.nodes[reference.place.node_id].type
        if reference.root != "secret" or node_type is None:
            continue
        if not node_type.reads_secrets or reference.place.part is not None:
            yield _problem(
                "SECRET_NOT_ALLOWED",
                reference.place,
                f"{reference.name!r} may not be used here; only INTEGRATION nodes read secrets.",
            )


def steps(view: GraphView) -> Iterator[Problem]:
    for reference in view.references:
        if reference.root == "steps" and len(reference.path) > 1:
            yield from _step_problems(view, reference)


def unknown_templates(view: GraphView) -> Iterator[Problem]:
    for use in view.template_uses:
        if use.template_id not in view.templates:
            yield Problem(
                code="UNKNOWN_TEMPLATE",
                message=f"There is no template {use.template_id!r}.",
                node_id=use.node_id,
                field=use.field,
            )


def unknown_segments(view: GraphView) -> Iterator[Problem]:
    for use in view.segment_uses:
        if view.segments is not None and use.segment_id not in view.segments:
            yield Problem(
                code="UNKNOWN_SEGMENT",
                message=f"There is no segment {use.segment_id!r}.",
                node_id=use.node_id,
                field=use.field,
            )


def _step_problems(view: GraphView, reference: Reference) -> Iterator[Problem]:
    place, step = reference.place, reference.path[1]
    if step not in view.nodes:
        yield _problem("UNKNOWN_STEP", place, f"There is no node {step!r}.")
        return
    # An unreachable node has no steps before it; it is already reported as unreachable.
    if place.node_id not in view.reachable:
        return
    if not view.topology.reaches(step, place.node_id):
        yield _problem(
            "STEP_NOT_BEFORE",
            place,
            f"The step {step!r} never runs before {place.node_id!r}, so it has no output to "
            "read there.",
        )
        return
    source = view.nodes[step]
    if source.type is None or source.config is None or len(reference.path) < 3:
        return
    outputs = source.type.outputs(source.config)
    if outputs is not None and reference.path[2] not in outputs:
        known = ", ".join(sorted(outputs)) or "none"
        yield _problem(
            "UNKNOWN_OUTPUT",
            place,
            f"The step {step!r} has no output {reference.path[2]!r}; its outputs: {known}.",
        )


def _problem(code: str, place: Place, message: str) -> Problem:
    return Problem(code=code, message=place.says(message), node_id=place.node_id, field=place.field)
