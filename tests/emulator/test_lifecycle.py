"""Opening runs by hand, canceling and pausing, over HTTP on the deployed stack."""

import uuid
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.emulator.orders import ADMIN, activate, ended, fire, wait_for
from tests.emulator.test_faults import WAITING, step
from tests.support.stack import Stack


@pytest.fixture(scope="module")
def automation(api: httpx.Client) -> dict[str, Any]:
    return activate(api, WAITING)


def test_a_member_opens_a_run_by_hand(
    stack: Stack, api: httpx.Client, automation: dict[str, Any]
) -> None:
    email = f"{uuid.uuid4().hex}@customer.example"
    api.post("/v1/contacts", json={"email": email}).raise_for_status()
    path = f"/v1/automations/{automation['id']}/runs"
    wanted = {"email": email, "payload": {"a": 1}, "idempotencyKey": uuid.uuid4().hex}
    with stack.api("member@demo.example") as member:
        opened = member.post(path, json=wanted)
        assert opened.status_code == 202, opened.text
        again = member.post(path, json=wanted)
        assert (again.status_code, again.json()["runId"]) == (200, opened.json()["runId"])
        told = step(member, opened.json()["runId"], "pause", "WAITING")
        assert told["waitUntil"]
    with stack.api("viewer@demo.example") as viewer:
        assert viewer.post(path, json=wanted).status_code == 403
    nobody = api.post(path, json={"email": "nobody@customer.example"})
    assert (nobody.status_code, nobody.json()["field"]) == (422, "email")


def test_a_waiting_run_is_canceled_with_actor_and_reason(
    stack: Stack, api: httpx.Client, automation: dict[str, Any]
) -> None:
    run_id = fire(stack, automation, {})
    step(api, run_id, "pause", "WAITING")
    path = f"/v1/runs/{run_id}/cancel"
    assert api.post(path, json={}).json()["field"] == "reason"

    canceled = api.post(path, json={"reason": "wrong list"})

    assert canceled.status_code == 200, canceled.text
    assert canceled.json()["canceled"] | {"at": None} == {
        "by": ADMIN,
        "reason": "wrong list",
        "at": None,
    }
    again = api.post(path, json={"reason": "again"})
    assert (again.status_code, again.json()["state"]) == (409, "CANCELED")
    with closing(stack.aws("stepfunctions")) as stepfunctions:
        machines = stepfunctions.list_state_machines()["stateMachines"]
        (machine,) = [each for each in machines if automation["id"] in each["name"]]

        def stopped() -> bool:
            running = stepfunctions.list_executions(
                stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING"
            )["executions"]
            return all(not each["name"].startswith(run_id) for each in running)

        wait_for("the end of the execution", stopped)


def test_all_open_runs_of_an_automation_are_canceled_at_once(
    stack: Stack, api: httpx.Client
) -> None:
    automation = activate(api, WAITING)
    runs = {fire(stack, automation, {"n": n}) for n in range(3)}
    for run_id in runs:
        step(api, run_id, "pause", "WAITING")
    body = {"filter": {"automationId": automation["id"]}, "reason": "wrong list"}
    told = api.post("/v1/runs/cancel", json={**body, "dryRun": True}).json()
    assert {run["id"] for run in told["sample"]} == runs

    canceled = api.post("/v1/runs/cancel", json=body)

    # Canceled within the request; a second pass later confirms that none was missed.
    assert canceled.status_code == 202, canceled.text
    with stack.api("viewer@demo.example") as viewer:
        done = viewer.get(f"/v1/runs/cancel/{canceled.json()['id']}").json()
        assert viewer.post("/v1/runs/cancel", json=body).status_code == 403
    assert (done["matched"], done["canceled"], done["isComplete"]) == (3, 3, False)
    assert {run["canceled"]["reason"] for run in done["sample"]} == {"wrong list"}


def test_pausing_leaves_no_open_run_and_resuming_accepts_new_ones(
    stack: Stack, api: httpx.Client
) -> None:
    automation = activate(api, WAITING)
    runs = [fire(stack, automation, {"n": n}) for n in range(5)]
    step(api, runs[-1], "pause", "WAITING")

    paused = api.post(f"/v1/automations/{automation['id']}/pause")

    assert (paused.status_code, paused.json()["status"]) == (200, "PAUSED")
    refused = httpx.post(stack.url + automation["webhook"]["path"], json={})
    assert (refused.status_code, refused.json()["state"]) == (409, "PAUSED")
    for run_id in runs:
        told = ended(api, run_id)
        assert told["status"] == "CANCELED"
        assert told["canceled"]["reason"] == "automation paused"
    resumed = api.post(f"/v1/automations/{automation['id']}/activate")
    assert (resumed.json()["status"], resumed.json()["version"]) == ("ACTIVE", 1)
    fire(stack, automation, {})
