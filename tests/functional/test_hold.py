"""Holding an automation during a partner's outage, and releasing its runs."""

from collections.abc import Iterator
from typing import Any

import pytest
from runledger.composition import services
from runledger.services.automations import holds
from runledger.store import keys
from runledger.store.due import DueRow

from tests.support.graphs import document, end, node
from tests.support.simulation import OPERATOR, Simulation, open_simulation


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Simulation, str, Any]]:
    with open_simulation() as simulation:
        nodes = [node("start", "TRIGGER", triggerType="WEBHOOK"), end()]
        automation_id = simulation.activate({"name": "Orders", **document(nodes, "start > done")})
        simulation.records.clear()
        yield simulation, automation_id, simulation.snapshot()


@pytest.fixture
def simulation(stage: tuple[Simulation, str, Any]) -> Simulation:
    stage[2]()
    return stage[0]


@pytest.fixture
def automation(stage: tuple[Simulation, str, Any]) -> str:
    return stage[1]


def fire(simulation: Simulation, automation_id: str, count: int = 1) -> list[str]:
    path = simulation.webhook_path(automation_id)
    answers = [simulation.request("webhook_in", "POST", path, {"n": n}) for n in range(count)]
    assert {answer["status"] for answer in answers} == {202}
    return [str(answer["body"]["runId"]) for answer in answers]


def ask(simulation: Simulation, automation_id: str, action: str, body: Any = None) -> Any:
    return simulation.request("api", "POST", f"/v1/automations/{automation_id}/{action}", body)


def statuses(simulation: Simulation) -> dict[str, str]:
    return {row["pk"].partition("#")[2]: row["status"] for row in simulation.runs()}


def test_held_runs_wait_and_all_complete_after_the_release(
    simulation: Simulation, automation: str
) -> None:
    held = ask(simulation, automation, "hold", {"reason": "the partner is down"})
    assert held["body"]["hold"]["reason"] == "the partner is down"
    opened = fire(simulation, automation, 3)
    simulation.run_until(simulation.clock.now + 3_600_000)
    assert set(statuses(simulation).values()) == {"PENDING"}
    shown = simulation.request("query", "GET", f"/v1/runs/{opened[0]}", None)
    assert shown["body"]["health"]["state"] == "HELD"

    released = ask(simulation, automation, "release")
    assert released["body"]["hold"] is None
    simulation.settle()
    assert statuses(simulation) == dict.fromkeys(opened, "COMPLETED")
    assert simulation.table.row(keys.release(automation)) is None


def test_runs_opened_before_and_after_a_hold_start_at_once(
    simulation: Simulation, automation: str
) -> None:
    (before,) = fire(simulation, automation)
    ask(simulation, automation, "hold")
    simulation.run_until(simulation.clock.now + 60_000)
    assert statuses(simulation) == {before: "COMPLETED"}
    (during,) = fire(simulation, automation)
    ask(simulation, automation, "release")
    (after,) = fire(simulation, automation)
    simulation.deliver_stream()
    while simulation.step_functions.next_moment() is not None:
        simulation.step_functions.step()
    assert statuses(simulation)[after] == "COMPLETED"
    assert statuses(simulation)[during] == "PENDING"
    simulation.settle()
    assert set(statuses(simulation).values()) == {"COMPLETED"}


def test_a_release_keeps_its_pace(simulation: Simulation, automation: str) -> None:
    ask(simulation, automation, "hold")
    fire(simulation, automation, 30)
    ask(simulation, automation, "release", {"ratePerMinute": 10})
    started = []
    for _ in range(4):
        simulation.run_until(simulation.clock.now + 60_000)
        started.append(sum(each != "PENDING" for each in statuses(simulation).values()))
    assert started == [10, 20, 30, 30]
    simulation.settle()


def shown_release(simulation: Simulation, automation_id: str) -> Any:
    answer = simulation.request("query", "GET", f"/v1/automations/{automation_id}", None)
    assert answer["status"] == 200
    release = answer["body"]["release"]
    return release and (release["started"], release["total"])


