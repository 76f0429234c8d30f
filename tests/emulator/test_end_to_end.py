"""A webhook starts a real run on the deployed template, and its history is complete."""

import base64
import random
import uuid
import zlib
from contextlib import closing
from typing import Any

import httpx
import pytest
from runledger.store.delivery_rows import WORDS

from tests.emulator.orders import (
    activate,
    automation_id,
    demo_service,
    ended,
    everything,
    fire,
    five_nodes,
    runs_of,
    template,
    wait_for,
)
from tests.support.stack import Stack


def readable(row: dict[str, Any]) -> str:
    """Returns a row as text, with its compressed bodies decompressed."""
    opened = [_opened(bytes(value["B"])) for value in row.values() if "B" in value]
    return str(row) + "".join(opened)


def _opened(body: bytes) -> str:
    try:
        # The dictionary matters only for bodies that were compressed with it.
        return zlib.decompressobj(zdict=WORDS).decompress(body).decode()
    except zlib.error:
        # Not a body: the hashes by which an erasure finds a kept event.
        return body.decode("latin-1")


def test_a_webhook_runs_to_its_end_and_the_captured_field_is_in_the_mail(
    stack: Stack, api: httpx.Client
) -> None:
    body = "Your score: {{steps.score.score}}, {{contact.email}}"
    automation = activate(api, five_nodes(f"{demo_service(api)}/score", template(api, body)))
    assert automation["machine"]["type"] == "EXPRESS"
    email = f"{uuid.uuid4().hex}@customer.example"
    event_body = {"orderId": uuid.uuid4().hex, "total": 150, "customer": {"email": email}}

    run_id = fire(stack, automation, event_body)
    told = ended(api, run_id)

    assert told["status"] == "COMPLETED", told["error"]
    assert [step["nodeId"] for step in told["steps"]] == ["start", "big", "score", "mail", "done"]
    assert [step["order"] for step in told["steps"]] == [1, 2, 3, 4, 5]
    assert all(step["durationMs"] is not None for step in told["steps"])
    assert told["version"] == 1
    assert told["payload"] == event_body
    assert {node["id"] for node in told["graph"]["nodes"]} >= {"start", "done"}
    score = told["steps"][2]["output"]["score"]
    (link,) = told["deliveries"]
    delivery = api.get(link["path"]).raise_for_status().json()
    assert (delivery["status"], delivery["address"]) == ("SENT", email)
    assert delivery["runId"] == run_id
    mails = [mail for mail in stack.mailbox() if email in str(mail)]
    assert len(mails) == 1
    assert f"Your score: {score}, {email}" in str(mails[0])

    again = httpx.post(stack.url + automation["webhook"]["path"], json=event_body, timeout=30)
    assert (again.status_code, again.json()["runId"]) == (200, run_id)

    listed = api.get("/v1/runs", params={"contact": email.upper(), "status": "COMPLETED"})
    assert [run["id"] for run in listed.json()["items"]] == [run_id]


def test_the_demo_has_runs_in_every_state(api: httpx.Client) -> None:
    assert runs_of(api, "Order paid", "COMPLETED")
    running = runs_of(api, "Welcome", "RUNNING")
    waiting = [run for run in running if run["health"]["state"] == "WAITING"]
    assert waiting
    assert all("waiting until" in run["health"]["text"] for run in waiting)
    failed = runs_of(api, "Order paid", "FAILED")
    assert failed
    assert all(run["error"]["nodeId"] and run["error"]["message"] for run in failed)


def test_another_workspace_sees_nothing(stack: Stack, api: httpx.Client) -> None:
    # Not the newest of all, because other tests open runs without a contact.
    mine = runs_of(api, "Order paid", "COMPLETED")[0]
    with stack.api("owner@other.example") as other:
        theirs = other.get("/v1/runs", params={"limit": 200}).json()["items"]
        ours = api.get("/v1/runs", params={"limit": 200}).json()["items"]
        assert {run["id"] for run in theirs}.isdisjoint(run["id"] for run in ours)
        for path in (
            f"/v1/runs/{mine['id']}",
            f"/v1/automations/{mine['automationId']}",
            f"/v1/automations/{mine['automationId']}/versions",
            f"/v1/contacts/{mine['contact']['id']}",
        ):
            answer = other.get(path)
            assert answer.status_code == 404, path
            assert answer.headers["content-type"] == "application/problem+json"
        foreign = other.get("/v1/runs", headers={"X-Workspace-Id": "ws_demo"})
        assert foreign.status_code == 404


