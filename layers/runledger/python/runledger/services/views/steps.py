"""Turns a run's stored steps into API answers; a damaged step does not affect the others."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runledger.api.runs import ErrorView, StepView
from runledger.clock import iso, optional_iso
from runledger.errors import NodeError
from runledger.models.run import Step
from runledger.observability import log_failure
from runledger.redaction import Redactor
from runledger.services.runs.run_state import steps_of
from runledger.store.salvage import DAMAGES, left_out

if TYPE_CHECKING:
    from collections.abc import Collection

    from runledger.compiler.graph import GraphView
    from runledger.models.event import Event
    from runledger.models.records import LeftOut
    from runledger.models.run import ErrorDetail
    from runledger.store.run_reads import RunHistory

# The limit for all steps in one answer. A Lambda answer has at most 6 MB, and the event (1 MB) and
# the graph need their share.
DETAIL_BYTES = 3_500_000
# The values of a step, besides its place and times.
_BAG = ("input", "output", "evidence", "request", "response", "error", "reason")
# Errors of a step whose values have other types than its node type wrote.
_NOT_SHOWN = (*DAMAGES, NodeError)


def by_graph(history: "RunHistory", graph: "GraphView") -> "tuple[RunHistory, list[Step]]":
    """Splits the history in two: the history with only the steps of the graph's nodes, and the
    steps of nodes that the graph does not have. Only a damaged row can name such a node."""
    known = {each: step for each, step in history.steps.items() if each in graph.nodes}
    unknown = [step for each, step in history.steps.items() if each not in graph.nodes]
    return replace(history, steps=known), unknown


def shown_steps(history: "RunHistory", graph: "GraphView", now: int) -> "list[Step]":
    """Returns every step of the run. If the run's row is so damaged that the other steps cannot be
    derived from it, returns only the recorded ones."""
    try:
        return steps_of(history, graph, now)
    except DAMAGES:
        if history.run.unreadable is None:
            raise
    return sorted(history.steps.values(), key=lambda step: step.started_at)


def step_view(step: "Step", order: int, graph: "GraphView", event: "Event") -> StepView:
    """Returns the view of a step. If its values are unexpected, returns only its place and
    times."""
    try:
        return _step_view(step, order, graph, _input_of(step, graph, event))
    except _NOT_SHOWN as error:
        log_failure("a step cannot be shown", error, nodeId=step.node_id)
    try:
        return _step_view(_without(step, ["input"]), order, graph, None)
    except _NOT_SHOWN:
        return _step_view(_without(step, _BAG), order, graph, None)


def _without(step: "Step", names: "Collection[str]") -> "Step":
    kept = step.model_dump(exclude=set(names))
    return Step.model_validate({**kept, "unreadable": left_out(names)})


def _input_of(step: "Step", graph: "GraphView", event: "Event") -> dict[str, Any] | None:
    """Returns what the node worked with: its config with the recorded values. Returns None if one
    of the values is not known."""
    from runledger.nodes.inputs import filled
    from runledger.nodes.literal_credentials import CredentialMasker

    node = graph.nodes.get(step.node_id)
    if node is None or step.unreadable is not None:
        return None
    if node.type is None or node.config is None:
        return None
    if node.type.is_start:
        return event.facts
    if not node.type.is_input_known(node.config, step.input, step):
        return None
    whole = filled(node.node.config, step.input, node.type.recorded_values(node.config, step))
    return node.type.with_credentials_masked(whole, CredentialMasker())


def _step_view(
    step: "Step", order: int, graph: "GraphView", given: dict[str, Any] | None
) -> StepView:
    ended = step.finished_at
    waited = None
    if step.wait_until is not None and ended is not None:
        waited = max(min(step.wait_until, ended) - step.started_at, 0)
    out = graph.out(step.node_id) if step.node_id in graph.nodes else ()
    labels = [edge.label for edge in out if edge.label is not None]
    evidence = step.evidence
    calls = evidence["tries"] if evidence and "tries" in evidence else None
    return StepView(
        node_id=step.node_id,
        type=step.type,
        status=step.status,
        order=order,
        started_at=iso(step.started_at),
        finished_at=optional_iso(ended),
        duration_ms=None if ended is None else ended - step.started_at,
        waited_ms=waited,
        tries=len(calls) if isinstance(calls, list) else None,
        outcome=step.outcome,
        branches_not_taken=[
            label for label in labels if step.outcome is not None and label != step.outcome
        ],
        reason=step.reason,
        wait_until=optional_iso(step.wait_until),
        input=given,
        # Later nodes need a variable with a credential's name, but nobody else should see its
        # value.
        output=Redactor({}).value(step.output),
        evidence=step.evidence,
        request=step.request,
        response=step.response,
        error=error_view(step.error),
        delivery_ids=list(step.delivery_ids),
        reused_from=step.reused_from,
        unreadable=step.unreadable,
    )


def fit_steps(steps: list[StepView]) -> list[StepView]:
    """Keeps the steps within the limit of one answer: the values of the largest steps are replaced
    by a note."""
    sizes = [len(step.model_dump_json().encode()) for step in steps]
    total = sum(sizes)
    fitted = list(steps)
    for index in sorted(range(len(steps)), key=lambda each: -sizes[each]):
        if total <= DETAIL_BYTES:
            break
        left_out: LeftOut = {
            "leftOut": (
                f"{sizes[index]} bytes left out, because the run's steps are too large together"
            )
        }
        fitted[index] = steps[index].changed(
            input=steps[index].input and dict(left_out),
            output=dict(left_out),
            evidence=steps[index].evidence and left_out,
            request=steps[index].request and left_out,
            response=steps[index].response and left_out,
        )
        total -= sizes[index]
    return fitted


def error_view(error: "ErrorDetail | None") -> ErrorView | None:
    if error is None:
        return None
    return ErrorView(
        node_id=error.node_id, kind=error.kind, message=error.message, cause=error.cause
    )
