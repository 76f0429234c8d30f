"""The local stack reads a DynamoDB stream like AWS: soon, filtered, and with partial failures."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from tests.emulator.test_local_platform import ASSUME, until
from tests.support.stack import Stack

HANDLER = """
import boto3, os, time

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
prefix = os.environ["SEEN"]

def held(record):
    key = record["dynamodb"]["Keys"]["pk"]["S"]
    return prefix != "seen-" and key.startswith("held-")

def released():
    return "Item" in table.get_item(Key={"pk": "release"}, ConsistentRead=True)

def handler(event, context):
    failures = []
    if any(held(record) for record in event["Records"]):
        by_waiting = "held-by-waiting" in str(event)
        while not released():
            if not by_waiting:
                raise RuntimeError("not yet")
            time.sleep(0.1)
    for record in event["Records"]:
        key = record["dynamodb"]["Keys"]["pk"]["S"]
        sequence = record["dynamodb"]["SequenceNumber"]
        seen = table.update_item(
            Key={"pk": prefix + key},
            UpdateExpression="SET #at = if_not_exists(#at, :now), gathered = :size ADD tries :one",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={
                ":one": 1, ":now": int(time.time() * 1000), ":size": len(event["Records"])
            },
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
        self._role, self._arn = role, table["LatestStreamArn"]
        self._mappings: dict[str, str] = {}
        queue_arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        self.consume(
            self.name,
            "seen-",
            "WANTED",
            StartingPosition="TRIM_HORIZON",
            MaximumRetryAttempts=3,
            BisectBatchOnFunctionError=True,
            DestinationConfig={"OnFailure": {"Destination": queue_arn["Attributes"]["QueueArn"]}},
        )

    def consume(self, name: str, prefix: str, *kinds: str, **mapping: Any) -> None:
        """Maps new items of these kinds to a function that notes them."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("handler.py", HANDLER)
        self.functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=self._role,
            Handler="handler.handler",
            Code={"ZipFile": archive.getvalue()},
            Timeout=10,
            Environment={"Variables": {"TABLE": self.name, "SEEN": prefix}},
        )
        image = {"kind": {"S": list(kinds)}}
        pattern = {"eventName": ["INSERT"], "dynamodb": {"NewImage": image}}
        self._mappings[name] = self.functions.create_event_source_mapping(
            FunctionName=name,
            EventSourceArn=self._arn,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]},
            **mapping,
        )["UUID"]

    def close(self) -> None:
        for name, mapping in self._mappings.items():
            self.functions.delete_event_source_mapping(UUID=mapping)
            self.functions.delete_function(FunctionName=name)
        self.dynamodb.delete_table(TableName=self.name)
        self.sqs.delete_queue(QueueUrl=self.queue)
        self.iam.delete_role_policy(RoleName=self.name, PolicyName="all")
        self.iam.delete_role(RoleName=self.name)

    def put(self, key: str, kind: str = "WANTED") -> None:
        self.dynamodb.put_item(TableName=self.name, Item={"pk": {"S": key}, "kind": {"S": kind}})

    def delete(self, key: str) -> None:
        self.dynamodb.delete_item(TableName=self.name, Key={"pk": {"S": key}})

    def seen(self, key: str, prefix: str = "seen-") -> dict[str, int]:
        """Returns what a function noted about an item: `tries`, `at` (the first try, in epoch
        milliseconds) and `gathered` (the number of records in the batch)."""
        item = self.dynamodb.get_item(TableName=self.name, Key={"pk": {"S": prefix + key}})
        values: dict[str, Any] = item.get("Item", {})
        return {name: int(value["N"]) for name, value in values.items() if "N" in value}


@pytest.fixture(scope="module")
def stream(stack: Stack) -> Iterator[Stream]:
    stream = Stream(stack)
    stream.put("warm-up")
    until(lambda: stream.seen("warm-up"), bool)
    yield stream
    stream.close()


@pytest.fixture(scope="module")
def other(stream: Stream) -> str:
    """Lets a second function read the same stream. Returns the prefix of the keys under which this
    function notes items."""
    stream.consume(
        f"{stream.name}-other",
        "other-",
        "WANTED",
        "EXTRA",
        StartingPosition="LATEST",
        MaximumBatchingWindowInSeconds=1,
    )
    return "other-"


def test_a_record_reaches_the_function_within_half_a_second(stream: Stream) -> None:
    took = []
    # Several, because other processes delay some of them.
    for number in range(5):
        written = time.time() * 1_000
        stream.put(f"quick-{number}")
        seen = until(partial(stream.seen, f"quick-{number}"), bool)
        took.append(seen["at"] - written)
    assert min(took) < 500, took


def test_the_filter_keeps_other_records_away(stream: Stream) -> None:
    stream.put("unwanted", kind="OTHER")
    stream.put("after-unwanted")
    until(lambda: stream.seen("after-unwanted"), bool)
    assert stream.seen("unwanted") == {}


def test_a_reported_failure_is_retried_and_later_records_are_not_lost(
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
    # Five if the batch also held the next record: splitting a batch is not a retry.
    assert stream.seen("poison")["tries"] in (4, 5)


def test_two_functions_read_one_stream_with_separate_filters(stream: Stream, other: str) -> None:
    stream.put("for-the-other", kind="EXTRA")
    stream.put("for-both")
    assert until(lambda: stream.seen("for-both"), bool)
    assert until(lambda: stream.seen("for-both", other), bool)
    assert stream.seen("for-the-other", other)["tries"] == 1
    assert stream.seen("for-the-other") == {}


@pytest.mark.parametrize("how", ["raising", "waiting"])
@pytest.mark.sampled(1)
def test_a_stuck_function_does_not_delay_the_other(stream: Stream, other: str, how: str) -> None:
    held, after = f"held-by-{how}", f"after-{how}"
    stream.put(held)
    stream.put(after)
    until(lambda: stream.seen(after), bool)
    assert stream.seen(held)["tries"] == 1
    assert stream.seen(after, other) == {}
    stream.put("release", kind="OTHER")
    assert until(lambda: stream.seen(after, other), bool)
    assert stream.seen(held, other)
    stream.delete("release")


def test_a_batching_window_collects_records(stream: Stream, other: str) -> None:
    for number in range(3):
        stream.put(f"gathered-{number}", kind="EXTRA")
    seen = until(lambda: stream.seen("gathered-0", other), bool)
    assert seen["gathered"] == 3
