"""If any AWS call of a date automation's fire fails, or the process dies at that call, each due
contact still has one run, and the fire counts that run once."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from runledger.clock import HOUR, MINUTE, from_iso, iso

from tests.support.environment import FAN_OUT
from tests.support.kill_points import Scenario, break_everything
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

# The first fire after the stage's clock begins, 09:00 in Berlin.
FIRE = from_iso("2023-11-15T08:00:00Z")
# The last one, of digits only, is not listed by its date before the first fire.
DUE: tuple[Any, ...] = ("1990-11-15", "2001-11-15", "1950-11-15", 658_670_400)
NOT_DUE = ("1990-11-16", "1990-11-14", "soon")


@dataclass(frozen=True)
class Ready:
    simulation: Simulation
    automation_id: str
    restore: Callable[[], None]


def birthday() -> dict[str, Any]:
    trigger = {
        "triggerType": "DATE",
        "source": {"kind": "CONTACT_METADATA", "key": "birthday"},
        "timeOfDay": "09:00",
        "timeZone": "Europe/Berlin",
        "repeat": "YEARLY",
    }
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": trigger},
        {"id": "done", "type": "END", "config": {}},
    ]
    return {"name": "Birthday", "nodes": nodes, "edges": [{"source": "start", "target": "done"}]}


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with open_simulation() as simulation:
        simulation.make_fan_out()
        automation_id = simulation.activate(birthday())
        for number, day in enumerate(DUE + NOT_DUE):
            contact = {"email": f"c{number}@example.com", "metadata": {"birthday": day}}
            assert simulation.request("api", "POST", "/v1/contacts", contact)["status"] == 201
        simulation.run_until(FIRE - MINUTE)
        yield Ready(simulation, automation_id, simulation.snapshot())


def fires_for_a_date(ready: Ready) -> None:
    """Scheduler starts the machine twice for the same fire, which AWS allows."""
    simulation = ready.simulation
    simulation.run_until(FIRE + 1)
    facts = {
        "workspaceId": WORKSPACE,
        "automationId": ready.automation_id,
        "scheduledTime": iso(FIRE),
    }
    for name in ("fire-1", "fire-2"):
        simulation.step_functions.start_execution(
            stateMachineArn=FAN_OUT, name=name, input=json.dumps(facts)
        )
    simulation.run_until(FIRE + 6 * HOUR)


def fires_though_the_schedule_did_not(ready: Ready) -> None:
    ready.simulation.run_until(FIRE + 6 * HOUR)


def counts(ready: Ready) -> list[str]:
    """Returns what is wrong with the counts of the fire."""
    path = f"/v1/automations/{ready.automation_id}/fires"
    [fire] = ready.simulation.request("query", "GET", path, None)["body"]["items"]
    found = (fire["status"], fire["opened"], fire["refused"])
    return [] if found == ("COMPLETED", len(DUE), 1) else [f"the fire shows {found}"]


ENDS = ("COMPLETED",) * len(DUE)
SCENARIOS = (
    Scenario(fires_for_a_date, ENDS, ("date_trigger", "start_runs"), verdict=counts),
    Scenario(fires_though_the_schedule_did_not, ENDS, ("date_trigger", "tick"), verdict=counts),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.play.__name__)
def test_after_any_fault_each_due_contact_has_one_run(
    ready: Ready, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(str(break_everything(ready, scenario)))
