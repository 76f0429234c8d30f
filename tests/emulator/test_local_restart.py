"""Ctrl-C keeps the data, and the next `make run` continues with it."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.schedule_endpoint import FIRE_PATH, LIST_PATH
from tests.emulator.orders import activate
from tests.emulator.test_local_platform import until
from tests.emulator.test_local_schedules import Bench, soon
from tests.support.stack import Launch, Stack, started_stack

ADMIN = "admin@demo.example"
WAITING = {
    "name": "Waits a day",
    "nodes": [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
        {"id": "later", "type": "WAIT", "config": {"delayMinutes": 1_440}},
        {"id": "done", "type": "END"},
    ],
    "edges": [{"source": "start", "target": "later"}, {"source": "later", "target": "done"}],
}


def _is_waiting(run: dict[str, Any]) -> bool:
    return bool(run["status"] == "RUNNING" and run["health"]["state"] == "WAITING")


def _counts(api: httpx.Client, automation_id: str) -> dict[str, int]:
    query = {"range": "24h", "automationId": automation_id}
    told = api.get("/v1/runs/counts", params=query).raise_for_status().json()
    assert told["isComplete"]
    return {status: count for status, count in told["counts"].items() if count}


@pytest.mark.timeout(400)
def test_a_restart_keeps_the_data_the_waiting_run_and_the_schedules(
    stack: Stack, launch: Launch | None
) -> None:
    """The stack also has everything that earlier tests left."""
    if launch is None:
        pytest.skip("the stack of RUNLEDGER_STACK_URL is not stopped")
    with stack.api(ADMIN) as api:
        made = activate(api, WAITING)
        run_id = api.post(made["webhook"]["path"], json={}).json()["runId"]
        before = until(lambda: api.get(f"/v1/runs/{run_id}").json(), _is_waiting)
        assert _counts(api, made["id"]) == {"RUNNING": 1}
        bench = Bench(stack)
        bench.create("fired", soon())
        bench.create("yearly")
        assert len(bench.received(bench.queue)) == 1
        arn = _execution(stack.aws("stepfunctions"), run_id)

    launch.stop()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{stack.url}/health")
    again = launch.start()

    assert again.local == stack.local
    with stack.api(ADMIN) as api:
        after = api.get(f"/v1/runs/{run_id}").json()
        assert _is_waiting(after)
        assert _counts(api, made["id"]) == {"RUNNING": 1}
        assert after["health"]["until"] == before["health"]["until"]
        assert _execution(stack.aws("stepfunctions"), run_id) == arn
        _only_the_yearly_schedule_fires(stack, bench.name)
        bench.close()
        api.post(f"/v1/automations/{made['id']}/pause").raise_for_status()


def _only_the_yearly_schedule_fires(stack: Stack, group: str) -> None:
    """Checks that the schedule that fired earlier has ended, and that the next message comes from
    the yearly one."""
    listed = httpx.get(stack.aws_endpoint + LIST_PATH).raise_for_status().json()
    upcoming = {each["name"]: each["nextFire"] for each in listed if each["group"] == group}
    assert upcoming["fired"] is None
    assert upcoming["yearly"].endswith("-01-01T09:00:00Z")
    asked = {"group": group, "name": "yearly", "scheduledTime": "2031-01-01T09:00:00Z"}
    httpx.post(stack.aws_endpoint + FIRE_PATH, json=asked).raise_for_status()
    queues = stack.aws("sqs")
    url = queues.get_queue_url(QueueName=group)["QueueUrl"]
    [message] = until(lambda: queues.receive_message(QueueUrl=url).get("Messages", []), bool)
    assert json.loads(message["Body"])["at"] == asked["scheduledTime"]


def _execution(machines: Any, run_id: str) -> str:
    """Returns the ARN of the run's only running execution."""
    [execution] = [
        execution
        for machine in machines.list_state_machines()["stateMachines"]
        for execution in machines.list_executions(
            stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING"
        )["executions"]
        if run_id in execution["name"]
    ]
    assert execution["name"] == f"{run_id}-1"
    return str(execution["executionArn"])


@pytest.mark.timeout(240)
@pytest.mark.deep
def test_an_interrupted_seeding_starts_from_the_beginning(tmp_path: Path) -> None:
    # A socket's path may not be as long as a folder's.
    state = tmp_path.joinpath(*["deep"] * 20)
    state.mkdir(parents=True)
    note = {"userPoolId": "us-east-1_gone", "webhooks": None, "seeding": True}
    (state / "seeded.json").write_text(json.dumps(note))
    for left in ("emulator", "s3"):
        (state / left).mkdir()
        (state / left / "half").write_text("half a table")
    (state / "notes.txt").write_text("not ours")

    with started_stack(state, "--no-seed") as stack, stack.api(ADMIN) as api:
        assert api.get("/v1/automations").json()["items"] == []
        seeded = json.loads((state / "seeded.json").read_text())
        assert "seeding" not in seeded and seeded["userPoolId"] != note["userPoolId"]
        assert not (state / "s3" / "half").exists()
        assert (state / "notes.txt").exists()
    assert "was interrupted" in (state / "run.log").read_text()
