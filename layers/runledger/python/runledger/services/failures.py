"""From what Step Functions caught to an error that a person understands."""

import json
from typing import Any

from runledger.compiler.task_errors import TRANSIENT_ERRORS
from runledger.models.run import ErrorDetail

CAUSE_CHARACTERS = 2_000

_CRASHED = (
    "CRASHED",
    "The function that ran this node stopped before it answered.",
)
_UNAVAILABLE = (
    "UNAVAILABLE",
    "An AWS service this node needs did not answer, also when asked again.",
)
_TIMED_OUT = ("TIMED_OUT", "The node did not finish in its time.")
_INTERNAL = ("INTERNAL_ERROR", "The node stopped with an unexpected error.")

# Error names as Step Functions reports them for Lambda tasks, and our own that are not a node's.
_KINDS = {
    "Lambda.Unknown": _CRASHED,
    "Runtime.ExitError": _CRASHED,
    "Runtime.OutOfMemory": _CRASHED,
    "Sandbox.Timedout": _TIMED_OUT,
    "States.Timeout": _TIMED_OUT,
    "Lambda.ServiceException": _UNAVAILABLE,
    "Lambda.AWSLambdaException": _UNAVAILABLE,
    "Lambda.SdkClientException": _UNAVAILABLE,
    "Lambda.TooManyRequestsException": _UNAVAILABLE,
    "TransientError": _UNAVAILABLE,
}


def caught_error(caught: dict[str, Any], node_id: str | None) -> ErrorDetail:
    """`caught` is `{"Error": name, "Cause": text}`. Lambda's Cause is JSON with errorType and
    errorMessage; the stack trace is for the log and left out."""
    name = str(caught.get("Error", "Unknown"))
    kind, message = _KINDS.get(name, _INTERNAL)
    cause = f"{name}: {_cause_text(caught.get('Cause'))}"
    return ErrorDetail(node_id=node_id, kind=kind, message=message, cause=cause[:CAUSE_CHARACTERS])


def _cause_text(cause: object) -> str:
    text = cause if isinstance(cause, str) else ""
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    if isinstance(parsed, dict) and "errorMessage" in parsed:
        return str(parsed["errorMessage"])
    return text


def is_node_failure(caught: dict[str, Any]) -> bool:
    """A step was recorded as FAILED and raised on purpose."""
    return caught.get("Error") == "NodeFailedError"


def is_for_later(caught: dict[str, Any]) -> bool:
    """AWS throttled or was briefly away, also when asked again: nothing is wrong with the node,
    and it did not run."""
    return caught.get("Error") in TRANSIENT_ERRORS
