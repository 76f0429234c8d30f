"""What a stack costs a month at rest, counted from the expanded template.

Prices are the list prices of us-east-1. AWS gives every account free amounts each month, without a
time limit: `IdleItem.dollars` subtracts them, `IdleItem.list_dollars` does not. A type of resource
that is not known here is an error: decide what it costs at rest, and add it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runledger.compiler.prices import (
    INVOCATION_MS,
    LINE_BYTES,
    MEMORY_GB,
    PRICES,
    REQUEST_MS,
    Price,
)
from runledger.services.counts.pulses import RESTING_MINUTES

MINUTES = 30 * 24 * 60
# Dollars for a million, as in `compiler/prices.py`, or a piece and month.
IDLE_PRICES = {
    "secret": Price(0.40, "https://aws.amazon.com/secrets-manager/pricing/"),
    "alarm metric": Price(0.10, "https://aws.amazon.com/cloudwatch/pricing/"),
    "dashboard": Price(3.00, "https://aws.amazon.com/cloudwatch/pricing/"),
    "customer key": Price(1.00, "https://aws.amazon.com/kms/pricing/"),
    "queue request": Price(0.40, "https://aws.amazon.com/sqs/pricing/"),
    "schedule invocation": Price(1.00, "https://aws.amazon.com/eventbridge/pricing/"),
}
_BY_THE_PIECE = ("secret", "alarm metric", "dashboard", "customer key")
# What AWS gives an account each month, also after its first year. The source is the page of the
# price.
FREE_AMOUNTS = {
    "alarm metric": 10,
    "dashboard": 3,
    "queue request": 1_000_000,
    "schedule invocation": 14_000_000,
    "invocation": 1_000_000,
    "GB-second": 400_000,
    "log byte": 5_000_000_000,
}
# Lambda asks an empty queue five times at once, each for up to 20 seconds:
# https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
QUEUE_REQUESTS_A_MINUTE = 15
# A new table has about four partitions, and each is read in four parts (`store/freshness.py`).
READERS = 16

# Types that cost nothing while nobody calls them. The table, the buckets and the logs are charged
# by what they hold, the user pool by the people who sign in.
FREE = frozenset(
    {
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::Stage",
        "AWS::CloudFront::Distribution",
        "AWS::CloudFront::Function",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::CloudFront::ResponseHeadersPolicy",
        "AWS::CodeDeploy::Application",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::Cognito::UserPool",
        "AWS::Cognito::UserPoolClient",
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::Events::Rule",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SES::ConfigurationSet",
        "AWS::SES::ConfigurationSetEventDestination",
        "AWS::SMSVOICE::ConfigurationSet",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        # A standard parameter.
        "AWS::SSM::Parameter",
        "AWS::Scheduler::ScheduleGroup",
        "AWS::StepFunctions::StateMachine",
    }
)


class UnknownCostError(Exception):
    """The template has something whose cost at rest is not known."""


@dataclass(frozen=True, slots=True)
class TickCost:
    """What one tick without due work uses, together with the functions that read its pulses.
    `requests` go out one after the other."""

    requests: int
    reads: float
    writes: float
    pulses: float


@dataclass(frozen=True, slots=True)
class IdleItem:
    """What a stack uses of one thing. `amount` is for a month. `dollars` is the price for a stack
    that is alone in its account."""

    name: str
    amount: float

    @property
    def dollars(self) -> float:
        return self._price(max(0.0, self.amount - FREE_AMOUNTS.get(self.name, 0)))

    @property
    def list_dollars(self) -> float:
        return self._price(self.amount)

    def _price(self, amount: float) -> float:
        found = IDLE_PRICES.get(self.name) or PRICES[self.name]
        return amount * found.dollars / (1 if self.name in _BY_THE_PIECE else 1_000_000)


def resources(template: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Yields the type and the properties of each resource of a stack with default parameters."""
    parameters = {
        name: each.get("Default", "") for name, each in template.get("Parameters", {}).items()
    }
    conditions = template.get("Conditions", {})

    def holds(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        ((function, of),) = value.items()
        match function:
            case "Ref":
                return str(parameters[of])
            case "Condition":
                return holds(conditions[of])
            case "Fn::Equals":
                return str(holds(of[0])) == str(holds(of[1]))
            case "Fn::Not":
                return not holds(of[0])
            case "Fn::And":
                return all(holds(each) for each in of)
            case "Fn::Or":
                return any(holds(each) for each in of)
        raise UnknownCostError(f"the condition {function} is not supported here")

    for resource in template["Resources"].values():
        if "Condition" not in resource or holds(conditions[resource["Condition"]]):
            yield resource["Type"], resource.get("Properties", {})


def idle_items(template: Mapping[str, Any], tick: TickCost) -> list[IdleItem]:
    """Returns what the stack uses in a month of 30 days without a request. Raises UnknownCostError
    for a type whose cost is not known."""
    secrets = alarms = dashboards = keys = queues = schedules = 0
    for kind, properties in resources(template):
        if kind == "AWS::SecretsManager::Secret":
            secrets += 1
        elif kind == "AWS::CloudWatch::Alarm":
            alarms += _metrics(properties)
        elif kind == "AWS::CloudWatch::Dashboard":
            dashboards += 1
        elif kind == "AWS::KMS::Key":
            keys += 1
        elif kind == "AWS::Lambda::EventSourceMapping":
            queues += "dynamodb" not in str(properties) and "Table" not in str(properties)
        elif kind == "AWS::Scheduler::Schedule":
            if properties["ScheduleExpression"] != "rate(1 minute)":
                raise UnknownCostError(f"a schedule of {properties['ScheduleExpression']}")
            schedules += 1
        elif kind == "AWS::Lambda::Function":
            _require_nothing_kept(properties)
        elif kind not in FREE:
            raise UnknownCostError(f"what {kind} costs at rest is not known")
    ticks = schedules * MINUTES
    with_pulses = ticks / RESTING_MINUTES
    read = with_pulses * READERS
    milliseconds: float = ticks * (INVOCATION_MS + tick.requests * REQUEST_MS)
    milliseconds += with_pulses * tick.pulses * REQUEST_MS
    milliseconds += read * (INVOCATION_MS + REQUEST_MS)
    return [
        IdleItem("secret", secrets),
        IdleItem("alarm metric", alarms),
        IdleItem("dashboard", dashboards),
        IdleItem("customer key", keys),
        IdleItem("queue request", queues * QUEUE_REQUESTS_A_MINUTE * MINUTES),
        IdleItem("schedule invocation", ticks),
        IdleItem("invocation", ticks + read),
        IdleItem("GB-second", milliseconds / 1_000 * MEMORY_GB),
        # Each reader of pulses records them in one item of about a kilobyte.
        IdleItem("write unit", ticks * tick.writes + with_pulses * tick.pulses + read),
        IdleItem("read unit", ticks * tick.reads),
        IdleItem("log byte", ticks * LINE_BYTES),
    ]


def idle_dollars(items: Iterable[IdleItem]) -> float:
    return sum(item.dollars for item in items)


def list_dollars(items: Iterable[IdleItem]) -> float:
    return sum(item.list_dollars for item in items)


def lines(items: Iterable[IdleItem]) -> Iterable[str]:
    found = list(items)
    yield "a month at rest: dollars, dollars at list price, amount, of what"
    for each in found:
        yield f"{each.dollars:8.2f}{each.list_dollars:8.2f}  {each.amount:12.0f}  {each.name}"
    yield f"{idle_dollars(found):8.2f}{list_dollars(found):8.2f}  in all"


def _metrics(alarm: Mapping[str, Any]) -> int:
    """Returns how many metrics an alarm reads: AWS charges for each."""
    if "Metrics" not in alarm:
        return 1
    return sum("MetricStat" in each for each in alarm["Metrics"])


def _require_nothing_kept(function: Mapping[str, Any]) -> None:
    """Raises UnknownCostError if the function has a setting for which AWS charges by the hour even
    if it is not called."""
    snap_start = function.get("SnapStart", {})
    is_off = snap_start in ({}, {"ApplyOn": "None"}) or "Fn::If" in snap_start
    if not is_off or "ProvisionedConcurrencyConfig" in function:
        raise UnknownCostError("a function has provisioned concurrency, which costs money at rest")
