"""Webhooks on the deployed stack: signatures, rotation, refusals, and runs that are scheduled for a
date."""

import hashlib
import hmac
import json
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.emulator.orders import ACTIVATE_SECONDS, activate, ended, fire, wait_for
from tests.support.stack import Stack

VIEWER = "viewer@demo.example"


def graph(name: str, **config: Any) -> dict[str, Any]:
    return {
        "name": name,
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": config},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "done"}],
    }


def post(stack: Stack, automation: dict[str, Any], body: bytes, **headers: str) -> httpx.Response:
    given = {"content-type": "application/json", **headers}
    return httpx.post(
        stack.url + automation["webhook"]["path"], content=body, headers=given, timeout=30
    )


def signed_by(secret: str, body: bytes) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Runledger-Signature": f"sha256={digest}"}


def refusals(stack: Stack, automation: dict[str, Any]) -> list[tuple[str, int]]:
    """Returns reason and count of each refusal, newest first, as a viewer sees them."""
    with stack.api(VIEWER) as viewer:
        found = viewer.get("/v1/refusals", params={"automationId": automation["id"]})
        items = found.raise_for_status().json()["items"]
        for item in items:
            one = viewer.get(f"/v1/refusals/{item['id']}").raise_for_status().json()
            assert {name: one[name] for name in item} == item
    return [(item["reason"], item["count"]) for item in items]


def test_a_secret_is_rotated_while_events_arrive(stack: Stack, api: httpx.Client) -> None:
    automation = activate(api, graph("Signed", triggerType="WEBHOOK", signed=True, dedupe="OFF"))
    first = automation["webhook"]["secret"]
    body = b'{ "a" :\t"\xc3\xa9"}\n'
    path = f"/v1/automations/{automation['id']}/rotate-secret"

    def statuses(*secrets: str) -> list[int]:
        return [
            post(stack, automation, body, **signed_by(secret, body)).status_code
            for secret in secrets
        ]

    assert statuses(first, "wrong") == [202, 401]
    shown = api.post(path, json={"overlapMinutes": 60})
    assert shown.status_code == 200, shown.text
    second = shown.json()["webhook"]["secret"]
    assert shown.json()["webhook"]["previousValidUntil"]
    assert statuses(first, second, "wrong") == [202, 202, 401]
    third = api.post(path, json={"overlapMinutes": 0}).raise_for_status().json()["webhook"]
    assert statuses(first, second, third["secret"]) == [401, 401, 202]
    assert third["previousValidUntil"] is None
    with stack.api("member@demo.example") as member:
        assert member.post(path, json={}).status_code == 403

    # At most one row per minute, however many refusals there were.
    told = refusals(stack, automation)
    assert {reason for reason, _ in told} == {"BAD_SIGNATURE"}
    assert sum(count for _, count in told) == 4
    assert len(told) <= 2


def test_a_senders_own_secret_is_set_on_the_draft_and_signs_a_sample(
    stack: Stack, api: httpx.Client
) -> None:
    source = {"preset": "SHOPIFY"}
    document = graph("Shop", triggerType="WEBHOOK", source=source)
    draft = api.post("/v1/automations", json=document).raise_for_status().json()
    webhook = draft["webhook"]
    assert (webhook["preset"], webhook["hasSecret"]) == ("SHOPIFY", False)
    path = f"/v1/automations/{draft['id']}"
    assert api.post(f"{path}/rotate-secret", json={}).status_code == 422
    secret = uuid.uuid4().hex
    answer = api.post(f"{path}/rotate-secret", json={"secret": secret})
    assert answer.status_code == 200, answer.text
    assert answer.json()["webhook"]["hasSecret"] and secret not in answer.text
    api.post(f"{path}/activate").raise_for_status()
    wait_for("the activation", lambda: api.get(path).json()["status"] == "ACTIVE", ACTIVATE_SECONDS)
    sample = api.post(f"{path}/sample", json={"body": {"id": 1}}).raise_for_status().json()
    assert sample["status"] == 202, sample
    assert ended(api, json.loads(sample["body"])["runId"])["status"] == "COMPLETED"


