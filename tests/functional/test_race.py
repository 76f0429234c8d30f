"""Cancel and pause race with everything that moves a run. Short races are played in every order,
long ones in many.

The services are the real ones. At each AWS call of one actor, any other may come first. A failed
test shows the order of all calls, and the seed or choices to replay it.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from runledger.clock import MINUTE
from runledger.errors import RunledgerError
from runledger.store import keys
from runledger.store.values import Item

from tests.support.actors import Actor, RunActors
from tests.support.depth import examples
from tests.support.every_node import brief, make_template
from tests.support.invariants import OPEN, Watch, index_problems
from tests.support.scheduler import AtRandom, Chooser, Interleaving, every_order
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

SEEDS = examples(250, quick=50)
# A scenario with more orders than this must be tried at random.
MOST_ORDERS = 1_200


@pytest.fixture(scope="module")
def actors() -> Iterator[RunActors]:
    with open_simulation() as simulation:
        automation_id = simulation.activate(brief(make_template(simulation)))
        yield RunActors(simulation, automation_id)


@dataclass(frozen=True)
class Race:
    """Concurrent actors; `before` brings the run to the state where the race begins."""

    title: str
    before: Callable[[RunActors], Any]
    racers: Callable[[RunActors], dict[str, Actor]]
    lags: bool = False
    later: int = 0


def unopened(actors: RunActors) -> None:
    """Opens no run, so that the race begins without one."""


def opened(actors: RunActors) -> None:
    actors.open()
    actors.remember()


def walked_to(node_id: str) -> Callable[[RunActors], None]:
    def walk(actors: RunActors) -> None:
        opened(actors)
        actors.start()
        actors.walk(until=node_id)

    return walk


def silent_at(node_id: str) -> Callable[[RunActors], None]:
    """The walker stopped before that node so long ago that the run counts as silent."""

    def fall_silent(actors: RunActors) -> None:
        walked_to(node_id)(actors)
        actors.simulation.clock.advance(6 * MINUTE)

    return fall_silent


def handed_back(actors: RunActors) -> None:
    walked_to("score")(actors)
    actors.be_refused()
    actors.simulation.clock.advance(3 * MINUTE)
    actors.tick()


def paused(actors: RunActors) -> None:
    actors.pause()


# What may happen to a run while it is canceled or its automation is paused, with the start state.
AGAINST: dict[str, tuple[Callable[[RunActors], None], Callable[[RunActors], Actor]]] = {
    "start": (opened, lambda actors: actors.start),
    "own": (opened, lambda actors: lambda: actors.visit("start")),
    "logic": (walked_to("big"), lambda actors: lambda: actors.visit("big")),
    "integration": (walked_to("score"), lambda actors: lambda: actors.visit("score")),
    "message": (walked_to("mail"), lambda actors: lambda: actors.visit("mail")),
    "end": (walked_to("done"), lambda actors: lambda: actors.visit("done")),
    "its reported end": (walked_to("score"), lambda actors: actors.report_its_end),
    "handing back": (walked_to("score"), lambda actors: actors.be_refused),
    "resuming": (handed_back, lambda actors: actors.resume),
    "another cancel": (walked_to("score"), lambda actors: actors.cancel),
}
# A pause makes too many calls for every order of these.
MANY = ("integration", "message")
PAIRS = [
    Race(
        f"{name} against {against}",
        AGAINST[against][0],
        lambda actors, name=name, against=against: {  # type: ignore[misc]
            name: getattr(actors, name),
            against: AGAINST[against][1](actors),
        },
    )
    for name in ("cancel", "pause")
    for against in AGAINST
    if name == "cancel" or against not in MANY
]
# What may come to a run that the watchdog finds silent, and is alive all the same.
PAIRS += [
    Race(
        f"watchdog against {name}",
        silent_at(node_id),
        lambda actors, name=name, act=act: {  # type: ignore[misc]
            "watchdog": actors.watch,
            name: act(actors),
        },
    )
    for name, node_id, act in (
        ("logic", "big", lambda a: lambda: a.visit("big")),
        ("integration", "score", lambda a: lambda: a.visit("score")),
        ("message", "mail", lambda a: lambda: a.visit("mail")),
        ("end", "done", lambda a: lambda: a.visit("done")),
        ("its reported end", "score", lambda a: a.report_its_end),
        ("handing back", "score", lambda a: a.be_refused),
        ("cancel", "score", lambda a: a.cancel),
        ("another watchdog", "score", lambda a: a.watch),
    )
]
PAIRS += [
    Race("pause against open", unopened, lambda a: {"pause": a.pause, "open": a.open}),
    Race(
        "tick against own",
        opened,
        lambda a: {"own": lambda: a.visit("start"), "settle": a.settle},
        later=3 * MINUTE,
    ),
]
CROWDS = [
    *(
        Race(
            f"pause against {against}",
            AGAINST[against][0],
            lambda actors, against=against: {  # type: ignore[misc]
                "pause": actors.pause,
                against: AGAINST[against][1](actors),
            },
        )
        for against in MANY
    ),
    Race("pause against beginning", unopened, lambda a: {"pause": a.pause, "begin": a.begin}),
    Race("pause against life", unopened, lambda a: {"pause": a.pause, "life": a.live}),
    Race(
        "cancel against life", unopened, lambda a: {"cancel": a.cancel_when_there, "life": a.live}
    ),
    Race(
        "pause against life against tick, indexes late",
        unopened,
        lambda a: {
            "pause": a.pause,
            "life": a.live,
            "tick": a.tick,
            "indexes": a.let_indexes_follow,
        },
        lags=True,
    ),
    Race(
        "cancel against pause against life",
        unopened,
        lambda a: {"cancel": a.cancel_when_there, "pause": a.pause, "life": a.live},
    ),
    Race(
        "resuming against draining",
        paused,
        lambda a: {"drain": a.drain, "resumed": a.resume_and_open},
        later=MINUTE,
    ),
    Race(
        "two walkers",
        opened,
        lambda a: {"one": a.walk, "two": a.walk},
    ),
    Race(
        "cancel against two walkers",
        walked_to("score"),
        lambda a: {
            "cancel": a.cancel,
            "one": lambda: a.walk("score"),
            "two": lambda: a.walk("score"),
        },
    ),
    Race(
        "cancel against two at one message",
        walked_to("mail"),
        lambda a: {
            "cancel": a.cancel,
            "one": lambda: a.visit("mail"),
            "two": lambda: a.visit("mail"),
        },
    ),
    Race(
        "pause against walker against reported end against tick",
        walked_to("score"),
        lambda a: {
            "pause": a.pause,
            "walker": lambda: a.walk("score"),
            "end": a.report_its_end,
            "tick": a.tick,
        },
        later=3 * MINUTE,
    ),
    Race(
        "cancel against walker against handing back against tick",
        walked_to("score"),
        lambda a: {
            "cancel": a.cancel,
            "walker": lambda: a.walk("score"),
            "refused": a.be_refused,
            "tick": a.tick,
        },
        later=3 * MINUTE,
    ),
    Race(
        "watchdog against walker and its next attempt",
        silent_at("score"),
        lambda a: {
            "watchdog": a.watch,
            "walker": lambda: a.walk("score"),
            "next": a.walk_again,
        },
    ),
    Race(
        "cancel against watchdog against two walkers",
        silent_at("mail"),
        lambda a: {
            "cancel": a.cancel,
            "watchdog": a.watch,
            "one": lambda: a.walk("mail"),
            "two": lambda: a.walk("mail"),
        },
    ),
    Race(
        "pause against watchdog against walker against tick",
        silent_at("big"),
        lambda a: {
            "pause": a.pause,
            "watchdog": a.watch,
            "walker": lambda: a.walk("big"),
            "tick": a.tick,
        },
    ),
    Race(
        "cancel against start against tick against tick",
        opened,
        lambda a: {"cancel": a.cancel, "start": a.start, "one": a.tick, "two": a.tick},
        later=3 * MINUTE,
    ),
]


@pytest.mark.parametrize("race", PAIRS, ids=lambda race: race.title)
def test_a_race_is_safe_in_every_order(
    actors: RunActors, race: Race, report_figure: Callable[[str], None]
) -> None:
    played = 0
    with _ready(actors, race) as again:
        for chooser in every_order():
            again()
            _race(actors, race, chooser, lambda taken=chooser: f"choices {taken.taken}")  # type: ignore[misc]
            played += 1
            assert played <= MOST_ORDERS, "too many orders for this to be tried in every one"
    report_figure(f"{race.title}: all {played} interleavings, {actors.races} so far")


@pytest.mark.parametrize("race", CROWDS, ids=lambda race: race.title)
def test_a_race_is_safe_in_many_orders(
    actors: RunActors, race: Race, report_figure: Callable[[str], None]
) -> None:
    orders = set()
    with _ready(actors, race) as again:
        for seed in range(SEEDS):
            again()
            orders.add(_race(actors, race, AtRandom(seed), lambda seed=seed: f"seed {seed}"))  # type: ignore[misc]
    report_figure(
        f"{race.title}: {SEEDS} seeds, {len(orders)} interleavings, {actors.races} so far"
    )


class _ready:
    """Yields a function that restores the state at the beginning of the race."""

    def __init__(self, actors: RunActors, race: Race) -> None:
        self._actors = actors
        self._race = race
        self._restore = actors.simulation.snapshot()
        race.before(actors)
        actors.simulation.clock.advance(race.later)
        simulation = actors.simulation
        self._rows, self._now = simulation.table.snapshot(), simulation.clock.now
        self._ids, self._requests = simulation.ids, simulation.requests
        self._sent, self._calls = list(simulation.ses.sent), list(simulation.http.calls)

    def __enter__(self) -> Callable[[], None]:
        # Once for nothing: what a process keeps is then there in every race alike.
        self._again()
        for racer in self._race.racers(self._actors).values():
            with suppress(RunledgerError):
                racer()
        return self._again

    def _again(self) -> None:
        simulation = self._actors.simulation
        simulation.table.restore(self._rows)
        simulation.clock.now = self._now
        simulation.ids, simulation.requests = self._ids, self._requests
        simulation.ses.sent, simulation.http.calls = list(self._sent), list(self._calls)
        simulation.records.clear()
        simulation.step_functions.forget()
        self._actors.acknowledged = self._actors.resumed = False

    def __exit__(self, *error: object) -> None:
        self._restore()


class _Referee:
    """Listens to every write of a race and notes forbidden ones."""

    def __init__(self, actors: RunActors) -> None:
        self.wrong: list[str] = []
        self._actors = actors

    def __call__(self, before: Item | None, after: Item | None) -> None:
        if not self._actors.acknowledged or after is None:
            return
        if after["sk"] == "DELIVERY" and before is None and after["status"] == "PROCESSING":
            self.wrong.append("a message was claimed after the cancel was acknowledged")
        if after["sk"] == "RUN" and set(after["openClaims"]) - set((before or {})["openClaims"]):
            self.wrong.append("a node was claimed after the cancel was acknowledged")


def _race(
    actors: RunActors, race: Race, chooser: Chooser, replay: Callable[[], str]
) -> tuple[str, ...]:
    """Lets the racers make their calls in one order, which `chooser` chooses. Then lets the system
    come to rest, and checks it. Returns the calls in the order in which they were made."""
    simulation = actors.simulation
    simulation.table.holds_back = race.lags
    interleaving = Interleaving(simulation.boundary, chooser)
    watch, referee = Watch(simulation), _Referee(actors)
    simulation.table.listeners.append(referee)
    try:
        interleaving.run(race.racers(actors))
        simulation.table.holds_back = False
        simulation.table.catch_up()
        for _ in range(4):
            simulation.clock.advance(MINUTE + 1_000)
            actors.tick()
    finally:
        watch.stop()
        simulation.table.listeners.remove(referee)
    found = watch.wrong + referee.wrong + _left(simulation, actors)
    actors.races += 1
    calls = "\n  ".join(interleaving.order)
    assert found == [], f"{race.title}, {replay()}:\n  {calls}"
    return tuple(interleaving.order)


def _left(simulation: Simulation, actors: RunActors) -> list[str]:
    """Returns what is wrong once everything has come to rest."""
    found = [f"{each} left twice" for each in _doubles(simulation.ses.sent)]
    made = [request.headers["Idempotency-Key"] for request in simulation.http.calls]
    found += [f"{each} called twice" for each in _doubles(made)]
    automation = simulation.table.row(keys.automation(WORKSPACE, actors.automation_id)) or {}
    if automation["status"] == "PAUSED" and ("drain" in automation or "gsi4pk" in automation):
        found.append("the paused automation is still being drained")
    for row in simulation.table.items():
        found += index_problems(row)
        if row["sk"] != "RUN":
            continue
        if automation["status"] == "PAUSED" and row["status"] in OPEN:
            found.append(f"a paused automation has a run that is {row['status']}")
        if actors.resumed and row["status"] == "CANCELED":
            found.append("a run that was opened after the resumption was drained")
        if actors.acknowledged and row["status"] != "CANCELED":
            found.append(f"a run whose cancel was acknowledged is {row['status']}")
    return found


def _doubles(things: list[str]) -> set[str]:
    return {each for each in things if things.count(each) > 1}
