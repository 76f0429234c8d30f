"""Machines of superseded versions: kept while a run may need them, then deleted at a limited
rate."""

from collections.abc import Iterator
from typing import Any

import pytest
from runledger.clock import DAY, HOUR, MINUTE, SECOND
from runledger.errors import RateLimitedError
from runledger.models.automation import AutomationDocument, AutomationStatus
from runledger.models.run import Cancellation
from runledger.services.execution.machines import WORKSPACE_INTERVAL, WORKSPACE_ROOM
from runledger.services.triggers.open_run import RunRequest
from runledger.store.machines import supersede

from tests.support.engine import Engine, EngineOpener
from tests.support.events import an_event

BY = "ada@example.com"


@pytest.fixture(params=[1, 3], ids=["one shard", "three shards"])
def engine(request: pytest.FixtureRequest, new_engine: EngineOpener) -> Iterator[Engine]:
    with new_engine(request.param) as made:
        yield made


def document(message: str) -> dict[str, Any]:
    return {
        "name": "Hook",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
            {"id": "wait", "type": "WAIT", "config": {"delayMinutes": 60}},
            {"id": "stop", "type": "STOP_ERROR", "config": {"message": message}},
        ],
        "edges": [{"source": "start", "target": "wait"}, {"source": "wait", "target": "stop"}],
    }


def activate_again(engine: Engine, automation_id: str, message: str) -> int:
    engine.automations.update(
        engine.workspace_id,
        automation_id,
        AutomationDocument.model_validate(document(message)),
        BY,
    )
    version = engine.activations.activate(engine.workspace_id, automation_id, BY).version
    assert version is not None
    return version


def machines(engine: Engine, automation_id: str) -> list[int]:
    found = engine.stepfunctions.list_state_machines()["stateMachines"]
    names = [machine["name"] for machine in found if automation_id in machine["name"]]
    return sorted(int(name.rpartition("-v")[2]) for name in names)


def tick_for(engine: Engine, time: int, step: int = 6 * HOUR) -> None:
    """Lets the time pass, with a tick after each step."""
    for _ in range(time // step):
        engine.clock.advance(step)
        engine.due_work.settle_due(100)


def machine_rows(engine: Engine, automation_id: str) -> list[str]:
    page = engine.table.query(f"AUTOMATION#{automation_id}")
    return [row["sk"] for row in page.items if row["sk"].startswith("MACHINE#")]


def test_a_superseded_machine_without_open_runs_is_deleted_after_a_day(engine: Engine) -> None:
    automation_id = engine.activate(document("one"))
    assert activate_again(engine, automation_id, "two") == 2
    tick_for(engine, HOUR, HOUR)
    tick_for(engine, 18 * HOUR)
    tick_for(engine, 5 * HOUR, HOUR)
    assert machines(engine, automation_id) == [1, 2]
    tick_for(engine, 2 * HOUR, HOUR)
    assert machines(engine, automation_id) == [2]
    assert machine_rows(engine, automation_id) == []
    assert list(engine.stores.due.rows(engine.clock())) == []


def test_an_open_run_keeps_its_machine_and_restarts_the_day(engine: Engine) -> None:
    automation_id = engine.activate(document("one"))
    run_id = engine.fire(automation_id, {})
    engine.walk(run_id, until="stop")
    activate_again(engine, automation_id, "two")
    # Not the settling of the run is looked at here, but of its machine.
    engine.stores.runs.postpone(engine.stores.runs.get(run_id), engine.clock() + 30 * DAY)
    tick_for(engine, 3 * DAY)
    assert machines(engine, automation_id) == [1, 2]

    canceled = Cancellation(by=BY, reason="enough")
    engine.canceler.cancel(engine.workspace_id, run_id, canceled)
    tick_for(engine, 18 * HOUR)
    assert machines(engine, automation_id) == [1, 2]
    tick_for(engine, 18 * HOUR)
    assert machines(engine, automation_id) == [2]


def test_a_run_opened_late_on_the_old_version_keeps_the_machine(engine: Engine) -> None:
    """The process that opened the run had read the automation before version 2, and wrote the run a
    little later."""
    automation_id = engine.activate(document("one"))
    stale = engine.stores.automations.get(engine.workspace_id, automation_id)
    activate_again(engine, automation_id, "two")
    engine.clock.advance(10 * MINUTE)
    request = RunRequest(an_event({}))
    run = engine.opener.open(stale, None, request).run
    assert run.version == 1
    engine.stores.runs.postpone(run, engine.clock() + 30 * DAY)
    tick_for(engine, 3 * DAY)
    assert machines(engine, automation_id) == [1, 2]


def test_runs_of_the_new_version_do_not_keep_the_old_machine(engine: Engine) -> None:
    automation_id = engine.activate(document("one"))
    activate_again(engine, automation_id, "two")
    engine.clock.advance(HOUR)
    run = engine.stores.runs.get(engine.fire(automation_id, {}))
    assert run.version == 2
    engine.stores.runs.postpone(run, engine.clock() + 30 * DAY)
    tick_for(engine, 2 * DAY)
    assert machines(engine, automation_id) == [2]


def test_archiving_deletes_the_last_machine_and_pausing_keeps_it(engine: Engine) -> None:
    automation_id = engine.activate(document("one"))
    engine.stopping.stop(engine.workspace_id, automation_id, AutomationStatus.PAUSED, BY)
    tick_for(engine, 3 * DAY)
    assert machines(engine, automation_id) == [1]
    engine.stopping.stop(engine.workspace_id, automation_id, AutomationStatus.ARCHIVED, BY)
    tick_for(engine, 2 * DAY)
    assert machines(engine, automation_id) == []


@pytest.mark.sampled(1)
def test_machines_are_deleted_at_the_rate_that_aws_allows(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, no_sleeping: None
) -> None:
    """Many machines take several ticks, and no process sleeps."""
    moments: list[int] = []
    real = engine.stepfunctions.delete_state_machine

    def noted(**request: Any) -> Any:
        moments.append(engine.clock.now)
        return real(**request)

    monkeypatch.setattr(engine.stepfunctions, "delete_state_machine", noted)
    automation_id = engine.activate(document("one"))
    for version in range(30):
        engine.clock.advance(MINUTE)
        engine.stores.table.put(
            supersede(engine.workspace_id, automation_id, 100 + version, engine.clock()).item
        )
    tick_for(engine, 2 * DAY, HOUR)
    tick_for(engine, 5 * MINUTE, MINUTE)
    assert len(moments) == 30
    for moment in moments:
        within = [each for each in moments if moment <= each < moment + MINUTE]
        assert len(within) <= WORKSPACE_ROOM + MINUTE // WORKSPACE_INTERVAL


def test_a_throttle_grants_its_turns_and_refills(engine: Engine) -> None:
    throttle, now = engine.stores.throttle, engine.clock()
    assert [throttle.reserve("things", now, SECOND, 5) for _ in range(5)] == [1, 2, 3, 4, 5]
    for _ in range(2):
        with pytest.raises(RateLimitedError) as refused:
            throttle.reserve("things", now, SECOND, 5)
        assert refused.value.retry_after == 1
    assert throttle.reserve("things", now + SECOND, SECOND, 5) == 5
    with pytest.raises(RateLimitedError) as refused:
        throttle.reserve("things", now + SECOND, SECOND, 3)
    assert refused.value.retry_after == 3
    throttle.give_back("things", SECOND)
    assert throttle.reserve("things", now + SECOND, SECOND, 5) == 5
    assert throttle.reserve("things", now + 60 * SECOND, SECOND, 5) == 1
    assert throttle.reserve("others", now, SECOND, 1) == 1
