"""EventBridge Scheduler on the local stack: what fires, when, with which input, and who may change
it."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from botocore.exceptions import ClientError

from local.schedule_endpoint import FIRE_PATH, LIST_PATH
from tests.emulator.test_local_platform import until
from tests.support.stack import Stack

# Writes its event to the queue; with `call`, calls the Scheduler with its own role.
HANDLER = """
import boto3, json, os
from botocore.exceptions import ClientError

def handler(event, context):
    if "call" in event:
        try:
            getattr(boto3.client("scheduler"), event["call"])(**event["with"])
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "done"
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""
SERVICES = ["lambda.amazonaws.com", "states.amazonaws.com", "scheduler.amazonaws.com"]
INPUT = (
    '{"at": "<aws.scheduler.scheduled-time>", "arn": "<aws.scheduler.schedule-arn>", '
    '"id": "<aws.scheduler.execution-id>", "try": "<aws.scheduler.attempt-number>"}'
)
YEARLY = "cron(0 9 1 1 ? *)"


def policy(*statements: tuple[str | list[str], str | list[str]]) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": action, "Resource": resource}
                for action, resource in statements
            ],
        }
    )


class Bench:
    """A schedule group, a queue, a function that writes to the queue, and a machine."""

    def __init__(self, stack: Stack) -> None:
        self.name = f"schedules-{uuid4().hex[:8]}"
        self._endpoint = stack.aws_endpoint
        self.scheduler, self.iam = stack.aws("scheduler"), stack.aws("iam")
        self.functions, self.sqs = stack.aws("lambda"), stack.aws("sqs")
        self.machines = stack.aws("stepfunctions")
        group = self.scheduler.create_schedule_group(Name=self.name)["ScheduleGroupArn"]
        self.queue, self.queue_arn = self._queue(self.name)
        self.lost, self.lost_arn = self._queue(f"{self.name}-lost")
        self.function_role = self.role("function", policy(("sqs:SendMessage", self.queue_arn)))
        self.function = self.functions.create_function(
            FunctionName=self.name,
            Runtime="python3.13",
            Role=self.function_role,
            Handler="handler.handler",
            Code={"ZipFile": _archive()},
            Timeout=10,
            Environment={"Variables": {"QUEUE": self.queue}},
        )["FunctionArn"]
        definition = {"StartAt": "done", "States": {"done": {"Type": "Succeed"}}}
        self.machine = self.machines.create_state_machine(
            name=self.name, definition=json.dumps(definition), roleArn=self.function_role
        )["stateMachineArn"]
        self.target_role = self.role(
            "target",
            policy(
                ("lambda:InvokeFunction", self.function),
                ("states:StartExecution", self.machine),
                ("sqs:SendMessage", self.lost_arn),
            ),
            {"ArnEquals": {"aws:SourceArn": group}},
        )

    def close(self) -> None:
        self.scheduler.delete_schedule_group(Name=self.name)
        self.machines.delete_state_machine(stateMachineArn=self.machine)
        self.functions.delete_function(FunctionName=self.name)
        for kind in ("function", "target"):
            role = f"{self.name}-{kind}"
            self.iam.delete_role_policy(RoleName=role, PolicyName="only")
            self.iam.delete_role(RoleName=role)
        for url in (self.queue, self.lost):
            self.sqs.delete_queue(QueueUrl=url)

    def role(
        self, kind: str, document: str, condition: dict[str, dict[str, str]] | None = None
    ) -> str:
        name = f"{self.name}-{kind}"
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": SERVICES},
            "Action": "sts:AssumeRole",
            **({"Condition": condition} if condition else {}),
        }
        arn: str = self.iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]["Arn"]
        self.grant(kind, document)
        return arn

    def grant(self, kind: str, document: str) -> None:
        """Makes `document` the only policy of the role of this kind."""
        self.iam.put_role_policy(
            RoleName=f"{self.name}-{kind}", PolicyName="only", PolicyDocument=document
        )

    def schedule(self, name: str, expression: str = YEARLY, **changes: Any) -> dict[str, Any]:
        """Returns the arguments of CreateSchedule and UpdateSchedule."""
        target = {"Arn": self.function, "RoleArn": self.target_role, "Input": INPUT}
        return {
            "Name": name,
            "GroupName": self.name,
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            **changes,
            "Target": {**target, **changes.get("Target", {})},
        }

    def create(self, name: str, expression: str = YEARLY, **changes: Any) -> None:
        self.scheduler.create_schedule(**self.schedule(name, expression, **changes))

    def update(self, name: str, expression: str = YEARLY, **changes: Any) -> None:
        self.scheduler.update_schedule(**self.schedule(name, expression, **changes))

    def delete(self, name: str) -> None:
        self.scheduler.delete_schedule(Name=name, GroupName=self.name)

    def fire(self, name: str, **asked: str) -> httpx.Response:
        asked = {"group": self.name, "name": name, **asked}
        return httpx.post(self._endpoint + FIRE_PATH, json=asked, timeout=20)

    def next_fire(self, name: str) -> str | None:
        listed = httpx.get(self._endpoint + LIST_PATH).raise_for_status().json()
        [found] = [each for each in listed if (each["group"], each["name"]) == (self.name, name)]
        at: str | None = found["nextFire"]
        return at

    def received(self, url: str, holds: Callable[[Any], bool] = bool) -> list[dict[str, Any]]:
        """Takes the messages from a queue and returns them as soon as `holds` is true for them."""
        found: list[dict[str, Any]] = []

        def receive() -> list[dict[str, Any]]:
            answer = self.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
            )
            for message in answer.get("Messages", []):
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(message)
            return found

        until(receive, holds)
        return found

    def call(self, operation: str, **arguments: Any) -> Any:
        """Calls the Scheduler with the function's role; returns the error code, or "done"."""
        event = {"call": operation, "with": arguments}
        answer = self.functions.invoke(FunctionName=self.name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    def _queue(self, name: str) -> tuple[str, str]:
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, answer["Attributes"]["QueueArn"]


def _archive() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("handler.py", HANDLER)
    return archive.getvalue()


def soon(seconds: float = 2) -> str:
    """Returns an `at` expression in whole seconds, which leaves enough time to create the schedule
    first."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return f"at({at:%Y-%m-%dT%H:%M:%S})"


@pytest.fixture(scope="module")
def bench(stack: Stack) -> Iterator[Bench]:
    bench = Bench(stack)
    yield bench
    bench.close()


def test_a_fire_carries_its_scheduled_time_arn_id_and_attempt(bench: Bench) -> None:
    bench.create("carries")
    answer = bench.fire("carries", scheduledTime="2026-10-25T01:30:00Z")
    assert answer.status_code == 200, answer.text
    [message] = bench.received(bench.queue)
    assert json.loads(message["Body"]) == {
        "at": "2026-10-25T01:30:00Z",
        "arn": bench.scheduler.get_schedule(Name="carries", GroupName=bench.name)["Arn"],
        "id": answer.json()["executionId"],
        "try": "1",
    }


def test_the_next_fire_is_in_the_schedules_own_zone(bench: Bench) -> None:
    bench.create("berlin", "cron(0 9 1 7 ? 2030)", ScheduleExpressionTimezone="Europe/Berlin")
    assert bench.next_fire("berlin") == "2030-07-01T07:00:00Z"
    bench.update("berlin", "cron(0 9 1 1 ? 2030)", ScheduleExpressionTimezone="Europe/Berlin")
    assert bench.next_fire("berlin") == "2030-01-01T08:00:00Z"
    bench.update("berlin", "cron(0 9 1 1 ? 2030)", State="DISABLED")
    assert bench.next_fire("berlin") is None


def test_a_recreated_one_time_schedule_fires_again(bench: Bench) -> None:
    for number in range(2):
        bench.create("again", soon(), Target={"Input": f'{{"number": {number}}}'})
        [message] = bench.received(bench.queue)
        assert json.loads(message["Body"]) == {"number": number}
        bench.delete("again")


def test_a_schedule_is_deleted_after_completion_if_configured(bench: Bench) -> None:
    bench.create("once", soon(), ActionAfterCompletion="DELETE")
    bench.received(bench.queue)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        bench.scheduler.get_schedule(Name="once", GroupName=bench.name)


def test_a_changed_disabled_or_deleted_schedule_does_not_fire(bench: Bench) -> None:
    later = soon(3)
    for name in ("changed", "disabled", "deleted"):
        bench.create(name, later, Target={"Input": f'{{"name": "{name}"}}'})
    bench.update("changed")
    bench.update("disabled", later, State="DISABLED")
    bench.delete("deleted")
    bench.create("marker", soon(4), Target={"Input": '{"name": "marker"}'})
    [message] = bench.received(bench.queue)
    assert json.loads(message["Body"]) == {"name": "marker"}
    assert bench.fire("disabled").status_code == 409
    assert bench.fire("deleted").status_code == 404


@pytest.mark.deep
def test_a_rate_fires_between_its_start_and_end_date(bench: Bench) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    bench.create(
        "rate",
        "rate(1 minute)",
        StartDate=start,
        EndDate=start + timedelta(seconds=90),
        Target={"Input": '{"at": "<aws.scheduler.scheduled-time>"}'},
    )
    [message] = bench.received(bench.queue)
    assert json.loads(message["Body"]) == {"at": f"{start:%Y-%m-%dT%H:%M:%SZ}"}
    assert bench.next_fire("rate") == f"{start + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    bench.delete("rate")


def test_each_fire_starts_an_execution_with_the_input(bench: Bench) -> None:
    bench.create("machine", Target={"Arn": bench.machine})
    for _ in range(2):
        assert bench.fire("machine", scheduledTime="2026-07-01T07:00:00Z").status_code == 200
    executions = bench.machines.list_executions(stateMachineArn=bench.machine)["executions"]
    assert len(executions) == 2
    arn = executions[0]["executionArn"]
    given = json.loads(bench.machines.describe_execution(executionArn=arn)["input"])
    assert given["at"] == "2026-07-01T07:00:00Z"


def test_the_universal_target_names_the_execution(bench: Bench) -> None:
    asked = {
        "StateMachineArn": bench.machine,
        "Name": "daily-<aws.scheduler.execution-id>",
        "Input": '{"at": "<aws.scheduler.scheduled-time>"}',
    }
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sfn:startExecution", "Input": json.dumps(asked)}
    bench.create("universal", Target=target)
    fired = bench.fire("universal", scheduledTime="2026-07-01T07:00:00Z")
    name = f"daily-{fired.json()['executionId']}"
    arn = f"{bench.machine.replace(':stateMachine:', ':execution:')}:{name}"
    given = bench.machines.describe_execution(executionArn=arn)["input"]
    assert json.loads(given) == {"at": "2026-07-01T07:00:00Z"}


def test_a_fire_of_a_forbidden_target_goes_to_the_dead_letter_queue(bench: Bench) -> None:
    missing = bench.machine + "-missing"
    lost = {"DeadLetterConfig": {"Arn": bench.lost_arn}}
    bench.create("forbidden", Target={"Arn": missing, **lost})
    answer = bench.fire("forbidden")
    assert answer.status_code == 502
    [message] = bench.received(bench.lost)
    attributes = {
        name: value["StringValue"] for name, value in message["MessageAttributes"].items()
    }
    assert attributes["ERROR_CODE"] == "AccessDeniedException"
    assert attributes["TARGET_ARN"] == missing
    assert attributes["EXECUTION_ID"] == json.loads(message["Body"])["id"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"expression": "cron(0 9 * * *)"}, "Invalid Schedule Expression"),
        ({"expression": "rate(0 days)"}, "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Europe/Nowhere"}, "Timezone"),
        ({"Target": {"Input": "{"}}, "valid JSON"),
        ({"Target": {"RoleArn": "arn:aws:iam::000000000000:role/nobody"}}, "assume the role"),
        ({"GroupName": "default"}, "assume the role"),
    ],
)
def test_a_schedule_that_aws_refuses_is_refused(
    bench: Bench, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        bench.create("bad", **changes)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_creating_a_schedule_needs_a_policy_and_the_right_to_pass_the_role(bench: Bench) -> None:
    _, _, _, region, account, _ = bench.queue_arn.split(":")
    mine = f"arn:aws:scheduler:{region}:{account}:schedule/{bench.name}/*"
    schedules = ("scheduler:*Schedule", mine)
    wanted = bench.schedule("by-policy")
    named = {"Name": "by-policy", "GroupName": bench.name}

    bench.grant("function", policy(("sqs:SendMessage", bench.queue_arn)))
    assert bench.call("create_schedule", **wanted) == "AccessDeniedException"
    bench.grant("function", policy(schedules))
    assert bench.call("create_schedule", **wanted) == "AccessDeniedException"
    bench.grant("function", policy(schedules, ("iam:PassRole", bench.function_role)))
    assert bench.call("create_schedule", **wanted) == "AccessDeniedException"

    bench.grant("function", policy(schedules, ("iam:PassRole", bench.target_role)))
    assert bench.call("create_schedule", **wanted) == "done"
    assert bench.call("update_schedule", **wanted) == "done"
    assert bench.call("get_schedule", **named) == "done"
    elsewhere = {**wanted, "GroupName": "default"}
    assert bench.call("create_schedule", **elsewhere) == "AccessDeniedException"
    assert bench.call("get_schedule", Name="by-policy") == "AccessDeniedException"
    assert bench.call("delete_schedule", **named) == "done"
    assert bench.call("get_schedule", **named) == "ResourceNotFoundException"
    bench.grant("function", policy(("sqs:SendMessage", bench.queue_arn)))
