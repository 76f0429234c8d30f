"""Writes functions/query/openapi.json from the handlers' own models."""

import json
import sys
from pathlib import Path
from typing import Any

from runledger.models.wire import ProblemDetail

from functions.api.handler import app as api
from functions.query.handler import app as query
from functions.webhook_in.handler import app as webhooks

TARGET = Path(__file__).parents[1] / "functions" / "query" / "openapi.json"
_DESCRIPTION = "Automations whose run history answers exactly."
# What any call may answer besides its own result.
_PROBLEMS = {
    "401": "The token is missing or not valid.",
    "403": "The role does not allow this.",
    "404": "There is no such thing in the workspace.",
    "410": "It is not kept any more; `expiredAt` says since when.",
    "409": "The thing's present state forbids this.",
    "422": "Something in the request is wrong; every problem is named.",
    "429": "Too many calls; Retry-After says when to come back.",
}


def document() -> dict[str, Any]:
    """One OpenAPI document of all functions, in a fixed order."""
    parts = [
        json.loads(app.get_openapi_json_schema(title="Runledger", version="1"))
        for app in (query, api, webhooks)
    ]
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"ProblemDetail": ProblemDetail.model_json_schema(by_alias=True)}
    for part in parts:
        schemas.update(part.get("components", {}).get("schemas", {}))
        for path, operations in part["paths"].items():
            paths.setdefault(path, {}).update(operations)
    problem_schema = schemas["ProblemDetail"]
    schemas.update(problem_schema.pop("$defs", {}))
    for name in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        schemas.pop(name, None)
    for operations in paths.values():
        for operation in operations.values():
            _finish(operation)
    text = json.dumps(schemas, sort_keys=True).replace("#/$defs/", "#/components/schemas/")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Runledger", "version": "1", "description": _DESCRIPTION},
        "paths": {path: paths[path] for path in sorted(paths)},
        "components": {
            "schemas": json.loads(text),
            "securitySchemes": {"operators": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"operators": []}],
    }


def _finish(operation: dict[str, Any]) -> None:
    content = {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetail"}}
    }
    for status, description in _PROBLEMS.items():
        operation["responses"][status] = {"description": description, "content": content}
    if "204" in operation["responses"]:
        # It has no body; the framework writes one for every handler that returns a response.
        operation["responses"]["204"].pop("content", None)


def rendered() -> str:
    return json.dumps(document(), indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(rendered())
    sys.stdout.write(f"wrote {TARGET.name}\n")