def test_every_event_that_opens_no_run_is_refused_with_a_reason(
    stack: Stack, api: httpx.Client
) -> None:
    lookup = {"by": "email", "path": "email"}
    automation = activate(
        api,
        graph(
            "Refusing",
            triggerType="WEBHOOK",
            contactLookup=lookup,
            dedupePath="id",
            rateLimitPerMinute=6,
        ),
    )
    email = f"{uuid.uuid4().hex}@customer.example"
    api.post("/v1/contacts", json={"email": email}).raise_for_status()
    known = json.dumps({"id": 1, "email": email}).encode()
    unknown = json.dumps({"id": 2, "email": f"x{email}"}).encode()
    sent = [
        post(stack, automation, body).status_code
        for body in (b"{", b'{"id": 3}', unknown, known, known)
    ]
    assert sent == [422, 422, 422, 202, 200]
    assert sorted(refusals(stack, automation)) == [
        ("DUPLICATE", 1),
        ("INVALID_PAYLOAD", 1),
        ("INVALID_PAYLOAD", 1),
        ("NO_CONTACT", 1),
    ]
    api.post(f"/v1/automations/{automation['id']}/pause").raise_for_status()
    paused = [post(stack, automation, known).status_code for _ in range(8)]
    assert set(paused) == {409, 429}
    told = dict(refusals(stack, automation))
    assert set(told) == {"DUPLICATE", "INVALID_PAYLOAD", "NO_CONTACT", "INACTIVE", "RATE_LIMITED"}
    found = api.get(
        "/v1/refusals", params={"contact": email, "reason": ["DUPLICATE", "NO_CONTACT"]}
    )
    assert [item["reason"] for item in found.raise_for_status().json()["items"]] == ["DUPLICATE"]
    run_id = found.json()["items"][0]["runId"]
    assert api.get(f"/v1/runs/{run_id}").status_code == 200


def test_all_unknown_tokens_get_the_same_answer(stack: Stack) -> None:
    answers = [
        httpx.post(f"{stack.url}/v1/webhooks/in/{token}", json={}, timeout=30)
        for token in ("x", "A" * 30, "A" * 4_000, "%22%20%00", "%E2%98%83")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["content-type"] for answer in answers}) == 1


def dated(time_of_day: str, **source: Any) -> dict[str, Any]:
    return graph(
        "Appointment",
        triggerType="DATE",
        source={"kind": "WEBHOOK_PAYLOAD", "path": "on", **source},
        timeOfDay=time_of_day,
    )


def test_a_run_is_scheduled_for_the_date_in_its_event(stack: Stack, api: httpx.Client) -> None:
    automation = activate(api, dated("09:00"))
    ahead = (datetime.now(UTC) + timedelta(days=10)).date()
    run_id = fire(stack, automation, {"on": ahead.isoformat()})

    def told() -> dict[str, Any]:
        answer: dict[str, Any] = api.get(f"/v1/runs/{run_id}").raise_for_status().json()
        return answer

    scheduled = told()
    assert scheduled["scheduledFor"].startswith(f"{ahead}T09:00:00")
    assert scheduled["trigger"] == scheduled["trigger"] | {"type": "DATE", "date": str(ahead)}
    # A run that was opened later and has ended: the stream has passed the scheduled one by.
    other = fire(stack, automation, {"on": "2020-02-29"})
    assert ended(api, other)["status"] == "COMPLETED"
    stack.tick()
    scheduled = told()
    assert (scheduled["status"], scheduled["startedAt"]) == ("PENDING", None)
    assert scheduled["health"]["state"] == "SCHEDULED"
    assert scheduled["health"]["text"].startswith(f"scheduled for {ahead}")

    canceled = api.post(f"/v1/runs/{run_id}/cancel", json={"reason": "called off"})
    assert canceled.status_code == 200, canceled.text
    assert (told()["status"], told()["canceled"]["reason"]) == ("CANCELED", "called off")
    late = fire(stack, automation, {"on": ahead.isoformat()})
    api.post(f"/v1/automations/{automation['id']}/pause").raise_for_status()
    ended_late = wait_for(
        "the scheduled run to be canceled",
        lambda: api.get(f"/v1/runs/{late}").json()["status"] == "CANCELED",
    )
    assert ended_late


