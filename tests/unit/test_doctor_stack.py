"""`runledger doctor`: the checks of a deployed stack, with answers in the shapes that AWS
documents."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from runledger.clock import MINUTE
from runledger.doctor.deployed import DeployedStack, StackChecks, find_stack
from runledger.doctor.findings import Finding, Level
from runledger.models.totals import Freshness
from runledger.store.freshness import FreshnessStore

from tests.support.stubbed_clients import StubbedClients

NOW = 1_795_338_000_000
STREAM = "arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/2026-11-29T00:00:00.000"
URL = "https://runs.acme.example"
STACK = DeployedStack(
    name="acme",
    status="UPDATE_COMPLETE",
    outputs={"TableName": "t", "ConsoleBucketName": "console", "ConsoleUrl": URL},
    parameters={},
    resources={
        "Tick": ("AWS::Lambda::Function", "acme-Tick"),
        "Query": ("AWS::Lambda::Function", "acme-Query"),
        "LostBatches": ("AWS::SQS::Queue", "https://sqs/batches"),
        "LostEvents": ("AWS::SQS::Queue", "https://sqs/events"),
        "ErrorsAlarm": ("AWS::CloudWatch::Alarm", "acme-ErrorsAlarm-1"),
        "AlarmTopic": ("AWS::SNS::Topic", "arn:aws:sns:eu-central-1:123456789012:acme"),
    },
)


@pytest.fixture
def clients() -> StubbedClients:
    return StubbedClients()


def found(
    clients: StubbedClients,
    check: Callable[[StackChecks], Callable[[], Iterable[Finding]]],
    stack: DeployedStack = STACK,
    answer: int | str = 200,
) -> list[tuple[Level, str]]:
    """Returns level and text of each finding."""
    checks = StackChecks(clients, stack, lambda: NOW, lambda url: answer, URL)
    run = check(checks)
    subject = next(each for each in checks.all() if each.run == run)
    return [(each.level, f"{each.said} {each.advice}") for each in subject.findings()]


def one(findings: list[tuple[Level, str]], level: Level, words: str) -> None:
    ((was, said),) = findings
    assert was == level
    assert words in said


@pytest.mark.parametrize(
    ("status", "level"),
    [
        ("CREATE_COMPLETE", Level.OK),
        ("UPDATE_COMPLETE", Level.OK),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Level.WARNING),
        ("UPDATE_ROLLBACK_COMPLETE", Level.PROBLEM),
        ("UPDATE_ROLLBACK_FAILED", Level.PROBLEM),
        ("DELETE_FAILED", Level.PROBLEM),
    ],
)
def test_the_status(clients: StubbedClients, status: str, level: Level) -> None:
    one(found(clients, lambda each: each.status, replace(STACK, status=status)), level, status)


def describe_table(clients: StubbedClients, **table: Any) -> None:
    described = {
        "TableStatus": "ACTIVE",
        "StreamSpecification": {"StreamEnabled": True},
        "LatestStreamArn": STREAM,
        **table,
    }
    clients.stub("dynamodb", "describe_table", {"Table": described})


@pytest.mark.parametrize(
    ("table", "expiry", "level", "words"),
    [
        ({}, "ENABLED", Level.OK, "t"),
        ({"TableStatus": "UPDATING"}, "ENABLING", Level.OK, "t"),
        ({"TableStatus": "ARCHIVED"}, "ENABLED", Level.PROBLEM, "ARCHIVED"),
        (
            {"StreamSpecification": {"StreamEnabled": False}},
            "ENABLED",
            Level.PROBLEM,
            "has no stream",
        ),
        ({}, "DISABLED", Level.PROBLEM, "expired"),
    ],
)
def test_the_table(
    clients: StubbedClients, table: dict[str, Any], expiry: str, level: Level, words: str
) -> None:
    describe_table(clients, **table)
    described = {"TimeToLiveDescription": {"TimeToLiveStatus": expiry}}
    clients.stub("dynamodb", "describe_time_to_live", described)
    one(found(clients, lambda each: each.table), level, words)


@pytest.mark.parametrize(("status", "level"), [("ENABLED", Level.OK), ("DISABLED", Level.WARNING)])
def test_the_backups(clients: StubbedClients, status: str, level: Level) -> None:
    described = {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status},
        }
    }
    clients.stub("dynamodb", "describe_continuous_backups", described)
    one(found(clients, lambda each: each.backups), level, "table")


def test_all_functions_are_active(clients: StubbedClients) -> None:
    for state in ("Active", "Inactive"):
        answer = {"State": state, "LastUpdateStatus": "Successful"}
        clients.stub("lambda", "get_function_configuration", answer)
    one(found(clients, lambda each: each.functions), Level.OK, "2 are active")


def test_a_function_that_failed_to_update_is_named(clients: StubbedClients) -> None:
    well = {"State": "Active", "LastUpdateStatus": "Successful"}
    ill = {"State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no layer"}
    clients.stub("lambda", "get_function_configuration", well)
    clients.stub("lambda", "get_function_configuration", ill)
    one(found(clients, lambda each: each.functions), Level.PROBLEM, "acme-Query: no layer")


@pytest.mark.parametrize(
    ("states", "result", "level", "words"),
    [
        (["Enabled", "Enabled"], "OK", Level.OK, "2 functions"),
        (["Enabled", "Disabled"], "OK", Level.PROBLEM, "1 of 2"),
        (["Enabled"], "OK", Level.PROBLEM, "1 of 2"),
        (["Enabled", "Enabled"], "PROBLEM: Function call failed", Level.WARNING, "call failed"),
    ],
)
def test_the_readers_of_the_stream(
    clients: StubbedClients, states: list[str], result: str, level: Level, words: str
) -> None:
    describe_table(clients)
    mappings = [{"State": state, "LastProcessingResult": "OK"} for state in states]
    mappings[0] |= {"LastProcessingResult": result, "FunctionArn": "arn:of:StartRuns"}
    clients.stub("lambda", "list_event_source_mappings", {"EventSourceMappings": mappings})
    one(found(clients, lambda each: each.readers), level, words)


@pytest.mark.parametrize(
    ("age", "level", "words"),
    [
        (MINUTE, Level.OK, "60 seconds ago"),
        (16 * MINUTE, Level.PROBLEM, "16 minutes old"),
        (None, Level.WARNING, "wait two minutes"),
    ],
)
def test_the_tick(
    clients: StubbedClients,
    monkeypatch: pytest.MonkeyPatch,
    age: int | None,
    level: Level,
    words: str,
) -> None:
    until = None if age is None else NOW - age
    monkeypatch.setattr(FreshnessStore, "read", lambda store, now: Freshness(None, until))
    one(found(clients, lambda each: each.tick), level, words)


@pytest.mark.parametrize(
    ("counts", "levels"),
    [
        ((0, 0), [Level.OK]),
        ((3, 0), [Level.PROBLEM]),
        ((1, 2), [Level.PROBLEM, Level.PROBLEM]),
    ],
)
def test_lost_work_is_a_problem(
    clients: StubbedClients, counts: tuple[int, int], levels: list[Level]
) -> None:
    for count in counts:
        answer = {"Attributes": {"ApproximateNumberOfMessages": str(count)}}
        clients.stub("sqs", "get_queue_attributes", answer)
    assert [level for level, _ in found(clients, lambda each: each.queues)] == levels


def test_a_raised_alarm_is_a_problem(clients: StubbedClients) -> None:
    raised = {"AlarmName": "acme-ErrorsAlarm-1", "StateReason": "3 errors"}
    clients.stub("cloudwatch", "describe_alarms", {"MetricAlarms": [raised]})
    one(found(clients, lambda each: each.alarms), Level.PROBLEM, "acme-ErrorsAlarm-1: 3 errors")
    clients.stub("cloudwatch", "describe_alarms", {"MetricAlarms": []})
    one(found(clients, lambda each: each.alarms), Level.OK, "1, none of them")


@pytest.mark.parametrize(
    ("subscription", "level", "words"),
    [
        ("arn:aws:sns:eu-central-1:123456789012:acme:1", Level.OK, "1 subscriptions"),
        ("PendingConfirmation", Level.WARNING, "ops@acme.example has not confirmed"),
        (None, Level.WARNING, "nobody"),
    ],
)
def test_the_mails_of_alarms(
    clients: StubbedClients, subscription: str | None, level: Level, words: str
) -> None:
    subscriptions = [
        {"SubscriptionArn": each, "Endpoint": "ops@acme.example"}
        for each in [subscription]
        if each is not None
    ]
    answer = {"Subscriptions": subscriptions}
    clients.stub("sns", "list_subscriptions_by_topic", answer)
    one(found(clients, lambda each: each.subscriptions), level, words)


def test_the_console_is_published(clients: StubbedClients) -> None:
    clients.stub("s3", "head_object", {})
    one(found(clients, lambda each: each.console), Level.OK, "published")
    clients.refuse("s3", "head_object", "404")
    one(found(clients, lambda each: each.console), Level.PROBLEM, "not published")
    clients.refuse("s3", "head_object", "403")
    one(found(clients, lambda each: each.console), Level.UNKNOWN, "403")


@pytest.mark.parametrize(
    ("answer", "level"), [(200, Level.OK), (503, Level.PROBLEM), ("no answer", Level.PROBLEM)]
)
def test_the_api(clients: StubbedClients, answer: int | str, level: Level) -> None:
    one(found(clients, lambda each: each.api, answer=answer), level, f"{URL}/v1/health")


def test_a_stack_is_found_with_its_resources(clients: StubbedClients) -> None:
    described = {
        "StackName": "acme",
        "CreationTime": "2026-11-29T00:00:00Z",
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": [{"OutputKey": "TableName", "OutputValue": "t"}],
        "Parameters": [{"ParameterKey": "SenderEmail", "ParameterValue": "a@acme.example"}],
    }
    resource = {
        "LogicalResourceId": "Tick",
        "PhysicalResourceId": "acme-Tick",
        "ResourceType": "AWS::Lambda::Function",
        "ResourceStatus": "CREATE_COMPLETE",
        "LastUpdatedTimestamp": "2026-11-29T00:00:00Z",
    }
    clients.stub("cloudformation", "describe_stacks", {"Stacks": [described]})
    answer = {"StackResourceSummaries": [resource]}
    clients.stub("cloudformation", "list_stack_resources", answer)
    stack = find_stack(clients, "acme")
    assert stack is not None
    assert stack.of_type("AWS::Lambda::Function") == ["acme-Tick"]
    assert (stack.outputs, stack.parameters) == (
        {"TableName": "t"},
        {"SenderEmail": "a@acme.example"},
    )


def test_no_stack_is_found(clients: StubbedClients) -> None:
    clients.refuse("cloudformation", "describe_stacks", "ValidationError")
    assert find_stack(clients, "acme") is None
