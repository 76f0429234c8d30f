"""Events, records and executions may come twice, late, reordered or for another run: nothing
changes."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from runledger.clock import DAY, MINUTE
from runledger.store import keys

from tests.support.every_node import brief, everything, follower, make_template, order, plain
from tests.support.invariants import Watch, problems
from tests.support.machine import status_event
from tests.support.simulation import Simulation, open_simulation
from tests.support.stream_records import Record


@pytest.fixture(scope="module")
def prepared() -> Iterator[tuple[Simulation, dict[str, str], Any]]:
    with open_simulation() as simulation:
        template_id = make_template(simulation)
        documents = {
            "standard": everything(template_id),
            "express": brief(template_id),
            "upstream": plain(),
        }
        automations = {name: simulation.activate(each) for name, each in documents.items()}
        simulation.activate(follower(automations["upstream"]))
        simulation.records.clear()
        yield simulation, automations, simulation.snapshot()


@pytest.fixture
def simulation(prepared: tuple[Simulation, dict[str, str], Any]) -> Iterator[Simulation]:
    simulation, _, restore = prepared
    restore()
    watch = Watch(simulation)
    yield simulation
    watch.stop()
    assert watch.wrong == []


@pytest.fixture
def automations(prepared: tuple[Simulation, dict[str, str], Any]) -> dict[str, str]:
    return prepared[1]


def fire(simulation: Simulation, automation_id: str) -> str:
    path = simulation.webhook_path(automation_id)
    answer = simulation.request("webhook_in", "POST", path, order())
    return f"RUN#{answer['body']['runId']}"


def all_records(simulation: Simulation) -> list[Record]:
    """Returns a list that collects every change of the table from now on."""
    found: list[Record] = []
    simulation.table.listeners.append(lambda before, after: found.append(Record(before, after)))
    return found


def rows(simulation: Simulation) -> Any:
    """Returns every row except rate counters and refusals."""
    kept = [
        row for row in simulation.table.items() if not row["pk"].startswith(("RATE#", "REFUSAL#"))
    ]
    return deepcopy(sorted(kept, key=lambda row: (row["pk"], row["sk"])))


def effects(simulation: Simulation) -> tuple[int, int]:
    return len(simulation.ses.sent), len(simulation.http.calls)


@pytest.mark.parametrize("kind", ["standard", "express"])
@pytest.mark.parametrize("times", [2, 3])
def test_repeated_stream_records_change_nothing(
    simulation: Simulation, automations: dict[str, str], kind: str, times: int
) -> None:
    fire(simulation, automations[kind])
    simulation.records *= times
    simulation.settle()
    assert problems(simulation) == []
    assert [row["status"] for row in simulation.runs()] == ["COMPLETED"]
    assert effects(simulation) == (1, 1)


@pytest.mark.parametrize("kind", ["standard", "express", "upstream"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("later", [0, 20 * MINUTE, 2 * DAY])
def test_replaying_the_whole_stream_after_the_end_changes_nothing(
    simulation: Simulation, automations: dict[str, str], kind: str, reverse: bool, later: int
) -> None:
    records = all_records(simulation)
    fire(simulation, automations[kind])
    simulation.settle()
    simulation.table.listeners.pop()
    before, done = rows(simulation), effects(simulation)

    simulation.clock.advance(later)
    simulation.records = records[::-1] if reverse else list(records)
    simulation.settle()

    assert (rows(simulation), effects(simulation)) == (before, done)


@pytest.mark.parametrize("kind", ["standard", "express"])
def test_a_record_after_the_tick_started_the_run_changes_nothing(
    simulation: Simulation, automations: dict[str, str], kind: str
) -> None:
    fire(simulation, automations[kind])
    late, simulation.records = simulation.records, []
    simulation.run_while(lambda: simulation.runs()[0]["status"] == "PENDING")
    simulation.records = late + simulation.records
    simulation.settle()
    assert problems(simulation) == []
    assert [row["status"] for row in simulation.runs()] == ["COMPLETED"]
    assert effects(simulation) == (1, 1)


@pytest.mark.parametrize("kind", ["standard", "express"])
def test_ticks_between_all_states_change_nothing(
    simulation: Simulation, automations: dict[str, str], kind: str
) -> None:
    """Two ticks between any two states, and sixty after the end."""
    fire(simulation, automations[kind])
    while simulation.deliver_stream() or simulation.step_functions.next_moment() is not None:
        simulation.tick()
        simulation.tick()
        if simulation.step_functions.next_moment() is not None:
            simulation.step_functions.step()
    before, done = rows(simulation), effects(simulation)
    for _ in range(60):
        simulation.clock.advance(MINUTE)
        simulation.tick()
    assert (rows(simulation), effects(simulation)) == (before, done)
    assert [row["status"] for row in simulation.runs()] == ["COMPLETED"]
    assert done == (1, 1)


def test_late_and_foreign_status_events_change_nothing(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    key = fire(simulation, automations["standard"])
    run_id = key.removeprefix("RUN#")
    simulation.run_while(lambda: simulation.table.row(keys.step(run_id, "pause")) is None)
    (execution,) = simulation.step_functions.executions.values()
    own = status_event(execution)
    before = rows(simulation)

    for changes in (
        {"name": f"{run_id}-2", "executionArn": execution.arn[:-1] + "2"},
        {"name": "by-hand", "executionArn": "arn:aws:states:x:by-hand"},
        {"name": "run_none-1", "executionArn": "arn:aws:states:x:run_none-1"},
    ):
        foreign = {**own, "detail": {**own["detail"], **changes, "status": "FAILED"}}
        simulation.invoke("close_runs", foreign)
    assert rows(simulation) == before

    simulation.settle()
    ended = rows(simulation)
    for status in ("FAILED", "TIMED_OUT", "ABORTED"):
        late = {**own, "detail": {**own["detail"], "status": status}}
        simulation.invoke("close_runs", late)
    assert rows(simulation) == ended
    assert [row["status"] for row in simulation.runs()] == ["COMPLETED"]


def test_a_repeated_status_event_ends_the_run_once(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    key = fire(simulation, automations["standard"])
    simulation.run_while(lambda: simulation.table.row(keys.step(key[4:], "pause")) is None)
    (arn,) = simulation.step_functions.executions
    simulation.step_functions.stop_execution(executionArn=arn, error="ByHand", cause="an operator")
    simulation.step_functions.status_events *= 3
    simulation.settle()
    assert problems(simulation) == []
    (row,) = simulation.runs()
    assert (row["status"], row["error"]["kind"], row["sequence"]) == (
        "FAILED",
        "EXECUTION_ABORTED",
        3,
    )


@pytest.mark.parametrize("kind", ["express", "standard"])
def test_an_execution_walked_a_second_time_repeats_nothing(
    simulation: Simulation,
    automations: dict[str, str],
    prepared: tuple[Simulation, dict[str, str], Any],
    kind: str,
) -> None:
    """The second walk has the ARN of the first one. It begins before the first one's states,
    after each of them, and after its end."""
    states = 0
    while True:
        prepared[2]()
        fire(simulation, automations[kind])
        simulation.deliver_stream()
        (arn,) = simulation.step_functions.executions
        left = states
        while left and simulation.step_functions.next_moment() is not None:
            simulation.step_functions.step()
            left -= 1
        simulation.step_functions.executions[arn].status = "RUNNING"
        simulation.step_functions.walk_again(arn)
        simulation.settle()
        assert problems(simulation) == [], f"walked again after {states} states"
        assert [row["status"] for row in simulation.runs()] == ["COMPLETED"]
        assert effects(simulation) == (1, 1)
        if left:
            break
        states += 1
    assert states > 5


def test_several_executions_of_one_attempt_repeat_nothing(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    """AWS starts a new Express execution even if the name was used before."""
    fire(simulation, automations["express"])
    simulation.records *= 4
    simulation.deliver_stream()
    assert len(simulation.step_functions.executions) == 4
    simulation.settle()
    assert problems(simulation) == []
    assert effects(simulation) == (1, 1)


def test_the_repeated_end_of_an_upstream_run_changes_nothing(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    fire(simulation, automations["upstream"])
    simulation.settle()
    before = rows(simulation)
    ends = [json.loads(entry["Detail"]) for entry in simulation.bus.entries]
    for end in [each for each in ends if each["hasDownstream"]] * 2:
        simulation.invoke("upstream_trigger", {"detail": end})
    simulation.settle()
    assert rows(simulation) == before
    assert [row["status"] for row in simulation.runs()] == ["COMPLETED"] * 2


def test_a_repeated_cancel_stops_an_execution_that_still_runs(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    key = fire(simulation, automations["standard"])
    simulation.run_while(lambda: simulation.table.row(keys.step(key[4:], "pause")) is None)
    (execution,) = simulation.step_functions.executions.values()
    path = f"/v1/runs/{key[4:]}/cancel"
    assert simulation.request("api", "POST", path, {"reason": "wrong"})["status"] == 200
    # As if the first had died before it came to that.
    execution.status = "RUNNING"
    assert simulation.request("api", "POST", path, {"reason": "wrong"})["status"] == 409
    assert execution.status == "ABORTED"
