"""The API's document is what the code says, whole, and covers every route of the template."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.openapi import TARGET, document, rendered


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    return document()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_the_served_document_is_the_generated_one() -> None:
    assert TARGET.read_text() == rendered(), "run: make generate"


def test_every_reference_leads_somewhere(api: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in api["components"]["schemas"]}
    assert set(references(api)) <= known


def test_names_on_the_wire_are_camel_case(api: dict[str, Any]) -> None:
    names = [
        name
        for schema in api["components"]["schemas"].values()
        for name in schema.get("properties", {})
    ]
    assert "automationId" in names
    assert [name for name in names if not re.fullmatch(r"[a-z][A-Za-z0-9]*", name)] == []


def test_every_operation_tells_its_problems(api: dict[str, Any]) -> None:
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            assert {"401", "404", "422"} <= set(operation["responses"]), (method, path)


def test_no_answer_can_hold_a_stored_secret(api: dict[str, Any]) -> None:
    """A secret's value goes in and never comes out."""
    users = [
        (method, path)
        for path, operations in api["paths"].items()
        for method, operation in operations.items()
        if "SecretDocument" in json.dumps(operation["responses"])
    ]
    assert users == []