def test_a_scheduled_run_starts_when_it_is_due(stack: Stack, api: httpx.Client) -> None:
    automation = activate(api, dated("09:00"))
    ahead = (datetime.now(UTC) + timedelta(days=300)).date()
    run_id = fire(stack, automation, {"on": ahead.isoformat()})
    # The time comes: the row is made to have waited for a moment that has passed.
    moment = int(datetime.now(UTC).timestamp() * 1_000) - 1_000
    with closing(stack.aws("dynamodb")) as table:
        table.update_item(
            TableName=stack.table_name,
            Key={"pk": {"S": f"RUN#{run_id}"}, "sk": {"S": "RUN"}},
            UpdateExpression="SET scheduledFor = :moment, dueKey = :due",
            ExpressionAttributeValues={
                ":moment": {"N": str(moment)},
                ":due": {"S": f"{moment:013d}#{run_id}"},
            },
        )
    stack.tick()
    told = ended(api, run_id)
    assert (told["status"], told["trigger"]["type"]) == ("COMPLETED", "DATE")
    assert told["scheduledFor"] is not None


def test_a_date_that_cannot_be_scheduled_is_refused(stack: Stack, api: httpx.Client) -> None:
    automation = activate(api, dated("09:00"))
    far = (datetime.now(UTC) + timedelta(days=366)).date()
    for payload in ({}, {"on": "soon"}, {"on": far.isoformat()}):
        answer = post(stack, automation, json.dumps(payload).encode())
        assert (answer.status_code, answer.json()["field"]) == (422, "on")
    assert refusals(stack, automation) == [("INVALID_PAYLOAD", 1)] * 3


@pytest.mark.parametrize(
    ("content_type", "body", "status", "words"),
    [
        ("application/json; charset=iso-8859-1", '{"n": "Müller"}'.encode("latin-1"), 202, ""),
        ("application/json; charset=UTF-16", '{"n": "Müller"}'.encode("utf-16"), 202, ""),
        ("application/json", '{"n": "Müller"}'.encode("utf-8-sig"), 202, ""),
        ("application/json; charset=klingon", b'{"n": 1}', 415, "klingon"),
    ],
)
def test_a_body_is_decoded_by_its_declared_charset(
    stack: Stack, api: httpx.Client, content_type: str, body: bytes, status: int, words: str
) -> None:
    automation = activate(api, graph("Charsets", triggerType="WEBHOOK", signed=True))
    signature = signed_by(automation["webhook"]["secret"], body)
    answer = post(stack, automation, body, **{"content-type": content_type}, **signature)
    assert answer.status_code == status, answer.text
    assert words in answer.text
    if status == 202:
        run = api.get(f"/v1/runs/{answer.json()['runId']}").raise_for_status().json()
        assert run["payload"] == {"n": "Müller"}


def test_a_signature_is_about_the_bytes_that_were_sent(stack: Stack, api: httpx.Client) -> None:
    """The body is not UTF-8, but the signature of its bytes is valid. So the answer says which byte
    is wrong, and not that the request is unproved."""
    automation = activate(api, graph("Bytes", triggerType="WEBHOOK", signed=True))
    body = '{"n": "Müller"}'.encode("latin-1")
    answer = post(stack, automation, body, **signed_by(automation["webhook"]["secret"], body))
    assert (answer.status_code, "byte 8 (0xFC)" in answer.text) == (422, True), answer.text


def test_bytes_that_are_not_utf_8_are_refused(stack: Stack, api: httpx.Client) -> None:
    path = {"contactLookup": {"by": "email", "path": "$['E-mail address']"}}
    automation = activate(
        api, graph("Replaced", triggerType="WEBHOOK", createIfMissing=True, **path)
    )
    email = f"{uuid.uuid4().hex}@example.com"
    body = f'{{"E-mail address": "{email}", "n": "Müller"}}'
    refused = post(stack, automation, body.encode("latin-1"))
    assert (refused.status_code, "is not UTF-8" in refused.text) == (422, True)
    assert post(stack, automation, body.encode()).status_code == 202
