"""The API's document, for checking answers against it."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from local.openapi import document

_ADDRESS = "urn:runledger:openapi"


@cache
def api_document() -> dict[str, Any]:
    return document()


@cache
def _registry() -> "Registry[Any]":
    resource: Resource[Any] = Resource.from_contents(api_document(), DRAFT202012)
    registry: Registry[Any] = Registry()
    whole: Registry[Any] = registry.with_resource(_ADDRESS, resource)
    return whole


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Returns a validator for a schema of the document, whose references it resolves."""
    absolute = json.loads(json.dumps(schema).replace('"#/', f'"{_ADDRESS}#/'))
    return Draft202012Validator(absolute, registry=_registry())


def resolved(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the value, or the target of its `$ref`."""
    found: Any = value
    while "$ref" in found:
        target: Any = api_document()
        for part in found["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        found = target
    return found  # type: ignore[no-any-return]


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yields path, method and operation."""
    for path, methods in api_document()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def operation_at(method: str, path: str) -> dict[str, Any] | None:
    """Returns the operation that answers a request, or None. A path without parameters takes
    precedence."""
    found = (
        operation
        for pattern, each, operation in _patterns()
        if each == method.lower() and pattern.fullmatch(path)
    )
    return next(found, None)


@cache
def _patterns() -> list[tuple[re.Pattern[str], str, dict[str, Any]]]:
    """Returns every operation, with a pattern for its path. The operations with the fewest
    parameters come first."""
    ordered = sorted(operations(), key=lambda each: each[0].count("{"))
    return [
        (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), method, operation)
        for path, method, operation in ordered
    ]


def faults_of_answer(
    method: str, path: str, status: int, headers: Mapping[str, str], body: bytes | str
) -> list[str]:
    """Returns where an answer differs from the document. Header names may be in upper or lower
    case."""
    operation = operation_at(method, path)
    if operation is None:
        return [] if status in (404, 405) else [f"the document has no {method} {path}"]
    if str(status) not in operation["responses"]:
        return [f"{operation['operationId']} answers {status}, which the document does not name"]
    response = resolved(operation["responses"][str(status)])
    contents = response.get("content", {})
    if not contents:
        return [f"{status} has a body"] if body else []
    found = {name.lower(): value for name, value in headers.items()}
    media_type = found.get("content-type", "").partition(";")[0]
    if media_type not in contents:
        return [f"{status} is sent as {media_type!r}, not as {' or '.join(contents)}"]
    faults = validator(contents[media_type]["schema"]).iter_errors(json.loads(body))
    return [f"{status}: {fault.json_path}: {fault.message}" for fault in faults]
