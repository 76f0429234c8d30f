"""Every error that Step Functions can report of a task has its place, in every machine."""

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from runledger.compiler.task_errors import (
    CRASHES,
    TASK_ERRORS,
    TRANSIENT_ERRORS,
    Handling,
    handling_of,
)
from runledger.services.runs.step_errors import caught_error, is_for_later

from tests.support.example_machines import EXAMPLES, machine_of

MACHINES = Path(__file__).parents[2] / "statemachines"
STATIC = sorted(path.name for path in MACHINES.glob("*.asl.json"))
FOR_LATER = tuple(name for name, kind in TASK_ERRORS.items() if kind is Handling.FOR_LATER)

# What AWS documents as passing, and as the end of a function, whatever our table says.
DOCUMENTED = {
    Handling.PASSING: (
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.TooManyRequestsException",
        "Lambda.EC2ThrottledException",
        "Lambda.ResourceNotReadyException",
    ),
    Handling.CRASH: (
        "Lambda.Unknown",
        "Runtime.OutOfMemory",
        "Runtime.ExitError",
        "Sandbox.Timedout",
        "States.Timeout",
    ),
}


def static(name: str) -> dict[str, Any]:
    machine: dict[str, Any] = json.loads((MACHINES / name).read_text())
    return machine


def tasks(part: Any) -> list[dict[str, Any]]:
    """Every Task state, also those within branches."""
    found = []
    for state in part.get("States", {}).values():
        if state["Type"] == "Task":
            found.append(state)
        for branch in state.get("Branches", ()):
            found += tasks(branch)
    return found


def test_every_error_of_invoke_has_its_place() -> None:
    """As botocore's model of Lambda tells them; a new one makes this fail."""
    model = botocore.session.get_session().get_service_model("lambda")
    errors = model.operation_model("Invoke").error_shapes
    named = {f"Lambda.{shape.name}" for shape in errors}
    assert len(named) > 30
    assert named - TASK_ERRORS.keys() == set()


@pytest.mark.parametrize("handling", DOCUMENTED)
def test_what_is_documented_is_where_it_belongs(handling: Handling) -> None:
    assert {handling_of(name) for name in DOCUMENTED[handling]} == {handling}


def test_a_name_is_told_once() -> None:
    assert not {*TRANSIENT_ERRORS} & {*CRASHES}
    assert len(TASK_ERRORS) == len(set(TASK_ERRORS))


@pytest.mark.parametrize("name", sorted({each.name for each in EXAMPLES}))
def test_generated_machines_retry_what_passes_and_what_crashed(name: str) -> None:
    found = tasks(machine_of(name))
    assert found
    for task in found:
        soon, after_lease = task["Retry"]
        assert tuple(soon["ErrorEquals"]) == TRANSIENT_ERRORS
        assert tuple(after_lease["ErrorEquals"]) == (*CRASHES, "StepInProgressError")
        # A crash leaves a live claim: its retry comes after the lease of its task.
        assert after_lease["IntervalSeconds"] > task["TimeoutSeconds"] + 1
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


@pytest.mark.parametrize("name", STATIC)
def test_static_machines_retry_the_same(name: str) -> None:
    found = tasks(static(name))
    assert found
    for task in found:
        soon, crashed = task["Retry"]
        own = {"ConditionFailedError"} & {*soon["ErrorEquals"]}
        assert tuple(soon["ErrorEquals"]) == (*TRANSIENT_ERRORS, *own)
        assert tuple(crashed["ErrorEquals"]) == CRASHES


@pytest.mark.parametrize("name", STATIC)
def test_static_machines_leave_to_the_tick_what_is_for_later(name: str) -> None:
    machine = static(name)
    for task in tasks(machine):
        caught = task["Catch"][0]
        assert machine["States"][caught["Next"]]["Error"].endswith("Stalled")
        if caught["ErrorEquals"] != ["States.ALL"]:
            assert tuple(caught["ErrorEquals"]) == (*TRANSIENT_ERRORS, *CRASHES, *FOR_LATER)


@pytest.mark.parametrize("name", [*TASK_ERRORS, "Lambda.SomethingNewException"])
def test_what_is_not_the_nodes_fault_is_handed_back(name: str) -> None:
    handed_back = is_for_later({"Error": name, "Cause": "Rate exceeded"})
    assert handed_back == (handling_of(name) in (Handling.PASSING, Handling.FOR_LATER))


@pytest.mark.parametrize("name", ["KeyError", "NodeFailedError", "ServiceError", "Unknown", ""])
def test_what_a_function_raised_itself_is_the_nodes(name: str) -> None:
    assert not is_for_later({"Error": name})


CAUSE = json.dumps(
    {
        "errorType": "X",
        "errorMessage": "User: arn:aws:sts::1:assumed-role/x is not authorized (Request ID: 1-2)",
    }
)


@pytest.mark.parametrize("name", [*TASK_ERRORS, "Lambda.New", "ClientError", "OddException"])
@pytest.mark.parametrize("cause", [CAUSE, "Rate exceeded. (Service: AWSLambda; Request ID: 9)"])
def test_no_word_of_aws_reaches_a_person(name: str, cause: str) -> None:
    told = caught_error({"Error": name, "Cause": cause}, "mail")
    text = f"{told.message} {told.cause}"
    for word in ("arn:", "Exception", "Request ID", "AWSLambda", "Lambda.", "States."):
        assert word not in text


def test_a_function_without_memory_is_named_so() -> None:
    told = caught_error({"Error": "Runtime.OutOfMemory", "Cause": "killed"}, "mail")
    assert (told.kind, told.cause) == ("CRASHED", None)
    assert "memory" in told.message


def test_an_error_of_ours_keeps_its_words() -> None:
    cause = json.dumps({"errorType": "KeyError", "errorMessage": "'rank'"})
    assert caught_error({"Error": "KeyError", "Cause": cause}, None).cause == "KeyError: 'rank'"
