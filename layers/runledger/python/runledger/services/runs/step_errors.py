"""Turns what Step Functions caught into an error that a person understands.

AWS's own words stay in the log. The text that people read is ours and shows no internal names or
addresses.
"""

import json
import re
from typing import Any

from runledger.compiler.task_errors import Handling, handling_of
from runledger.models.run import ErrorDetail
from runledger.observability import logger

CAUSE_CHARACTERS = 2_000

_CRASHED = (
    "CRASHED",
    "The function that ran this node stopped before it answered.",
)
_OUT_OF_MEMORY = (
    "CRASHED",
    "The function that ran this node ran out of memory before it answered.",
)
_UNAVAILABLE = (
    "UNAVAILABLE",
    "An AWS service that this node needs did not answer, even after retries.",
)
_STALLED = (
    "STALLED",
    "The run could not continue from this node, even after retries.",
)
_TIMED_OUT = ("TIMED_OUT", "The node did not finish within its time limit.")
_INTERNAL = ("INTERNAL_ERROR", "The node stopped with an unexpected error.")

_KINDS = {
    "Runtime.OutOfMemory": _OUT_OF_MEMORY,
    "Sandbox.Timedout": _TIMED_OUT,
    "Sandbox.Timeout": _TIMED_OUT,
    "States.HeartbeatTimeout": _TIMED_OUT,
    "States.Timeout": _TIMED_OUT,
    "StepInProgressError": _STALLED,
    "BranchUnfinishedError": _STALLED,
}
_KINDS_BY_HANDLING = {
    Handling.PASSING: _UNAVAILABLE,
    Handling.FOR_LATER: _UNAVAILABLE,
    Handling.CRASH: _CRASHED,
    Handling.LASTING: _INTERNAL,
}
_NO_ROOM = frozenset({"Lambda.TooManyRequestsException", "Lambda.EC2ThrottledException"})
# AWS's names for its own errors. A function's errors are class names, without a dot.
_OF_AWS = re.compile(r"(Lambda|Runtime|Sandbox|Extension|Function|States)\..+")
# Marks of AWS and its libraries in a text: ARNs, hosts, their own errors, request ids.
_WORDS_OF_AWS = re.compile(
    r"arn:aws|amazonaws|botocore|boto3|urllib3|An error occurred \(|Exception\b"
    r"|[Rr]equest ?I[dD]\b|\bStates\.[A-Z]"
)
_IN_THE_LOG = "the log has the reason"


def caught_error(caught: dict[str, Any], node_id: str | None) -> ErrorDetail:
    """Returns the error that a person reads for a caught one.

    `caught` is `{"Error": name, "Cause": text}`. Lambda's Cause is JSON with errorType and
    errorMessage; the stack trace is left out, because it belongs in the log."""
    name = str(caught.get("Error", "Unknown"))
    kind, message = _KINDS.get(name) or _KINDS_BY_HANDLING[handling_of(name)]
    said = _cause_text(caught.get("Cause"))
    if _OF_AWS.fullmatch(name):
        logger.warning("task failed", extra={"nodeId": node_id, "error": name, "said": said})
    return ErrorDetail(node_id=node_id, kind=kind, message=message, cause=shown_cause(name, said))


def shown_cause(name: str, said: str) -> str | None:
    """Returns the part of an error's text that a person may read, or None for AWS's own errors, for
    which we have messages of our own."""
    if _OF_AWS.fullmatch(name):
        return None
    text = f"{name}: {said}"[:CAUSE_CHARACTERS]
    return text if plain(text) == text else _IN_THE_LOG


def unforeseen_cause(error: Exception) -> str | None:
    """Returns the part of an unexpected exception's text that a person may read, or None. The text
    of AWS's libraries stays in the log."""
    if type(error).__module__.partition(".")[0] in ("boto3", "botocore", "urllib3"):
        return _IN_THE_LOG
    return shown_cause(type(error).__name__, str(error))


def plain(text: str) -> str:
    """Returns the text if it is fit for people, otherwise a text that refers to the log."""
    return _IN_THE_LOG if _WORDS_OF_AWS.search(text) else text


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
    """Whether the error was raised by the node itself, after its step was recorded as FAILED."""
    return caught.get("Error") == "NodeFailedError"


def is_for_later(caught: dict[str, Any]) -> bool:
    """Whether the run can continue from the node in its next attempt, because the node itself is
    not at fault: AWS throttled, was unavailable or could not run the function after all retries,
    another request was working on the node, or a branch before it has not finished. If the node
    ran, its claim shows how far it came."""
    name = str(caught.get("Error"))
    return name in _OURS or handling_of(name) in (Handling.PASSING, Handling.FOR_LATER)


def in_words(caught: dict[str, Any]) -> str:
    """Returns why a run is handed back. The text is short, because the run row stores it."""
    name = str(caught.get("Error"))
    if name == "BranchUnfinishedError":
        return _cause_text(caught.get("Cause")) or _OURS[name]
    if name in _NO_ROOM:
        return "AWS had no free capacity for it"
    return _OURS.get(name, "AWS did not answer in time")


# The engine's own errors, by name.
_OURS = {
    "StepInProgressError": "another request held this node for too long",
    "BranchUnfinishedError": "a branch before it had not finished",
}