def test_roles_decide_what_may_be_changed(stack: Stack, api: httpx.Client) -> None:
    with stack.api("viewer@demo.example") as viewer:
        assert viewer.get("/v1/runs").status_code == 200
        refused = viewer.post("/v1/contacts", json={"email": "x@customer.example"})
        assert refused.status_code == 403
        assert "ADMIN" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/contacts", {"email": "nonsense"}, "email"),
        ("/v1/contacts", {"emial": "a@customer.example"}, "emial"),
        ("/v1/templates", {"name": "x", "channel": "EMAIL", "body": "x"}, "subject"),
        (
            "/v1/templates",
            {"name": "x", "channel": "EMAIL", "subject": "x", "body": "{{ contact."},
            "body",
        ),
        ("/v1/templates", {"name": "x", "channel": "FAX", "body": "x"}, "channel"),
        ("/v1/automations", {"name": ""}, "name"),
    ],
)
def test_bad_input_is_refused_by_field(
    api: httpx.Client, path: str, body: dict[str, str], field: str
) -> None:
    answer = api.post(path, json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field
    assert answer.json()["detail"]


def test_a_secret_is_never_shown(stack: Stack, api: httpx.Client) -> None:
    value = f"s3cret-{uuid.uuid4().hex}"
    name = f"KEY_{uuid.uuid4().hex[:8].upper()}"
    assert api.put(f"/v1/secrets/{name}", json={"value": value}).status_code == 200
    assert name in [each["name"] for each in api.get("/v1/secrets").json()["items"]]
    document = five_nodes(f"{demo_service(api)}/echo", template(api, "x"))
    document["nodes"][2]["config"]["headers"] = {"Authorization": f"Bearer {{{{secret.{name}}}}}"}
    document["nodes"][2]["config"]["capture"] = {"echo": "@"}
    automation = activate(api, document)
    event_body = {
        "orderId": uuid.uuid4().hex,
        "total": 150,
        "customer": {"email": "ada@customer.example"},
    }
    run_id = fire(stack, automation, event_body)

    told = ended(api, run_id)

    assert told["status"] == "COMPLETED", told["error"]
    assert value not in str(told)
    assert f"Bearer {{{{secret.{name}}}}}" in str(told["steps"][2])
    with closing(stack.aws("dynamodb")) as dynamodb:
        pages = dynamodb.get_paginator("scan").paginate(TableName=stack.table_name)
        rows = [row for page in pages for row in page["Items"]]
    assert value not in "".join(readable(row) for row in rows)
    assert api.delete(f"/v1/secrets/{name}").status_code == 204
    assert api.put(f"/v1/secrets/{name}", json={"value": "other-value"}).status_code == 200


def test_an_unknown_route_and_a_damaged_body_are_problems(api: httpx.Client) -> None:
    assert api.get("/v1/nothing").json()["title"] == "Not found"
    damaged = api.post("/v1/contacts", content=b"{", headers={"Content-Type": "application/json"})
    assert damaged.status_code == 422
    assert damaged.json()["detail"]


def test_the_openapi_document_is_served_without_a_token(stack: Stack) -> None:
    document = httpx.get(f"{stack.url}/v1/openapi.json").raise_for_status().json()
    assert "/v1/runs/{run_id}" in document["paths"]


def test_a_waiting_run_shows_the_end_of_its_wait(stack: Stack, api: httpx.Client) -> None:
    automation = activate(
        api,
        {
            "name": "Waits",
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
                {"id": "pause", "type": "WAIT", "config": {"delayMinutes": 60}},
                {"id": "done", "type": "END"},
            ],
            "edges": [
                {"source": "start", "target": "pause"},
                {"source": "pause", "target": "done"},
            ],
        },
    )
    assert automation["machine"]["type"] == "STANDARD"
    run_id = fire(stack, automation, {})

    def waits() -> object:
        health = api.get(f"/v1/runs/{run_id}").json()["health"]
        return health if health["state"] == "WAITING" else None

    health = wait_for("the wait", waits)
    assert health["until"] > api.get(f"/v1/runs/{run_id}").json()["createdAt"]


def test_all_pages_together_have_every_run_once(api: httpx.Client) -> None:
    # Up to a moment that has passed, so that runs which come meanwhile are not in question.
    newest = api.get("/v1/runs", params={"limit": 1}).raise_for_status().json()["items"][0]
    window = {"to": newest["createdAt"], "automationId": automation_id(api, "Order paid")}
    whole = list(everything(api, "/v1/runs", **window))
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (
            api.get("/v1/runs", params={**window, "limit": 3, **cursor}).raise_for_status().json()
        )
        found += [run["id"] for run in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert found == [run["id"] for run in whole]
    assert len(found) > 3


def test_an_automation_and_a_payload_that_are_too_large_for_a_row_are_stored_whole(
    stack: Stack, api: httpx.Client
) -> None:
    # Random, so that it does not compress below what a row may carry; the same each time, so that
    # it never looks like a credential.
    noise = base64.b64encode(random.Random(7).randbytes(120_000)).decode()
    document = five_nodes(f"{demo_service(api)}/score", template(api, "x"))
    document["nodes"][2]["config"]["body"] = {"noise": noise}
    automation = activate(api, document)
    shown = api.get(f"/v1/automations/{automation['id']}").raise_for_status().json()
    assert shown["nodes"][2]["config"]["body"] == {"noise": noise}
    email = f"{uuid.uuid4().hex}@customer.example"
    event_body = {
        "orderId": uuid.uuid4().hex,
        "total": 150,
        "customer": {"email": email},
        "n": noise,
    }

    told = ended(api, fire(stack, automation, event_body))

    assert told["status"] == "COMPLETED", told["error"]
    assert told["payload"] == event_body
    assert told["graph"]["nodes"] == shown["nodes"]
    assert told["steps"][2]["output"] != {}
