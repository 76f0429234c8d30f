"""Writes functions/query/openapi.json from the handlers' models.

The answers of a route follow from its shape (who may call it, and whether it takes a body, a cursor
or an id) and from its handler's `answers`. Texts come from the handlers' docstrings and the models'
fields. Nothing here is specific to a single route.
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel
from runledger.api.problems import GatewayMessage, ProblemDetail
from runledger.http import has_bytes, is_personal, needed_role, own_answers
from runledger.models.workspace import Role
from runledger.problem_details import PROBLEM_JSON
from runledger.routes.query_routers import include_all_routers

from functions.api.handler import app as api
from functions.query.handler import app as query
from functions.webhook_in.handler import PREFIX, UNSUBSCRIBE
from functions.webhook_in.handler import app as webhooks
from local.unsubscribe_operation import with_unsubscribe_facts
from local.webhook_operation import with_webhook_facts

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
    from aws_lambda_powertools.event_handler.api_gateway import Route

TARGET = Path(__file__).parents[1] / "functions" / "query" / "openapi.json"
Document = dict[str, Any]

_DESCRIPTION = """Automations with an exact history of every run.

Times are ISO 8601 in UTC. Errors are problem documents (RFC 9457), except those that API Gateway
answers itself. An id of another workspace gets the same answer as one that does not exist. Unknown
fields and parameters are refused. A method that a path does not support gets 405 with `Allow`.

