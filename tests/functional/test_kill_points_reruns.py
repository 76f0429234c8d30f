"""If any AWS call of a rerun fails, or the process dies at that call, the original run still has
exactly one rerun, and no effect happens twice. The records of the original run stay the same,
except for one field, which gets the id of the completed rerun."""

from collections.abc import Callable, Iterator

import pytest
from runledger.clock import DAY, HOUR

from tests.support.kill_points import Scenario, break_everything
from tests.support.rerun_stage import FailedRun, open_rerun_stage, restorer


@pytest.fixture(scope="module")
def ready() -> Iterator[FailedRun]:
    with open_rerun_stage() as stage:
        yield stage


def is_rerun(ready: FailedRun) -> None:
    answer = ready.rerun()
    assert answer["status"] in (200, 202), answer
    ready.simulation.settle()


def is_rerun_from_the_start(ready: FailedRun) -> None:
    """The first message and the first call are reused where the walk comes to them."""
    answer = ready.rerun(**{"from": "START"})
    assert answer["status"] in (200, 202), answer
    ready.simulation.settle()


def _what_is_wrong(ready: FailedRun) -> list[str]:
    return ready.changes() + ready.repeated()


SCENARIOS = (
    Scenario(
        is_rerun,
        ("COMPLETED", "FAILED"),
        ("api", "run_message", "run_integration", "follow_changes"),
        verdict=_what_is_wrong,
    ),
    Scenario(
        is_rerun_from_the_start,
        ("COMPLETED", "FAILED"),
        ("api", "run_message", "run_integration"),
        verdict=_what_is_wrong,
    ),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.play.__name__)
def test_after_any_fault_an_original_is_rerun_once(
    ready: FailedRun, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(break_everything(ready, scenario))


@pytest.fixture(scope="module")
def aged() -> Iterator[FailedRun]:
    """The version of the run was superseded days ago, and its machine is deleted."""
    with open_rerun_stage() as stage:
        simulation = stage.simulation
        path = f"/v1/automations/{stage.automation_id}"
        draft = simulation.request("query", "GET", path, None)["body"]
        changed = {"name": "Orders again", **{name: draft[name] for name in ("nodes", "edges")}}
        saved = simulation.request("api", "PUT", path, changed)
        assert saved["status"] == 200, saved
        assert simulation.request("api", "POST", f"{path}/activate", None)["status"] == 200
        simulation.run_until(simulation.clock.now + 3 * DAY + HOUR)
        assert [name for name in simulation.step_functions.machines if name.endswith("-v1")] == []
        restore_rows, machines = restorer(simulation), dict(simulation.step_functions.machines)

        def restore() -> None:
            restore_rows()
            simulation.step_functions.machines = dict(machines)

        yield FailedRun(
            simulation,
            stage.automation_id,
            stage.contact_id,
            stage.original,
            stage.rows(),
            restore,
        )


@pytest.mark.timeout(300)
def test_after_any_fault_the_machine_of_an_older_version_is_there(
    aged: FailedRun, report_figure: Callable[[str], None]
) -> None:
    scenario = Scenario(
        is_rerun, ("COMPLETED", "FAILED"), ("api", "run_integration"), verdict=_what_is_wrong
    )
    report_figure(break_everything(aged, scenario))
