"""Broken graphs on the deployed stack: all their problems are reported and nothing is stored."""

from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.emulator.orders import activate
from tests.support.graphs import document, end
from tests.support.stack import Stack
from tests.unit.test_checks_codes import CASES

_HOOK = {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}}
_SOUND = {"name": "Sound", **document([_HOOK, end()], "start > done")}


@pytest.fixture(scope="module")
def automation(api: httpx.Client) -> dict[str, Any]:
    # For the case of a secret whose host is not allowed.
    bound = {"value": "a value of this test", "allowedHosts": ["elsewhere.example"]}
    api.put("/v1/secrets/BOUND", json=bound).raise_for_status()
    return activate(api, _SOUND)


def rows(stack: Stack, automation_id: str) -> list[Any]:
    """Returns every row of the automation: itself, its draft and its versions."""
    with closing(stack.aws("dynamodb")) as dynamodb:
        own = dynamodb.query(
            TableName=stack.table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"AUTOMATION#{automation_id}"}},
            ConsistentRead=True,
        )
        key = {"pk": {"S": "WORKSPACE#ws_demo#AUTOMATION"}, "sk": {"S": automation_id}}
        row = dynamodb.get_item(TableName=stack.table_name, Key=key, ConsistentRead=True)
    return [row["Item"], *own["Items"]]


def test_there_are_at_least_twenty_cases() -> None:
    assert len(CASES) >= 20


OF_TEMPLATES = ("UNKNOWN_TEMPLATE", "NO_UNSUBSCRIBE_LINK")


@pytest.mark.parametrize("case", CASES)
def test_a_broken_graph_is_refused_with_all_its_problems(
    stack: Stack, api: httpx.Client, automation: dict[str, Any], case: str
) -> None:
    broken, places = CASES[case]
    before = rows(stack, automation["id"])

    answer = api.put(f"/v1/automations/{automation['id']}", json={"name": "Broken", **broken})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    # The workspace has none of the templates that the graphs of the unit tests may use, so it
    # cannot check their texts either.
    found = {
        (found["code"], found.get("nodeId"), found.get("edge"), found.get("field"))
        for found in answer.json()["problems"]
        if found["code"] not in OF_TEMPLATES
    }
    assert found == {place for place in places if place[0] not in OF_TEMPLATES}
    assert all(found["message"] for found in answer.json()["problems"])
    assert rows(stack, automation["id"]) == before


def test_an_unknown_template_is_named(api: httpx.Client, automation: dict[str, Any]) -> None:
    broken, _ = next(
        case for case in CASES.values() if any(place[0] == "UNKNOWN_TEMPLATE" for place in case[1])
    )
    path = f"/v1/automations/{automation['id']}/validate"
    problems = api.post(path, json={"name": "Broken", **broken}).json()["problems"]
    assert {found["code"] for found in problems} == {"UNKNOWN_TEMPLATE"}


def test_the_problems_of_a_malformed_graph_name_node_or_edge(
    api: httpx.Client, automation: dict[str, Any]
) -> None:
    broken = {"name": "Broken", "nodes": [{"id": "a b", "type": "END"}], "edges": [{}]}
    answer = api.put(f"/v1/automations/{automation['id']}", json=broken)
    assert answer.status_code == 422
    problems = answer.json()["problems"]
    assert [found.get("nodeId") for found in problems] == ["a b", None, None]
    assert [found.get("edge") for found in problems] == [None, 0, 0]
    assert {found["code"] for found in problems} == {"INVALID_REQUEST"}
