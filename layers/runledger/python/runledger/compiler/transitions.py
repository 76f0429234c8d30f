"""Transitions between states. Used by the compiler and by the checks of its output."""

from collections.abc import Iterator, Mapping
from typing import Any

State = Mapping[str, Any]


def transitions(state: State) -> Iterator[tuple[str, str]]:
    """Yields (kind, target) for every transition out of a state: Next, Default, a choice, a
    Catch."""
    for kind in ("Next", "Default"):
        if kind in state:
            yield kind, state[kind]
    for choice in state.get("Choices", ()):
        yield "Choice", choice["Next"]
    for catcher in state.get("Catch", ()):
        yield "Catch", catcher["Next"]


def reachable_states(start: str, states: Mapping[str, State]) -> frozenset[str]:
    """Returns the states of one scope that an execution can reach from `start`."""
    found = {start}
    queue = [start]
    while queue:
        for _, target in transitions(states.get(queue.pop(), {})):
            if target not in found:
                found.add(target)
                queue.append(target)
    return frozenset(found)
