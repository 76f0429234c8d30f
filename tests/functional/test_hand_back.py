"""Runs whose execution could not go on are gone on with by another, from where they were."""

from typing import Any

import pytest
from runledger.clock import DAY, HOUR, MINUTE
from runledger.errors import ConflictError, RunReleasedError
from runledger.models.automation import AutomationStatus
from runledger.models.run import Cancellation, RunStatus
from runledger.nodes.base import HttpRequest, HttpResponse, Operation
from runledger.services.execution.start import MAX_ATTEMPTS, MAX_RESUMED_ATTEMPTS

from tests.support.world import World

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


def throttled_before_second(world: World) -> str:
    """A run that AWS had no room for when it came to its second call."""
    run_id = world.fire(world.activate(GRAPH), {})
    world.walk(run_id, until="second")
    fail(world, run_id)
    return run_id


def fail(world: World, run_id: str, execution: str | None = None) -> None:
    state = {"error": THROTTLED, "last": {"nodeId": "first", "outcome": None}}
    world.visit(run_id, "start", Operation.FAIL, state=state, execution=execution)


def started(world: World, run_id: str) -> list[str]:
    run = world.stores.runs.get(run_id)
    machine = f"{world.starter.machine_prefix}{run.automation_id}-v{run.version}"
    found = world.stepfunctions.list_executions(stateMachineArn=machine)["executions"]
    return sorted(execution["name"] for execution in found)


def urls(world: World) -> list[str]:
    return [call.url for call in world.http.calls]


def test_a_throttled_node_is_come_back_to_and_nothing_is_done_twice(world: World) -> None:
    run_id = throttled_before_second(world)
    told = world.detail(run_id)
    assert (told["status"], told["health"]["state"]) == ("RUNNING", "RETRYING")
    assert told["health"]["attempt"] == 2
    why = "node second: AWS had no room for it"
    assert told["health"]["text"] == f"goes on soon (attempt 2): {why}"
    assert [step["status"] for step in told["steps"]] == ["COMPLETED", "COMPLETED"]
    world.settler.settle_due(100)
    assert started(world, run_id) == []

    world.clock.advance(2 * MINUTE)
    world.settler.settle_due(100)
    assert started(world, run_id) == [f"{run_id}-2"]
    assert world.walk(run_id) == ["start", "first", "second", "done"]

    assert urls(world) == ["https://a.b/1", "https://a.b/2"]
    told = world.detail(run_id)
    assert (told["status"], told["attempt"]) == ("COMPLETED", 2)
    assert "no room" in told["startError"]
    # PENDING, RUNNING, COMPLETED: going on is no change of status.
    assert world.stores.runs.get(run_id).sequence == 3


def test_the_execution_before_has_no_say_any_more(world: World) -> None:
    run_id = world.fire(world.activate(GRAPH), {})
    before = world.execution(run_id)
    world.walk(run_id, until="second")
    fail(world, run_id)
    fail(world, run_id, execution=before)
    for operation, node_id in (
        (Operation.OWN, "start"),
        (Operation.VISIT, "second"),
        (Operation.COMPLETE, "done"),
    ):
        with pytest.raises(RunReleasedError):
            world.visit(run_id, node_id, operation, execution=before)
    assert world.stores.runs.get(run_id).attempt == 2
    assert urls(world) == ["https://a.b/1"]


def test_a_run_that_was_handed_back_can_be_canceled(world: World) -> None:
    run_id = throttled_before_second(world)
    canceled = Cancellation(by="ada@example.com", reason="enough")
    assert world.canceler.cancel(world.workspace_id, run_id, canceled).status is RunStatus.CANCELED
    world.clock.advance(HOUR)
    assert world.settler.settle_due(100) == 0
    assert started(world, run_id) == []
    with pytest.raises(RunReleasedError):
        world.visit(run_id, "start", Operation.OWN)
    with pytest.raises(ConflictError):
        world.canceler.cancel(world.workspace_id, run_id, canceled)


