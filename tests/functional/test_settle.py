"""No run stays open past its deadline, whatever was lost on the way."""

from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError
from runledger.clock import DAY, MINUTE
from runledger.errors import RunReleasedError, TransientError
from runledger.models.run import RunStatus
from runledger.nodes.base import Operation
from runledger.services.execution import watchdog
from runledger.services.execution.settle import ExecutionEnded
from runledger.services.execution.start import MAX_ATTEMPTS

from tests.support.world import World

WAITING = {
    "name": "Wait",
    "nodes": [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
        {"id": "pause", "type": "WAIT", "config": {"delayMinutes": 60}},
        {"id": "done", "type": "END"},
    ],
    "edges": [{"source": "start", "target": "pause"}, {"source": "pause", "target": "done"}],
}


def executions(world: World, run_id: str) -> list[str]:
    run = world.stores.runs.get(run_id)
    machine = f"{world.starter.machine_prefix}{run.automation_id}-v{run.version}"
    found = world.stepfunctions.list_executions(stateMachineArn=machine)["executions"]
    return sorted(each["name"] for each in found)


def test_a_run_is_started_once_however_often_the_stream_reports_it(world: World) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    run = world.stores.runs.get(run_id)
    assert world.starter.start(run)
    assert world.starter.start(run)
    assert executions(world, run_id) == [f"{run_id}-1"]


def test_a_start_that_is_refused_is_put_off_and_said(world: World) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    run = world.stores.runs.get(run_id)
    machine = f"{world.starter.machine_prefix}{run.automation_id}-v1"
    world.stepfunctions.delete_state_machine(stateMachineArn=machine)

    assert not world.starter.start(run)

    health = world.detail(run_id)["health"]
    assert health["state"] == "RETRYING"
    assert health["lastError"]
    due_at = world.stores.runs.get(run_id).due_at
    assert due_at is not None and due_at > world.clock.now


def test_a_run_that_nothing_started_is_started_by_the_tick(world: World) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    assert world.settler.settle_due(100) == 0
    world.clock.advance(3 * MINUTE)

    assert world.settler.settle_due(100) == 1

    assert executions(world, run_id) == [f"{run_id}-2"]
    assert world.status(run_id) is RunStatus.PENDING
    world.visit(run_id, "start", Operation.OWN)
    assert world.status(run_id) is RunStatus.RUNNING


def test_an_execution_of_an_earlier_attempt_cannot_own_the_run(world: World) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    first = world.execution(run_id)
    world.clock.advance(3 * MINUTE)
    world.settler.settle_due(100)
    with pytest.raises(RunReleasedError):
        world.visit(run_id, "start", Operation.OWN, execution=first)
    assert world.status(run_id) is RunStatus.PENDING


def test_a_run_that_never_starts_fails_with_the_reason(world: World) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    machine = f"{world.starter.machine_prefix}{world.stores.runs.get(run_id).automation_id}-v1"
    world.stepfunctions.delete_state_machine(stateMachineArn=machine)
    for _ in range(MAX_ATTEMPTS):
        world.clock.advance(20 * MINUTE)
        world.settler.settle_due(100)
    told = world.detail(run_id)
    assert told["status"] == "FAILED"
    assert told["error"]["kind"] == "NEVER_STARTED"
    assert str(MAX_ATTEMPTS) in told["error"]["message"]


def test_a_waiting_run_is_left_alone_until_its_wait_is_over(world: World) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    world.visit(run_id, "start", Operation.OWN)
    world.visit(run_id, "pause")
    told = world.detail(run_id)
    assert told["health"]["state"] == "WAITING"
    assert [step["status"] for step in told["steps"]] == ["COMPLETED", "WAITING"]

    world.clock.advance(3 * MINUTE)
    world.settler.settle_due(100)
    assert world.status(run_id) is RunStatus.RUNNING
    world.clock.advance(3 * MINUTE)
    assert world.settler.settle_due(100) == 0

    world.clock.advance(53 * MINUTE)
    assert world.settler.settle_due(100) == 0
    world.clock.advance(6 * MINUTE)
    world.settler.settle_due(100)
    told = world.detail(run_id)
    # The hour was over; what never came is the node after it.
    text = "goes on soon (attempt 2): the run stopped moving at node done: its execution is gone"
    assert (told["status"], told["health"]["text"]) == ("RUNNING", text)
    assert [step["status"] for step in told["steps"]] == ["COMPLETED", "COMPLETED"]


def test_a_wait_is_over_when_a_later_node_was_visited(world: World) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    assert world.walk(run_id) == ["start", "pause", "done"]
    told = world.detail(run_id)
    assert [step["status"] for step in told["steps"]] == ["COMPLETED"] * 3
    assert told["steps"][1]["waitUntil"] is not None


def test_an_execution_that_failed_by_itself_fails_its_run(world: World) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    world.visit(run_id, "start", Operation.OWN)
    arn = world.execution(run_id)
    ended = ExecutionEnded(arn, f"{run_id}-1", "TIMED_OUT", "States.Timeout", None)
    stranger = ExecutionEnded(arn + "0", f"{run_id}-1", "ABORTED", None, None)

    world.closer.close(stranger)
    assert world.status(run_id) is RunStatus.RUNNING
    world.closer.close(ended)
    world.closer.close(ended)

    error = world.detail(run_id)["error"]
    assert (error["kind"], error["cause"]) == ("EXECUTION_TIMED_OUT", None)
    assert world.stores.runs.get(run_id).sequence == 3


