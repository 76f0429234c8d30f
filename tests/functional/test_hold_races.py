"""Holds, releases and skipped waits race with everything that may happen to their runs.

At each AWS call of one actor, any other may come first. A failed test shows the seed to replay it.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from runledger.clock import HOUR, MINUTE, SECOND
from runledger.composition import services
from runledger.errors import ConditionFailedError, RunledgerError
from runledger.models.automation import AutomationStatus
from runledger.models.run import Cancellation
from runledger.services.triggers.webhook_request import WebhookRequest
from runledger.store import keys
from runledger.store.due import DueRow

from tests.functional.test_kill_points_holds import Ready, no_run_is_held, opened, waits
from tests.support.boundary import Call
from tests.support.depth import examples
from tests.support.every_node import plain
from tests.support.invariants import Watch, problems
from tests.support.scheduler import AtRandom, Interleaving, Outcome
from tests.support.simulation import WORKSPACE

SEEDS = examples(150, quick=25)
BY = "ada@example.com"
Actors = dict[str, Callable[[], Any]]


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    yield from opened(plain())


@pytest.fixture(scope="module")
def waiting() -> Iterator[Ready]:
    yield from opened(waits())


def race(ready: Ready, seed: int, actors: Actors, *, lags: bool = False) -> dict[str, Outcome]:
    """Plays the actors in one order. Fails if an actor raises anything but a RunledgerError."""
    table = ready.simulation.table
    table.holds_back = lags
    try:
        outcomes = Interleaving(ready.simulation.boundary, AtRandom(seed)).run(actors)
    finally:
        table.holds_back = False
        table.catch_up()
    for name, outcome in outcomes.items():
        if outcome.error is not None and not isinstance(outcome.error, RunledgerError):
            raise AssertionError(f"{name} in seed {seed}") from outcome.error
    return outcomes


class Hands:
    """What people, senders and ticks do to one automation."""

    def __init__(self, ready: Ready) -> None:
        self.ready = ready
        self._token = ready.simulation.webhook_path(ready.automation_id).rpartition("/")[2]

    def event(self, number: int = 7) -> str:
        request = WebhookRequest(
            token=self._token,
            headers={"content-type": "application/json"},
            body=json.dumps({"orderId": f"A-{number}"}).encode(),
            source="203.0.113.9",
        )
        run = services().webhooks.receive(request).run
        services().starter.start_opened(run)
        return run.id

    def hold(self) -> None:
        services().holds.hold(WORKSPACE, self.ready.automation_id, None, BY)

    def release(self, rate: int = 60) -> None:
        services().holds.release(WORKSPACE, self.ready.automation_id, rate, BY)

    def settle_release(self) -> None:
        key = keys.release(self.ready.automation_id)
        services().holds.settle(DueRow(id=keys.release_id(self.ready.automation_id), key=key))

    def pause(self) -> None:
        services().stopping.stop(WORKSPACE, self.ready.automation_id, AutomationStatus.PAUSED, BY)

    def cancel(self, run_id: str) -> Callable[[], Any]:
        canceled = Cancellation(by=BY, reason="wrong list")
        return lambda: services().canceler.cancel(WORKSPACE, run_id, canceled)


# What comes together, and how the runs may end.
RACES: dict[str, tuple[Callable[[Hands, list[str]], Actors], set[str]]] = {
    "hold against an event": (
        lambda hands, held: {"event": hands.event, "again": hands.hold},
        {"COMPLETED"},
    ),
    "release against an event": (
        lambda hands, held: {"release": hands.release, "event": hands.event},
        {"COMPLETED"},
    ),
    "two releases": (
        lambda hands, held: {"one": hands.release, "two": lambda: hands.release(1)},
        {"COMPLETED"},
    ),
    "release against pause": (
        lambda hands, held: {"release": hands.release, "pause": hands.pause},
        {"CANCELED"},
    ),
    "pause against an event": (
        lambda hands, held: {"event": hands.event, "pause": hands.pause},
        {"CANCELED", "COMPLETED"},
    ),
    "release against cancel of a run": (
        lambda hands, held: {"release": hands.release, "cancel": hands.cancel(held[0])},
        {"COMPLETED", "CANCELED"},
    ),
    "ticks of a release against each other": (
        lambda hands, held: {
            "one": hands.settle_release,
            "two": hands.settle_release,
            "event": hands.event,
        },
        {"COMPLETED"},
    ),
    "tick of a release against a new hold": (
        lambda hands, held: {"tick": hands.settle_release, "hold": hands.hold},
        {"COMPLETED"},
    ),
    "tick of a release against cancel and pause": (
        lambda hands, held: {
            "tick": hands.settle_release,
            "cancel": hands.cancel(held[1]),
            "pause": hands.pause,
        },
        {"COMPLETED", "CANCELED"},
    ),
}


@pytest.mark.parametrize("lags", [False, True], ids=["indexes at once", "indexes late"])
@pytest.mark.parametrize("title", RACES)
def test_no_held_run_is_lost(ready: Ready, title: str, lags: bool) -> None:
    actors, ends = RACES[title]
    simulation = ready.simulation
    for seed in range(SEEDS):
        ready.restore()
        watch = Watch(simulation)
        hands = Hands(ready)
        if title != "hold against an event":
            hands.hold()
        held = [hands.event(number) for number in range(2)]
        if title.startswith("tick"):
            hands.release()
        outcomes = race(ready, seed, actors(hands, held), lags=lags)
        simulation.run_until(simulation.clock.now + 10 * MINUTE)
        # Whatever the order was, a hold is the only reason for a run not to start.
        automation = services().stores.automations.get(WORKSPACE, ready.automation_id)
        if automation.hold is not None:
            hands.release()
        simulation.settle()
        watch.stop()
        runs = {row["pk"].partition("#")[2]: row["status"] for row in simulation.runs()}
        found = watch.wrong + problems(simulation) + no_run_is_held(ready)
        found += [f"a run is {each}" for each in set(runs.values()) - ends]
        event = outcomes.get("event")
        acknowledged = {*held, *([event.answer] if event and event.answer else [])}
        found += [f"{each} is lost" for each in acknowledged - runs.keys()]
        cancel = outcomes.get("cancel")
        if cancel is not None and cancel.error is None and "CANCELED" not in runs.values():
            found.append("an acknowledged cancel was lost")
        assert found == [], f"seed {seed}"


def test_a_run_of_a_slow_sender_is_released_too(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The webhook reads the hold before the release begins, and writes its run half a minute later.
    The index shows the run later still."""
    ready.restore()
    simulation, hands = ready.simulation, Hands(ready)
    hands.hold()
    put = simulation.table.put
    seen: list[str] = []

    def late(item: Any, condition: Any = None) -> None:
        if item["sk"] == "RUN" and not seen:
            seen.append(item["pk"])
            hands.release()
            for _ in range(3):
                services().due_work.settle_due(1_000)
                simulation.clock.advance(10 * SECOND)
            simulation.table.holds_back = True
        put(item, condition)

    monkeypatch.setattr(simulation.table, "put", late)
    run_id = hands.event()
    simulation.clock.advance(20 * SECOND)
    services().due_work.settle_due(1_000)
    simulation.table.holds_back = False
    simulation.table.catch_up()
    assert seen
    simulation.settle()
    assert services().stores.runs.get(run_id).status == "COMPLETED"
    assert no_run_is_held(ready) == []