def test_pausing_the_automation_ends_it_at_its_trigger_at_the_latest(world: World) -> None:
    run_id = throttled_before_second(world)
    run = world.stores.runs.get(run_id)
    before = world.stores.automations.get(world.workspace_id, run.automation_id)
    paused = before.model_copy(update={"status": AutomationStatus.PAUSED})
    world.stores.automations.activate(before, paused)
    with pytest.raises(RunReleasedError):
        world.visit(run_id, "start", Operation.OWN)
    assert world.status(run_id) is RunStatus.CANCELED


def test_a_run_that_is_throttled_for_good_fails_with_the_reason(world: World) -> None:
    run_id = world.fire(world.activate(GRAPH), {})
    world.walk(run_id, until="second")
    for _ in range(MAX_RESUMED_ATTEMPTS - 1):
        fail(world, run_id)
        assert world.status(run_id) is RunStatus.RUNNING
        world.clock.advance(20 * MINUTE)
        world.settler.settle_due(100)
        world.visit(run_id, "start", Operation.OWN)
    fail(world, run_id)
    told = world.detail(run_id)
    assert (told["status"], told["error"]["kind"]) == ("FAILED", "UNAVAILABLE")
    assert (told["error"]["nodeId"], told["attempt"]) == ("second", MAX_RESUMED_ATTEMPTS)


def test_a_start_that_is_lost_after_a_hand_back_is_made_again(world: World) -> None:
    run_id = throttled_before_second(world)
    for _ in range(3):
        world.clock.advance(3 * MINUTE)
        world.settler.settle_due(100)
    assert started(world, run_id) == [f"{run_id}-{attempt}" for attempt in (2, 3, 4)]
    world.walk(run_id)
    assert world.status(run_id) is RunStatus.COMPLETED


def test_an_express_run_that_stopped_moving_is_gone_on_with(world: World) -> None:
    run_id = world.fire(world.activate(GRAPH), {})
    world.walk(run_id, until="second")
    world.clock.advance(HOUR)
    world.settler.settle_due(100)
    told = world.detail(run_id)
    assert (told["status"], told["health"]["state"], told["attempt"]) == ("RUNNING", "RETRYING", 2)
    assert "stopped moving" in told["startError"]
    assert world.walk(run_id)[-1] == "done"
    assert urls(world) == ["https://a.b/1", "https://a.b/2"]


def test_its_deadline_counts_from_when_it_was_gone_on_with(world: World) -> None:
    run_id = throttled_before_second(world)
    world.clock.advance(DAY)
    world.settler.settle_due(100)
    world.visit(run_id, "start", Operation.OWN)
    world.clock.advance(3 * MINUTE)
    world.settler.settle_due(100)
    run = world.stores.runs.get(run_id)
    assert (run.status, run.attempt, run.execution is None) == (RunStatus.RUNNING, 2, False)
    world.walk(run_id)
    assert world.status(run_id) is RunStatus.COMPLETED


def test_a_run_that_keeps_stopping_is_ended(world: World) -> None:
    run_id = world.fire(world.activate(GRAPH), {})
    for _ in range(MAX_ATTEMPTS):
        world.visit(run_id, "start", Operation.OWN)
        world.clock.advance(HOUR)
        world.settler.settle_due(100)
    told = world.detail(run_id)
    assert (told["status"], told["error"]["kind"]) == ("FAILED", "OVERDUE")


def test_an_effect_that_may_have_happened_is_not_repeated_by_the_next_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        """The function's process ends in the middle of the call."""

    def call_and_die(request: HttpRequest) -> HttpResponse:
        world.http.calls.append(request)
        raise Died

    run_id = world.fire(world.activate(GRAPH), {})
    world.walk(run_id, until="second")
    with monkeypatch.context() as patched:
        patched.setattr(world.http, "call", call_and_die)
        with pytest.raises(Died):
            world.visit(run_id, "second")
    world.clock.advance(HOUR)
    world.settler.settle_due(100)

    world.walk(run_id)

    assert urls(world) == ["https://a.b/1", "https://a.b/2"]
    told: dict[str, Any] = world.detail(run_id)
    assert (told["status"], told["error"]["kind"]) == ("FAILED", "OUTCOME_UNKNOWN")
