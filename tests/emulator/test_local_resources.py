"""Schedules, event buses and static machines as a template declares them, deployed with IAM
enforced."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.emulator.test_local_platform import until
from tests.support.stack import Stack

HANDLER = """
import boto3, json, os

def handler(event, context):
    if "put" in event:
        answer = boto3.client("events").put_events(Entries=event["put"])
        return answer["FailedEntryCount"]
    if "page" in event:
        return {"page": event["page"] + 1, "more": event["page"] < 2}
    told = {"told": os.environ["AWS_LAMBDA_FUNCTION_NAME"], "event": event}
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(told))
    if event.get("detail", {}).get("raise"):
        raise ValueError("no")
"""
PAGES = {
    "StartAt": "page",
    "States": {
        "page": {
            "Type": "Task",
            "Resource": "${Function}",
            "Parameters": {"page.$": "$.last.page"},
            "ResultPath": "$.last",
            "Next": "more",
        },
        "more": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.last.more", "BooleanEquals": True, "Next": "page"}],
            "Default": "done",
        },
        "done": {"Type": "Succeed"},
    },
}


def allow(action: str, resource: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


def get(name: str, attribute: str = "Arn") -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def rule(pattern: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = {"EventBusName": ref("Bus"), "Pattern": {"source": ["runledger"], **pattern}}
    return {"Type": "EventBridgeRule", "Properties": {**properties, **more}}


def function(*policies: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "InlineCode": HANDLER,
            "Timeout": 10,
            "Environment": {"Variables": {"QUEUE": ref("Told")}},
            "Policies": list(policies),
            **more,
        },
    }


LISTENING = {
    "ended": rule(
        {
            "detail-type": ["run.completed", {"prefix": "run.can"}],
            "detail": {
                "hasDownstream": [True],
                "test": [{"exists": False}],
                "automationId": [{"anything-but": ["aut_x"]}],
            },
        },
        RetryPolicy={"MaximumRetryAttempts": 8, "MaximumEventAgeInSeconds": 3600},
        DeadLetterConfig={"Arn": get("Lost")},
    ),
    "deliveries": rule({"detail-type": ["delivery.failed"]}),
}
TEMPLATE = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "Told": {"Type": "AWS::SQS::Queue"},
        "Lost": {"Type": "AWS::SQS::Queue"},
        "Bus": {
            "Type": "AWS::Events::EventBus",
            "Properties": {"Name": {"Fn::Sub": "${AWS::StackName}-events"}},
        },
        "Group": {
            "Type": "AWS::Scheduler::ScheduleGroup",
            "Properties": {"Name": {"Fn::Sub": "${AWS::StackName}-dates"}},
        },
        "SchedulerRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "scheduler.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
                "Policies": [
                    {
                        "PolicyName": "start",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            **allow("states:StartExecution", ref("Pages")),
                        },
                    }
                ],
            },
        },
        "Daily": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": "daily",
                "GroupName": ref("Group"),
                "ScheduleExpression": "cron(0 9 1 7 ? 2030)",
                "ScheduleExpressionTimezone": "Europe/Berlin",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": ref("Pages"),
                    "RoleArn": get("SchedulerRole"),
                    "Input": '{"at": "<aws.scheduler.scheduled-time>", "last": {"page": 0}}',
                },
            },
        },
        "Pages": {
            "Type": "AWS::Serverless::StateMachine",
            "Properties": {
                "Definition": PAGES,
                "DefinitionSubstitutions": {"Function": get("Page")},
                "Policies": [{"LambdaInvokePolicy": {"FunctionName": ref("Page")}}],
            },
        },
        "Page": function(),
        "Put": function(allow("events:PutEvents", get("Bus"))),
        "Listen": function(allow("sqs:SendMessage", get("Told")), Events=LISTENING),
        "Fail": function(
            allow("sqs:SendMessage", [get("Told"), get("Lost")]),
            EventInvokeConfig={
                "MaximumRetryAttempts": 1,
                "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": get("Lost")}},
            },
            Events={"failing": rule({"detail": {"raise": [True]}})},
        ),
    },
}


class Deployed:
    """The template, deployed as a separate stack beside the tested one."""

    def __init__(self, stack: Stack) -> None:
        self.name = f"probe-{uuid4().hex[:8]}"
        self.stack = stack
        self._stacks, self._queues = stack.aws("cloudformation"), stack.aws("sqs")
        self._stacks.create_stack(
            StackName=self.name,
            TemplateBody=json.dumps(TEMPLATE),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        self._until("CREATE_COMPLETE")

    def close(self) -> None:
        self._stacks.delete_stack(StackName=self.name)

    def update(self, template: dict[str, Any]) -> None:
        self._stacks.update_stack(
            StackName=self.name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        self._until("UPDATE_COMPLETE")

    def physical(self, logical_id: str) -> str:
        answer = self._stacks.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])

    def put(self, *events: tuple[str, dict[str, Any]], bus: str | None = None) -> Any:
        """Calls PutEvents with the function's role; returns the number of failed entries, or the
        error."""
        entries = [
            {
                "EventBusName": bus or self.physical("Bus"),
                "Source": "runledger",
                "DetailType": kind,
                "Detail": json.dumps(detail),
            }
            for kind, detail in events
        ]
        answer = self.stack.aws("lambda").invoke(
            FunctionName=self.physical("Put"), Payload=json.dumps({"put": entries})
        )
        return json.loads(answer["Payload"].read())

    def received(self, queue: str, count: int) -> list[dict[str, Any]]:
        """Takes this many messages from a queue and returns their bodies."""
        url, found = self.physical(queue), list[dict[str, Any]]()

        def receive() -> list[dict[str, Any]]:
            answer = self._queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                self._queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
            return found

        until(receive, lambda messages: len(messages) >= count)
        return found

    def _until(self, status: str) -> None:
        until(
            lambda: self._stacks.describe_stacks(StackName=self.name)["Stacks"][0],
            lambda stack: stack["StackStatus"] == status,
            seconds=40,
        )


@pytest.fixture(scope="module")
def deployed(stack: Stack) -> Iterator[Deployed]:
    deployed = Deployed(stack)
    yield deployed
    deployed.close()


def test_a_custom_bus_delivers_events_by_its_rules(deployed: Deployed) -> None:
    wanted = {"hasDownstream": True, "automationId": "aut_1"}
    failed = deployed.put(
        ("run.completed", {**wanted, "n": 1}),
        ("run.completed", {**wanted, "n": 2, "hasDownstream": False}),
        ("run.completed", {**wanted, "n": 3, "hasDownstream": "true"}),
        ("run.completed", {**wanted, "n": 4, "test": True}),
        ("run.completed", {**wanted, "n": 5, "automationId": "aut_x"}),
        ("run.started", {**wanted, "n": 6}),
        ("run.canceled", {**wanted, "n": 7}),
        ("delivery.failed", {"n": 8}),
    )
    assert failed == 0
    told = {each["event"]["detail"]["n"]: each["event"] for each in deployed.received("Told", 3)}
    assert sorted(told) == [1, 7, 8]
    assert told[1]["detail-type"] == "run.completed"
    assert told[1]["source"] == "runledger"
    assert told[1]["id"] != told[7]["id"]


def test_putting_events_is_allowed_only_on_that_bus(deployed: Deployed) -> None:
    denied = deployed.put(("run.completed", {}), bus="default")
    assert "AccessDenied" in denied["errorMessage"]


def test_a_failing_function_is_retried_and_then_reported_to_its_destination(
    deployed: Deployed,
) -> None:
    assert deployed.put(("any", {"raise": True})) == 0
    assert [each["event"]["detail"] for each in deployed.received("Told", 2)] == [
        {"raise": True}
    ] * 2
    [lost] = deployed.received("Lost", 1)
    assert lost["requestPayload"]["detail"] == {"raise": True}


def test_a_schedule_keeps_its_zone_and_its_machine_can_page(deployed: Deployed) -> None:
    scheduler, machines = deployed.stack.aws("scheduler"), deployed.stack.aws("stepfunctions")
    group, machine = deployed.physical("Group"), deployed.physical("Pages")
    schedule = scheduler.get_schedule(Name="daily", GroupName=group)
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert schedule["Target"]["Arn"] == machine

    changed = json.loads(json.dumps(TEMPLATE))
    changed["Resources"]["Daily"]["Properties"]["ScheduleExpressionTimezone"] = "Asia/Tokyo"
    deployed.update(changed)
    schedule = scheduler.get_schedule(Name="daily", GroupName=group)
    assert schedule["ScheduleExpressionTimezone"] == "Asia/Tokyo"

    arn = machines.start_execution(
        stateMachineArn=machine, input=json.dumps({"last": {"page": 0}})
    )["executionArn"]
    ended = until(
        lambda: machines.describe_execution(executionArn=arn),
        lambda execution: execution["status"] != "RUNNING",
    )
    assert json.loads(ended["output"]) == {"last": {"page": 3, "more": False}}


def test_an_event_for_a_missing_function_goes_to_the_dead_letter_queue(
    deployed: Deployed,
) -> None:
    events = deployed.stack.aws("events")
    bus, queue = deployed.physical("Bus"), deployed.physical("Lost")
    attributes = deployed.stack.aws("sqs").get_queue_attributes(
        QueueUrl=queue, AttributeNames=["QueueArn"]
    )["Attributes"]
    pattern = json.dumps({"detail-type": ["to.nobody"]})
    events.put_rule(Name="nobody", EventBusName=bus, EventPattern=pattern)
    arn = deployed.stack.aws("lambda").get_function(FunctionName=deployed.physical("Page"))
    gone = arn["Configuration"]["FunctionArn"] + "-gone"
    events.put_targets(
        Rule="nobody",
        EventBusName=bus,
        Targets=[{"Id": "one", "Arn": gone, "DeadLetterConfig": {"Arn": attributes["QueueArn"]}}],
    )
    assert deployed.put(("to.nobody", {"n": 9})) == 0
    [lost] = deployed.received("Lost", 1)
    assert lost["detail"] == {"n": 9}
    events.remove_targets(Rule="nobody", EventBusName=bus, Ids=["one"])
    events.delete_rule(Name="nobody", EventBusName=bus)
