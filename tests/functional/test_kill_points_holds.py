"""If any AWS call of a hold, of a release or of a skipped wait fails, or the process dies at that
call, every run still starts once and ends once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from runledger.clock import HOUR, MINUTE
from runledger.composition import services
from runledger.store import keys

from tests.support.every_node import plain
from tests.support.graphs import document, end, integration, node, wait
from tests.support.kill_points import Scenario, break_everything
from tests.support.simulation import Simulation, open_simulation

HELD = 3


@dataclass(frozen=True)
class Ready:
    simulation: Simulation
    automation_id: str
    restore: Callable[[], None]

    def ask(self, action: str, body: Any = None) -> int:
        path = f"/v1/automations/{self.automation_id}/{action}"
        return int(self.simulation.request("api", "POST", path, body)["status"])

    def fire(self, number: int) -> str:
        path = self.simulation.webhook_path(self.automation_id)
        answer = self.simulation.request("webhook_in", "POST", path, {"orderId": f"A-{number}"})
        assert answer["status"] in (200, 202), answer
        return str(answer["body"]["runId"])


def opened(graph: dict[str, Any]) -> Iterator[Ready]:
    with open_simulation() as simulation:
        automation_id = simulation.activate(graph)
        simulation.records.clear()
        yield Ready(simulation, automation_id, simulation.snapshot())


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    yield from opened(plain())


def waits() -> dict[str, Any]:
    """Returns an automation that waits for ten hours, then makes a call."""
    trigger = node("start", "TRIGGER", triggerType="WEBHOOK", dedupePath="orderId")
    nodes = [trigger, wait("pause", 600), integration("call"), end()]
    return {"name": "Waits", **document(nodes, "start > pause", "pause > call", "call > done")}


@pytest.fixture(scope="module")
def waiting() -> Iterator[Ready]:
    yield from opened(waits())


def is_held_and_released(ready: Ready) -> None:
    """A release of one run a minute needs several ticks."""
    simulation = ready.simulation
    assert ready.ask("hold", {"reason": "the partner is down"}) == 200
    for number in range(HELD):
        ready.fire(number)
    simulation.run_until(simulation.clock.now + 10 * MINUTE)
    assert {row["status"] for row in simulation.runs()} == {"PENDING"}
    # A lost answer makes the person release twice.
    assert ready.ask("release", {"ratePerMinute": 1}) in (200, 409)
    for minute in range(1, HELD + 1):
        simulation.run_until(simulation.clock.now + MINUTE)
        started = sum(row["status"] != "PENDING" for row in simulation.runs())
        assert started <= minute + 1
    simulation.settle()


def is_held_and_paused(ready: Ready) -> None:
    simulation = ready.simulation
    assert ready.ask("hold") == 200
    for number in range(HELD):
        ready.fire(number)
    assert ready.ask("release", {"ratePerMinute": 1}) in (200, 409)
    assert ready.ask("pause") == 200
    simulation.settle()


def no_run_is_held(ready: Ready) -> list[str]:
    found = []
    if services().stores.holds.held(ready.automation_id, 9):
        found.append("a run is held for good")
    if ready.simulation.table.row(keys.release(ready.automation_id)) is not None:
        found.append("the release never ends")
    return found


SCENARIOS = (
    Scenario(
        is_held_and_released,
        ("COMPLETED",) * HELD,
        ("api", "tick", "webhook_in"),
        verdict=no_run_is_held,
    ),
    Scenario(is_held_and_paused, ("CANCELED",) * HELD, ("api",), verdict=no_run_is_held),
)


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.play.__name__)
def test_after_any_fault_a_release_loses_no_run(
    ready: Ready, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(break_everything(ready, scenario))


def is_skipped(waiting: Ready) -> None:
    simulation = waiting.simulation
    run_id = waiting.fire(1)
    simulation.run_until(simulation.clock.now + 5 * MINUTE)
    began = simulation.clock.now
    answer = simulation.request("api", "POST", f"/v1/runs/{run_id}/skip-wait", None)
    # A lost answer makes the person skip twice.
    assert answer["status"] in (200, 409), answer
    # An execution that nobody stopped sleeps on, and then finds that the run is not its own.
    simulation.settle()
    assert all(row["finishedAt"] - began < HOUR for row in simulation.runs())
    shown = simulation.request("query", "GET", f"/v1/runs/{run_id}", None)["body"]
    (pause,) = (step for step in shown["steps"] if step["nodeId"] == "pause")
    assert (pause["status"], pause["reason"]) == ("COMPLETED", "skipped by operator@example.com")


def all_are_skipped(waiting: Ready) -> None:
    simulation = waiting.simulation
    for number in range(2):
        waiting.fire(number)
    simulation.run_until(simulation.clock.now + 5 * MINUTE)
    began = simulation.clock.now
    asked = {"filter": {"automationId": waiting.automation_id}}
    answer = simulation.request("api", "POST", "/v1/runs/skip-wait", asked)
    assert answer["status"] in (200, 202), answer
    simulation.settle()
    assert all(row["finishedAt"] - began < HOUR for row in simulation.runs())
    path = f"/v1/runs/skip-wait/{answer['body']['id']}"
    shown = simulation.request("query", "GET", path, None)["body"]
    assert shown["isComplete"]


SKIPS = (
    Scenario(is_skipped, ("COMPLETED",), ("api", "run_integration")),
    Scenario(all_are_skipped, ("COMPLETED",) * 2, ("api", "run_integration")),
)


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("scenario", SKIPS, ids=lambda each: each.play.__name__)
def test_after_any_fault_a_skipped_wait_ends_once(
    waiting: Ready, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(break_everything(waiting, scenario))
