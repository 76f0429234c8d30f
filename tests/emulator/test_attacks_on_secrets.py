"""Attacks on the running stack: replaying a captured body, reading a credential, sending a secret
elsewhere. Each fails."""

import json
import uuid
from typing import Any

import pytest
from runledger.models.automation import Graph
from runledger.store.automations import AutomationStore
from runledger.store.bodies import Bodies
from runledger.store.table import DynamoTable

from tests.emulator.orders import ADMIN, activate, ended
from tests.emulator.test_webhook_intake import VIEWER, graph, post, signed_by
from tests.support.stack import Stack

LITERAL = "s3cr3t-Value-0815"


def calling(url: str, **config: Any) -> dict[str, Any]:
    call = {"method": "POST", "url": url, "body": {"a": 1}, **config}
    found = graph("Calls", triggerType="WEBHOOK")
    found["nodes"].insert(1, {"id": "call", "type": "INTEGRATION", "config": call})
    found["edges"] = [
        {"source": "start", "target": "call"},
        {"source": "call", "target": "done"},
    ]
    return found


@pytest.mark.parametrize("trigger", [{"dedupePath": "orderId"}, {}])
def test_a_captured_signed_body_opens_one_run(stack: Stack, trigger: dict[str, Any]) -> None:
    with stack.api(ADMIN) as api:
        automation = activate(api, graph("Signed", triggerType="WEBHOOK", signed=True, **trigger))
    body = json.dumps({"orderId": uuid.uuid4().hex}).encode()
    signature = signed_by(automation["webhook"]["secret"], body)
    answers = [
        post(stack, automation, body, **signature, **{"Idempotency-Key": uuid.uuid4().hex})
        for _ in range(4)
    ]
    assert [each.status_code for each in answers] == [202, 200, 200, 200]
    assert len({each.json()["runId"] for each in answers}) == 1


def test_a_key_with_another_body_is_a_conflict(stack: Stack) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    with stack.api(ADMIN) as api:
        automation = activate(api, graph("Unsigned", triggerType="WEBHOOK"))
        answers = [
            post(stack, automation, body, **key)
            for body in (b'{"a": 1, "b": 2}', b'{"b":2,"a":1}', b'{"a": 1, "b": 3}')
        ]
        assert [each.status_code for each in answers] == [202, 200, 409]
        assert answers[2].json()["state"] == "KEY_REUSED"
        email = f"{uuid.uuid4().hex}@customer.example"
        api.post("/v1/contacts", json={"email": email}).raise_for_status()
        path = f"/v1/automations/{automation['id']}/runs"
        manual = [
            api.post(path, json={"email": email, "payload": {"n": n}, "idempotencyKey": "k"})
            for n in (1, 1, 2)
        ]
        assert [each.status_code for each in manual] == [202, 200, 409]


def test_a_plain_credential_in_a_config_is_refused(stack: Stack) -> None:
    for config in (
        {"auth": {"type": "BEARER", "token": LITERAL}},
        {"headers": {"X-Api-Key": LITERAL}},
        {"headers": {"Authorization": f"Bearer {LITERAL}"}},
        {"query": {"api_key": LITERAL}},
        {"url": f"https://api.example.com/?token={LITERAL}"},
        {"body": {"user": {"password": LITERAL}}},
    ):
        document = calling(**{"url": "https://api.example.com/"} | config)
        with stack.api(ADMIN) as api:
            refused = api.post("/v1/automations", json=document)
        assert refused.status_code == 422, config
        assert [each["code"] for each in refused.json()["problems"]] == ["LITERAL_CREDENTIAL"]
        assert LITERAL not in refused.text


def test_a_stored_plain_credential_is_hidden_from_a_viewer(stack: Stack) -> None:
    """The test writes the credential directly to the draft's row, because only older versions
    stored plain credentials."""
    with stack.api(ADMIN) as api:
        url = f"https://api.example.com/?sig={LITERAL}"
        made = api.post("/v1/automations", json=calling("https://api.example.com/"))
        automation_id = made.raise_for_status().json()["id"]
        workspace_id = api.get("/v1/me").raise_for_status().json()["workspaceId"]
        before = calling(url, auth={"type": "BEARER", "token": LITERAL})
    store = AutomationStore(
        DynamoTable(stack.aws("dynamodb"), stack.table_name), Bodies(stack.aws("s3"), "unused")
    )
    automation = store.get(workspace_id, automation_id)
    changed = automation.changed(draft_revision=automation.draft_revision + 1)
    store.save_draft(changed, Graph.model_validate({k: before[k] for k in ("nodes", "edges")}))
    path = f"/v1/automations/{automation_id}"
    for email in (VIEWER, ADMIN):
        with stack.api(email) as client:
            shown = client.get(path)
        assert shown.status_code == 200
        assert LITERAL not in shown.text
        assert "[redacted]" in shown.text
    with stack.api(ADMIN) as api:
        refused = api.post(f"{path}/activate")
        assert refused.status_code == 422
        assert {each["code"] for each in refused.json()["problems"]} == {"LITERAL_CREDENTIAL"}
        given = {name: shown.json()[name] for name in ("name", "nodes", "edges")}
        assert api.put(path, json=given).status_code in (422, 428)


def test_a_secret_is_not_sent_to_a_host_from_the_event(stack: Stack) -> None:
    name = f"KEY_{uuid.uuid4().hex[:8].upper()}"
    secret = {"headers": {"X-Key": f"{{{{secret.{name}}}}}"}, "method": "GET", "body": None}
    document = calling("{{trigger.cb}}", **secret)
    with stack.api(ADMIN) as api:
        path = f"/v1/secrets/{name}"
        api.put(path, json={"value": "hunter2-hunter2"}).raise_for_status()
        refused = api.post("/v1/automations", json=document)
        assert refused.status_code == 422
        assert [each["code"] for each in refused.json()["problems"]] == ["SECRET_WITHOUT_HOSTS"]
        shown = api.put(path, json={"allowedHosts": ["api.partner.example"]}).raise_for_status()
        assert shown.json()["allowedHosts"] == ["api.partner.example"]
        listed = api.get("/v1/secrets").raise_for_status().json()["items"]
        assert {each["name"]: each["allowedHosts"] for each in listed}[name]
        automation = activate(api, document)
        for address in (
            "https://evil.example/",
            "https://api.partner.example@evil.example/",
            "https://evil.example\\@api.partner.example/",
            "https://api.partner.example.evil.example/",
        ):
            body = json.dumps({"cb": address}).encode()
            opened = post(stack, automation, body)
            run = ended(api, opened.json()["runId"])
            assert run["status"] == "FAILED"
            assert run["error"]["kind"] in ("HOST_NOT_ALLOWED", "INVALID_URL"), address
        chain = f"{{{{ secret.{name} | url_encode | base64_encode }}}}"
        refused = api.post(
            "/v1/automations", json=calling("https://api.example.com/", headers={"X-Key": chain})
        )
        assert {each["code"] for each in refused.json()["problems"]} == {
            "UNSAFE_SECRET_USE",
            "SECRET_HOST_NOT_ALLOWED",
        }