A POST with an `idempotencyKey` may be repeated if its answer was lost: it acts once for each key.
The same key with another request is a conflict (409), except that a resend and a test of a template
answer with the delivery that the first request made."""
_TAGS = {
    "Automations": "Graphs of nodes, their versions and their schedules.",
    "Contacts": "The people that automations run for.",
    "Deliveries": "Messages, each to one address on one channel.",
    "Exports": "Lists as files to download.",
    "Imports": "Contacts from an uploaded file.",
    "Recoveries": "Reruns of many runs, with a canary and a pace.",
    "Refusals": "Events and fires that opened no run.",
    "Runs": "What an automation did for one contact or event.",
    "Secrets": "Values that INTEGRATION nodes use and nobody reads back.",
    "Segments": "Saved queries over contacts.",
    "Suppressions": "Addresses that get no messages.",
    "Templates": "Message templates.",
    "Search": "One text, and what it finds.",
    "Views": "Saved filters of lists, of one member or shared.",
    "Webhooks": "The addresses to which other systems send events.",
    "Workspace": "The caller, the members and the settings.",
}
# The meaning of a status, unless a handler gives a more specific one with `answers`.
_MEANINGS = {
    200: "Done.",
    201: "Created.",
    202: "Accepted: the work continues after the answer.",
    204: "Done; the answer has no body.",
    400: (
        "The cursor is damaged, too old, or from another list. Or the caller is in several "
        "workspaces, and a change does not name one in `X-Workspace-Id`."
    ),
    401: "The token is missing, expired or not valid.",
    403: (
        "The caller is in no workspace, the caller's role does not allow the call, or the "
        "workspace requires a second factor (`code` MFA_REQUIRED)."
    ),
    404: "The workspace has no such resource, or the caller is not in the workspace.",
    409: "The revision in the body is not the current one.",
    412: "The revision in `If-Match` is not the current one.",
    413: "The request is too large.",
    415: "The body is not JSON, or its charset is unknown.",
    422: "The request is not valid; `problems` lists every error.",
    429: "Too many calls; wait and try again.",
    500: "The request failed unexpectedly; the log has the reason under the request's id.",
    503: "A service was busy; the same call may succeed later.",
}
# API Gateway gives these answers itself, before or instead of a function ("Working with HTTP APIs",
# "Throttle requests to your HTTP APIs", "Control access to HTTP APIs with JWT authorizers").
_GATEWAYS_OWN = frozenset({401, 413, 429, 500, 503})
_ANY_CALL = frozenset({422, 429, 500, 503})
_SIGNED_IN = frozenset({401, 403, 404})
# For actions in no workspace, and for changes that have to name one.
_KNOWN, _IN_SEVERAL = frozenset({401}), frozenset({400})
# Also for a call whose body is not needed.
_CHANGE = frozenset({413, 415})
# A body also names a revision.
_EDIT = frozenset({409, 412})
_RETRY_AFTER: Document = {
    "Retry-After": {
        "description": "Seconds to wait before the next try; absent if API Gateway refused it.",
        "schema": {"type": "integer", "minimum": 0},
    }
}
_GATEWAY_HEADERS: dict[int, Document] = {
    401: {
        "WWW-Authenticate": {
            "description": "How to sign in, by API Gateway's authorizer.",
            "schema": {"type": "string"},
        }
    },
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}
_NO_STORE: Document = {
    "description": "Always no-store: an answer is only for its caller.",
    "required": True,
    "schema": {"const": "no-store"},
}
_ETAG: Document = {
    "description": "The revision; send it back as `If-Match`.",
    "schema": {"type": "string"},
}
_BYTES: Document = {
    "required": True,
    "description": "The bytes.",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
_OWN_HEADERS = {"Cache-Control": {"$ref": "#/components/headers/NoStore"}}
_WORKSPACE: Document = {
    "name": "X-Workspace-Id",
    "in": "header",
    "required": False,
    "description": (
        "The workspace to use. A caller in several workspaces must name it in every "
        "change; a read without it uses the first one."
    ),
    "schema": {"type": "string"},
}


def document() -> Document:
    """Returns one OpenAPI document for all functions, in a fixed order."""
    schemas: Document = {}
    for model in (ProblemDetail, GatewayMessage):
        _add_schema(schemas, model.__name__, model.model_json_schema(by_alias=True))
    paths: Document = {}
    include_all_routers(query)
    for app in (query, api, webhooks):
        part = json.loads(app.get_openapi_json_schema(title="Runledger", version="1"))
        schemas.update(part.get("components", {}).get("schemas", {}))
        for route in _routes(app):
            method = route.method.lower()
            operation = part["paths"][route.openapi_path][method]
            found = _finished(operation, route)
            paths.setdefault(route.openapi_path, {})[method] = found
    for name in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        schemas.pop(name, None)
    for name, schema in schemas.items():
        if name.startswith("ListView_"):
            schema["description"] = "One page of a list."
    text = json.dumps(schemas, sort_keys=True).replace("#/$defs/", "#/components/schemas/")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Runledger", "version": "1", "description": _DESCRIPTION},
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": {path: paths[path] for path in sorted(paths)},
        "components": {
            "schemas": json.loads(text),
            "headers": {"NoStore": _NO_STORE, "ETag": _ETAG},
            "parameters": {"Workspace": _WORKSPACE},
            "responses": {
                _component(status): _response(status, _MEANINGS[status])
                for status in sorted(_MEANINGS)
                if status >= HTTPStatus.BAD_REQUEST
            },
            "securitySchemes": {
                "operators": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token of the workspace's Cognito user pool.",
                }
            },
        },
        "security": [{"operators": []}],
    }


def _add_schema(schemas: Document, name: str, schema: Document) -> None:
    schemas.update(schema.pop("$defs", {}))
    schemas[name] = schema


def _routes(app: "APIGatewayHttpResolver") -> "Iterator[Route]":
    for route in (*app._static_routes, *app._dynamic_routes):
        if route.include_in_schema:
            yield route


def _finished(operation: Document, route: "Route") -> Document:
    """Returns the operation with its texts, its described parameters and all its possible
    answers."""
    handler = route.func
    name = handler.__name__
    operation["operationId"] = to_camel(name)
    operation["summary"] = name.replace("_", " ").capitalize()
    operation["description"] = _text_of(handler)
    role = needed_role(handler)
    is_webhook = route.openapi_path.startswith(PREFIX)
    is_open = role is None or is_webhook
    for parameter in operation.get("parameters", []):
        parameter["required"] = bool(parameter.get("required"))
        thing, is_id, _ = parameter["name"].partition("_id")
        if is_id and parameter["in"] == "path":
            parameter.setdefault("description", f"The id of the {thing.replace('_', ' ')}.")
    if is_open:
        operation["security"] = []
    else:
        if not is_personal(handler) or route.method == "GET":
            workspace = {"$ref": "#/components/parameters/Workspace"}
            operation["parameters"] = [*operation.get("parameters", []), workspace]
        if role is not Role.VIEWER:
            above = "" if role is Role.OWNER else " and above"
            operation["description"] += f"\n\nFor {role}{above}."
    if is_webhook:
        with_webhook_facts(operation)
    if has_bytes(handler):
        operation["requestBody"] = _BYTES
    operation["responses"] = _responses(operation, route, is_open)
    if route.openapi_path.startswith(UNSUBSCRIBE):
        with_unsubscribe_facts(operation)
    return operation


def _text_of(handler: Callable[..., Any]) -> str:
    """Returns the docstring with one line per paragraph."""
    paragraphs = inspect.cleandoc(handler.__doc__ or "").split("\n\n")
    return "\n\n".join(re.sub(r"\s+", " ", each) for each in paragraphs).strip()


def _responses(operation: Document, route: "Route", is_open: bool) -> Document:
    status, own = route.status_code, own_answers(route.func)
    result = operation["responses"][str(status)].get("content", {})
    statuses = {status, *own, *_ANY_CALL}
    if is_personal(route.func):
        statuses |= _KNOWN
        statuses |= {404} if route.method == "GET" else set()
    elif not is_open:
        statuses |= _SIGNED_IN
    if route.method != "GET":
        statuses |= _CHANGE
    if route.method != "GET" and not is_open and not is_personal(route.func):
        statuses |= _IN_SEVERAL
    names = {each.get("name", "").lower() for each in operation.get("parameters", [])}
    if "cursor" in names:
        statuses.add(400)
    if "if-match" in names:
        statuses |= _EDIT
    found: Document = {}
    for each in sorted(statuses):
        if each < HTTPStatus.BAD_REQUEST:
            meaning = own.get(each, _MEANINGS[each])
            found[str(each)] = {"description": meaning, "headers": dict(_OWN_HEADERS)}
            # 204 has no body, but the framework writes one for every handler that returns a
            # response.
            if each != HTTPStatus.NO_CONTENT:
                found[str(each)]["content"] = result
            if _is_revised(route):
                found[str(each)]["headers"]["ETag"] = {"$ref": "#/components/headers/ETag"}
        elif each in own:
            found[str(each)] = _response(each, own[each], by_gateway=not is_open)
        else:
            found[str(each)] = {"$ref": f"#/components/responses/{_component(each)}"}
    return found


def _is_revised(route: "Route") -> bool:
    """Whether the answer is a single object with a revision."""
    answered = route.dependant.return_param
    return answered is not None and "revision" in getattr(answered.type_, "model_fields", {})


def _component(status: int) -> str:
    return re.sub(r"\W", "", HTTPStatus(status).phrase.title())


def _response(status: int, meaning: str, by_gateway: bool = True) -> Document:
    """Returns the description of an error's answer. With `by_gateway`, includes the form in which
    API Gateway itself gives an answer of this status, if it does."""
    content = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/ProblemDetail"}}}
    headers = dict(_OWN_HEADERS)
    if by_gateway and status in _GATEWAYS_OWN:
        content["application/json"] = {"schema": {"$ref": "#/components/schemas/GatewayMessage"}}
        headers = _GATEWAY_HEADERS.get(status, {})
    return {"description": meaning, "headers": headers, "content": content}


def rendered() -> str:
    return json.dumps(document(), indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(rendered())
    sys.stdout.write(f"wrote {TARGET.name}\n")
