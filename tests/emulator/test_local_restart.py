"""Ctrl-C keeps the data, and the next `make run` goes on with it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.test_local_platform import until
from tests.support.stack import started_stack

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


@pytest.mark.timeout(240)
def test_a_restart_keeps_the_data_and_the_waiting_run(tmp_path: Path) -> None:
    with started_stack(tmp_path, "--no-seed") as stack, stack.api(ADMIN) as api:
        table = stack.table_name
        made = api.post("/v1/automations", json=WAITING).json()
        active = api.post(f"/v1/automations/{made['id']}/activate").json()
        run_id = api.post(active["webhook"]["path"], json={}).json()["runId"]
        before = until(lambda: api.get(f"/v1/runs/{run_id}").json(), _is_waiting)
    assert not (tmp_path / "local.json").exists()
    assert json.loads((tmp_path / "deployed.json").read_text())["fingerprint"]

    with started_stack(tmp_path, "--no-seed") as stack, stack.api(ADMIN) as api:
        assert stack.table_name == table
        after = api.get(f"/v1/runs/{run_id}").json()
        assert _is_waiting(after)
        assert after["health"]["until"] == before["health"]["until"]
        arn = _only_execution(stack.aws("stepfunctions"))
        assert arn.endswith(f"{run_id}-1")


def _only_execution(machines: Any) -> str:
    """The ARN of the one execution that is running."""
    [machine] = machines.list_state_machines()["stateMachines"]
    [execution] = machines.list_executions(
        stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING"
    )["executions"]
    return str(execution["executionArn"])
