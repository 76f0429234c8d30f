"""People pause, abort and rerun at every moment while a process continues a recovery; and several
processes continue the same recovery at the same time."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from runledger.composition import services
from runledger.errors import ConditionFailedError
from runledger.models.recovery import ItemState
from runledger.store import keys
from runledger.store.due import DueRow

from tests.functional import test_kill_points_recovery
from tests.functional.test_kill_points_recovery import Ready, what_is_wrong
from tests.support.boundary import Call, straight
from tests.support.depth import examples, sample
from tests.support.scheduler import AtRandom, Interleaving
from tests.support.simulation import OPERATOR, WORKSPACE

ready = test_kill_points_recovery.ready


class Meanwhile:
    """Lets something happen before the call with this number."""

    def __init__(self, ready: Ready, point: int | None, act: Callable[[], None]) -> None:
        self.ready, self.point, self.act = ready, point, act
        self.calls: list[str] = []
        ready.simulation.boundary.around = self

    def __call__(self, call: Call, act: Callable[[], Any]) -> Any:
        simulation = self.ready.simulation
        if len(self.calls) == self.point:
            simulation.boundary.around = straight
            function = simulation.function
            self.act()
            simulation.function = function
            simulation.boundary.around = self
        self.calls.append(f"{call.service} {call.operation}")
        return act()

    def stop(self) -> None:
        self.ready.simulation.boundary.around = straight


def recovery_of(ready: Ready) -> str:
    (recovery,) = ready.recoveries()
    return str(recovery["sk"])


def paused(ready: Ready) -> None:
    ready.post(f"/{recovery_of(ready)}/pause")


def aborted(ready: Ready) -> None:
    ready.post(f"/{recovery_of(ready)}/abort")


def rerun_by_hand(ready: Ready) -> None:
    path = f"/v1/runs/{ready.failed[1]}/rerun"
    assert ready.simulation.request("api", "POST", path, {})["status"] in (202, 409)


def _play(ready: Ready, action: Callable[[Ready], None], point: int | None) -> list[str]:
    """Begins a recovery, and lets the action happen while the request opens the reruns. Returns
    the calls of that request."""
    ready.restore()
    # The first minute's runs are not opened yet.
    recovery_id = ready.begin(canary={"count": 1}, ratePerMinute=60)
    ready.simulation.settle()
    meanwhile = Meanwhile(ready, point, lambda: action(ready))
    ready.post(f"/{recovery_id}/continue")
    meanwhile.stop()
    if point is None:
        return meanwhile.calls
    ready.simulation.settle()
    counts_while_it_stands(ready)
    if ready.recoveries()[0]["status"] == "PAUSED":
        ready.post(f"/{recovery_id}/continue")
        ready.simulation.settle()
    return meanwhile.calls


def counts_while_it_stands(ready: Ready) -> None:
    (recovery,) = ready.recoveries()
    items = [
        row
        for row in ready.simulation.table.items()
        if row["pk"] == keys.recovery_items(recovery["sk"])
    ]
    planned = [row for row in items if row["sk"].startswith(ItemState.PLANNED)]
    assert recovery["eligible"] - recovery["opened"] == len(planned)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("action", [paused, aborted, rerun_by_hand], ids=lambda each: each.__name__)
def test_the_counts_stay_true_whatever_a_person_does_meanwhile(
    ready: Ready, action: Callable[[Ready], None], report_figure: Callable[[str], None]
) -> None:
    calls = _play(ready, action, None)
    points = sample(
        list(range(len(calls))), lambda each: ((calls[each], each % 3),), story=action.__name__
    )
    for point in points:
        _play(ready, action, point)
        assert what_is_wrong(ready) == [], (point, calls[point])
    report_figure(f"{action.__name__}: at {len(points)} of {len(calls)} moments")


def test_processes_at_the_same_time_rerun_each_run_once(
    ready: Ready, report_figure: Callable[[str], None]
) -> None:
    """A person continues the recovery while two ticks find it due."""
    simulation, overtaken = ready.simulation, 0
    seeds = examples(150, quick=25)
    for seed in range(seeds):
        ready.restore()
        recovery_id = ready.begin(canary={"count": 1})
        simulation.settle()
        row = DueRow(id=recovery_id, key=keys.recovery(WORKSPACE, recovery_id))
        recoveries = services().recoveries
        tick = partial(recoveries.settle, row)
        resume = partial(recoveries.resume, WORKSPACE, recovery_id, OPERATOR, may_repeat=True)
        interleaving = Interleaving(simulation.boundary, AtRandom(seed))
        outcomes = interleaving.run({"person": resume, "tick": tick, "other tick": tick})
        errors = [each.error for each in outcomes.values() if each.error is not None]
        # The tick passes on to the next row.
        assert all(isinstance(each, ConditionFailedError) for each in errors), (seed, errors)
        overtaken += len(errors)
        simulation.settle()
        assert what_is_wrong(ready) == [], (seed, interleaving.order)
        assert ready.recoveries()[0]["status"] == "COMPLETED", seed
    assert overtaken > 0
    report_figure(f"{seeds} races, {overtaken} processes were overtaken")
