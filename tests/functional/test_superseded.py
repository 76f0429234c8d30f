"""Machines of superseded versions: kept while a run may walk on them, then deleted, in turns."""

from collections.abc import Iterator
from typing import Any

import pytest
from runledger.clock import DAY, HOUR, MINUTE, SECOND
from runledger.composition import opener_over
from runledger.errors import RateLimitedError
from runledger.models.automation import AutomationDocument, AutomationStatus
from runledger.models.run import Cancellation, TriggerType
from runledger.services.execution.machines import WORKSPACE_INTERVAL, WORKSPACE_ROOM
from runledger.services.triggers.open_run import TriggerFacts
from runledger.store.machines import supersede

from tests.support.world import World, open_world

BY = "ada@example.com"


@pytest.fixture(params=[1, 3], ids=["one shard", "three shards"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with open_world(request.param) as opened:
        yield opened


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


def activate_again(world: World, automation_id: str, message: str) -> int:
    world.automations.update(
        world.workspace_id,
        automation_id,
        AutomationDocument.model_validate(document(message)),
        BY,
    )
    version = world.activations.activate(world.workspace_id, automation_id, BY).version
    assert version is not None
    return version


def machines(world: World, automation_id: str) -> list[int]:
    found = world.stepfunctions.list_state_machines()["stateMachines"]
    names = [machine["name"] for machine in found if automation_id in machine["name"]]
    return sorted(int(name.rpartition("-v")[2]) for name in names)


def tick_for(world: World, time: int, step: int = 6 * HOUR) -> None:
    """Lets the time pass, with a tick now and then."""
    for _ in range(time // step):
        world.clock.advance(step)
        world.settler.settle_due(100)


def machine_rows(world: World, automation_id: str) -> list[str]:
    page = world.table.query(f"AUTOMATION#{automation_id}")
    return [row["sk"] for row in page.items if row["sk"].startswith("MACHINE#")]


def test_a_superseded_machine_is_deleted_a_day_after_it_was_seen_empty(world: World) -> None:
    automation_id = world.activate(document("one"))
    assert activate_again(world, automation_id, "two") == 2
    tick_for(world, HOUR, HOUR)
    tick_for(world, 18 * HOUR)
    tick_for(world, 5 * HOUR, HOUR)
    assert machines(world, automation_id) == [1, 2]
    tick_for(world, 2 * HOUR, HOUR)
    assert machines(world, automation_id) == [2]
    assert machine_rows(world, automation_id) == []
    assert list(world.stores.due.rows(world.clock())) == []


def test_an_open_run_keeps_its_machine_and_the_day_starts_anew(world: World) -> None:
    automation_id = world.activate(document("one"))
    run_id = world.fire(automation_id, {})
    world.walk(run_id, until="stop")
    activate_again(world, automation_id, "two")
    # Not the settling of the run is looked at here, but of its machine.
    world.stores.runs.postpone(world.stores.runs.get(run_id), world.clock() + 30 * DAY)
    tick_for(world, 3 * DAY)
    assert machines(world, automation_id) == [1, 2]

    canceled = Cancellation(by=BY, reason="enough")
    world.canceler.cancel(world.workspace_id, run_id, canceled)
    tick_for(world, 18 * HOUR)
    assert machines(world, automation_id) == [1, 2]
    tick_for(world, 18 * HOUR)
    assert machines(world, automation_id) == [2]


def test_a_run_opened_between_the_listings_by_a_stale_reader_counts(world: World) -> None:
    """It read the automation before version 2, and wrote its run a little later."""
    automation_id = world.activate(document("one"))
    stale = world.stores.automations.get(world.workspace_id, automation_id)
    activate_again(world, automation_id, "two")
    world.clock.advance(10 * MINUTE)
    facts = TriggerFacts(type=TriggerType.MANUAL, details={}, body={})
    run = opener_over(world.stores, world.clock).open(stale, None, facts).run
    assert run.version == 1
    world.stores.runs.postpone(run, world.clock() + 30 * DAY)
    tick_for(world, 3 * DAY)
    assert machines(world, automation_id) == [1, 2]


def test_runs_of_the_new_version_do_not_keep_the_old_machine(world: World) -> None:
    automation_id = world.activate(document("one"))
    activate_again(world, automation_id, "two")
    world.clock.advance(HOUR)
    run = world.stores.runs.get(world.fire(automation_id, {}))
    assert run.version == 2
    world.stores.runs.postpone(run, world.clock() + 30 * DAY)
    tick_for(world, 2 * DAY)
    assert machines(world, automation_id) == [2]


def test_archiving_supersedes_the_last_machine_and_pausing_does_not(world: World) -> None:
    automation_id = world.activate(document("one"))
    world.stopping.stop(world.workspace_id, automation_id, AutomationStatus.PAUSED, BY)
    tick_for(world, 3 * DAY)
    assert machines(world, automation_id) == [1]
    world.stopping.stop(world.workspace_id, automation_id, AutomationStatus.ARCHIVED, BY)
    tick_for(world, 2 * DAY)
    assert machines(world, automation_id) == []


def test_machines_are_deleted_no_faster_than_aws_allows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crowd of them takes several ticks, and nobody sleeps for it."""
    moments: list[int] = []
    real = world.stepfunctions.delete_state_machine

    def noted(**request: Any) -> Any:
        moments.append(world.clock.now)
        return real(**request)

    monkeypatch.setattr(world.stepfunctions, "delete_state_machine", noted)
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("nobody sleeps for a turn"))
    automation_id = world.activate(document("one"))
    for version in range(30):
        world.clock.advance(MINUTE)
        world.stores.table.put(
            supersede(world.workspace_id, automation_id, 100 + version, world.clock()).item
        )
    tick_for(world, 2 * DAY, HOUR)
    tick_for(world, 5 * MINUTE, MINUTE)
    assert len(moments) == 30
    for moment in moments:
        within = [each for each in moments if moment <= each < moment + MINUTE]
        assert len(within) <= WORKSPACE_ROOM + MINUTE // WORKSPACE_INTERVAL


def test_a_bucket_gives_its_turns_and_refills(world: World) -> None:
    pace, now = world.stores.pace, world.clock()
    assert [pace.take("things", now, SECOND, 5) for _ in range(5)] == [1, 2, 3, 4, 5]
    for _ in range(2):
        with pytest.raises(RateLimitedError) as refused:
            pace.take("things", now, SECOND, 5)
        assert refused.value.retry_after == 1
    assert pace.take("things", now + SECOND, SECOND, 5) == 5
    with pytest.raises(RateLimitedError) as refused:
        pace.take("things", now + SECOND, SECOND, 3)
    assert refused.value.retry_after == 3
    pace.give_back("things", SECOND)
    assert pace.take("things", now + SECOND, SECOND, 5) == 5
    assert pace.take("things", now + 60 * SECOND, SECOND, 5) == 1
    assert pace.take("others", now, SECOND, 1) == 1