def test_an_execution_that_ended_before_it_owned_the_run_is_followed_by_another(
    world: World,
) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    ended = ExecutionEnded(world.execution(run_id), f"{run_id}-1", "FAILED", "Oops", "no such role")
    world.closer.close(ended)
    assert world.detail(run_id)["health"]["lastError"] == "its execution failed before it began"

    world.settler.settle_due(100)

    assert executions(world, run_id) == [f"{run_id}-2"]


def test_a_paused_automation_cancels_the_run_at_its_trigger(world: World) -> None:
    from runledger.models.automation import AutomationStatus

    automation_id = world.activate(WAITING)
    run_id = world.fire(automation_id, {})
    before = world.stores.automations.get(world.workspace_id, automation_id)
    paused = before.model_copy(update={"status": AutomationStatus.PAUSED})
    world.stores.automations.activate(before, paused)

    with pytest.raises(RunReleasedError):
        world.visit(run_id, "start", Operation.OWN)

    told = world.detail(run_id)
    assert told["status"] == "CANCELED"
    assert told["canceled"]["by"] == "system"
    assert told["canceled"]["reason"] == "automation paused"


def test_throttled_starts_use_up_no_attempt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    world.starter.start(world.stores.runs.get(run_id))
    real = botocore.client.BaseClient._make_api_call

    def throttled(self: Any, operation: str, request: Any) -> Any:
        if operation == "StartExecution":
            error = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}
            raise ClientError(error, operation)  # type: ignore[arg-type]
        return real(self, operation, request)

    other = world.fire(world.activate(WAITING), {})
    with monkeypatch.context() as patched:
        patched.setattr(botocore.client.BaseClient, "_make_api_call", throttled)
        world.starter.start(world.stores.runs.get(other))
        for _ in range(12):
            world.clock.advance(16 * MINUTE)
            world.settler.settle_due(100)
    assert world.stores.runs.get(other).attempt == 1
    health = world.detail(other)["health"]
    assert (health["state"], "at the moment" in health["lastError"]) == ("RETRYING", True)

    world.clock.advance(16 * MINUTE)
    world.settler.settle_due(100)
    assert executions(world, other) == [f"{other}-1"]


def test_a_start_that_stays_refused_for_a_day_fails_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    refused = TransientError("Rate exceeded")

    def refuse(**request: Any) -> Any:
        raise ClientError(
            {"Error": {"Code": "ThrottlingException", "Message": str(refused)}}, "StartExecution"
        )

    monkeypatch.setattr(world.stepfunctions, "start_execution", refuse)
    world.starter.start(world.stores.runs.get(run_id))
    world.clock.advance(DAY + 16 * MINUTE)
    world.settler.settle_due(100)
    assert world.detail(run_id)["error"]["kind"] == "NEVER_STARTED"


def test_a_row_that_cannot_be_settled_keeps_no_other_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = world.fire(world.activate(WAITING), {})
    sound = world.fire(world.activate(WAITING), {})
    get = world.stores.runs.get

    def unreadable(run_id: str, **options: Any) -> Any:
        if run_id == broken:
            raise KeyError("a row of an earlier release")
        return get(run_id, **options)

    world.clock.advance(3 * MINUTE)
    with monkeypatch.context() as patched:
        patched.setattr(world.stores.runs, "get", unreadable)
        assert world.settler.settle_due(100) == 2
        world.clock.advance(5 * MINUTE)
        assert world.settler.settle_due(100) == 1
    assert executions(world, sound)[-1] == f"{sound}-3"
    world.clock.advance(16 * MINUTE)
    world.settler.settle_due(100)
    assert executions(world, broken) == [f"{broken}-2"]


def test_an_execution_of_no_run_is_let_be(world: World) -> None:
    world.closer.close(ExecutionEnded("arn:x:by-hand", "by-hand", "FAILED", None, None))


def test_a_run_without_attempts_is_ended_before_its_execution_is_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopping it first would let the event of its end tell another reason."""
    run_id = world.fire(world.activate(WAITING), {})
    world.starter.start(world.stores.runs.get(run_id))
    machine = f"{world.starter.machine_prefix}{world.stores.runs.get(run_id).automation_id}-v1"
    (execution,) = world.stepfunctions.list_executions(stateMachineArn=machine)["executions"]
    arn = execution["executionArn"]
    world.visit(run_id, "start", Operation.OWN, execution=arn)
    stop = world.stepfunctions.stop_execution
    monkeypatch.setattr(watchdog, "MAX_ATTEMPTS", 1)

    def stop_and_report(**request: Any) -> Any:
        answer = stop(**request)
        world.closer.close(ExecutionEnded(arn, f"{run_id}-1", "ABORTED", None, None))
        return answer

    monkeypatch.setattr(world.stepfunctions, "stop_execution", stop_and_report)
    world.clock.advance(2 * DAY)
    world.settler.settle_due(100)
    error = world.detail(run_id)["error"]
    assert (error["kind"], error["nodeId"]) == ("OVERDUE", "pause")
    assert error["message"].startswith("The run stopped moving at node pause and passed its dead")
    described = world.stepfunctions.describe_execution(executionArn=arn)
    assert described["status"] == "ABORTED"
