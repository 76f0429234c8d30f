"""Validation errors have our own texts, never those of the library."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, StrictBool, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from runledger.compiler.config_errors import field_errors
from runledger.models.automation import AutomationDocument
from runledger.models.contact import ContactDocument
from runledger.models.run import RunStatus
from runledger.models.template import TemplateDocument
from runledger.models.validation_words import path_in, words
from runledger.nodes.registry import NODE_TYPES
from runledger.nodes.segment_rules import SegmentDocument

OPENAPI = Path(__file__).parents[2] / "functions/query/openapi.json"
# How pydantic speaks.
FOREIGN = re.compile(
    r"Input|should|String|Value error|Assertion|Field required|Extra inputs|dictionary|instance|"
    r"pydantic|model_|dict\b|\^|\\d|\[A-Z"
)


def errors_of(model: Any, value: Any) -> list[ErrorDetails]:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(model).validate_python(value)
    return raised.value.errors()


class Sample(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str
    flag: StrictBool = True
    status: RunStatus = RunStatus.PENDING
    kind: Literal["A", "B"] = "A"
    count: int = 0


@pytest.mark.parametrize(
    ("value", "field", "expected"),
    [
        ({}, "text", "is missing"),
        ({"text": 1}, "text", "must be text"),
        ({"text": "", "x": 1}, "x", "is not a known field; remove it"),
        ({"text": "", "flag": "yes"}, "flag", "must be true or false"),
        ({"text": "", "status": "X"}, "status", "must be PENDING, RUNNING, COMPLETED, FAILED or"),
        ({"text": "", "kind": "C"}, "kind", "must be A or B"),
        ({"text": "", "count": 1.5}, "count", "must be a whole number"),
        ({"text": "", "count": "many"}, "count", "must be a whole number"),
    ],
)
def test_an_invalid_value_gets_our_message(value: Any, field: str, expected: str) -> None:
    (error,) = errors_of(Sample, value)
    assert path_in(value, error["loc"], missing=error["type"] == "missing") == [field]
    assert words(error).startswith(expected)


WRONG: list[Any] = [None, 1, 1.5, True, "", "x" * 200_000, [], [1], {}, {"x": 1}, ["", None] * 60]


def fields_of(document: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, field in document.model_fields.items():
        yield field.alias or name, field


@pytest.mark.parametrize(
    "document", [ContactDocument, TemplateDocument, SegmentDocument, AutomationDocument]
)
def test_no_error_of_a_document_has_the_librarys_text(
    document: type[BaseModel],
) -> None:
    seen = 0
    for name, _ in fields_of(document):
        for value in WRONG:
            try:
                document.model_validate({name: value})
            except ValidationError as error:
                for detail in error.errors():
                    seen += 1
                    assert not FOREIGN.search(words(detail)), detail
    assert seen > 30


@pytest.mark.parametrize("name", sorted(NODE_TYPES))
def test_no_error_of_a_config_has_the_librarys_text(name: str) -> None:
    node_type = NODE_TYPES[name]
    seen = 0
    fields = [field.alias or name for name, field in node_type.config_model.model_fields.items()]
    for field in fields:
        for value in WRONG:
            config = {**node_type.example, field: value}
            try:
                node_type.config_model.model_validate(config)
            except ValidationError as error:
                for problem in field_errors(error, config):
                    seen += 1
                    assert not FOREIGN.search(problem.message), problem
    assert seen or not fields


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for value in schema.values():
            yield from patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from patterns(value)


def test_every_pattern_has_a_message() -> None:
    schemas = [json.loads(OPENAPI.read_text())]
    schemas += [each.config_model.model_json_schema() for each in NODE_TYPES.values()]
    found = set(patterns(schemas))
    assert len(found) > 5
    for pattern in found:
        detail = {"type": "string_pattern_mismatch", "ctx": {"pattern": pattern}, "msg": ""}
        assert words(detail) != "has a format that is not allowed here", pattern
