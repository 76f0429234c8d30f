"""Ordinary data on the deployed stack: values arrive as their authors expect."""

import uuid
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.emulator.orders import (
    activate,
    demo_service,
    ended,
    fire,
    template,
    wait_for,
)
from tests.support.stack import Stack


def line(trigger: dict[str, Any], *nodes: dict[str, Any]) -> dict[str, Any]:
    """Returns an automation whose nodes follow each other, with an END."""
    every = [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK", **trigger}},
        *nodes,
        {"id": "done", "type": "END", "config": {}},
    ]
    ids = [node["id"] for node in every]
    edges = [{"source": a, "target": b} for a, b in pairwise(ids)]
    return {"name": f"Ordinary {uuid.uuid4().hex}", "nodes": every, "edges": edges}


def assigning(**values: str) -> dict[str, Any]:
    assignments = [
        {"target": f"vars.{name}", "value": value, "type": "STRING"}
        for name, value in values.items()
    ]
    return {"id": "set", "type": "SET", "config": {"mode": "MERGE", "assignments": assignments}}


def test_texts_are_rendered_as_liquids_documentation_says(stack: Stack, api: httpx.Client) -> None:
    texts = {
        "half": "{{ trigger.half | round }}",
        "negative": "{{ -2.5 | round }}",
        "cents": "{{ trigger.cents | round: 2 }}",
        "tiny": "{{ trigger.tiny }} g",
        "there": "{{ trigger.at | date: '%H:%M', 'europe/berlin' }}",
        "word": "{{ trigger['in'] }}",
        "none": "<{{ trigger.none }}>",
    }
    automation = activate(api, line({}, assigning(**texts)))
    body = {
        "half": 2.5,
        "cents": 1.015,
        "tiny": 0.00001,
        "at": "2026-07-01T10:00:00Z",
        "in": "yes",
        "none": None,
    }
    run = ended(api, fire(stack, automation, body))
    assert run["status"] == "COMPLETED", run["error"]
    output = next(step for step in run["steps"] if step["nodeId"] == "set")["output"]
    assert output == {
        "half": "3",
        "negative": "-3",
        "cents": "1.02",
        "tiny": "0.00001 g",
        "there": "12:00",
        "word": "yes",
        "none": "<>",
    }


def test_wrong_filter_arguments_and_reserved_words_are_refused_on_save(api: httpx.Client) -> None:
    for text, said in (
        ("{{ trigger.a | append }}", "takes 1 argument"),
        ("{{ trigger.in }}", "trigger['in']"),
    ):
        answer = api.post("/v1/automations", json=line({}, assigning(x=text)))
        assert answer.status_code == 422
        assert said in answer.text


def test_a_switch_takes_its_fallback_for_a_missing_value(stack: Stack, api: httpx.Client) -> None:
    document = line({}, {"id": "plan", "type": "SWITCH", "config": {}})
    document["nodes"][1]["config"] = {
        "rules": [{"field": "trigger.plan", "value": "pro", "label": "pro"}],
        "fallbackLabel": "other",
    }
    document["edges"][1:] = [
        {"source": "plan", "target": "done", "label": label} for label in ("pro", "other")
    ]
    run = ended(api, fire(stack, activate(api, document), {}))
    assert run["status"] == "COMPLETED", run["error"]
    step = next(step for step in run["steps"] if step["nodeId"] == "plan")
    assert step["outcome"] == "other"
    assert "`trigger.plan`" in step["evidence"]["rules"][0]["missing"]


@pytest.mark.parametrize("written", ["00{}", "{}", "+{}", "00 {}"])
@pytest.mark.sampled(1)
def test_a_phone_finds_its_contact_in_webhook_search_and_manual_run(
    stack: Stack, api: httpx.Client, written: str
) -> None:
    digits = f"491512{uuid.uuid4().int % 10**7:07}"
    contact = api.post("/v1/contacts", json={"phone": f"+{digits}"}).raise_for_status().json()
    text = written.format(digits)
    lookup = {"contactLookup": {"by": "phone", "path": "phone"}, "createIfMissing": True}
    automation = activate(api, line(lookup))
    run = ended(api, fire(stack, automation, {"phone": text}))
    assert run["contact"]["id"] == contact["id"]
    by_hand = api.post(f"/v1/automations/{automation['id']}/runs", json={"phone": text})
    assert by_hand.status_code == 202, by_hand.text
    assert ended(api, by_hand.json()["runId"])["contact"]["id"] == contact["id"]
    # As a browser's address bar sends it: a + is not escaped.
    found = api.get(f"/v1/contacts?contact={text.replace(' ', '%20')}").raise_for_status().json()
    assert [each["id"] for each in found["items"]] == [contact["id"]]


