"""If AWS refuses to start the runs of one workspace, the runs of other workspaces still start soon:
in the same batch of the stream, or within a few ticks."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from runledger.clock import MINUTE, SECOND
from runledger.composition import services
from runledger.models.run import Run, RunStatus, TriggerType
from runledger.store import keys

from tests.support.boundary import Call
from tests.support.events import an_event
from tests.support.simulation import Simulation, open_simulation

NOISY = "ws_noisy"
REFUSALS = ["ThrottlingException", "ExecutionLimitExceeded"]
# What each call takes: slow, so that few rows fill the time of a tick.
CALL_MS = 25
# More rows than a tick can look at in its time.
CROWD = 1_600
EVENT = an_event({})


class Tenants:
    """Workspaces whose runs are written directly to the table. Every call takes time."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.starts: Counter[str] = Counter()
        self.calls = 0
        simulation.boundary.around = self._around

    def refuse(self, code: str) -> None:
        def refuses(workspace_id: str) -> str | None:
            self.starts[workspace_id] += 1
            return code if workspace_id == NOISY else None

        self.simulation.step_functions.refuses = refuses

    def open(self, workspace_id: str, number: int) -> str:
        """Returns the id of a new PENDING run, which is due in two minutes."""
        now = self.simulation.clock()
        run_id = run_id_of(workspace_id, number)
        run = Run(
            id=run_id,
            workspace_id=workspace_id,
            automation_id=f"aut_{workspace_id}",
            automation_name="A",
            version=1,
            status=RunStatus.PENDING,
            attempt=1,
            execution=None,
            trigger_type=TriggerType.MANUAL,
            contact_id=None,
            contact_email=None,
            contact_phone=None,
            created_at=now,
            started_at=None,
            trigger_ms=None,
            finished_at=None,
            end_ms=None,
            end_node_id=None,
            due_at=now + 2 * MINUTE,
            sequence=1,
            expires_at=now + 100 * MINUTE,
            claimed=frozenset(),
            open_claims={},
            error=None,
        )
        services().stores.runs.open(run, EVENT, 1)
        return run_id

    def is_started(self, run_id: str) -> bool:
        names = {each.name for each in self.simulation.step_functions.executions.values()}
        return any(name.startswith(f"{run_id}-") for name in names)

    def _around(self, call: Call, act: Callable[[], Any]) -> Any:
        if self.simulation.function is not None:
            self.calls += 1
            self.simulation.clock.advance(CALL_MS)
        return act()


def run_id_of(workspace_id: str, number: int) -> str:
    return f"run_{workspace_id}_{number:06d}"


def neighbors() -> tuple[str, str]:
    """Returns two workspaces: the first run of one is in a due partition of the noisy workspace,
    and the first run of the other is in none of its due partitions."""
    crowded = {keys.due(NOISY, run_id_of(NOISY, number)) for number in range(CROWD)}
    names = [f"ws_{number}" for number in range(200)]
    beside = next(name for name in names if keys.due(name, run_id_of(name, 1)) in crowded)
    elsewhere = next(name for name in names if keys.due(name, run_id_of(name, 1)) not in crowded)
    return beside, elsewhere


@pytest.fixture
def tenants() -> Iterator[Tenants]:
    succeed = json.dumps({"StartAt": "done", "States": {"done": {"Type": "Succeed"}}})
    with open_simulation() as simulation:
        for workspace_id in (NOISY, *neighbors()):
            simulation.step_functions.create_state_machine(
                name=f"runledger-aut_{workspace_id}-v1", definition=succeed, type="EXPRESS"
            )
        simulation.records.clear()
        yield Tenants(simulation)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refused_workspace_delays_no_other_in_a_batch_of_the_stream(
    tenants: Tenants, code: str
) -> None:
    simulation = tenants.simulation
    _, quiet = neighbors()
    tenants.refuse(code)
    for number in range(49):
        tenants.open(NOISY, number)
    first = tenants.open(quiet, 1)
    for number in range(49, 99):
        tenants.open(NOISY, number)
    last = tenants.open(quiet, 2)
    simulation.deaf.add("follow_changes")
    began = simulation.clock.now
    simulation.deliver_stream()

    assert tenants.is_started(first) and tenants.is_started(last)
    # After one refusal the other runs of the workspace are postponed without being tried.
    assert tenants.starts[NOISY] == 1
    assert tenants.calls == 99 + 1 + 2
    assert simulation.clock.now - began < 4 * SECOND
    refused = [row for row in simulation.runs() if row["workspaceId"] == NOISY]
    assert {row["attempt"] for row in refused} == {1}
    assert all(row["startRefused"] and row["startError"] for row in refused)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refused_workspace_delays_no_other_in_the_ticks(tenants: Tenants, code: str) -> None:
    """The many refused runs are due before those of the others."""
    simulation = tenants.simulation
    beside, elsewhere = neighbors()
    tenants.refuse(code)
    for number in range(CROWD):
        tenants.open(NOISY, number)
    waiting = {name: tenants.open(name, 1) for name in (beside, elsewhere)}
    simulation.records.clear()
    simulation.deaf.add("follow_changes")
    simulation.clock.advance(2 * MINUTE)
    due_at = simulation.clock.now
    started: dict[str, int] = {}
    for _ in range(6):
        began = simulation.clock.now
        simulation.tick()
        # A tick ends in time even if much more is due.
        assert simulation.clock.now - began < 31 * SECOND
        for name, run_id in waiting.items():
            if name not in started and tenants.is_started(run_id):
                started[name] = simulation.clock.now - due_at
        simulation.clock.now = max(simulation.clock.now, began + MINUTE)

    # Another due partition has its turn at once; behind the crowd it takes some ticks.
    assert started[elsewhere] < 31 * SECOND
    assert started[beside] < 5 * MINUTE
    # One start every few seconds checks whether AWS still refuses.
    assert tenants.starts[NOISY] < 60
    refused = [row for row in simulation.runs() if row["workspaceId"] == NOISY]
    assert {row["status"] for row in refused} == {"PENDING"}
    # Refusals use up no attempt: the second is that of the tick, as the stream was lost. The ticks
    # did not reach every row.
    assert {row["attempt"] for row in refused} == {1, 2}


def test_all_runs_start_after_the_refusals_end(tenants: Tenants) -> None:
    simulation = tenants.simulation
    tenants.refuse(REFUSALS[0])
    runs = [tenants.open(NOISY, number) for number in range(300)]
    simulation.deaf.add("follow_changes")
    simulation.deliver_stream()
    simulation.clock.advance(3 * MINUTE)
    simulation.tick()
    simulation.step_functions.refuses = lambda workspace_id: None
    for _ in range(20):
        simulation.clock.advance(MINUTE)
        simulation.tick()
    assert all(tenants.is_started(run_id) for run_id in runs)
