"""Our checks of a machine find each violation of its rules."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from runledger.compiler.errors import CompilerError
from runledger.compiler.machine_checks import check_machine

from tests.support.example_machines import machine_of

Machine = dict[str, Any]
Break = Callable[[Machine], object]


def check(machine: Machine) -> None:
    check_machine(machine, json.dumps(machine))


def branch(machine: Machine) -> dict[str, Any]:
    states: dict[str, Any] = machine["States"]["prepare fork"]["Branches"][0]["States"]
    return states


def rename(states: dict[str, Any], old: str, new: str) -> None:
    text = json.dumps(states).replace(json.dumps(old), json.dumps(new))
    states.clear()
    states.update(json.loads(text))


BREAKS: dict[str, tuple[str, Break, str]] = {
    "StartAt": ("linear", lambda m: m.update(StartAt="x"), "StartAt 'x' is not a state"),
    "Next": (
        "linear",
        lambda m: m["States"]["tier"].update(Next="x"),
        "Next of 'tier' leads to 'x'",
    ),
    "Default": (
        "condition",
        lambda m: m["States"]["vip outcome"].update(Default="x"),
        "Default of 'vip outcome' leads to 'x'",
    ),
    "choice": (
        "condition",
        lambda m: m["States"]["vip outcome"]["Choices"][0].update(Next="x"),
        "Choice of 'vip outcome' leads to 'x'",
    ),
    "Catch": (
        "linear",
        lambda m: m["States"]["tier"]["Catch"][0].update(Next="x"),
        "Catch of 'tier' leads to 'x'",
    ),
    "into another scope": (
        "fork",
        lambda m: branch(m)["mail"].update(Next="together"),
        "Next of 'mail' leads to 'together'",
    ),
    "unreachable": (
        "linear",
        lambda m: m["States"].update(extra={"Type": "Succeed"}),
        "no state leads to 'extra'",
    ),
    "dead end": ("linear", lambda m: m["States"]["tier"].pop("Next"), "'tier' leads nowhere"),
    "Choice without Default": (
        "condition",
        lambda m: m["States"]["vip outcome"].pop("Default"),
        "the Choice 'vip outcome' needs Choices and a Default",
    ),
    "terminal that goes on": (
        "linear",
        lambda m: m["States"]["run completed"].update(Next="tier"),
        "'run completed' ends the execution but has a Next or End",
    ),
    "unknown type": (
        "linear",
        lambda m: m["States"]["run completed"].update(Type="Jump"),
        "'run completed' is of the unknown type 'Jump'",
    ),
    "no branches": (
        "fork",
        lambda m: m["States"]["prepare fork"].update(Branches=[]),
        "the Parallel 'prepare fork' has no branches",
    ),
    "no timeout": (
        "linear",
        lambda m: m["States"]["tier"].pop("TimeoutSeconds"),
        "the Task 'tier' has no TimeoutSeconds",
    ),
    "no Retry": ("linear", lambda m: m["States"]["tier"].pop("Retry"), "'tier' has no Retry"),
    "no Catch": ("linear", lambda m: m["States"]["tier"].pop("Catch"), "'tier' has no Catch"),
    "a name twice": (
        "fork",
        lambda m: rename(branch(m), "mail branch done", "run completed"),
        "2 states are named 'run completed'",
    ),
    "a long name": (
        "linear",
        lambda m: rename(m["States"], "tier", "t" * 81),
        "has 81 characters",
    ),
    "Choice on what nothing wrote": (
        "condition",
        lambda m: m["States"]["vip outcome"]["Choices"][0].update(Variable="$.other.outcome"),
        "'vip outcome' reads $.other.outcome",
    ),
    "Choice on what one way did not write": (
        "condition",
        lambda m: m["States"]["vip outcome"]["Choices"][0].update(Variable="$.error.Error"),
        "'vip outcome' reads $.error.Error",
    ),
    "Wait for what the task threw away": (
        "wait",
        lambda m: [m["States"][name].update(ResultPath=None) for name in ("start", "pause")],
        "'pause wait' reads $.last.waitUntil",
    ),
    "a parameter that is not in the input": (
        "linear",
        lambda m: m["States"]["tier"]["Parameters"].update({"who.$": "$.contact"}),
        "'tier' reads $.contact",
    ),
    "a branch that reads what its fork never had": (
        "fork",
        lambda m: branch(m)["mail"]["Parameters"].update({"who.$": "$.contact"}),
        "'mail' reads $.contact",
    ),
}


@pytest.mark.parametrize("case", BREAKS)
def test_a_machine_that_breaks_a_rule_is_refused(case: str) -> None:
    name, break_it, expected = BREAKS[case]
    machine = deepcopy(machine_of(name))
    check(machine)
    break_it(machine)
    with pytest.raises(CompilerError) as raised:
        check(machine)
    assert expected in str(raised.value)


def test_a_definition_over_a_megabyte_is_refused() -> None:
    machine = machine_of("linear")
    with pytest.raises(CompilerError, match="at most 1048576 are allowed"):
        check_machine(machine, " " * 1_048_577)


def test_every_violation_is_named_at_once() -> None:
    machine = machine_of("linear")
    machine["States"]["tier"].pop("Retry")
    machine["States"]["done"].pop("Catch")
    with pytest.raises(CompilerError, match=r"'tier' has no Retry.*'done' has no Catch"):
        check(machine)
