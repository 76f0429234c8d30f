"""The rules that every machine must follow, checked on every output of the compiler.

A violation is a bug of the compiler or of a node type, so it is raised and not reported as a
problem of the graph.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runledger.compiler.errors import CompilerError
from runledger.compiler.transitions import State, reachable_states, transitions

MAX_NAME_CHARACTERS = 80
MAX_DEFINITION_BYTES = 1_048_576
INPUT_PATHS = frozenset({"$.contract", "$.workspaceId", "$.runId"})

_TERMINAL = ("Succeed", "Fail")
_ONWARD = ("Task", "Wait", "Parallel", "Pass")


@dataclass(frozen=True, slots=True)
class MachineScope:
    """The states of the machine or of one branch. `given` are the data paths that have a value when
    the first state begins."""

    start: str
    states: Mapping[str, State]
    given: frozenset[str]


def check_machine(
    definition: Mapping[str, Any], text: str, given: frozenset[str] = INPUT_PATHS
) -> None:
    """Raises CompilerError, which lists every rule that the machine breaks. `given` are the data
    paths in the machine's input."""
    violations = list(_size(text))
    scopes = list(_scopes(definition, given))
    violations.extend(_names(scopes))
    for scope in scopes:
        for check in _SCOPE_CHECKS:
            violations.extend(check(scope))
    if violations:
        raise CompilerError(f"the compiled machine breaks these rules: {'; '.join(violations)}")


def _scopes(part: Mapping[str, Any], given: frozenset[str]) -> Iterator[MachineScope]:
    scope = MachineScope(part.get("StartAt", ""), part.get("States", {}), given)
    yield scope
    available = _available(scope)
    for name, state in scope.states.items():
        for branch in state.get("Branches", ()):
            yield from _scopes(branch, available.get(name, frozenset()))


def _size(text: str) -> Iterator[str]:
    size = len(text.encode())
    if size > MAX_DEFINITION_BYTES:
        yield f"its definition has {size} bytes; at most {MAX_DEFINITION_BYTES} are allowed"


def _names(scopes: list[MachineScope]) -> Iterator[str]:
    for name, count in Counter(name for scope in scopes for name in scope.states).items():
        if count > 1:
            yield f"{count} states are named {name!r}"
        if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
            yield f"the name {name!r} has {len(name)} characters"


def _start_exists(scope: MachineScope) -> Iterator[str]:
    if scope.start not in scope.states:
        yield f"StartAt {scope.start!r} is not a state"


def _targets_exist(scope: MachineScope) -> Iterator[str]:
    for name, state in scope.states.items():
        for kind, target in transitions(state):
            if target not in scope.states:
                yield f"{kind} of {name!r} leads to {target!r}, which is not in the same scope"


def _all_reachable(scope: MachineScope) -> Iterator[str]:
    reachable = reachable_states(scope.start, scope.states)
    for name in scope.states:
        if name not in reachable:
            yield f"no state leads to {name!r}"


def _no_dead_end(scope: MachineScope) -> Iterator[str]:
    for name, state in scope.states.items():
        kind = state.get("Type")
        goes_on = "Next" in state or state.get("End") is True
        if kind in _ONWARD and not goes_on:
            yield f"{name!r} leads nowhere"
        elif kind == "Choice" and not ("Default" in state and state.get("Choices")):
            yield f"the Choice {name!r} needs Choices and a Default"
        elif kind in _TERMINAL and any(transitions(state)):
            yield f"{name!r} ends the execution but has a Next or End"
        elif kind not in (*_ONWARD, *_TERMINAL, "Choice"):
            yield f"{name!r} is of the unknown type {kind!r}"
        if kind == "Parallel" and not state.get("Branches"):
            yield f"the Parallel {name!r} has no branches"


def _tasks_are_bounded(scope: MachineScope) -> Iterator[str]:
    for name, state in scope.states.items():
        if state.get("Type") == "Task":
            for key in ("TimeoutSeconds", "Retry", "Catch"):
                if not state.get(key):
                    yield f"the Task {name!r} has no {key}"


def _paths_are_sound(scope: MachineScope) -> Iterator[str]:
    """Checks that each data path that a state reads was written on every way to that state."""
    available = _available(scope)
    for name, state in scope.states.items():
        for path in _reads(state):
            written = available.get(name, frozenset())
            if path != "$" and not any(path == w or path.startswith(f"{w}.") for w in written):
                yield f"{name!r} reads {path}, which is not written on every way to it"


_SCOPE_CHECKS: tuple[Callable[[MachineScope], Iterator[str]], ...] = (
    _start_exists,
    _targets_exist,
    _all_reachable,
    _no_dead_end,
    _tasks_are_bounded,
    _paths_are_sound,
)


def _available(scope: MachineScope) -> dict[str, frozenset[str]]:
    """Returns, for each state, the data paths that have a value on every way to it."""
    available: dict[str, frozenset[str]] = {scope.start: scope.given}
    queue = [scope.start]
    while queue:
        name = queue.pop()
        for target, written in _flows(scope.states.get(name, {})):
            after = available[name] | written
            known = available.get(target)
            merged = after if known is None else known & after
            if merged != known:
                available[target] = merged
                queue.append(target)
    return available


def _flows(state: State) -> Iterator[tuple[str, frozenset[str]]]:
    """Yields (target, paths written) for every way out of a state."""
    result = state.get("ResultPath")
    answers = state.get("Type") in ("Task", "Parallel", "Pass")
    written = frozenset({result}) if answers and result is not None else frozenset[str]()
    for kind, target in transitions(state):
        if kind != "Catch":
            yield target, written
    for catcher in state.get("Catch", ()):
        path = catcher.get("ResultPath")
        yield catcher["Next"], frozenset[str]() if path is None else frozenset({path})


def _reads(state: State) -> Iterator[str]:
    """Yields the data paths that a state reads. Paths of the context object, `$$`, are left out,
    because it always exists."""
    for choice in state.get("Choices", ()):
        if "Variable" in choice:
            yield choice["Variable"]
    for key in ("TimestampPath", "SecondsPath"):
        if key in state:
            yield state[key]
    for key, path in state.get("Parameters", {}).items():
        if key.endswith(".$") and not path.startswith("$$"):
            yield path
