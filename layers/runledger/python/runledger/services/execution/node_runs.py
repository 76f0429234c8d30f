"""Runs a node, and turns its errors into results."""

from typing import TYPE_CHECKING, Any

from runledger.errors import NodeError, RunReleasedError, TransientError
from runledger.models.run import ErrorDetail, Step, StepStatus
from runledger.nodes.base import NodeResult, Visit
from runledger.nodes.tools import Tools
from runledger.observability import log_failure
from runledger.services.runs.step_errors import caught_error, unforeseen_cause

if TYPE_CHECKING:
    from runledger.models.base import Config
    from runledger.nodes.base import NodeType


def run_node(
    visit: Visit, node_type: "NodeType[Any]", config: "Config", before: Step | None
) -> NodeResult:
    """Returns the result of a visit. Every error of the node becomes a failed result, except those
    after which the machine tries again."""
    try:
        result = node_type.run(config, visit)
    except NodeError as error:
        detail = ErrorDetail(
            node_id=visit.node_id, kind=error.kind, message=str(error), cause=error.cause
        )
        return _failed(detail, before, visit.tools)
    except (RunReleasedError, TransientError):
        raise
    except Exception as error:
        # Nobody foresaw this error, so the reader learns only that. Keep what the node had done so
        # far.
        log_failure("node raised", error)
        caught = caught_error({"Error": type(error).__name__, "Cause": str(error)}, visit.node_id)
        detail = caught.changed(cause=unforeseen_cause(error))
        return _failed(detail, before, visit.tools)
    if result.error is not None and result.error.node_id is None:
        named = result.error.changed(node_id=visit.node_id)
        return result.changed(error=named)
    return result


def input_of(
    visit: Visit, node_type: "NodeType[Any]", config: "Config", result: NodeResult
) -> dict[str, Any]:
    """Returns what the visit worked with. The node has done its work and must be recorded, so an
    error here is only logged."""
    try:
        return node_type.input(config, visit, result)
    except Exception as error:
        log_failure("a step's input could not be recorded", error)
        return {}


def _failed(error: ErrorDetail, before: Step | None, tools: Tools) -> NodeResult:
    """Returns a failed result that keeps what this and earlier visits have done."""
    done = before.delivery_ids if before else ()
    return NodeResult(
        status=StepStatus.FAILED,
        error=error,
        output=before.output if before else {},
        evidence=before.evidence if before else None,
        delivery_ids=tuple(dict.fromkeys((*done, *tools.begun))),
    )
