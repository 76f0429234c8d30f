"""The demo stack: everything that `make run` promises."""

import json
import os
import subprocess
import sys
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local import demo, demo_service
from local.settings import ROOT
from tests.emulator.orders import automation_id, everything, runs_of
from tests.emulator.test_local_platform import until
from tests.support.stack import Stack

MEMBER = "member@demo.example"
ALL_NODE_TYPES = {
    "TRIGGER",
    "CONDITION",
    "SWITCH",
    "WAIT",
    "SET",
    "UPDATE_CONTACT",
    "MERGE",
    "SEND_MESSAGE",
    "INTEGRATION",
    "STOP_ERROR",
    "END",
}


def _fire(stack: Stack, name: str, event: dict[str, Any]) -> str:
    [url] = [webhook["url"] for webhook in stack.local["webhooks"] if webhook["name"] == name]
    answer = httpx.post(url, json=event, timeout=30)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["runId"])


def _ended(stack: Stack, run_id: str) -> dict[str, Any]:
    with stack.api(MEMBER) as api:
        run: dict[str, Any] = until(
            lambda: api.get(f"/v1/runs/{run_id}").json(),
            lambda run: run.get("status") in ("COMPLETED", "FAILED", "CANCELED"),
            seconds=40,
        )
        return run


def test_counts_and_stats_equal_the_lists(stack: Stack) -> None:
    with stack.api(MEMBER) as api:
        for name in ("runs", "refusals", "deliveries"):

            def told(name: str = name) -> tuple[dict[str, int], Counter[str]]:
                counts = api.get(f"/v1/{name}/counts", params={"range": "7d"}).json()["counts"]
                rows = everything(api, f"/v1/{name}", range="7d")
                listed = Counter(row.get("status") or row["reason"] for row in rows)
                return {status: count for status, count in counts.items() if count}, listed

            counts, _ = until(told, lambda found: found[0] == dict(found[1]))
            # Nothing is refused while it is seeded.
            assert counts or name == "refusals", name
        stats = api.get("/v1/stats", params={"range": "24h"}).raise_for_status().json()
        assert sum(hour["counts"]["COMPLETED"] for hour in stats["hours"]) > 0
        assert 0 < stats["duration"]["p50Ms"] <= stats["duration"]["p99Ms"]


def test_local_json_describes_the_running_stack(stack: Stack) -> None:
    assert set(stack.local) == {
        "url",
        "awsEndpoint",
        "region",
        "tableName",
        "workspaces",
        "webhooks",
        "demoService",
    }
    assert [workspace["id"] for workspace in stack.local["workspaces"]] == ["ws_demo", "ws_other"]
    for workspace in stack.local["workspaces"]:
        assert set(workspace) == {"id", "name", "users"}
        roles = [user["role"] for user in workspace["users"]]
        assert roles == ["OWNER", "ADMIN", "MEMBER", "VIEWER"]
        assert all(len(user["password"]) >= 12 for user in workspace["users"])
    for webhook in stack.local["webhooks"]:
        assert set(webhook) <= {"automationId", "name", "url", "secret"}
        assert webhook["url"].startswith(f"{stack.url}/v1/webhooks/in/")


def test_every_user_can_sign_in_and_has_the_role_in_their_workspace(stack: Stack) -> None:
    for workspace in stack.local["workspaces"]:
        for user in workspace["users"]:
            with stack.api(user["email"]) as api:
                answer = api.get("/v1/me")
            assert answer.status_code == 200
            assert user["role"] in answer.text
            assert workspace["id"] in answer.text


