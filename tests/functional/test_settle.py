"""No run stays open past its deadline, whatever was lost on the way."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from runledger.clock import DAY, MINUTE
from runledger.errors import RunReleasedError, TransientError
from runledger.models.run import RunStatus
from runledger.nodes.base import Operation
from runledger.services.execution import watchdog
from runledger.services.execution.settle import ExecutionEnded
from runledger.services.execution.start import MAX_ATTEMPTS

from tests.support.api_calls import api_call, replace_api_call
from tests.support.engine import Engine

WAITING = {
    "name": "Wait",
    "nodes": [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
        {"id": "pause", "type": "WAIT", "config": {"delayMinutes": 60}},
        {"id": "done", "type": "END"},
    ],
    "edges": [{"source": "start", "target": "pause"}, {"source": "pause", "target": "done"}],
}


def executions(engine: Engine, run_id: str) -> list[str]:
    run = engine.stores.runs.get(run_id)
    machine = f"{engine.starter.machine_prefix}{run.automation_id}-v{run.version}"
    found = engine.stepfunctions.list_executions(stateMachineArn=machine)["executions"]
    return sorted(each["name"] for each in found)


def test_a_run_reported_twice_by_the_stream_starts_once(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    run = engine.stores.runs.get(run_id)
    assert engine.starter.start(run)
    assert engine.starter.start(run)
    assert executions(engine, run_id) == [f"{run_id}-1"]


def test_a_refused_start_is_postponed_and_shown(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    run = engine.stores.runs.get(run_id)
    machine = f"{engine.starter.machine_prefix}{run.automation_id}-v1"
    engine.stepfunctions.delete_state_machine(stateMachineArn=machine)

    assert not engine.starter.start(run)

    health = engine.detail(run_id)["health"]
    assert health["state"] == "RETRYING"
    assert health["lastError"]
    due_at = engine.stores.runs.get(run_id).due_at
    assert due_at is not None and due_at > engine.clock.now


def test_the_tick_starts_a_run_that_was_never_started(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    assert engine.due_work.settle_due(100) == 0
    engine.clock.advance(3 * MINUTE)

    assert engine.due_work.settle_due(100) == 1

    assert executions(engine, run_id) == [f"{run_id}-2"]
    assert engine.status(run_id) is RunStatus.PENDING
    engine.visit(run_id, "start", Operation.OWN)
    assert engine.status(run_id) is RunStatus.RUNNING


def test_an_execution_of_an_earlier_attempt_cannot_own_the_run(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    first = engine.execution(run_id)
    engine.clock.advance(3 * MINUTE)
    engine.due_work.settle_due(100)
    with pytest.raises(RunReleasedError):
        engine.visit(run_id, "start", Operation.OWN, execution=first)
    assert engine.status(run_id) is RunStatus.PENDING


def test_a_run_that_never_starts_fails_with_the_reason(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    machine = f"{engine.starter.machine_prefix}{engine.stores.runs.get(run_id).automation_id}-v1"
    engine.stepfunctions.delete_state_machine(stateMachineArn=machine)
    for _ in range(MAX_ATTEMPTS):
        engine.clock.advance(20 * MINUTE)
        engine.due_work.settle_due(100)
    told = engine.detail(run_id)
    assert told["status"] == "FAILED"
    assert told["error"]["kind"] == "NEVER_STARTED"
    assert str(MAX_ATTEMPTS) in told["error"]["message"]


def test_a_waiting_run_is_left_alone_until_its_wait_is_over(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    engine.visit(run_id, "start", Operation.OWN)
    engine.visit(run_id, "pause")
    told = engine.detail(run_id)
    assert told["health"]["state"] == "WAITING"
    assert [step["status"] for step in told["steps"]] == ["COMPLETED", "WAITING"]

    engine.clock.advance(3 * MINUTE)
    engine.due_work.settle_due(100)
    assert engine.status(run_id) is RunStatus.RUNNING
    engine.clock.advance(3 * MINUTE)
    assert engine.due_work.settle_due(100) == 0

    engine.clock.advance(53 * MINUTE)
    assert engine.due_work.settle_due(100) == 0
    engine.clock.advance(6 * MINUTE)
    engine.due_work.settle_due(100)
    told = engine.detail(run_id)
    # The hour was over; what never came is the node after it.
    text = (
        "continues soon (attempt 2): the run stopped at node done: its execution no longer exists"
    )
    assert (told["status"], told["health"]["text"]) == ("RUNNING", text)
    assert [step["status"] for step in told["steps"]] == ["COMPLETED", "COMPLETED"]


def test_a_wait_has_ended_if_a_later_node_was_visited(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    assert engine.walk(run_id) == ["start", "pause", "done"]
    told = engine.detail(run_id)
    assert [step["status"] for step in told["steps"]] == ["COMPLETED"] * 3
    assert told["steps"][1]["waitUntil"] is not None


def test_a_failed_execution_fails_its_run(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    engine.visit(run_id, "start", Operation.OWN)
    arn = engine.execution(run_id)
    ended = ExecutionEnded(arn, f"{run_id}-1", "TIMED_OUT", "States.Timeout", None)
    stranger = ExecutionEnded(arn + "0", f"{run_id}-1", "ABORTED", None, None)

    engine.closer.close(stranger)
    assert engine.status(run_id) is RunStatus.RUNNING
    engine.closer.close(ended)
    engine.closer.close(ended)

    error = engine.detail(run_id)["error"]
    assert (error["kind"], error["cause"]) == ("EXECUTION_TIMED_OUT", None)
    assert engine.stores.runs.get(run_id).sequence == 3


def test_another_execution_follows_one_that_ended_before_owning_the_run(
    engine: Engine,
) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    ended = ExecutionEnded(
        engine.execution(run_id), f"{run_id}-1", "FAILED", "Oops", "no such role"
    )
    engine.closer.close(ended)
    assert engine.detail(run_id)["health"]["lastError"] == "its execution failed before it began"

    engine.due_work.settle_due(100)

    assert executions(engine, run_id) == [f"{run_id}-2"]


def test_a_paused_automation_cancels_the_run_at_its_trigger(engine: Engine) -> None:
    from runledger.models.automation import AutomationStatus

    automation_id = engine.activate(WAITING)
    run_id = engine.fire(automation_id, {})
    before = engine.stores.automations.get(engine.workspace_id, automation_id)
    paused = before.changed(status=AutomationStatus.PAUSED)
    engine.stores.automations.activate(before, paused)

    with pytest.raises(RunReleasedError):
        engine.visit(run_id, "start", Operation.OWN)

    told = engine.detail(run_id)
    assert told["status"] == "CANCELED"
    assert told["canceled"]["by"] == "system"
    assert told["canceled"]["reason"] == "automation paused"


def test_throttled_starts_do_not_count_as_attempts(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = api_call()

    def throttled(self: Any, operation: str, request: Any) -> Any:
        if operation == "StartExecution":
            error = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}
            raise ClientError(error, operation)  # type: ignore[arg-type]
        return real(self, operation, request)

    other = engine.fire(engine.activate(WAITING), {})
    with monkeypatch.context() as patched:
        replace_api_call(patched, throttled)
        engine.starter.start(engine.stores.runs.get(other))
        for _ in range(12):
            engine.clock.advance(16 * MINUTE)
            engine.due_work.settle_due(100)
    assert engine.stores.runs.get(other).attempt == 1
    health = engine.detail(other)["health"]
    assert (health["state"], "at the moment" in health["lastError"]) == ("RETRYING", True)

    engine.clock.advance(16 * MINUTE)
    engine.due_work.settle_due(100)
    assert executions(engine, other) == [f"{other}-1"]


def test_a_start_that_stays_refused_for_a_day_fails_the_run(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    refused = TransientError("Rate exceeded")

    def refuse(**request: Any) -> Any:
        raise ClientError(
            {"Error": {"Code": "ThrottlingException", "Message": str(refused)}}, "StartExecution"
        )

    monkeypatch.setattr(engine.stepfunctions, "start_execution", refuse)
    engine.starter.start(engine.stores.runs.get(run_id))
    engine.clock.advance(DAY + 16 * MINUTE)
    engine.due_work.settle_due(100)
    assert engine.detail(run_id)["error"]["kind"] == "NEVER_STARTED"


def test_a_row_that_cannot_be_settled_delays_no_other(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = engine.fire(engine.activate(WAITING), {})
    sound = engine.fire(engine.activate(WAITING), {})
    get = engine.stores.runs.get

    def unreadable(run_id: str, **options: Any) -> Any:
        if run_id == broken:
            raise KeyError("a row of an earlier release")
        return get(run_id, **options)

    engine.clock.advance(3 * MINUTE)
    with monkeypatch.context() as patched:
        patched.setattr(engine.stores.runs, "get", unreadable)
        assert engine.due_work.settle_due(100) == 2
        engine.clock.advance(5 * MINUTE)
        assert engine.due_work.settle_due(100) == 1
    assert executions(engine, sound)[-1] == f"{sound}-3"
    engine.clock.advance(16 * MINUTE)
    engine.due_work.settle_due(100)
    assert executions(engine, broken) == [f"{broken}-2"]


def test_an_execution_without_a_run_is_ignored(engine: Engine) -> None:
    engine.closer.close(ExecutionEnded("arn:x:by-hand", "by-hand", "FAILED", None, None))


def test_a_run_without_attempts_left_ends_before_its_execution_is_stopped(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the event about the stopped execution would end the run with another reason."""
    run_id = engine.fire(engine.activate(WAITING), {})
    engine.starter.start(engine.stores.runs.get(run_id))
    machine = f"{engine.starter.machine_prefix}{engine.stores.runs.get(run_id).automation_id}-v1"
    (execution,) = engine.stepfunctions.list_executions(stateMachineArn=machine)["executions"]
    arn = execution["executionArn"]
    engine.visit(run_id, "start", Operation.OWN, execution=arn)
    stop = engine.stepfunctions.stop_execution
    monkeypatch.setattr(watchdog, "MAX_ATTEMPTS", 1)

    def stop_and_report(**request: Any) -> Any:
        answer = stop(**request)
        engine.closer.close(ExecutionEnded(arn, f"{run_id}-1", "ABORTED", None, None))
        return answer

    monkeypatch.setattr(engine.stepfunctions, "stop_execution", stop_and_report)
    engine.clock.advance(2 * DAY)
    engine.due_work.settle_due(100)
    error = engine.detail(run_id)["error"]
    assert (error["kind"], error["nodeId"]) == ("OVERDUE", "pause")
    assert error["message"].startswith("The run stopped at node pause and passed its dead")
    described = engine.stepfunctions.describe_execution(executionArn=arn)
    assert described["status"] == "ABORTED"
