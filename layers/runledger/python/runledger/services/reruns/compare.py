"""Compares two runs step by step."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from runledger.api.comparisons import (
    ComparedRunView,
    ComparedStepView,
    ComparisonView,
    DifferenceView,
)
from runledger.nodes.registry import NODE_TYPES

if TYPE_CHECKING:
    from runledger.api.runs import RunDetailView, StepView
    from runledger.models.automation import Graph

# The most differences that one step lists.
MOST_DIFFERENCES = 50
_DEPTH = 20
# What is compared: no ids and no times, because they differ in any two runs.
_COMPARED = ("status", "outcome", "reason", "tries", "input", "output", "error")
_EXCHANGE = {
    "request": ("method", "url", "headers", "query", "body"),
    "response": ("status", "body"),
}
# Headers that are different in every call.
_OWN_HEADERS = frozenset({"idempotency-key", "date"})


def compare(a: "RunDetailView", b: "RunDetailView") -> ComparisonView:
    """Aligns the steps of two runs by node, and lists what differs. Times, ids and the
    Idempotency-Key are left out, because they differ in any two runs."""
    first = {step.node_id: step for step in a.steps}
    second = {step.node_id: step for step in b.steps}
    order = [*first, *(node_id for node_id in second if node_id not in first)]
    return ComparisonView(
        a=_run(a),
        b=_run(b),
        payload_differences=_limited(_differences(a.payload, b.payload, "")),
        steps=[
            _step(node_id, first.get(node_id), second.get(node_id), a.graph, b.graph)
            for node_id in order
        ],
    )


def _run(run: "RunDetailView") -> ComparedRunView:
    return ComparedRunView(
        run_id=run.id,
        automation_id=run.automation_id,
        automation_name=run.automation_name,
        version=run.version,
        status=run.status,
        created_at=run.created_at,
        duration_ms=run.duration_ms,
        rerun_of=run.rerun_of,
    )


def _step(
    node_id: str, a: "StepView | None", b: "StepView | None", before: "Graph", after: "Graph"
) -> ComparedStepView:
    differences = [
        *_differences(_node(before, node_id), _node(after, node_id), "config"),
        *_differences(_compared(a), _compared(b), ""),
    ]
    return ComparedStepView(
        node_id=node_id,
        a=a,
        b=b,
        is_equal=not differences,
        differences=_limited(iter(differences)),
        config_differs=_node(before, node_id) != _node(after, node_id),
    )


def _node(graph: "Graph", node_id: str) -> dict[str, Any] | None:
    found = next((node for node in graph.nodes if node.id == node_id), None)
    return None if found is None else {"type": found.type, **found.config}


def _compared(step: "StepView | None") -> dict[str, Any] | None:
    if step is None:
        return None
    shown = step.model_dump(mode="json", by_alias=True)
    kept = {name: shown[name] for name in _COMPARED if shown.get(name) is not None}
    node_type = NODE_TYPES.get(step.type)
    if node_type is not None and node_type.is_start:
        # Its input are facts of the event, such as its id; the payloads are compared by themselves.
        kept.pop("input", None)
    for name, parts in _EXCHANGE.items():
        exchange = shown.get(name)
        if isinstance(exchange, dict):
            kept[name] = {part: exchange[part] for part in parts if part in exchange}
            headers = kept[name].get("headers")
            if isinstance(headers, dict):
                kept[name]["headers"] = {
                    key: value for key, value in headers.items() if key.lower() not in _OWN_HEADERS
                }
    return kept


def _differences(a: Any, b: Any, path: str, depth: int = 0) -> Iterator[DifferenceView]:
    if isinstance(a, dict) and isinstance(b, dict) and depth < _DEPTH:
        for name in [*a, *(each for each in b if each not in a)]:
            yield from _differences(a.get(name), b.get(name), _joined(path, name), depth + 1)
    elif isinstance(a, list) and isinstance(b, list) and depth < _DEPTH:
        for index in range(max(len(a), len(b))):
            left = a[index] if index < len(a) else None
            right = b[index] if index < len(b) else None
            yield from _differences(left, right, f"{path}[{index}]", depth + 1)
    elif a != b or isinstance(a, bool) is not isinstance(b, bool):
        yield DifferenceView(path=path or "$", a=a, b=b)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _limited(found: Iterator[DifferenceView]) -> list[DifferenceView]:
    return [each for each, _ in zip(found, range(MOST_DIFFERENCES), strict=False)]