def test_the_demo_automations_use_every_node_type_between_them(stack: Stack) -> None:
    used: set[str] = set()
    with stack.api(MEMBER) as api:
        names = {each.document["name"] for each in demo.automations(stack.local["demoService"])}
        automations = [each for each in everything(api, "/v1/automations") if each["name"] in names]
        for automation in automations:
            document = api.get(f"/v1/automations/{automation['id']}").json()
            used |= {node["type"] for node in document["nodes"]}
        contacts = api.get("/v1/contacts").json()["items"]
        templates = api.get("/v1/templates").json()["items"]
    assert used == ALL_NODE_TYPES
    assert len(automations) >= 4
    assert len(contacts) >= 6
    assert len(templates) >= 2


def test_completed_failed_and_waiting_runs_are_there(stack: Stack) -> None:
    with stack.api(MEMBER) as api:
        assert len(runs_of(api, "Order paid", "COMPLETED")) >= 3
        assert runs_of(api, "Order paid", "FAILED")
        assert runs_of(api, "CRM sync", "FAILED")
        waiting = runs_of(api, "Welcome", "RUNNING")
    assert waiting
    assert all(run["health"]["state"] == "WAITING" for run in waiting)


def test_an_event_completes_a_run_and_sends_a_mail_with_the_captured_field(
    stack: Stack,
) -> None:
    order_id = f"A-{uuid4().hex[:8]}"
    email = "ada@customer.example"
    run = _ended(stack, _fire(stack, "Order paid", demo.order(order_id, 99, email)))
    assert run["status"] == "COMPLETED", run["error"]
    score = demo_service.score(email)
    outputs = {step["nodeId"]: step["output"] for step in run["steps"]}
    assert outputs["score"] == {"score": score}
    assert demo.SECRET_VALUE not in str(run)
    [mail] = [mail for mail in stack.mailbox() if mail["Subject"].endswith(f"order {order_id}")]
    assert mail["To"] == [email]
    assert f"Your loyalty score is {score}." in mail["BodyText"]


def test_the_end_of_a_run_opened_a_downstream_run(stack: Stack) -> None:
    with stack.api(MEMBER) as api:
        upgrade = automation_id(api, "Upgrade offer")
        *_, offer = everything(api, "/v1/runs", automationId=upgrade)
        opened = api.get(f"/v1/runs/{offer['id']}").json()
        ended = api.get(f"/v1/runs/{opened['trigger']['upstreamRunId']}").json()
    assert offer["status"] == "COMPLETED"
    assert (ended["automationName"], ended["status"]) == ("Welcome", "COMPLETED")
    assert [each["runId"] for each in ended["downstream"]] == [offer["id"]]
    assert opened["contact"] == ended["contact"]


def test_a_run_continues_after_its_worker_was_killed(stack: Stack) -> None:
    event = {"email": "edsger@customer.example", "plan": "free"}
    assert _ended(stack, _fire(stack, "Welcome", event))["status"] == "COMPLETED"
    assert stack.kill_worker("RunLogic") > 0
    assert _ended(stack, _fire(stack, "Welcome", event))["status"] == "COMPLETED"


def test_another_workspace_sees_nothing_of_the_demo(stack: Stack) -> None:
    with stack.api(MEMBER) as api:
        run_id = api.get("/v1/runs").json()["items"][0]["id"]
    with stack.api("owner@other.example") as api:
        assert api.get(f"/v1/runs/{run_id}").status_code == 404
        assert run_id not in api.get("/v1/runs").text


def test_make_token_prints_a_token_that_the_api_accepts(
    stack: Stack, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "local.json").write_text(json.dumps(stack.local))
    monkeypatch.setenv("RUNLEDGER_STATE_DIR", str(tmp_path))
    command = [sys.executable, "-m", "local.token", "viewer@other.example"]
    printed = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=True
    )
    headers = {"Authorization": f"Bearer {printed.stdout.strip()}"}
    answer = httpx.get(f"{stack.url}/v1/me", headers=headers)
    assert answer.status_code == 200
    assert "viewer@other.example" in answer.text


def test_the_tick_runs_once_a_minute(stack: Stack) -> None:
    assert until(lambda: stack.workers("Tick"), bool, seconds=90)