def test_the_automation_shows_how_far_its_release_is(
    simulation: Simulation, automation: str
) -> None:
    assert shown_release(simulation, automation) is None
    ask(simulation, automation, "hold")
    runs = fire(simulation, automation, 30)
    assert shown_release(simulation, automation) is None
    released = ask(simulation, automation, "release", {"ratePerMinute": 10})["body"]["release"]
    assert (released["ratePerMinute"], released["by"]) == (10, OPERATOR)
    assert (released["started"], released["total"]) == (0, 30)
    found = []
    for minute in range(4):
        simulation.run_until(simulation.clock.now + 60_000)
        found.append(shown_release(simulation, automation))
        if minute == 0:
            # A canceled run is not started.
            path = f"/v1/runs/{runs[-1]}/cancel"
            simulation.request("api", "POST", path, {"reason": "not needed"})
    assert found == [(10, 30), (20, 29), (29, 29), (29, 29)]
    simulation.settle()
    assert shown_release(simulation, automation) is None


def test_too_many_held_runs_are_not_counted(
    simulation: Simulation, automation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "MOST_COUNTED", 12)
    ask(simulation, automation, "hold")
    fire(simulation, automation, 15)
    ask(simulation, automation, "release", {"ratePerMinute": 5})
    found = [shown_release(simulation, automation)]
    for _ in range(3):
        simulation.run_until(simulation.clock.now + 60_000)
        found.append(shown_release(simulation, automation))
    assert found == [(0, None), (5, None), (10, 15), (15, 15)]
    simulation.settle()


def test_a_held_run_can_be_canceled_and_a_pause_cancels_it(
    simulation: Simulation, automation: str
) -> None:
    ask(simulation, automation, "hold")
    first, second = fire(simulation, automation, 2)
    canceled = simulation.request(
        "api", "POST", f"/v1/runs/{first}/cancel", {"reason": "not needed"}
    )
    assert canceled["status"] == 200
    paused = ask(simulation, automation, "pause")
    assert paused["body"]["hold"] is None
    simulation.settle()
    assert statuses(simulation) == {first: "CANCELED", second: "CANCELED"}
    assert ask(simulation, automation, "hold")["status"] == 409
    assert ask(simulation, automation, "release")["status"] == 409


def test_a_new_hold_ends_a_release_and_keeps_the_rest_held(
    simulation: Simulation, automation: str
) -> None:
    ask(simulation, automation, "hold")
    fire(simulation, automation, 15)
    ask(simulation, automation, "release", {"ratePerMinute": 10})
    simulation.run_until(simulation.clock.now + 60_000)
    ask(simulation, automation, "hold")
    simulation.run_until(simulation.clock.now + 600_000)
    found = sorted(statuses(simulation).values())
    assert found == ["COMPLETED"] * 10 + ["PENDING"] * 5
    assert len(services().stores.holds.held(automation, 100)) == 5
    ask(simulation, automation, "release")
    simulation.settle()
    assert set(statuses(simulation).values()) == {"COMPLETED"}


def test_a_damaged_run_does_not_keep_a_release_from_starting_the_others(
    simulation: Simulation, automation: str
) -> None:
    ask(simulation, automation, "hold")
    first, *others = fire(simulation, automation, 3)
    row = simulation.table.row(keys.run(first))
    assert row is not None
    simulation.table.put({**row, "attempt": "first"})
    ask(simulation, automation, "release", {"ratePerMinute": 1})
    simulation.run_until(simulation.clock.now + 600_000)
    found = statuses(simulation)
    assert {found[each] for each in others} == {"COMPLETED"}
    assert shown_release(simulation, automation) is None


def test_a_release_counts_a_run_once_while_the_index_still_shows_it_as_held(
    simulation: Simulation, automation: str
) -> None:
    ask(simulation, automation, "hold")
    fire(simulation, automation, 30)
    ask(simulation, automation, "release", {"ratePerMinute": 60})
    simulation.table.holds_back = True
    row = DueRow(id=keys.release_id(automation), key=keys.release(automation))
    services().holds.settle(row)
    assert shown_release(simulation, automation) == (30, 30)
    simulation.table.holds_back = False
    simulation.table.catch_up()
    simulation.run_until(simulation.clock.now + 120_000)
    assert shown_release(simulation, automation) is None
    assert set(statuses(simulation).values()) == {"COMPLETED"}
