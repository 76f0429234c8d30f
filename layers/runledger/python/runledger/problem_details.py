"""Turns errors into problem documents of RFC 9457. This is the only place that chooses their HTTP
statuses."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from runledger.errors import (
    ChoiceNeededError,
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidCursorError,
    InvalidGraphError,
    InvalidInputError,
    MethodNotAllowedError,
    MfaRequiredError,
    NotFoundError,
    PayloadTooLargeError,
    PreconditionFailedError,
    RateLimitedError,
    RunledgerError,
    SetupError,
    TransientError,
    UnauthorizedError,
    UnreadableError,
    UnsupportedMediaTypeError,
    WorkspaceNotNamedError,
)
from runledger.models.validation_words import path_in, words
from runledger.observability import logger

PROBLEM_JSON = "application/problem+json"

# The part of the request that holds a value. It is not part of the value's name.
_PLACES = frozenset({"body", "query", "path", "header"})
# Seconds after which a client may repeat a request that met a passing fault.
RETRY_AFTER = 5

# The first matching type decides.
_STATUSES: dict[type[RunledgerError], tuple[int, str]] = {
    InvalidCursorError: (400, "Invalid cursor"),
    WorkspaceNotNamedError: (400, "Workspace not named"),
    InvalidInputError: (422, "Invalid input"),
    ChoiceNeededError: (422, "Choice needed"),
    InvalidGraphError: (422, "Invalid automation"),
    NotFoundError: (404, "Not found"),
    MethodNotAllowedError: (405, "Method not allowed"),
    ConflictError: (409, "Conflict"),
    UnreadableError: (409, "Unreadable"),
    GoneError: (410, "Gone"),
    PreconditionFailedError: (412, "Precondition failed"),
    UnauthorizedError: (401, "Unauthorized"),
    MfaRequiredError: (403, "Second factor required"),
    ForbiddenError: (403, "Forbidden"),
    PayloadTooLargeError: (413, "Payload too large"),
    UnsupportedMediaTypeError: (415, "Unsupported media type"),
    RateLimitedError: (429, "Too many requests"),
    TransientError: (503, "Service unavailable"),
    SetupError: (503, "Service unavailable"),
}


def problem(
    status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response[str]:
    """Returns an answer as in RFC 9457. `more` are additional members."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(
        status_code=status,
        content_type=PROBLEM_JSON,
        body=json.dumps(body),
        headers=dict(headers or {}),
    )


def status_of(error: RunledgerError) -> int:
    """Returns the status that answers an error."""
    found = (status for kind, (status, _) in _STATUSES.items() if isinstance(error, kind))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR.value)


def answer_error(error: RunledgerError) -> Response[str]:
    facts = {"error": type(error).__name__, "detail": error.for_log()}
    for kind, (status, title) in _STATUSES.items():
        if isinstance(error, kind):
            if status == HTTPStatus.SERVICE_UNAVAILABLE:
                logger.warning("request failed temporarily", extra=facts)
            return problem(status, title, str(error), **_extensions(error))
    logger.error("request failed", extra=facts)
    return problem(
        500,
        "Internal error",
        "The request failed because of a fault in the server. The log has the details.",
    )


def _extensions(error: RunledgerError) -> dict[str, Any]:
    match error:
        case InvalidInputError(field=str() as field):
            return {"field": field}
        case InvalidGraphError():
            return {"problems": error.problems}
        case ConflictError(status=str() as state, revision=int() as revision):
            return {"state": state, "revision": revision}
        case ConflictError(status=str() as state):
            return {"state": state}
        case ConflictError(field=str() as field):
            return {"field": field}
        case PreconditionFailedError():
            return {"revision": error.revision, "headers": {"ETag": f'"{error.revision}"'}}
        case MfaRequiredError():
            return {"code": "MFA_REQUIRED"}
        case GoneError():
            return error.facts
        case MethodNotAllowedError():
            # RFC 9110, section 15.5.6: the answer names the allowed methods.
            return {"headers": {"Allow": ", ".join(error.allowed)}}
        case RateLimitedError():
            return {"headers": {"Retry-After": str(error.retry_after)}}
        case TransientError() | SetupError():
            return {"headers": {"Retry-After": str(RETRY_AFTER)}}
    return {}


def answer_validation(error: RequestValidationError, body: Any) -> Response[str]:
    """Returns the answer to an invalid request. `body` is the document in the request, or None."""
    problems = [_request_problem(fault, body) for fault in error.errors()]
    field, message = problems[0]["field"], problems[0]["message"]
    detail = f"{field or 'the body'}: {message}"
    return problem(422, "Invalid input", detail, field=field or None, problems=problems)


def _request_problem(fault: Mapping[str, Any], body: Any) -> dict[str, Any]:
    """Returns the problem with one value of a request, with the value's path. For a value in a
    graph, the problem also names the node or edge."""
    place, *inside = fault["loc"] or ("body",)
    path: list[Any] = inside if place in _PLACES else [place, *inside]
    if place == "body":
        path = path_in(body, path, missing=fault["type"] == "missing")
    found = {
        "code": "INVALID_REQUEST",
        "message": words(fault),
        "field": ".".join(str(part) for part in path),
    }
    match path:
        case ["nodes", index, *_]:
            return {**found, "nodeId": _node_id(body, int(index))}
        case ["edges", index, *_]:
            return {**found, "edge": int(index)}
    return found


def _node_id(body: Any, index: int) -> str | None:
    nodes = body.get("nodes") if isinstance(body, dict) else None
    node = nodes[index] if isinstance(nodes, list) and index < len(nodes) else None
    found = node.get("id") if isinstance(node, dict) else None
    return found if isinstance(found, str) else None
