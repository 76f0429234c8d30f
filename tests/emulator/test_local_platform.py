"""Where the emulator must behave like AWS, tested with temporary functions and machines beside the
stack."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.support.stack import Stack

HANDLER = """
import os, time
import boto3

class TooBigError(Exception):
    pass

def handler(event, context):
    match event.get("do"):
        case "raise":
            raise TooBigError("no")
        case "exit":
            os._exit(3)
        case "sleep":
            time.sleep(3)
        case "page":
            if event["page"] < 0:
                raise TooBigError("no such page")
            return {"page": event["page"] + 1, "more": event["page"] < 2}
        case "list":
            return boto3.client("dynamodb").list_tables()["TableNames"]
    return {"state": event.get("state"), "execution": event.get("execution"), "pid": os.getpid()}
"""

ASSUME = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}


def allow(action: str, resource: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


Execution = dict[str, Any]


class Platform:
    """A role, a function, and machines that call it."""

    def __init__(self, stack: Stack) -> None:
        self.iam, self.functions = stack.aws("iam"), stack.aws("lambda")
        self.machines = stack.aws("stepfunctions")
        self.name = f"probe-{uuid4().hex[:8]}"
        self._made: list[str] = []
        self.role = self.iam.create_role(
            RoleName=self.name, AssumeRolePolicyDocument=json.dumps(ASSUME)
        )["Role"]["Arn"]
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("handler.py", HANDLER)
        self.function = self.functions.create_function(
            FunctionName=self.name,
            Runtime="python3.13",
            Role=self.role,
            Handler="handler.handler",
            Code={"ZipFile": archive.getvalue()},
            Timeout=10,
        )["FunctionArn"]
        self.grant("invoke", allow("lambda:InvokeFunction", self.function))

    def grant(self, policy: str, document: str) -> None:
        self.iam.put_role_policy(RoleName=self.name, PolicyName=policy, PolicyDocument=document)

    def revoke(self, policy: str) -> None:
        self.iam.delete_role_policy(RoleName=self.name, PolicyName=policy)

    def close(self) -> None:
        for arn in self._made:
            self.machines.delete_state_machine(stateMachineArn=arn)
        self.functions.delete_function(FunctionName=self.name)
        self.revoke("invoke")
        self.iam.delete_role(RoleName=self.name)

    def invoke(self, **event: Any) -> tuple[str | None, Any]:
        answer = self.functions.invoke(FunctionName=self.name, Payload=json.dumps(event))
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())

    def task(self, do: str = "", **more: Any) -> dict[str, Any]:
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {
                "FunctionName": self.function,
                "Payload": {
                    "do": do,
                    "state.$": "$$.State.Name",
                    "execution.$": "$$.Execution.Id",
                },
            },
            "ResultSelector": {
                "state.$": "$.Payload.state",
                "execution.$": "$.Payload.execution",
            },
            "ResultPath": "$.last",
            **more,
        }

    def machine(self, states: dict[str, Any], kind: str = "STANDARD", **more: Any) -> str:
        definition = {"StartAt": next(iter(states)), "States": states, **more}
        arn: str = self.machines.create_state_machine(
            name=f"{self.name}-{len(self._made)}",
            definition=json.dumps(definition),
            roleArn=self.role,
            type=kind,
        )["stateMachineArn"]
        self._made.append(arn)
        return arn

    def start(self, machine: str, name: str | None = None, **document: Any) -> Execution:
        named = {"name": name} if name else {}
        answer: Execution = self.machines.start_execution(
            stateMachineArn=machine, input=json.dumps(document), **named
        )
        return answer

    def run(self, machine: str, **document: Any) -> Execution:
        """Returns the execution when it has ended."""
        arn = self.start(machine, **document)["executionArn"]
        ended: Execution = until(
            lambda: self.machines.describe_execution(executionArn=arn),
            lambda execution: execution["status"] != "RUNNING",
        )
        return ended


def until(read: Callable[[], Any], holds: Callable[[Any], bool], seconds: float = 20) -> Any:
    """Returns the value of `read` as soon as `holds` is true for it."""
    deadline = time.monotonic() + seconds
    while not holds(value := read()):
        assert time.monotonic() < deadline, f"did not come within {seconds} s: {value}"
        time.sleep(0.02)
    return value


@pytest.fixture(scope="module")
def platform(stack: Stack) -> Iterator[Platform]:
    platform = Platform(stack)
    yield platform
    platform.close()


def test_an_exception_is_a_function_error_with_its_type_and_the_worker_survives(
    platform: Platform,
) -> None:
    _, before = platform.invoke()
    error, raised = platform.invoke(do="raise")
    assert error == "Unhandled"
    assert (raised["errorType"], raised["errorMessage"]) == ("TooBigError", "no")
    assert "in handler" in "".join(raised["stackTrace"])
    _, after = platform.invoke()
    assert after["pid"] == before["pid"]


def test_a_dead_worker_is_an_exit_error_and_the_next_call_gets_a_new_worker(
    platform: Platform,
) -> None:
    error, answer = platform.invoke(do="exit")
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.ExitError"
    error, _ = platform.invoke()
    assert error is None


def test_a_handler_without_log_lines_returns_without_delay(platform: Platform) -> None:
    platform.invoke()
    durations = []
    # Many, because other processes delay some of them.
    for _ in range(30):
        started = time.monotonic()
        platform.invoke()
        durations.append(time.monotonic() - started)
    assert min(durations) < 0.045


def test_a_role_without_the_permission_is_denied(platform: Platform) -> None:
    error, answer = platform.invoke(do="list")
    assert error == "Unhandled"
    assert "AccessDenied" in answer["errorMessage"]
    platform.grant("list", allow("dynamodb:ListTables", "*"))
    try:
        error, _ = platform.invoke(do="list")
        assert error is None
    finally:
        platform.revoke("list")
    # The emulator keeps what it read from policies, but no decision.
    error, answer = platform.invoke(do="list")
    assert error == "Unhandled"
    assert "AccessDenied" in answer["errorMessage"]


def test_a_machine_calls_functions_with_its_own_role(platform: Platform) -> None:
    machine = platform.machine({"work": platform.task(End=True)})
    platform.revoke("invoke")
    try:
        denied = platform.run(machine)
        assert (denied["status"], denied["error"]) == ("FAILED", "Lambda.AWSLambdaException")
    finally:
        platform.grant("invoke", allow("lambda:InvokeFunction", platform.function))
    assert platform.run(machine)["status"] == "SUCCEEDED"


def test_retry_and_catch_match_the_exceptions_name(platform: Platform) -> None:
    retry = {
        "ErrorEquals": ["TooBigError"],
        "IntervalSeconds": 60,
        "MaxDelaySeconds": 1,
        "MaxAttempts": 1,
        "JitterStrategy": "FULL",
    }
    states = {
        "work": platform.task(
            "raise",
            Retry=[{"ErrorEquals": ["OtherError"], "IntervalSeconds": 60}, retry],
            Catch=[
                {"ErrorEquals": ["OtherError"], "Next": "wrong"},
                {"ErrorEquals": ["TooBigError"], "ResultPath": "$.error", "Next": "caught"},
            ],
            End=True,
        ),
        "wrong": {"Type": "Fail"},
        "caught": {"Type": "Succeed"},
    }
    ended = platform.run(platform.machine(states))
    assert ended["status"] == "SUCCEEDED"
    error = json.loads(ended["output"])["error"]
    assert error["Error"] == "TooBigError"
    assert json.loads(error["Cause"])["errorMessage"] == "no"
    history = platform.machines.get_execution_history(executionArn=ended["executionArn"])
    kinds = [event["type"] for event in history["events"]]
    assert kinds.count("TaskFailed") == 2


def test_a_killed_worker_fails_its_task_as_a_crash(platform: Platform) -> None:
    states = {
        "work": platform.task(
            "exit",
            Catch=[
                {"ErrorEquals": ["Runtime.ExitError"], "ResultPath": "$.error", "Next": "caught"}
            ],
            End=True,
        ),
        "caught": {"Type": "Succeed"},
    }
    assert platform.run(platform.machine(states))["status"] == "SUCCEEDED"


def test_each_branch_of_a_parallel_sees_its_own_state(platform: Platform) -> None:
    branches = [
        {
            "StartAt": f"first{number}",
            "States": {
                f"first{number}": platform.task(Next=f"second{number}"),
                f"second{number}": platform.task(End=True),
            },
        }
        for number in range(4)
    ]
    fork = {"Type": "Parallel", "Branches": branches, "ResultPath": "$.branches", "End": True}
    ended = platform.run(platform.machine({"fork": fork}))
    found = [branch["last"] for branch in json.loads(ended["output"])["branches"]]
    assert [last["state"] for last in found] == [f"second{number}" for number in range(4)]
    assert {last["execution"] for last in found} == {ended["executionArn"]}


def test_a_choice_and_a_wait_until_a_timestamp_work(platform: Platform) -> None:
    states = {
        "wait": {"Type": "Wait", "TimestampPath": "$.until", "Next": "choose"},
        "choose": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.way", "StringEquals": "left", "Next": "left"}],
            "Default": "right",
        },
        "left": {"Type": "Succeed"},
        "right": {"Type": "Fail", "Error": "WentRightError"},
    }
    machine = platform.machine(states)
    moment = time.time() + 1
    until_text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
    assert platform.run(machine, until=until_text, way="left")["status"] == "SUCCEEDED"
    assert time.time() >= int(moment)
    assert platform.run(machine, until=until_text, way="other")["error"] == "WentRightError"


def test_only_standard_executions_start_idempotently(platform: Platform) -> None:
    wait = {"wait": {"Type": "Wait", "Seconds": 5, "End": True}}
    machine = platform.machine(wait)
    first = platform.start(machine, "one", number=1)
    assert platform.start(machine, "one", number=1)["executionArn"] == first["executionArn"]
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        platform.start(machine, "one", number=2)
    platform.machines.stop_execution(executionArn=first["executionArn"])
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        platform.start(machine, "one", number=1)

    express = platform.machine(wait, "EXPRESS")
    arns = {platform.start(express, "one", number=1)["executionArn"] for _ in range(2)}
    assert len(arns) == 2
    assert all(":express:" in arn for arn in arns)
    with pytest.raises(ClientError, match="InvalidArn"):
        platform.machines.describe_execution(executionArn=arns.pop())


def test_an_express_machine_runs_again_for_each_start_under_one_name(
    stack: Stack, platform: Platform
) -> None:
    noted = stack.aws("dynamodb")
    noted.create_table(
        TableName=platform.name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    states = {
        "pause": {"Type": "Wait", "Seconds": 1, "Next": "note"},
        "note": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {
                "TableName": platform.name,
                "Item": {"pk": {"S.$": "$$.Execution.Id"}, "name": {"S.$": "$$.Execution.Name"}},
            },
            "End": True,
        },
    }
    machine = platform.machine(states, "EXPRESS")

    def walked() -> dict[str, str]:
        items = noted.scan(TableName=platform.name, ConsistentRead=True)["Items"]
        return {item["pk"]["S"]: item["name"]["S"] for item in items}

    in_parallel = [platform.start(machine, "one")["executionArn"] for _ in range(2)]
    assert walked() == {}
    assert until(walked, lambda found: len(found) == 2) == dict.fromkeys(in_parallel, "one")
    again = platform.start(machine, "one")["executionArn"]
    assert until(walked, lambda found: len(found) == 3) == dict.fromkeys(
        [*in_parallel, again], "one"
    )
    noted.delete_table(TableName=platform.name)


def test_a_stopped_execution_stays_aborted_while_its_branches_end(platform: Platform) -> None:
    branch = {
        "StartAt": "pause",
        "States": {
            "pause": {"Type": "Wait", "Seconds": 1, "Next": "work"},
            "work": platform.task("raise", End=True),
        },
    }
    machine = platform.machine({"fork": {"Type": "Parallel", "Branches": [branch], "End": True}})
    arn = platform.start(machine)["executionArn"]
    platform.machines.stop_execution(executionArn=arn, cause="enough")
    pause_is_over = time.monotonic() + 1.5
    while time.monotonic() < pause_is_over:
        assert platform.machines.describe_execution(executionArn=arn)["status"] == "ABORTED"
        time.sleep(0.1)


@pytest.mark.deep
def test_a_machine_timeout_ends_its_executions(platform: Platform) -> None:
    wait = {"wait": {"Type": "Wait", "Seconds": 30, "End": True}}
    assert platform.run(platform.machine(wait, TimeoutSeconds=1))["status"] == "TIMED_OUT"


def test_a_machine_repeats_a_task_until_a_flag_is_false(platform: Platform) -> None:
    page = platform.task(
        "page",
        ResultSelector={"page.$": "$.Payload.page", "more.$": "$.Payload.more"},
        ResultPath="$.last",
        TimeoutSeconds=20,
        Retry=[
            {
                "ErrorEquals": ["TooBigError"],
                "IntervalSeconds": 1,
                "BackoffRate": 2,
                "MaxAttempts": 2,
                "MaxDelaySeconds": 1,
                "JitterStrategy": "FULL",
            }
        ],
        Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "failed"}],
        Next="more",
    )
    page["Parameters"]["Payload"]["page.$"] = "$.last.page"
    states = {
        "page": page,
        "more": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.last.more", "BooleanEquals": True, "Next": "page"}],
            "Default": "done",
        },
        "done": {"Type": "Succeed"},
        "failed": {"Type": "Fail", "Error": "PageError", "CausePath": "$.error.Cause"},
    }
    machine = platform.machine(states)
    ended = platform.run(machine, last={"page": 0, "more": True})
    assert json.loads(ended["output"])["last"] == {"page": 3, "more": False}
    failed = platform.run(machine, last={"page": -1, "more": True})
    assert (failed["status"], failed["error"]) == ("FAILED", "PageError")
    assert "TooBigError" in failed["cause"]
    history = platform.machines.get_execution_history(executionArn=failed["executionArn"])
    assert [event["type"] for event in history["events"]].count("TaskFailed") == 3


@pytest.mark.deep
def test_a_task_that_takes_too_long_times_out(platform: Platform) -> None:
    states = {
        "work": platform.task(
            "sleep",
            TimeoutSeconds=1,
            Catch=[{"ErrorEquals": ["States.Timeout"], "ResultPath": "$.error", "Next": "late"}],
            End=True,
        ),
        "late": {"Type": "Succeed"},
    }
    ended = platform.run(platform.machine(states))
    assert json.loads(ended["output"])["error"]["Error"] == "States.Timeout"
