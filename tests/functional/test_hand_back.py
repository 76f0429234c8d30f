"""A run whose execution could not continue is continued by another one, from the same place."""

from typing import Any

import pytest
from runledger.clock import DAY, HOUR, MINUTE
from runledger.errors import ConflictError, RunReleasedError
from runledger.models.automation import AutomationStatus
from runledger.models.run import Cancellation, RunStatus
from runledger.nodes.base import Operation
from runledger.nodes.tools import HttpRequest, HttpResponse
from runledger.services.execution.start import MAX_ATTEMPTS, MAX_RESUMED_ATTEMPTS

from tests.support.engine import Engine

THROTTLED = {"Error": "Lambda.TooManyRequestsException", "Cause": "Rate Exceeded."}
GRAPH = {
    "name": "Calls twice",
    "nodes": [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
        {
            "id": "first",
            "type": "INTEGRATION",
            "config": {"method": "POST", "url": "https://a.b/1"},
        },
        {
            "id": "second",
            "type": "INTEGRATION",
            "config": {"method": "POST", "url": "https://a.b/2"},
        },
        {"id": "done", "type": "END"},
    ],
    "edges": [
        {"source": "start", "target": "first"},
        {"source": "first", "target": "second"},
        {"source": "second", "target": "done"},
    ],
}


def throttled_before_second(engine: Engine) -> str:
    """Returns a run that failed to reach its second call, because AWS had no capacity."""
    run_id = engine.fire(engine.activate(GRAPH), {})
    engine.walk(run_id, until="second")
    fail(engine, run_id)
    return run_id


def fail(engine: Engine, run_id: str, execution: str | None = None) -> None:
    state = {"error": THROTTLED, "last": {"nodeId": "first", "outcome": None}}
    engine.visit(run_id, "start", Operation.FAIL, state=state, execution=execution)


def started(engine: Engine, run_id: str) -> list[str]:
    run = engine.stores.runs.get(run_id)
    machine = f"{engine.starter.machine_prefix}{run.automation_id}-v{run.version}"
    found = engine.stepfunctions.list_executions(stateMachineArn=machine)["executions"]
    return sorted(execution["name"] for execution in found)


def urls(engine: Engine) -> list[str]:
    return [call.url for call in engine.http.calls]


def test_a_throttled_run_continues_at_the_node_and_repeats_nothing(engine: Engine) -> None:
    run_id = throttled_before_second(engine)
    told = engine.detail(run_id)
    assert (told["status"], told["health"]["state"]) == ("RUNNING", "RETRYING")
    assert told["health"]["attempt"] == 2
    why = "node second: AWS had no free capacity for it"
    assert told["health"]["text"] == f"continues soon (attempt 2): {why}"
    assert [step["status"] for step in told["steps"]] == ["COMPLETED", "COMPLETED"]
    engine.due_work.settle_due(100)
    assert started(engine, run_id) == []

    engine.clock.advance(2 * MINUTE)
    engine.due_work.settle_due(100)
    assert started(engine, run_id) == [f"{run_id}-2"]
    assert engine.walk(run_id) == ["start", "first", "second", "done"]

    assert urls(engine) == ["https://a.b/1", "https://a.b/2"]
    told = engine.detail(run_id)
    assert (told["status"], told["attempt"]) == ("COMPLETED", 2)
    assert "no free capacity" in told["startError"]
    # PENDING, RUNNING, COMPLETED: going on is no change of status.
    assert engine.stores.runs.get(run_id).sequence == 3


def test_the_previous_execution_can_no_longer_change_the_run(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(GRAPH), {})
    before = engine.execution(run_id)
    engine.walk(run_id, until="second")
    fail(engine, run_id)
    fail(engine, run_id, execution=before)
    for operation, node_id in (
        (Operation.OWN, "start"),
        (Operation.VISIT, "second"),
        (Operation.COMPLETE, "done"),
    ):
        with pytest.raises(RunReleasedError):
            engine.visit(run_id, node_id, operation, execution=before)
    assert engine.stores.runs.get(run_id).attempt == 2
    assert urls(engine) == ["https://a.b/1"]


def test_a_handed_back_run_can_be_canceled(engine: Engine) -> None:
    run_id = throttled_before_second(engine)
    canceled = Cancellation(by="ada@example.com", reason="enough")
    assert (
        engine.canceler.cancel(engine.workspace_id, run_id, canceled).status is RunStatus.CANCELED
    )
    engine.clock.advance(HOUR)
    assert engine.due_work.settle_due(100) == 0
    assert started(engine, run_id) == []
    with pytest.raises(RunReleasedError):
        engine.visit(run_id, "start", Operation.OWN)
    with pytest.raises(ConflictError):
        engine.canceler.cancel(engine.workspace_id, run_id, canceled)


