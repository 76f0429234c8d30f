"""The depth of a test session: `make test` samples what `make test-deep` tries in full.

A scenario has the same sample in each session. Different scenarios have different samples, so a
case that one scenario omits may be tried in another scenario.

tests/conftest.py sets the depth before it collects tests.
"""

from collections.abc import Callable, Hashable, Iterable
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")

# The quick profile tries one in this many of a property's examples, but at least FEWEST.
SHARE = 10
FEWEST = 10

_deep = False


def go_deep(deep: bool) -> None:
    """Sets the depth of this test session: a deep session tries all cases, and a quick session only
    a sample of them."""
    global _deep
    _deep = deep


def is_deep() -> bool:
    return _deep


def examples(most: int, quick: int | None = None) -> int:
    """Returns how many examples a property tries: `most` of them in a deep session."""
    if _deep:
        return most
    return min(most, max(FEWEST, most // SHARE)) if quick is None else quick


def sample(
    things: Iterable[T], features: Callable[[T], Iterable[Hashable]], *, story: str
) -> list[T]:
    """Returns all things in a deep session. In other sessions it returns only enough of them to
    cover every feature that any of them has. Which things are chosen depends on `story`. The order
    of the things is kept."""
    everything = list(things)
    return everything if _deep else covering(everything, features, story=story)


def covering(
    things: Iterable[T], features: Callable[[T], Iterable[Hashable]], *, story: str
) -> list[T]:
    """Returns enough of the things to cover every feature that any of them has."""
    everything = list(enumerate(things))
    seen: set[Hashable] = set()
    kept = []
    for place, thing in by_turn(everything, lambda each: f"{story} {each[0]}"):
        brought = set(features(thing)) - seen
        if brought:
            seen |= brought
            kept.append(place)
    return [everything[place][1] for place in sorted(kept)]


def by_turn(things: Iterable[T], name: Callable[[T], str]) -> list[T]:
    """Returns the things in the order of a stable hash of their names: Python's own hash differs
    between processes."""
    return sorted(things, key=lambda thing: sha256(name(thing).encode()).digest())
