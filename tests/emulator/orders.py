"""Automations for the tests to run on the deployed stack, made through the public API."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
from runledger.services.stream.bus_rules import KNOWN_FOR

from tests.support.stack import Stack

ADMIN = "admin@demo.example"
# A workspace may make 20 machines at once, and then one every three seconds. If earlier tests used
# up its turns, an activation stays pending until a tick, which may be the second one from now.
ACTIVATE_SECONDS = 180


def demo_service(api: httpx.Client) -> str:
    """Returns the URL of the demo service, as the demo's own automations call it."""
    for summary in _all_automations(api):
        nodes = api.get(f"/v1/automations/{summary['id']}").raise_for_status().json()["nodes"]
        for node in nodes:
            if node["type"] == "INTEGRATION" and "127.0.0.1" in node["config"]["url"]:
                parts = urlsplit(node["config"]["url"])
                return f"{parts.scheme}://{parts.netloc}"
    raise AssertionError("no demo automation calls the demo service")


def _all_automations(api: httpx.Client) -> Iterator[dict[str, Any]]:
    return everything(api, "/v1/automations")


def everything(api: httpx.Client, path: str, **filters: str) -> Iterator[dict[str, Any]]:
    """Yields the rows of all pages of a list, which earlier tests may have made long."""
    query: dict[str, Any] = {**filters, "limit": 200}
    while True:
        page = api.get(path, params=query).raise_for_status().json()
        yield from page["items"]
        if page["nextCursor"] is None:
            return
        query["cursor"] = page["nextCursor"]


def automation_id(api: httpx.Client, name: str) -> str:
    """Returns the id of the demo's automation with this name."""
    return str(next(each["id"] for each in _all_automations(api) if each["name"] == name))


def runs_of(api: httpx.Client, name: str, status: str) -> list[dict[str, Any]]:
    """Returns the runs with this status of the demo's automation with this name."""
    query = {"automationId": automation_id(api, name), "status": status}
    return list(everything(api, "/v1/runs", **query))


def template(api: httpx.Client, body: str) -> str:
    document = {"name": "Mail", "channel": "EMAIL", "subject": "Your order", "body": body}
    return str(api.post("/v1/templates", json=document).raise_for_status().json()["id"])


def five_nodes(url: str, template_id: str) -> dict[str, Any]:
    """Returns the automation on which the budget is counted: TRIGGER, CONDITION, INTEGRATION,
    SEND_MESSAGE, END."""
    return {
        "name": "Five nodes",
        "nodes": [
            {
                "id": "start",
                "type": "TRIGGER",
                "config": {
                    "triggerType": "WEBHOOK",
                    "contactLookup": {"by": "email", "path": "customer.email"},
                    "createIfMissing": True,
                    "dedupePath": "orderId",
                },
            },
            {
                "id": "big",
                "type": "CONDITION",
                "config": {
                    "kind": "COMPARE",
                    "left": "{{trigger.total}}",
                    "operator": "GREATER_THAN",
                    "right": 100,
                },
            },
            {
                "id": "score",
                "type": "INTEGRATION",
                "config": {
                    "url": url,
                    "body": {"email": "{{contact.email}}"},
                    "capture": {"score": "data.score"},
                },
            },
            {
                "id": "mail",
                "type": "SEND_MESSAGE",
                "config": {
                    "recipients": {"kind": "TRIGGER_CONTACT"},
                    "channels": [{"channel": "EMAIL", "templateId": template_id}],
                },
            },
            {"id": "done", "type": "END"},
            {"id": "small", "type": "END"},
        ],
        "edges": [
            {"source": "start", "target": "big"},
            {"source": "big", "target": "score", "label": "true"},
            {"source": "big", "target": "small", "label": "false"},
            {"source": "score", "target": "mail"},
            {"source": "mail", "target": "done"},
        ],
    }


def activate(api: httpx.Client, document: dict[str, Any]) -> dict[str, Any]:
    """Returns the new, active automation from the API, after waiting for a pending activation."""
    created = api.post("/v1/automations", json=document)
    assert created.status_code == 201, created.text
    path = f"/v1/automations/{created.json()['id']}"
    activated = api.post(f"{path}/activate")
    assert activated.status_code in (200, 202), activated.text
    shown: dict[str, Any] = activated.json()
    if activated.status_code == 202:
        secret = shown["activation"]["secret"]

        def ended() -> Any:
            told = api.get(path).raise_for_status().json()
            return told if told["activation"]["status"] != "PENDING" else None

        shown = wait_for(f"the activation of {path}", ended, ACTIVATE_SECONDS)
        assert shown["activation"]["status"] == "ACTIVE", shown["activation"]
        if secret:
            shown["webhook"]["secret"] = secret
    return shown


def fire(stack: Stack, automation: dict[str, Any], body: dict[str, Any]) -> str:
    """Sends a webhook; returns the id of the run that it opened."""
    answer = httpx.post(stack.url + automation["webhook"]["path"], json=body, timeout=30)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["runId"])


def wait_for(what: str, look: Callable[[], Any], seconds: float = 60) -> Any:
    """Returns the first true result of `look`; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def ended(api: httpx.Client, run_id: str, seconds: float = 60) -> dict[str, Any]:
    """Returns the details of the run when it has ended."""

    def look() -> Any:
        told = api.get(f"/v1/runs/{run_id}").raise_for_status().json()
        return told if told["finishedAt"] else None

    told: dict[str, Any] = wait_for(f"the end of {run_id}", look, seconds)
    return told


def wait_until_rules_are_known() -> None:
    """Waits so long that every process that publishes events has read the bus's rules again. No
    event could show that they have, because an event without a matching rule is not published."""
    time.sleep(KNOWN_FOR / 1_000 + 0.5)