@pytest.mark.parametrize("lags", [False, True], ids=["indexes at once", "indexes late"])
@pytest.mark.parametrize(
    "against", ["another skip", "cancel", "natural end", "pause", "tick", "all of them"]
)
def test_a_skipped_wait_ends_once(
    waiting: Ready, against: str, lags: bool, report_figure: Callable[[str], None]
) -> None:
    simulation = waiting.simulation
    ends = Counter[str]()
    for seed in range(SEEDS):
        waiting.restore()
        hands = Hands(waiting)
        run_id = waiting.fire(1)
        simulation.run_until(simulation.clock.now + 5 * MINUTE)
        began = simulation.clock.now

        def skip(run_id: str = run_id) -> Any:
            return services().wait_skipper.skip(WORKSPACE, run_id, BY)

        def end_naturally() -> None:
            """Ends the machine's wait, and visits the nodes after it. Other actors may act before
            the wait ends."""
            for _ in range(8):
                simulation.boundary(Call("clock", "Wait"), lambda: None)
            while simulation.step_functions.next_moment() is not None:
                simulation.step_functions.step()

        def tick() -> None:
            try:
                services().due_work.settle_due(1_000)
            except ConditionFailedError:
                return

        others: Actors = {
            "another skip": skip,
            "cancel": hands.cancel(run_id),
            "natural end": end_naturally,
            "pause": hands.pause,
            "tick": tick,
        }
        chosen = others if against == "all of them" else {against: others[against]}
        watch = Watch(simulation)
        outcomes = race(waiting, seed, {"skip": skip, **chosen}, lags=lags)
        simulation.settle()
        watch.stop()
        (row,) = simulation.runs()
        # The natural end comes hours later at once, without the ticks in between.
        found = [each for each in watch.wrong if "was silent" not in each]
        found += problems(simulation)
        calls = len(simulation.http.calls)
        if calls > 1 or (row["status"] == "COMPLETED" and calls == 0):
            found.append(f"{calls} calls, and the run is {row['status']}")
        stopped = [outcomes.get(name) for name in ("cancel", "pause")]
        was_stopped = any(each is not None and each.error is None for each in stopped)
        if row["status"] == "CANCELED" and not was_stopped:
            found.append("nobody canceled the run")
        is_early = row["finishedAt"] - began < HOUR
        was_skipped = outcomes["skip"].error is None
        # The natural end moves the clock by hours in the middle of a skip.
        if was_skipped and not is_early and "natural end" not in chosen:
            found.append("the wait was skipped, and the run waited on")
        assert found == [], f"seed {seed}"
        ends["skipped" if was_skipped else "refused"] += 1
    report_figure(f"skip against {against}: {dict(ends)}")
