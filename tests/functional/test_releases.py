"""Work that began under an earlier release ends under this one.

For each release, tests/releases/ has what tests/support/open_work.py stored when that release ran
it: rows, objects, secrets, state machines, and the places of the executions. Machines stay as they
were compiled, so today's functions must know their contracts.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.every_node import order, plain
from tests.support.open_work import FIRE, READERS, WAIT, restore
from tests.support.simulation import Simulation, open_simulation

RELEASES = sorted((Path(__file__).parents[1] / "releases").glob("v*.json"))
# The runs that the story opens: see `work`. Each reader also has a birthday.
STORY = {"Months": 1, "Everything": 2, "Forked": 1, "Brief": 3, "Follower": 3, "News": 1}
# The runs that the tick starts: the stream did not report the first one.
WITHOUT_EXECUTION = ("is not started", "is lost")


@pytest.fixture(params=RELEASES, ids=lambda path: path.stem)
def kept(request: pytest.FixtureRequest) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(request.param.read_text())
    return state


@pytest.fixture
def simulation(kept: dict[str, Any]) -> Iterator[Simulation]:
    with open_simulation() as opened:
        restore(opened, kept)
        yield opened


def end_the_story(simulation: Simulation) -> None:
    # What is due for months is done on its day.
    simulation.run_until(FIRE + WAIT)
    simulation.settle()
    assert simulation.unforeseen == []


def assert_all_ended_well(simulation: Simulation, kept: dict[str, Any]) -> None:
    runs = simulation.runs()
    assert {row["status"] for row in runs} == {"COMPLETED"}, [
        (row["automationName"], row["status"], row.get("error")) for row in runs
    ]
    opened = Counter(row["automationName"] for row in runs)
    assert opened == {**STORY, "Birthday": READERS}
    # Nothing was sent or called a second time.
    assert [id for id, times in Counter(simulation.ses.sent).items() if times > 1] == []
    assert {row["status"] for row in simulation.deliveries()} == {"SENT"}
    assert len(simulation.deliveries()) == len(simulation.ses.sent)
    names = {row["pk"]: row["automationName"] for row in runs}
    by_automation = Counter(names[f"RUN#{row['runId']}"] for row in simulation.deliveries())
    assert by_automation == {"Months": 1, "Everything": 2, "Forked": 1, "Brief": 3, "News": READERS}
    calls = len(kept["called"]) + len(simulation.http.calls)
    assert calls == opened["Everything"] + opened["Forked"] + opened["Brief"]


def test_executions_go_on_where_they_were(simulation: Simulation, kept: dict[str, Any]) -> None:
    end_the_story(simulation)
    assert_all_ended_well(simulation, kept)
    again = [row["pk"] for row in simulation.runs() if row["attempt"] > 1]
    assert len(again) == len(WITHOUT_EXECUTION)


def test_runs_whose_executions_are_lost_walk_the_old_machines_again(
    simulation: Simulation, kept: dict[str, Any]
) -> None:
    of_runs = [each for each in kept["executions"] if each["name"].startswith("run_")]
    for each in of_runs:
        simulation.step_functions.lose(each["arn"])
    end_the_story(simulation)
    assert_all_ended_well(simulation, kept)
    again = [row["pk"] for row in simulation.runs() if row["attempt"] > 1]
    assert len(again) == len(WITHOUT_EXECUTION) + len(of_runs)


def test_every_kind_of_work_is_kept_under_way(kept: dict[str, Any]) -> None:
    states = json.dumps([each["places"] for each in kept["executions"]])
    for state in ("pause wait", "news more", "branches", '"wait"', "scheduledTime"):
        assert state in states
    assert {each["is_express"] for each in kept["executions"]} == {True, False}
    runs = [row for row in kept["rows"] if row["sk"] == "RUN"]
    assert Counter(row["status"] for row in runs) == {"RUNNING": 6, "PENDING": 1, "COMPLETED": 2}
    assert "RETRYING" in {row["status"] for row in kept["rows"] if row["sk"] == "DELIVERY"}


def test_the_first_release_is_kept() -> None:
    assert RELEASES[0].name == "v0.1.0.json"


def test_an_activation_ends_that_another_release_began() -> None:
    """The machine exists, with the definition of that release's compiler."""
    with open_simulation() as simulation:
        create = simulation.step_functions.create_state_machine

        def create_otherwise(**request: Any) -> dict[str, Any]:
            other = {**json.loads(request["definition"]), "Comment": "of another release"}
            create(**{**request, "definition": json.dumps(other)})
            return create(**request)

        simulation.step_functions.create_state_machine = create_otherwise  # type: ignore[method-assign]
        automation_id = simulation.activate(plain())
        answer = simulation.request(
            "webhook_in", "POST", simulation.webhook_path(automation_id), order()
        )
        assert answer["status"] == 202
        simulation.settle()
        assert [row["status"] for row in simulation.runs()] == ["COMPLETED"]
