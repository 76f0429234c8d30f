"""How the local stack reads a DynamoDB stream: soon, filtered, and with partial failures."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.emulator.test_local_platform import ASSUME, until
from tests.support.stack import Stack

HANDLER = """
import boto3, os, time

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def handler(event, context):
    failures = []
    for record in event["Records"]:
        key = record["dynamodb"]["Keys"]["pk"]["S"]
        sequence = record["dynamodb"]["SequenceNumber"]
        seen = table.update_item(
            Key={"pk": "seen-" + key},
            UpdateExpression="SET #at = if_not_exists(#at, :now) ADD tries :one",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={":one": 1, ":now": int(time.time() * 1000)},
            ReturnValues="ALL_NEW",
        )["Attributes"]
        if key == "flaky" and seen["tries"] < 3 or key == "poison":
            failures.append({"itemIdentifier": sequence})
    return {"batchItemFailures": failures}
"""


class Stream:
    """A table, a queue for lost batches, and a function between them."""

    def __init__(self, stack: Stack) -> None:
        self.name = f"stream-{uuid4().hex[:8]}"
        self.dynamodb, self.functions = stack.aws("dynamodb"), stack.aws("lambda")
        self.iam, self.sqs = stack.aws("iam"), stack.aws("sqs")
        self.queue = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        table = self.dynamodb.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]
        role = self.iam.create_role(
            RoleName=self.name, AssumeRolePolicyDocument=json.dumps(ASSUME)
        )["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        self.iam.put_role_policy(
            RoleName=self.name,
            PolicyName="all",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("handler.py", HANDLER)
        self.functions.create_function(
            FunctionName=self.name,
            Runtime="python3.13",
            Role=role,
            Handler="handler.handler",
            Code={"ZipFile": archive.getvalue()},
            Timeout=10,
            Environment={"Variables": {"TABLE": self.name}},
        )
        queue_arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        pattern = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["WANTED"]}}}}
        self.mapping = self.functions.create_event_source_mapping(
            FunctionName=self.name,
            EventSourceArn=table["LatestStreamArn"],
            StartingPosition="TRIM_HORIZON",
            MaximumRetryAttempts=3,
            BisectBatchOnFunctionError=True,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]},
            DestinationConfig={"OnFailure": {"Destination": queue_arn["Attributes"]["QueueArn"]}},
        )["UUID"]

    def close(self) -> None:
        self.functions.delete_event_source_mapping(UUID=self.mapping)
        self.functions.delete_function(FunctionName=self.name)
        self.dynamodb.delete_table(TableName=self.name)
        self.sqs.delete_queue(QueueUrl=self.queue)
        self.iam.delete_role_policy(RoleName=self.name, PolicyName="all")
        self.iam.delete_role(RoleName=self.name)

    def put(self, key: str, kind: str = "WANTED") -> None:
        self.dynamodb.put_item(TableName=self.name, Item={"pk": {"S": key}, "kind": {"S": kind}})

    def seen(self, key: str) -> dict[str, int]:
        """`{tries, at}` of what the function saw of a key; `at` is epoch milliseconds."""
        item = self.dynamodb.get_item(TableName=self.name, Key={"pk": {"S": f"seen-{key}"}})
        values: dict[str, Any] = item.get("Item", {})
        return {name: int(value["N"]) for name, value in values.items() if "N" in value}


@pytest.fixture(scope="module")
def stream(stack: Stack) -> Iterator[Stream]:
    stream = Stream(stack)
    stream.put("warm-up")
    until(lambda: stream.seen("warm-up"), bool)
    yield stream
    stream.close()


def test_a_record_reaches_the_function_within_half_a_second(stream: Stream) -> None:
    written = time.time() * 1_000
    stream.put("quick")
    seen = until(lambda: stream.seen("quick"), bool)
    assert seen["at"] - written < 500


def test_the_filter_keeps_other_records_away(stream: Stream) -> None:
    stream.put("unwanted", kind="OTHER")
    stream.put("after-unwanted")
    until(lambda: stream.seen("after-unwanted"), bool)
    assert stream.seen("unwanted") == {}


def test_a_reported_failure_is_tried_again_and_what_follows_it_is_not_lost(
    stream: Stream,
) -> None:
    stream.put("flaky")
    stream.put("after-flaky")
    until(lambda: stream.seen("after-flaky"), bool)
    assert until(lambda: stream.seen("flaky"), lambda seen: seen.get("tries") == 3)


def test_a_poison_record_goes_to_the_queue_and_does_not_block(stream: Stream) -> None:
    stream.put("poison")
    stream.put("after-poison")
    until(lambda: stream.seen("after-poison"), bool)
    message = until(
        lambda: stream.sqs.receive_message(QueueUrl=stream.queue).get("Messages", []), bool
    )[0]
    lost = json.loads(message["Body"])
    assert lost["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert lost["DDBStreamBatchInfo"]["batchSize"] == 1
    # One more where the batch held the next record too: a bisection is not a retry.
    assert stream.seen("poison")["tries"] in (4, 5)
