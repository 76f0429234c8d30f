"""Playing one story through the handlers with one call broken, for each call and each fault."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.boundary import Call, straight
from tests.support.faults import Fault, FaultyCall, applies
from tests.support.invariants import Watch, describe, problems, unknown

if TYPE_CHECKING:
    from tests.support.simulation import Simulation

# The functions whose work reaches outside.
EFFECTS = ("run_message", "run_integration")
# What leaves the process that made the call alive, with all that it knows.
LIVING = (Fault.REFUSED, Fault.UNANSWERED, Fault.SENT_AGAIN, Fault.THROTTLED, Fault.SILENT)


@dataclass(frozen=True)
class Scenario:
    """`ends` are the statuses in which the runs of the unbroken story end, `deliveries` those of
    its deliveries, where the story is about them. `verdict` tells what else is wrong in the end."""

    play: Callable[[Any], None]
    ends: tuple[str, ...]
    # Functions that this story is there for; each of them has to make calls in it.
    functions: tuple[str, ...]
    deliveries: tuple[str, ...] | None = None
    verdict: Callable[[Any], list[str]] = lambda ready: []


def break_everything(ready: Any, scenario: Scenario) -> str:
    """Breaks every call of the story in turn and in every way; says how many there were.

    `ready` has a `stage` and what can `restore` it."""
    unbroken, statuses = _play(ready, scenario, None, None)
    assert statuses == list(scenario.ends)
    told_unknown = unknown(ready.simulation)
    if scenario.deliveries is not None:
        told = sorted(row["status"] for row in ready.simulation.deliveries())
        assert told == sorted(scenario.deliveries)
    assert set(scenario.functions) <= {function for function, _ in unbroken}
    tried = 0
    ends = Counter[str]()
    for point, (function, call) in enumerate(unbroken):
        for fault in Fault:
            if not applies(fault, call):
                continue
            _, statuses = _play(ready, scenario, point, fault)
            if fault in LIVING and call.repeats:
                lost = unknown(ready.simulation)
                assert lost == told_unknown, f"{describe(unbroken, point)}: {fault}"
            tried += 1
            ends.update(statuses)
            if statuses != list(scenario.ends):
                # Only an effect may be lost, as its function cannot know whether to repeat it; and
                # none is where its process lived and AWS got better while the claim held.
                assert function in EFFECTS, describe(unbroken, point)
                assert fault not in LIVING or not call.repeats, describe(unbroken, point)
    told_ends = ", ".join(f"{count} {status}" for status, count in sorted(ends.items()))
    name = scenario.play.__name__
    return f"{name}: {len(unbroken)} calls, {tried} kill points; runs ended: {told_ends}"


def _play(
    ready: Any, scenario: Scenario, point: int | None, fault: Fault | None
) -> tuple[list[tuple[str, Call]], list[str]]:
    """The calls that were made, and how the runs ended."""
    simulation: Simulation = ready.simulation
    ready.restore()
    faulty = FaultyCall(simulation, point, fault)
    simulation.boundary.around = faulty
    watch = Watch(simulation)
    where = "unbroken"
    try:
        scenario.play(ready)
    finally:
        watch.stop()
        simulation.boundary.around = straight
        if point is not None:
            where = f"{describe(faulty.made, point)}: {fault}"
    found = watch.wrong + problems(simulation) + scenario.verdict(ready)
    statuses = sorted(row["status"] for row in simulation.runs())
    if len(statuses) != len(scenario.ends):
        found.append(f"{len(statuses)} runs")
    assert found == [], where
    return faulty.made, statuses
