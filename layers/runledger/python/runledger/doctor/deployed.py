"""Checks of a deployed stack: whether all of its parts are there and at work."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from runledger.clock import MINUTE, SECOND, Clock
from runledger.doctor.findings import Check, Clients, Finding, Level, code_of
from runledger.store.freshness import FreshnessStore
from runledger.store.table import DynamoTable

# What reads the table's stream.
READERS = 2
QUEUES = {
    "LostBatches": "batches of the stream",
    "LostEvents": "events, invocations or failed runs",
}
# Pulses come once a minute, at rest every tenth one, and pass through the stream in seconds.
_FRESH = 15 * MINUTE
_ALARMS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack as CloudFormation describes it; `resources` are `(type, physical id)` by logical
    id."""

    name: str
    status: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    resources: Mapping[str, tuple[str, str]]

    def of_type(self, type_: str) -> list[str]:
        return [physical for each, physical in self.resources.values() if each == type_]


def find_stack(client: Clients, name: str) -> DeployedStack | None:
    """Returns the stack, or None if there is none of this name."""
    cloudformation = client("cloudformation")
    try:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
        if code_of(error) == "ValidationError":
            return None
        raise
    resources = {}
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=name):
        for each in page["StackResourceSummaries"]:
            found = (each["ResourceType"], each.get("PhysicalResourceId", ""))
            resources[each["LogicalResourceId"]] = found
    return DeployedStack(
        name=name,
        status=stack["StackStatus"],
        outputs={each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])},
        parameters={
            each["ParameterKey"]: each.get("ParameterValue", "")
            for each in stack.get("Parameters", [])
        },
        resources=resources,
    )


