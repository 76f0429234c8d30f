"""Deterministic interleaving: several actors work at the same time, and a chooser says whose call
is next.

An actor is plain code over the real services. Before each call to AWS or to another system it stops
until it is chosen; between two calls no other actor runs. A chooser's choices can be repeated, so
that every failure can be replayed.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from greenlet import getcurrent, greenlet

from tests.support.boundary import Boundary, Call


class Chooser(Protocol):
    def choose(self, ready: Sequence[str]) -> int:
        """Returns the position in `ready` of the actor whose call takes effect next."""


@dataclass
class AtRandom:
    """Makes the same choices for the same seed. Some seeds change actors at every call, others let
    one actor continue for long. Only the latter find faults that need many calls of one actor
    between two calls of another."""

    seed: int

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._stays = self._random.choice((0.0, 0.5, 0.8, 0.95))
        self._last = ""

    def choose(self, ready: Sequence[str]) -> int:
        if self._last in ready and self._random.random() < self._stays:
            return ready.index(self._last)
        choice = self._random.randrange(len(ready))
        self._last = ready[choice]
        return choice


@dataclass
class InOrder:
    """Follows `prefix`, then always takes the first actor. Notes its choices and the number of
    options."""

    prefix: Sequence[int] = ()
    taken: list[tuple[int, int]] = field(default_factory=list)

    def choose(self, ready: Sequence[str]) -> int:
        place = len(self.taken)
        choice = self.prefix[place] if place < len(self.prefix) else 0
        self.taken.append((choice, len(ready)))
        return choice


def every_order() -> Iterator[InOrder]:
    """Yields a chooser for each possible order of the calls. Play the race of each chooser to its
    end before requesting the next chooser."""
    prefix: list[int] = []
    while True:
        chooser = InOrder(prefix)
        yield chooser
        taken = chooser.taken
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        if not taken:
            return
        prefix = [choice for choice, _ in taken[:-1]] + [taken[-1][0] + 1]


@dataclass
class Outcome:
    """The result of an actor: its answer or its error."""

    answer: Any = None
    error: Exception | None = None


@dataclass
class Interleaving:
    """One interleaved run. `order` lists the calls as they took effect, each with its actor."""

    boundary: Boundary
    chooser: Chooser
    order: list[str] = field(default_factory=list)

    def run(self, actors: Mapping[str, Callable[[], Any]]) -> dict[str, Outcome]:
        """Runs all actors to their ends and returns the outcome of each."""
        main = getcurrent()
        outcomes = {name: Outcome() for name in actors}
        waiting: dict[str, greenlet] = {}
        names: dict[greenlet, str] = {}

        def around(call: Call, act: Callable[[], Any]) -> Any:
            name = names.get(getcurrent())
            if name is None:
                return act()
            main.switch()
            self.order.append(f"{name}: {call}")
            return act()

        def begin(name: str, actor: Callable[[], Any]) -> None:
            try:
                outcomes[name].answer = actor()
            except Exception as error:
                outcomes[name].error = error

        before, self.boundary.around = self.boundary.around, around
        try:
            for name, actor in actors.items():
                made = greenlet(begin)
                names[made] = name
                made.switch(name, actor)
                if not made.dead:
                    waiting[name] = made
            while waiting:
                ready = list(waiting)
                name = ready[self.chooser.choose(ready)]
                waiting[name].switch()
                if waiting[name].dead:
                    del waiting[name]
        finally:
            self.boundary.around = before
        return outcomes