def test_an_external_id_finds_its_contact_in_webhook_search_and_manual_run(
    stack: Stack, api: httpx.Client
) -> None:
    number = uuid.uuid4().int % 10**12
    lookup = {"by": "externalId", "name": "shop", "path": "customer.id"}
    automation = activate(api, line({"contactLookup": lookup, "createIfMissing": True}))
    # Many systems send a number.
    first, second = (fire(stack, automation, {"customer": {"id": number}}) for _ in range(2))
    third = fire(stack, automation, {"customer": {"id": str(number)}})
    contact = ended(api, first)["contact"]
    assert [ended(api, each)["contact"] for each in (second, third)] == [contact, contact]
    path = f"/v1/contacts/{contact['id']}"
    changes = {"externalIds": {"stripe": f"cus_{number}"}}
    changed = api.patch(path, json=changes).raise_for_status().json()
    assert changed["externalIds"] == {"shop": str(number), "stripe": f"cus_{number}"}
    other = api.post("/v1/contacts", json=changes)
    assert (other.status_code, other.json()["field"]) == (409, "externalIds.stripe")
    named = {"externalId": {"name": "stripe", "value": f"cus_{number}"}}
    by_hand = api.post(f"/v1/automations/{automation['id']}/runs", json=named)
    assert by_hand.status_code == 202, by_hand.text
    found = api.get("/v1/contacts", params={"contact": f"stripe:cus_{number}"})
    assert [each["id"] for each in found.raise_for_status().json()["items"]] == [contact["id"]]
    runs = api.get("/v1/runs", params={"contact": f"shop:{number}"}).raise_for_status().json()
    assert len(runs["items"]) == 4


def test_a_pasted_address_with_a_plus_is_found(api: httpx.Client) -> None:
    email = f"ada+{uuid.uuid4().hex}@x.example"
    contact = api.post("/v1/contacts", json={"email": email}).raise_for_status().json()
    found = api.get(f"/v1/contacts?contact={email}").raise_for_status().json()["items"]
    assert [each["id"] for each in found] == [contact["id"]]


def test_a_mail_to_a_non_ascii_domain_is_sent_in_punycode(stack: Stack, api: httpx.Client) -> None:
    name = uuid.uuid4().hex
    mail = {
        "id": "mail",
        "type": "SEND_MESSAGE",
        "config": {
            "recipients": {"kind": "TRIGGER_CONTACT"},
            "channels": [{"channel": "EMAIL", "templateId": template(api, "Grüße")}],
        },
    }
    lookup = {"contactLookup": {"by": "email", "path": "email"}, "createIfMissing": True}
    automation = activate(api, line(lookup, mail))
    run = ended(api, fire(stack, automation, {"email": f"{name}@münchen.example"}))
    assert run["status"] == "COMPLETED", run["error"]
    sent = [each for each in stack.mailbox() if name in str(each)]
    assert len(sent) == 1
    assert f"{name}@xn--mnchen-3ya.example" in str(sent[0])


def test_a_wait_may_use_the_contacts_time_zone(stack: Stack, api: httpx.Client) -> None:
    email = f"{uuid.uuid4().hex}@customer.example"
    document = {"email": email, "metadata": {"timeZone": "asia/tokyo"}}
    api.post("/v1/contacts", json=document).raise_for_status()
    wait = {
        "id": "wait",
        "type": "WAIT",
        "config": {
            "until": {"timeOfDay": "09:00", "day": "TOMORROW"},
            "timeZone": "Europe/Berlin",
            "contactTimeZone": True,
        },
    }
    automation = activate(api, line({"contactLookup": {"by": "email", "path": "email"}}, wait))
    run_id = fire(stack, automation, {"email": email})

    def waiting() -> Any:
        run = api.get(f"/v1/runs/{run_id}").raise_for_status().json()
        return next((step for step in run["steps"] if step["status"] == "WAITING"), None)

    evidence = wait_for("the wait", waiting)["evidence"]
    assert (evidence["timeZone"], evidence["timeZoneFrom"]) == ("Asia/Tokyo", "CONTACT")
    assert evidence["until"].endswith("T00:00:00Z")
    canceled = api.post(f"/v1/runs/{run_id}/cancel", json={"reason": "seen"})
    assert canceled.status_code == 200


def test_paths_reach_quoted_names_and_lists(stack: Stack, api: httpx.Client) -> None:
    lookup = {"by": "email", "path": "$.answers[0].email"}
    trigger = {"contactLookup": lookup, "createIfMissing": True, "dedupePath": '"Order Id"'}
    automation = activate(api, line(trigger))
    email = f"{uuid.uuid4().hex}@customer.example"
    body = {"Order Id": uuid.uuid4().hex, "answers": [{"email": email}]}
    run_id = fire(stack, automation, body)
    assert ended(api, run_id)["contact"]["email"] == email
    again = httpx.post(stack.url + automation["webhook"]["path"], json=body, timeout=30)
    assert (again.status_code, again.json()["runId"]) == (200, run_id)
    refused = api.post("/v1/automations", json=line({"dedupePath": "a..b"}))
    assert refused.status_code == 422


def test_values_are_sent_in_web_formats(stack: Stack, api: httpx.Client) -> None:
    call = {
        "id": "call",
        "type": "INTEGRATION",
        "config": {
            "method": "GET",
            "url": f"{demo_service(api)}/score",
            "query": {"tag": "{{ trigger.tags }}", "is": "{{ trigger.yes }}"},
            "headers": {"X-Order": "{{ trigger.order }}"},
            "expectedStatus": ["2xx", "4xx"],
        },
    }
    automation = activate(api, line({}, call))
    body = {"tags": ["a", "b"], "yes": True, "order": {"id": 1}}
    run = ended(api, fire(stack, automation, body))
    request = next(step for step in run["steps"] if step["nodeId"] == "call")["request"]
    assert request["query"] == {"tag": ["a", "b"], "is": "true"}
    assert '{"id":1}' in request["headers"].values()
