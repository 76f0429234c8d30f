"""One event with everything: a call that recovers, a refused e-mail, an SMS instead, and a resend.
The mailboxes have exactly the expected messages, and the API shows all of it."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulator.orders import ADMIN, activate, demo_service, ended, fire
from tests.emulator.test_feedback_events import contact, report, sent_to, settles
from tests.support.stack import Stack


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    with stack.api(ADMIN) as client:
        yield client
        httpx.delete(f"{stack.aws_endpoint}/_local/faults").raise_for_status()


def templates(api: httpx.Client) -> dict[str, str]:
    body = "Order {{trigger.orderId}} took {{steps.stock.calls}} calls"
    made = {}
    for channel, subject in (("EMAIL", "Order {{trigger.orderId}}"), ("SMS", None)):
        document = {"name": channel, "channel": channel, "subject": subject, "body": body}
        made[channel] = api.post("/v1/templates", json=document).raise_for_status().json()["id"]
    return made


def automation_of(api: httpx.Client, key: str) -> dict[str, Any]:
    lookup = {"by": "email", "path": "email"}
    channels = [
        {"channel": channel, "templateId": template_id}
        for channel, template_id in templates(api).items()
    ]
    return activate(
        api,
        {
            "name": "Reserve, then tell",
            "nodes": [
                {
                    "id": "start",
                    "type": "TRIGGER",
                    "config": {"triggerType": "WEBHOOK", "contactLookup": lookup},
                },
                {
                    "id": "stock",
                    "type": "INTEGRATION",
                    "config": {
                        "method": "POST",
                        "url": f"{demo_service(api)}/flaky?key={key}&failures=2",
                        "idempotent": True,
                        "retry": {"maxTries": 4, "backoffSeconds": 1},
                        "capture": {"calls": "data.calls", "sentKey": "data.idempotencyKey"},
                    },
                },
                {
                    "id": "tell",
                    "type": "SEND_MESSAGE",
                    "config": {
                        "recipients": {"kind": "TRIGGER_CONTACT"},
                        "channels": channels,
                        "multiChannelMode": "CASCADE",
                    },
                },
                {"id": "done", "type": "END"},
            ],
            "edges": [
                {"source": "start", "target": "stock"},
                {"source": "stock", "target": "tell"},
                {"source": "tell", "target": "done"},
            ],
        },
    )


def test_one_event_with_a_retry_a_fallback_and_a_resend(stack: Stack, api: httpx.Client) -> None:
    who = contact(api)
    fault = {
        "service": "ses",
        "operation": "SendEmail",
        "code": "MessageRejected",
        "match": who["email"],
        "times": 5,
    }
    httpx.post(f"{stack.aws_endpoint}/_local/faults", json=fault).raise_for_status()
    key = uuid.uuid4().hex
    order = {"email": who["email"], "orderId": key[:8]}

    run = ended(api, fire(stack, automation_of(api, key), order))

    assert (run["status"], run["error"]) == ("COMPLETED", None)
    steps = {step["nodeId"]: step for step in run["steps"]}
    tries = steps["stock"]["evidence"]["tries"]
    assert [each["status"] for each in tries] == [503, 503, 200]
    assert steps["stock"]["output"]["calls"] == 3
    # All three calls have one key, so the partner can recognize them as one.
    assert steps["stock"]["output"]["sentKey"]
    told = steps["tell"]["evidence"]["attempts"]
    assert [(each["channel"], each["status"]) for each in told] == [
        ("EMAIL", "FAILED"),
        ("SMS", "SENT"),
    ]

    attempts = {
        link["channel"]: api.get(f"/v1/deliveries/{link['id']}").raise_for_status().json()
        for link in run["deliveries"]
    }
    refused, sent = attempts["EMAIL"], attempts["SMS"]
    assert (refused["status"], refused["error"]["kind"]) == ("FAILED", "PROVIDER_REFUSED")
    assert [each["outcome"] for each in refused["triesLog"]] == ["REFUSED"]
    assert all(gate["passed"] for gate in refused["gates"])
    text = f"Order {key[:8]} took 3 calls"
    assert (sent["address"], sent["body"]) == (who["phone"], text)
    assert (sent["runId"], sent["nodeId"]) == (run["id"], "tell")

    asked = {"idempotencyKey": key}
    again = api.post(f"/v1/deliveries/{sent['id']}/resend", json=asked)
    assert again.status_code == 202, again.text
    repeated = api.post(f"/v1/deliveries/{sent['id']}/resend", json=asked)
    assert (repeated.status_code, repeated.json()["deliveryId"]) == (
        200,
        again.json()["deliveryId"],
    )
    resent = settles(api, again.json()["deliveryId"], "SENT")
    assert (resent["resendOf"], resent["runId"], resent["requestedBy"]) == (
        sent["id"],
        None,
        ADMIN,
    )
    report(stack, resent["id"], "TEXT_DELIVERED")
    settles(api, resent["id"], "DELIVERED")

    assert sent_to(stack, who["email"]) == []
    messages = sent_to(stack, who["phone"])
    assert [each["body"] for each in messages] == [text, text]
    assert {each["deliveryId"] for each in messages} == {sent["id"], resent["id"]}
    listed = api.get("/v1/deliveries", params={"contact": who["phone"]}).raise_for_status().json()
    assert {(each["id"], each["status"]) for each in listed["items"]} == {
        (refused["id"], "FAILED"),
        (sent["id"], "SENT"),
        (resent["id"], "DELIVERED"),
    }
