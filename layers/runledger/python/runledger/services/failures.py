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
_STALLED = (
    "STALLED",
    "The run could not go on from this node, also when it was tried again.",
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
    "StepInProgressError": _STALLED,
    "BranchUnfinishedError": _STALLED,
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
    """Nothing is wrong with the node: AWS throttled or was briefly away, also when asked again,
    another request was at the node, or a branch before it is missing. The run goes on from there
    as its next attempt."""
    return caught.get("Error") in _FOR_LATER


def in_words(caught: dict[str, Any]) -> str:
    """Why a run is handed back, for a person: short, as the run row keeps it."""
    name = str(caught.get("Error", "Unknown"))
    return f"{_WORDS.get(name, _DID_NOT_ANSWER)} ({name})"


_DID_NOT_ANSWER = "AWS did not answer in time"
_WORDS = {
    "Lambda.TooManyRequestsException": "AWS had no room for it",
    "StepInProgressError": "another request held it for too long",
    "BranchUnfinishedError": "a branch before it had not finished",
}
_FOR_LATER = frozenset((*TRANSIENT_ERRORS, "StepInProgressError", "BranchUnfinishedError"))
