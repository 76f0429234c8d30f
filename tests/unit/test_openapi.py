"""The API's document matches the code and covers every route of the template."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from local.openapi import TARGET, rendered
from tests.support.document import api_document, faults_of_answer, operations, resolved, validator

SCHEMAS = api_document()["components"]["schemas"]
# Statuses that any route of a signed-in caller may answer.
ANY_ROUTE = {"401", "403", "404", "422", "429", "500", "503"}


def schemas_within(value: Any, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields every schema with properties, with its place."""
    if isinstance(value, dict):
        if isinstance(value.get("properties"), dict):
            yield place, value
        for key, each in value.items():
            yield from schemas_within(each, f"{place}/{key}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from schemas_within(each, f"{place}/{index}")


def test_the_served_document_is_the_generated_one() -> None:
    assert TARGET.read_text() == rendered(), "run: make generate"


def test_the_document_is_valid_openapi() -> None:
    validate(api_document())


def test_names_on_the_wire_are_camel_case() -> None:
    names = [name for schema in SCHEMAS.values() for name in schema.get("properties", {})]
    assert "automationId" in names
    assert [name for name in names if not re.fullmatch(r"[a-z][A-Za-z0-9]*", name)] == []


def test_every_field_is_described() -> None:
    missing = [
        f"{place}: {name}"
        for place, schema in schemas_within(api_document())
        for name, field in schema["properties"].items()
        if not resolved(field).get("description") and not field.get("description")
    ]
    assert missing == [], (
        "these fields have no description; write it where the field is declared, as "
        'Field(description="…"), and run: make generate\n' + "\n".join(missing)
    )


def test_every_schema_is_described() -> None:
    missing = [name for name, schema in SCHEMAS.items() if not schema.get("description")]
    assert missing == [], (
        "these models have no docstring, which is their description in the API's document:\n"
        + "\n".join(missing)
    )


def test_every_operation_is_named_and_described() -> None:
    missing = [
        f"{method} {path}: {part}"
        for path, method, operation in operations()
        for part in ("operationId", "summary", "description")
        if not operation.get(part)
    ]
    assert missing == [], "the description is the docstring of the handler:\n" + "\n".join(missing)
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert sorted(set(ids)) == sorted(ids)
    assert [id_ for id_ in ids if not re.fullmatch(r"[a-z][A-Za-z]+", id_)] == []


def test_every_parameter_is_described() -> None:
    missing = [
        f"{method} {path}: {resolved(parameter)['name']}"
        for path, method, operation in operations()
        for parameter in operation.get("parameters", [])
        if not resolved(parameter).get("description")
    ]
    assert missing == [], (
        "say what it is by Path(description=…) or Query(description=…):\n" + "\n".join(missing)
    )


def test_every_tag_is_described() -> None:
    described = {tag["name"] for tag in api_document()["tags"] if tag["description"]}
    assert {tag for _, _, operation in operations() for tag in operation["tags"]} == described


def test_every_answer_is_described_and_an_error_is_a_problem() -> None:
    for path, method, operation in operations():
        for status, answer in operation["responses"].items():
            response = resolved(answer)
            assert response["description"], (method, path, status)
            if int(status) >= 400:
                problem = response["content"]["application/problem+json"]["schema"]
                assert problem == {"$ref": "#/components/schemas/ProblemDetail"}


IN_NO_WORKSPACE = {
    "/v1/invitations/{invitation_id}/accept",
    "/v1/invitations/{invitation_id}/decline",
    "/v1/me/sign-out-everywhere",
}


def test_every_operation_names_the_statuses_of_its_shape() -> None:
    for path, method, operation in operations():
        statuses = set(operation["responses"])
        parameters = {resolved(each)["name"] for each in operation.get("parameters", [])}
        if method == "post" and path in IN_NO_WORKSPACE:
            assert statuses >= ANY_ROUTE - {"403", "404"}, (method, path)
            assert not statuses & {"400", "403"}, (method, path)
            assert "X-Workspace-Id" not in parameters, (method, path)
        elif operation.get("security") != []:
            assert statuses >= ANY_ROUTE - ({"403"} if path == "/v1/me" else set()), (method, path)
            assert "X-Workspace-Id" in parameters, (method, path)
            # A caller in several workspaces names one in every change.
            assert method == "get" or "400" in statuses, (method, path)
        if method != "get":
            assert statuses >= {"413", "415"}, (method, path)
        assert ("cursor" in parameters) <= ("400" in statuses), (method, path)
        assert any(int(status) < 300 for status in statuses), (method, path)


def test_a_refusal_for_too_many_calls_has_retry_after() -> None:
    for path, method, operation in operations():
        response = resolved(operation["responses"]["429"])
        assert response["headers"]["Retry-After"]["schema"]["type"] == "integer", (method, path)


def test_the_webhook_names_its_body_its_headers_and_its_answers() -> None:
    operation = api_document()["paths"]["/v1/webhooks/in/{token}"]["post"]
    assert operation["security"] == []
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert names == {"token", "X-Runledger-Signature", "Idempotency-Key"}
    assert operation["requestBody"]["required"]
    statuses = {"200", "202", "401", "404", "409", "413", "415", "422", "429", "500", "503"}
    assert set(operation["responses"]) == statuses


def examples() -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    """Yields every example of the document, with its place and its schema."""
    for name, schema in SCHEMAS.items():
        for example in schema.get("examples", []):
            yield name, schema, example
        for field, of in schema.get("properties", {}).items():
            for example in of.get("examples", []):
                yield f"{name}.{field}", of, example
    for path, method, operation in operations():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for example in [content["example"]] if "example" in content else []:
                yield f"{method} {path}", content["schema"], example


@pytest.mark.parametrize(
    ("schema", "example"), [pytest.param(s, e, id=place) for place, s, e in examples()]
)
def test_an_example_is_valid(schema: Mapping[str, Any], example: Any) -> None:
    assert [fault.message for fault in validator(schema).iter_errors(example)] == []


def test_every_schema_is_valid() -> None:
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)


def test_no_answer_can_hold_a_stored_secret() -> None:
    """A secret's value can be written but never read."""
    users = [
        (method, path)
        for path, method, operation in operations()
        if "SecretDocument" in json.dumps(operation["responses"])
    ]
    assert users == []


class TestAnswersAreHeldAgainstTheDocument:
    """Checks the check that the tests of the handlers use."""

    JSON: Mapping[str, str] = {"Content-Type": "application/problem+json"}

    def test_an_undocumented_status(self) -> None:
        assert faults_of_answer("GET", "/v1/runs", 418, {}, "") == [
            "listRuns answers 418, which the document does not name"
        ]

    def test_an_unknown_path(self) -> None:
        assert faults_of_answer("GET", "/v1/nothing", 200, {}, "{}") != []
        assert faults_of_answer("GET", "/v1/nothing", 404, {}, "{}") == []

    def test_a_wrong_body(self) -> None:
        (fault,) = faults_of_answer(
            "GET", "/v1/runs", 422, self.JSON, '{"type": "about:blank", "status": 422, "title": ""}'
        )
        assert "'detail' is a required property" in fault

    def test_a_wrong_content_type(self) -> None:
        (fault,) = faults_of_answer("GET", "/v1/runs", 200, {"content-type": "text/html"}, "{}")
        assert "text/html" in fault

    def test_a_path_without_parameters_comes_first(self) -> None:
        (fault,) = faults_of_answer("GET", "/v1/runs/counts", 418, {}, "")
        assert fault.startswith("countRuns")
