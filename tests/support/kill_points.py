"""Plays one scenario through the handlers again and again, each time with one call broken. A deep
session breaks each call with each fault. A quick session breaks only a sample of the calls, which
covers each operation with each fault."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.boundary import Call, straight
from tests.support.depth import sample
from tests.support.faults import Fault, FaultyCall, applies
from tests.support.invariants import Watch, describe, problems, unknown

if TYPE_CHECKING:
    from tests.support.simulation import Simulation

# The functions with effects.
EFFECTS = ("run_message", "run_integration")
# Faults after which the process that made the call still lives, with all it knows.
LIVING = (Fault.REFUSED, Fault.UNANSWERED, Fault.SENT_AGAIN, Fault.THROTTLED, Fault.SILENT)


@dataclass(frozen=True)
class Scenario:
    """A scenario. `ends` are the final statuses of its runs if no call is broken; `deliveries` are
    those of its deliveries, if it is about deliveries. `verdict` returns what else is wrong at the
    end."""

    play: Callable[[Any], None]
    ends: tuple[str, ...]
    # Functions that this scenario tests; each of them must make calls in it.
    functions: tuple[str, ...]
    deliveries: tuple[str, ...] | None = None
    verdict: Callable[[Any], list[str]] = lambda ready: []


def faults_of(call: Call) -> list[Fault]:
    """Returns the ways in which this call can be broken."""
    return [fault for fault in Fault if applies(fault, call)]


def kill_points(
    story: str,
    calls: Sequence[tuple[str, Call]],
    faults: Callable[[Call], Iterable[Fault]] = faults_of,
) -> list[tuple[int, Fault]]:
    """Returns which calls to break, and how. Each call is given by its position in `calls`, the
    calls that the scenario makes if none of them is broken.

    A deep session breaks every call with every fault that `faults` returns for the call. A quick
    session breaks only enough calls to break each operation of AWS with each of its faults at least
    once. It also breaks each operation at least once in each function that calls the operation."""
    every = [(point, fault) for point, (_, call) in enumerate(calls) for fault in faults(call)]
    return sample(every, lambda each: features(calls, *each), story=story)


def features(
    calls: Sequence[tuple[str, Call]], point: int, fault: Fault
) -> tuple[tuple[Hashable, ...], ...]:
    """Returns the features of a kill point: its operation with the fault, and its operation with
    the function that made the call. A sample covers each feature at least once."""
    function, call = calls[point]
    return (call.service, call.operation, fault), (call.service, call.operation, function)


def break_everything(ready: Any, scenario: Scenario) -> str:
    """Plays the scenario once for each kill point, with that one call broken. Returns a text that
    says how many there were.

    `ready` has a `simulation` and can `restore` it."""
    unbroken, statuses = _play(ready, scenario, None, None)
    assert statuses == list(scenario.ends)
    recorded_unknown = unknown(ready.simulation)
    if scenario.deliveries is not None:
        statuses = sorted(row["status"] for row in ready.simulation.deliveries())
        assert statuses == sorted(scenario.deliveries)
    assert set(scenario.functions) <= {function for function, _ in unbroken}
    name = scenario.play.__name__
    points = kill_points(name, unbroken)
    ends = Counter[str]()
    for point, fault in points:
        function, call = unbroken[point]
        _, statuses = _play(ready, scenario, point, fault)
        if fault in LIVING and call.repeats:
            lost = unknown(ready.simulation)
            assert lost == recorded_unknown, f"{describe(unbroken, point)}: {fault}"
        ends.update(statuses)
        if statuses != list(scenario.ends):
            # Only an effect may be lost, because its function cannot know whether to repeat it. No
            # effect is lost if its process lived and AWS recovered while the claim held.
            assert function in EFFECTS, describe(unbroken, point)
            assert fault not in LIVING or not call.repeats, describe(unbroken, point)
    counted_ends = ", ".join(f"{count} {status}" for status, count in sorted(ends.items()))
    return f"{name}: {len(unbroken)} calls, {len(points)} kill points; runs ended: {counted_ends}"


def _play(
    ready: Any, scenario: Scenario, point: int | None, fault: Fault | None
) -> tuple[list[tuple[str, Call]], list[str]]:
    """Returns the calls that were made, and how the runs ended."""
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