@dataclass(frozen=True, slots=True)
class StackChecks:
    """The checks of one deployed stack. `get` returns the HTTP status of an address, or the reason
    why there is none."""

    client: Clients
    stack: DeployedStack
    clock: Clock
    get: Callable[[str], int | str]
    url: str

    def all(self) -> list[Check]:
        return [
            Check("stack", "cloudformation:DescribeStacks", self.status),
            Check("table", "dynamodb:DescribeTable", self.table),
            Check("backups", "dynamodb:DescribeContinuousBackups", self.backups),
            Check("functions", "lambda:GetFunctionConfiguration", self.functions),
            Check("stream", "lambda:ListEventSourceMappings", self.readers),
            Check("tick", "dynamodb:Query on the table", self.tick),
            Check("lost work", "sqs:GetQueueAttributes", self.queues),
            Check("alarms", "cloudwatch:DescribeAlarms", self.alarms),
            Check("alarm mails", "sns:ListSubscriptionsByTopic", self.subscriptions),
            Check("console", "s3:GetObject of the console's bucket", self.console),
            Check("API", "nothing", self.api),
        ]

    def status(self) -> Iterator[Finding]:
        name, status = self.stack.name, self.stack.status
        if status.endswith("_IN_PROGRESS"):
            yield Finding(Level.WARNING, "stack", f"{name} is {status}", "Wait until it is done.")
        elif "ROLLBACK" in status or "FAILED" in status:
            advice = "Read the stack's events in CloudFormation, and deploy again."
            yield Finding(Level.PROBLEM, "stack", f"{name} is {status}", advice)
        else:
            yield Finding(Level.OK, "stack", f"{name} is {status}")

    def table(self) -> Iterator[Finding]:
        dynamodb, name = self.client("dynamodb"), self.stack.outputs["TableName"]
        found = dynamodb.describe_table(TableName=name)["Table"]
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        problems = []
        if found["TableStatus"] not in ("ACTIVE", "UPDATING"):
            problems.append(f"is {found['TableStatus']}")
        if not found.get("StreamSpecification", {}).get("StreamEnabled", False):
            problems.append("has no stream, so no run starts at once")
        if expiry.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
            problems.append("deletes no expired rows")
        for problem in problems:
            advice = "Deploy the stack again: template.yaml sets this."
            yield Finding(Level.PROBLEM, "table", f"{name} {problem}", advice)
        if not problems:
            yield Finding(Level.OK, "table", name)

    def backups(self) -> Iterator[Finding]:
        name = self.stack.outputs["TableName"]
        found = self.client("dynamodb").describe_continuous_backups(TableName=name)
        recovery = found["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        if recovery.get("PointInTimeRecoveryStatus") == "ENABLED":
            yield Finding(Level.OK, "backups", "the table can be restored to any second")
        else:
            advice = "Switch point-in-time recovery of the table on, or deploy the stack again."
            yield Finding(Level.WARNING, "backups", "the table has none", advice)

    def functions(self) -> Iterator[Finding]:
        names = self.stack.of_type("AWS::Lambda::Function")
        well = 0
        for name in names:
            found = self.client("lambda").get_function_configuration(FunctionName=name)
            state = found.get("State", "Active")
            # A function that nobody has called for weeks is started by its next call.
            if state in ("Active", "Inactive") and found.get("LastUpdateStatus") != "Failed":
                well += 1
                continue
            reason = found.get("LastUpdateStatusReason") or found.get("StateReason") or state
            advice = "Deploy the stack again."
            yield Finding(Level.PROBLEM, "functions", f"{name}: {reason}", advice)
        if well == len(names):
            yield Finding(Level.OK, "functions", f"{well} are active")

    def readers(self) -> Iterator[Finding]:
        table = self.stack.outputs["TableName"]
        stream = (
            self.client("dynamodb").describe_table(TableName=table)["Table"].get("LatestStreamArn")
        )
        pages = self.client("lambda").get_paginator("list_event_source_mappings")
        found = [
            mapping
            for page in pages.paginate(EventSourceArn=stream or "")
            for mapping in page["EventSourceMappings"]
        ]
        enabled = [each for each in found if each["State"] in ("Enabled", "Updating", "Enabling")]
        if len(enabled) != READERS:
            said = f"{len(enabled)} of {READERS} functions read it"
            advice = "Enable the event source mappings of StartRuns and FollowChanges."
            yield Finding(Level.PROBLEM, "stream", said, advice)
            return
        failing = [
            each for each in enabled if "PROBLEM" in str(each.get("LastProcessingResult", ""))
        ]
        for mapping in failing:
            said = f"{mapping['FunctionArn']}: {mapping['LastProcessingResult']}"
            advice = "Look at that function's log."
            yield Finding(Level.WARNING, "stream", said, advice)
        if not failing:
            yield Finding(Level.OK, "stream", f"{READERS} functions read it")

    def tick(self) -> Iterator[Finding]:
        table = DynamoTable(self.client("dynamodb"), self.stack.outputs["TableName"])
        now = self.clock()
        until = FreshnessStore(table).read(now).until
        advice = "Look at the schedule and the log of Tick, and at the log of FollowChanges."
        if until is None:
            said = "the stream has not shown one yet; in a new stack, wait two minutes"
            yield Finding(Level.WARNING, "tick", said, advice)
        elif now - until > _FRESH:
            said = f"counts are {(now - until) // MINUTE} minutes old"
            yield Finding(Level.PROBLEM, "tick", said, advice)
        else:
            said = f"came through the stream {(now - until) // SECOND} seconds ago"
            yield Finding(Level.OK, "tick", said)

    def queues(self) -> Iterator[Finding]:
        is_empty = True
        for logical_id, what in QUEUES.items():
            attributes = self.client("sqs").get_queue_attributes(
                QueueUrl=self.stack.resources[logical_id][1],
                AttributeNames=["ApproximateNumberOfMessages"],
            )["Attributes"]
            count = int(attributes["ApproximateNumberOfMessages"])
            if count:
                is_empty = False
                advice = "docs/operations.md says how to handle them again."
                said = f"{count:,} {what} are in {logical_id}"
                yield Finding(Level.PROBLEM, "lost work", said, advice)
        if is_empty:
            yield Finding(Level.OK, "lost work", "none")

    def alarms(self) -> Iterator[Finding]:
        names = self.stack.of_type("AWS::CloudWatch::Alarm")
        raised: list[dict[str, Any]] = []
        for start in range(0, len(names), _ALARMS_AT_ONCE):
            found = self.client("cloudwatch").describe_alarms(
                AlarmNames=names[start : start + _ALARMS_AT_ONCE], StateValue="ALARM"
            )
            raised += found["MetricAlarms"]
        for alarm in raised:
            said = f"{alarm['AlarmName']}: {alarm.get('StateReason', 'raised')}"
            advice = "docs/operations.md says what it means and what to do."
            yield Finding(Level.PROBLEM, "alarms", said, advice)
        if not raised:
            yield Finding(Level.OK, "alarms", f"{len(names)}, none of them raised")

    def subscriptions(self) -> Iterator[Finding]:
        pages = self.client("sns").get_paginator("list_subscriptions_by_topic")
        found = [
            each
            for topic in self.stack.of_type("AWS::SNS::Topic")
            for page in pages.paginate(TopicArn=topic)
            for each in page["Subscriptions"]
        ]
        pending = [each for each in found if each["SubscriptionArn"] == "PendingConfirmation"]
        for each in pending:
            advice = "Open the mail of AWS in this mailbox and confirm, or deploy again to resend."
            said = f"{each['Endpoint']} has not confirmed"
            yield Finding(Level.WARNING, "alarm mails", said, advice)
        if not found:
            advice = "Set AlarmEmail, or subscribe to the stack's topic."
            yield Finding(Level.WARNING, "alarm mails", "nobody receives them", advice)
        elif not pending:
            yield Finding(Level.OK, "alarm mails", f"{len(found)} subscriptions")

    def console(self) -> Iterator[Finding]:
        bucket = self.stack.outputs["ConsoleBucketName"]
        try:
            self.client("s3").head_object(Bucket=bucket, Key="index.html")
        except ClientError as error:
            # Without a body, the answer has only a status.
            if code_of(error) not in ("404", "NoSuchKey"):
                raise
            advice = "Publish it: make deploy."
            yield Finding(Level.PROBLEM, "console", "it is not published", advice)
        else:
            yield Finding(Level.OK, "console", "it is published")

    def api(self) -> Iterator[Finding]:
        address = f"{self.url}/v1/health"
        answer = self.get(address)
        if answer == 200:
            yield Finding(Level.OK, "API", f"{address} answers")
        else:
            advice = "A new distribution needs some minutes; then look at the log of Query."
            yield Finding(Level.PROBLEM, "API", f"{address}: {answer}", advice)