def test_a_handed_back_run_of_a_paused_automation_is_canceled_at_its_trigger(
    engine: Engine,
) -> None:
    run_id = throttled_before_second(engine)
    run = engine.stores.runs.get(run_id)
    before = engine.stores.automations.get(engine.workspace_id, run.automation_id)
    paused = before.changed(status=AutomationStatus.PAUSED)
    engine.stores.automations.activate(before, paused)
    with pytest.raises(RunReleasedError):
        engine.visit(run_id, "start", Operation.OWN)
    assert engine.status(run_id) is RunStatus.CANCELED


def test_a_run_that_stays_throttled_fails_with_the_reason(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(GRAPH), {})
    engine.walk(run_id, until="second")
    for _ in range(MAX_RESUMED_ATTEMPTS - 1):
        fail(engine, run_id)
        assert engine.status(run_id) is RunStatus.RUNNING
        engine.clock.advance(20 * MINUTE)
        engine.due_work.settle_due(100)
        engine.visit(run_id, "start", Operation.OWN)
    fail(engine, run_id)
    told = engine.detail(run_id)
    assert (told["status"], told["error"]["kind"]) == ("FAILED", "UNAVAILABLE")
    assert (told["error"]["nodeId"], told["attempt"]) == ("second", MAX_RESUMED_ATTEMPTS)


def test_a_lost_start_after_a_hand_back_is_repeated(engine: Engine) -> None:
    run_id = throttled_before_second(engine)
    for _ in range(3):
        engine.clock.advance(3 * MINUTE)
        engine.due_work.settle_due(100)
    assert started(engine, run_id) == [f"{run_id}-{attempt}" for attempt in (2, 3, 4)]
    engine.walk(run_id)
    assert engine.status(run_id) is RunStatus.COMPLETED


def test_a_stalled_express_run_is_continued(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(GRAPH), {})
    engine.walk(run_id, until="second")
    engine.clock.advance(HOUR)
    engine.due_work.settle_due(100)
    told = engine.detail(run_id)
    assert (told["status"], told["health"]["state"], told["attempt"]) == ("RUNNING", "RETRYING", 2)
    assert "stopped at node" in told["startError"]
    assert engine.walk(run_id)[-1] == "done"
    assert urls(engine) == ["https://a.b/1", "https://a.b/2"]


def test_the_deadline_of_a_continued_run_counts_from_its_new_start(engine: Engine) -> None:
    run_id = throttled_before_second(engine)
    engine.clock.advance(DAY)
    engine.due_work.settle_due(100)
    engine.visit(run_id, "start", Operation.OWN)
    engine.clock.advance(3 * MINUTE)
    engine.due_work.settle_due(100)
    run = engine.stores.runs.get(run_id)
    assert (run.status, run.attempt, run.execution is None) == (RunStatus.RUNNING, 2, False)
    engine.walk(run_id)
    assert engine.status(run_id) is RunStatus.COMPLETED


def test_a_run_that_keeps_stalling_fails(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(GRAPH), {})
    for _ in range(MAX_ATTEMPTS):
        engine.visit(run_id, "start", Operation.OWN)
        engine.clock.advance(HOUR)
        engine.due_work.settle_due(100)
    told = engine.detail(run_id)
    assert (told["status"], told["error"]["kind"]) == ("FAILED", "OVERDUE")


def test_the_next_attempt_does_not_repeat_an_effect_with_unknown_outcome(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        """The function's process ends during the call."""

    def call_and_die(request: HttpRequest) -> HttpResponse:
        engine.http.calls.append(request)
        raise Died

    run_id = engine.fire(engine.activate(GRAPH), {})
    engine.walk(run_id, until="second")
    with monkeypatch.context() as patched:
        patched.setattr(engine.http, "call", call_and_die)
        with pytest.raises(Died):
            engine.visit(run_id, "second")
    engine.clock.advance(HOUR)
    engine.due_work.settle_due(100)

    engine.walk(run_id)

    assert urls(engine) == ["https://a.b/1", "https://a.b/2"]
    told: dict[str, Any] = engine.detail(run_id)
    assert (told["status"], told["error"]["kind"]) == ("FAILED", "OUTCOME_UNKNOWN")
