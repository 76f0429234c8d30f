"""If any AWS call of an activation fails, or the process dies at that call, the version still
becomes active, with exactly one machine, and accepts events."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from runledger.clock import HOUR
from runledger.composition import services
from runledger.errors import RateLimitedError
from runledger.services.execution.machines import WORKSPACE_INTERVAL, WORKSPACE_ROOM

from tests.functional.test_activation_throttle import document
from tests.support.kill_points import Scenario, break_everything
from tests.support.simulation import WORKSPACE, Simulation, open_simulation


@dataclass(frozen=True)
class Ready:
    simulation: Simulation
    automation_id: str
    restore: Callable[[], None]


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with open_simulation() as simulation:
        simulation.make_delivery_retry()
        automation_id = simulation.activate(document("one", dedupePath="id"))
        path = f"/v1/automations/{automation_id}"
        assert (
            simulation.request("api", "PUT", path, document("two", dedupePath="id"))["status"]
            == 200
        )
        rows, machines = simulation.snapshot(), dict(simulation.step_functions.machines)

        def restore() -> None:
            rows()
            simulation.step_functions.machines = dict(machines)

        yield Ready(simulation, automation_id, restore)


def activates_at_once(ready: Ready) -> None:
    _activate(ready)


def waits_for_its_turn(ready: Ready) -> None:
    simulation = ready.simulation
    name, throttle = f"activations {WORKSPACE}", services().stores.throttle
    with suppress(RateLimitedError):
        while True:
            throttle.reserve(name, simulation.clock(), WORKSPACE_INTERVAL, WORKSPACE_ROOM)
    _activate(ready)


def _activate(ready: Ready) -> None:
    simulation, path = ready.simulation, f"/v1/automations/{ready.automation_id}"
    answer = simulation.request("api", "POST", f"{path}/activate", None)
    assert answer["status"] in (200, 202), (answer, simulation.unforeseen)
    simulation.run_until(simulation.clock.now + HOUR)
    # The version that is active takes an event.
    event = simulation.request(
        "webhook_in", "POST", simulation.webhook_path(ready.automation_id), {"id": "A-1"}
    )
    assert event["status"] in (200, 202), event
    simulation.settle()


def verdict(ready: Ready) -> list[str]:
    """Returns what is wrong with the automation in the end."""
    simulation, automation_id = ready.simulation, ready.automation_id
    found: list[str] = []
    row = next(item for item in simulation.table.items() if item["sk"] == automation_id)
    if (row["status"], row["activeRevision"]) != ("ACTIVE", 2):
        found.append(f"the automation is {row['status']}, revision {row['activeRevision']}")
    active = row["active"]["version"]
    versions = [
        item["sk"] for item in simulation.table.items() if item["pk"].endswith(automation_id)
    ]
    if f"VERSION#{active:06d}" not in versions:
        found.append("the active version was not stored")
    made = sorted(arn for arn in simulation.step_functions.machines if automation_id in arn)
    # Settled: the superseded one was deleted, and what an activation left.
    if [arn.rpartition("-v")[2] for arn in made] != [str(active)]:
        found.append(f"machines: {made}")
    for item in simulation.table.items():
        if item["sk"].startswith("ACTIVATION#") and ("dueKey" in item or "body" in item):
            found.append(f"{item['sk']} is {item['status']} and due still")
        if item["sk"].startswith("ACTIVATION#") and item["status"] == "PENDING":
            found.append(f"{item['sk']} is PENDING")
    return found


SCENARIOS = (
    Scenario(activates_at_once, ("FAILED",), ("api",), verdict=verdict),
    Scenario(waits_for_its_turn, ("FAILED",), ("api", "tick"), verdict=verdict),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.play.__name__)
def test_after_any_fault_the_version_becomes_active(
    ready: Ready, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(str(break_everything(ready, scenario)))
