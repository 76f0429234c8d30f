"""People pause, abort and rerun while a process goes on with a recovery, at every moment of it."""

from collections.abc import Callable
from typing import Any

import pytest
from runledger.models.recovery import ItemState
from runledger.store import keys

from tests.functional import test_kill_points_recovery
from tests.functional.test_kill_points_recovery import Ready, what_is_wrong
from tests.support.boundary import Call, straight
from tests.support.depth import sample

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
