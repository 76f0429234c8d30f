"""Every machine handles every error that Step Functions can report of a task."""

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

# The errors that AWS documents as transient or as a function's end, independent of our table.
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
    """Returns every Task state, those within branches included."""
    found = []
    for state in part.get("States", {}).values():
        if state["Type"] == "Task":
            found.append(state)
        for branch in state.get("Branches", ()):
            found += tasks(branch)
    return found


def test_every_error_of_invoke_is_classified() -> None:
    """Takes the errors from botocore's model of Lambda; a new one makes this fail."""
    model = botocore.session.get_session().get_service_model("lambda")
    errors = model.operation_model("Invoke").error_shapes
    named = {f"Lambda.{shape.name}" for shape in errors}
    assert len(named) > 30
    assert named - TASK_ERRORS.keys() == set()


@pytest.mark.parametrize("handling", DOCUMENTED)
def test_the_documented_errors_are_classified(handling: Handling) -> None:
    assert {handling_of(name) for name in DOCUMENTED[handling]} == {handling}


def test_each_name_has_one_class() -> None:
    assert not {*TRANSIENT_ERRORS} & {*CRASHES}
    assert len(TASK_ERRORS) == len(set(TASK_ERRORS))


@pytest.mark.parametrize("name", sorted({each.name for each in EXAMPLES}))
def test_generated_machines_retry_passing_errors_and_crashes(name: str) -> None:
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
def test_static_machines_stall_on_errors_that_the_tick_resumes(name: str) -> None:
    machine = static(name)
    for task in tasks(machine):
        caught = task["Catch"][0]
        assert machine["States"][caught["Next"]]["Error"].endswith("Stalled")
        if caught["ErrorEquals"] != ["States.ALL"]:
            assert tuple(caught["ErrorEquals"]) == (*TRANSIENT_ERRORS, *CRASHES, *FOR_LATER)


@pytest.mark.parametrize("name", [*TASK_ERRORS, "Lambda.SomethingNewException"])
def test_a_run_is_handed_back_for_errors_that_are_not_the_nodes_fault(name: str) -> None:
    handed_back = is_for_later({"Error": name, "Cause": "Rate exceeded"})
    assert handed_back == (handling_of(name) in (Handling.PASSING, Handling.FOR_LATER))


@pytest.mark.parametrize("name", ["KeyError", "NodeFailedError", "ServiceError", "Unknown", ""])
def test_an_error_that_the_function_raised_is_the_nodes(name: str) -> None:
    assert not is_for_later({"Error": name})


CAUSE = json.dumps(
    {
        "errorType": "X",
        "errorMessage": "User: arn:aws:sts::1:assumed-role/x is not authorized (Request ID: 1-2)",
    }
)


@pytest.mark.parametrize("name", [*TASK_ERRORS, "Lambda.New", "ClientError", "OddException"])
@pytest.mark.parametrize("cause", [CAUSE, "Rate exceeded. (Service: AWSLambda; Request ID: 9)"])
def test_no_text_of_aws_reaches_a_person(name: str, cause: str) -> None:
    found = caught_error({"Error": name, "Cause": cause}, "mail")
    text = f"{found.message} {found.cause}"
    for word in ("arn:", "Exception", "Request ID", "AWSLambda", "Lambda.", "States."):
        assert word not in text


def test_a_function_that_runs_out_of_memory_says_so() -> None:
    found = caught_error({"Error": "Runtime.OutOfMemory", "Cause": "killed"}, "mail")
    assert (found.kind, found.cause) == ("CRASHED", None)
    assert "memory" in found.message


def test_our_own_error_keeps_its_message() -> None:
    cause = json.dumps({"errorType": "KeyError", "errorMessage": "'rank'"})
    assert caught_error({"Error": "KeyError", "Cause": cause}, None).cause == "KeyError: 'rank'"
