"""The template's alarms: they read metrics that AWS documents, and go off when they should."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from runledger.metrics import METRICS, NAMESPACE

from bench.idle import IdleItem
from tests.support.alarms import MetricUse, Series, State, metrics_of, state_of
from tests.support.template import load_template

DOCS = Path(__file__).parents[2] / "docs"
RESOURCES: dict[str, dict[str, Any]] = load_template()["Resources"]
ALARMS = {
    name: resource["Properties"]
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}
FUNCTIONS = {
    name for name, each in RESOURCES.items() if each["Type"] == "AWS::Serverless::Function"
}
# "A math expression used for an alarm can include as many as 10 metrics."
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html
MOST_METRICS = 10

NOT_BREACHING, BREACHING, IGNORE = "notBreaching", "breaching", "ignore"


@dataclass(frozen=True)
class Documented:
    """The page that documents a metric, and the sets of dimensions that it is reported with."""

    page: str
    dimensions: Sequence[frozenset[str]]


def dims(*names: str) -> frozenset[str]:
    return frozenset(names)


_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html"
_API = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html"
_TABLE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html"
_STATES = "https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html"
_SES = "https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-cloudwatch-alarm.html"
_EMF = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/"
    "CloudWatch_Embedded_Metric_Format_Specification.html"
)
_SQS = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
    "sqs-available-cloudwatch-metrics.html"
)
# FunctionName: all versions and aliases. Without a dimension: all functions of the region.
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
_OF_FUNCTIONS = (dims("FunctionName"), dims())
# With Resource and ExecutedVersion: one version of a weighted alias.
_OF_VERSIONS = (*_OF_FUNCTIONS, dims("FunctionName", "Resource", "ExecutedVersion"))
DOCUMENTED = {
    ("AWS/Lambda", "Errors"): Documented(_LAMBDA, _OF_VERSIONS),
    ("AWS/Lambda", "Throttles"): Documented(_LAMBDA, _OF_FUNCTIONS),
    ("AWS/Lambda", "Invocations"): Documented(_LAMBDA, _OF_FUNCTIONS),
    ("AWS/Lambda", "DestinationDeliveryFailures"): Documented(_LAMBDA, [dims("FunctionName")]),
    ("AWS/Lambda", "IteratorAge"): Documented(_LAMBDA, [dims("FunctionName")]),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): Documented(_SQS, [dims("QueueName")]),
    ("AWS/ApiGateway", "5xx"): Documented(_API, [dims("ApiId")]),
    ("AWS/ApiGateway", "Count"): Documented(_API, [dims("ApiId")]),
    ("AWS/ApiGateway", "Latency"): Documented(_API, [dims("ApiId")]),
    ("AWS/States", "ExecutionsFailed"): Documented(_STATES, [dims("StateMachineArn")]),
    ("AWS/States", "ExecutionsTimedOut"): Documented(_STATES, [dims("StateMachineArn")]),
    ("AWS/States", "ThrottledEvents"): Documented(_STATES, [dims("ServiceMetric")]),
    ("AWS/DynamoDB", "ReadThrottleEvents"): Documented(_TABLE, [dims("TableName")]),
    ("AWS/DynamoDB", "WriteThrottleEvents"): Documented(
        _TABLE, [dims("TableName"), dims("TableName", "GlobalSecondaryIndexName")]
    ),
    ("AWS/DynamoDB", "SystemErrors"): Documented(_TABLE, [dims("TableName", "Operation")]),
    ("AWS/SES", "Reputation.BounceRate"): Documented(_SES, [dims()]),
    ("AWS/SES", "Reputation.ComplaintRate"): Documented(_SES, [dims()]),
    # Ours are documented by runledger/metrics.py, in the format of this page.
    **{
        (NAMESPACE, metric.name): Documented(_EMF, [dims("Stack", *metric.dimensions)])
        for metric in METRICS
    },
}


@dataclass(frozen=True)
class Behavior:
    """The behavior that a test expects of an alarm.

    `missing` says how the alarm treats missing data, and `page` is the documentation of AWS that
    recommends this treatment. The series in `unhealthy` raise the alarm; those in `healthy` do not.
    The newest value of a series is its last one. A metric without a series has no data. `silent`
    is the state of the alarm if none of its metrics has data. `silent` is not used if `missing` is
    IGNORE, because such an alarm keeps its state."""

    missing: str
    page: str
    healthy: Sequence[Mapping[str, Series]]
    unhealthy: Sequence[Mapping[str, Series]]
    silent: State = State.OK


def one(*values: float | None) -> dict[str, Series]:
    return {"metric": values}


def of(**series: Series) -> dict[str, Series]:
    return series


_ONLY_ERRORS = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"
)
_INACTIVE = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
    "monitoring-using-cloudwatch.html"
)
_FILL = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html"
_CRASHES = Behavior(
    NOT_BREACHING,
    _ONLY_ERRORS,
    healthy=[one(0, 0, 0, 0, 0), one(0, 0, 1, 0, 0), one(None, None, 0, None, None)],
    unhealthy=[one(0, 1, 0, 0, 1), one(None, 3, None, 2, None)],
)
_FAILED_VISITS = Behavior(
    NOT_BREACHING,
    _ONLY_ERRORS,
    # Some nodes fail all the time, and all fail for a moment. Between updates, the newest version
    # may have no series of its own.
    healthy=[
        of(visits=[0.2, 0.3, 0.2, 0.4, 0.2], newest=[None] * 5),
        of(visits=[1, 1, 1, 1, 0], newest=[1, 1, 1, 1, 0]),
        of(visits=[None, 1, None, 1, None], newest=[None] * 5),
    ],
    unhealthy=[
        of(visits=[0.5, 1, 0.9, 0.6, 0.7], newest=[None] * 5),
        # The others hide the errors of a version that has a tenth of the traffic.
        of(visits=[0.1] * 5, newest=[1] * 5),
    ],
)
_QUEUE = Behavior(IGNORE, _INACTIVE, healthy=[one(0, 0, 0), one(2, 1, 0)], unhealthy=[one(0, 0, 1)])
_THREE_OF_FIVE = Behavior(
    NOT_BREACHING,
    _ONLY_ERRORS,
    healthy=[one(0, 0, 0, 0, 0), one(0, 9, 9, 0, 0), one(None, 9, None, 9, None)],
    unhealthy=[one(0, 1, 1, 0, 1), one(None, 9, 9, None, 9)],
)


def age(limit: float) -> Behavior:
    return Behavior(
        NOT_BREACHING,
        _ONLY_ERRORS,
        healthy=[one(0, limit - 1, limit - 1, limit - 1, 0), one(limit, limit, 0, 0, 0)],
        unhealthy=[one(0, 0, limit, limit, limit)],
    )


def sums(names: Sequence[str], missing_page: str, periods: int, *, to_alarm: int) -> Behavior:
    """Returns the behavior of an alarm that goes off because of any one of these metrics, and ends
    when data is missing."""
    quiet = [0.0] * periods
    once = [*quiet[1:], 1.0]
    often = [*quiet[to_alarm:], *[1.0] * to_alarm]
    return Behavior(
        NOT_BREACHING,
        missing_page,
        healthy=[of(**dict.fromkeys(names, quiet)), of(**{names[0]: once})],
        unhealthy=[of(**{name: often}) for name in names],
    )


_TRAFFIC = (
    "webhookIn",
    "api",
    "query",
    "startRuns",
    "followChanges",
    "runLogic",
    "runMessage",
    "runIntegration",
)
_BACKGROUND = (
    "tick",
    "dateTrigger",
    "closeRuns",
    "upstreamTrigger",
    "groupFailures",
    "exportPage",
    "importContacts",
    "deliveryFeedback",
    "retryDelivery",
)
_MACHINES = ("contactFanOut", "deliveryRetry", "export", "contactImport")
_OPERATIONS = (
    "getItem",
    "batchGetItem",
    "query",
    "putItem",
    "updateItem",
    "deleteItem",
    "transactWriteItems",
)
EXPECTED: dict[str, Behavior] = {
    "WebhookInErrorsAlarm": _CRASHES,
    "ApiErrorsAlarm": _CRASHES,
    "QueryErrorsAlarm": _CRASHES,
    "StartRunsErrorsAlarm": _CRASHES,
    "FollowChangesErrorsAlarm": _CRASHES,
    "RunLogicErrorsAlarm": _FAILED_VISITS,
    "RunMessageErrorsAlarm": _FAILED_VISITS,
    "RunIntegrationErrorsAlarm": _FAILED_VISITS,
    "AccountThrottlesAlarm": _THREE_OF_FIVE,
    "LostBatchesAlarm": _QUEUE,
    "LostEventsAlarm": _QUEUE,
    "StartRunsAgeAlarm": age(60_000),
    "FollowChangesAgeAlarm": age(300_000),
    "ServerErrorsAlarm": Behavior(
        NOT_BREACHING,
        _FILL,
        healthy=[
            of(errors=[0, 0, 0], requests=[900, 0, 500]),
            # All of two requests, and one in two hundred.
            of(errors=[2, 2, 2], requests=[2, 2, 2]),
            of(errors=[5, 5, 5], requests=[1_000, 1_000, 1_000]),
            of(errors=[None, None, None], requests=[50, None, 50]),
        ],
        unhealthy=[
            of(errors=[0, 3, 3], requests=[10, 10, 10]),
            of(errors=[10, None, 10], requests=[1_000, 1_000, 1_000]),
        ],
    ),
    "LatencyAlarm": Behavior(
        NOT_BREACHING,
        _ONLY_ERRORS,
        healthy=[one(300, 4_999, 900), one(9_000, 9_000, 800)],
        unhealthy=[one(5_000, 6_000, 29_000)],
    ),
    "EngineFailuresAlarm": Behavior(
        NOT_BREACHING, _ONLY_ERRORS, healthy=[one(3, 0), one(None, 0)], unhealthy=[one(None, 1)]
    ),
    "RunsHandedBackAlarm": Behavior(
        NOT_BREACHING,
        _ONLY_ERRORS,
        healthy=[one(9, 9, 9), one(None, None, 50)],
        unhealthy=[one(10, None, 10)],
    ),
    "StartsRefusedAlarm": Behavior(
        NOT_BREACHING,
        _ONLY_ERRORS,
        healthy=[one(0, 0, 0), one(None, 80, None)],
        unhealthy=[one(None, 1, 1)],
    ),
    "ExecutionsThrottledAlarm": _THREE_OF_FIVE,
    "TableThrottlesAlarm": sums(("reads", "writes"), _FILL, 5, to_alarm=3),
    "BounceRateAlarm": Behavior(
        IGNORE, _SES, healthy=[one(0.01, 0.049)], unhealthy=[one(0.01, 0.05)]
    ),
    "ComplaintRateAlarm": Behavior(
        IGNORE, _SES, healthy=[one(0, 0.0009)], unhealthy=[one(0, 0.001)]
    ),
    "TickMissingAlarm": Behavior(
        BREACHING,
        _ONLY_ERRORS,
        healthy=[one(1, 1, 1, 1, 1), one(None, None, None, None, 1), one(1, 2, 1, 0, 0)],
        unhealthy=[one(0, 0, 0, 0, 0), one(None, None, 0, None, None)],
        silent=State.ALARM,
    ),
    "BackgroundErrorsAlarm": sums(_BACKGROUND, _ONLY_ERRORS, 3, to_alarm=2),
    "TrafficThrottlesAlarm": sums(_TRAFFIC, _ONLY_ERRORS, 5, to_alarm=3),
    "BackgroundThrottlesAlarm": sums(_BACKGROUND, _ONLY_ERRORS, 5, to_alarm=3),
    "MachinesFailedAlarm": sums(
        [f"{name}{how}" for name in _MACHINES for how in ("Failed", "Late")],
        _ONLY_ERRORS,
        3,
        to_alarm=2,
    ),
    "UndeliveredEventsAlarm": Behavior(
        NOT_BREACHING,
        _ONLY_ERRORS,
        healthy=[of(tick=[5, 0]), of(tick=[None, 0])],
        unhealthy=[
            of(**{name: [0, 1]})
            for name in ("tick", "closeRuns", "upstreamTrigger", "deliveryFeedback")
        ],
    ),
    "IndexThrottlesAlarm": sums(("gsi1", "gsi2", "gsi3", "gsi4"), _FILL, 5, to_alarm=3),
    "TableErrorsAlarm": sums(_OPERATIONS, _FILL, 5, to_alarm=3),
}


def test_the_table_of_this_test_has_every_alarm() -> None:
    assert set(EXPECTED) == set(ALARMS)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_alarm_reads_metrics_that_aws_documents(name: str) -> None:
    for metric in metrics_of(ALARMS[name]).values():
        documented = DOCUMENTED[metric.namespace, metric.name]
        assert frozenset(metric.dimensions) in documented.dimensions, documented.page


@pytest.mark.parametrize("name", EXPECTED)
def test_an_alarm_treats_missing_data_as_documented(name: str) -> None:
    expected = EXPECTED[name]
    alarm = ALARMS[name]
    assert alarm["TreatMissingData"] == expected.missing, expected.page
    silent: dict[str, Series] = {each: [None] * 7 for each in metrics_of(alarm)}
    for before in State.OK, State.ALARM:
        wanted = before if expected.missing == IGNORE else expected.silent
        assert state_of(alarm, silent, before) is wanted


def whole(alarm: Mapping[str, Any], series: Mapping[str, Series]) -> dict[str, Series]:
    """Returns the series of all metrics of an alarm. A metric that `series` lacks has no data."""
    (length,) = {len(values) for values in series.values()}
    return {**dict.fromkeys(metrics_of(alarm), [None] * length), **series}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_alarm_is_quiet_while_all_is_well(name: str) -> None:
    for series in EXPECTED[name].healthy:
        assert set(series) <= set(metrics_of(ALARMS[name]))
        assert state_of(ALARMS[name], whole(ALARMS[name], series), State.ALARM) is State.OK


@pytest.mark.parametrize("name", EXPECTED)
def test_an_alarm_is_raised(name: str) -> None:
    for series in EXPECTED[name].unhealthy:
        assert set(series) <= set(metrics_of(ALARMS[name]))
        assert state_of(ALARMS[name], whole(ALARMS[name], series), State.OK) is State.ALARM


@pytest.mark.parametrize("name", EXPECTED)
def test_an_alarm_tells_people_when_it_begins_and_ends(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
    assert alarm["AlarmDescription"].endswith(".")
    metrics = metrics_of(alarm)
    assert 1 <= len(metrics) <= MOST_METRICS
    # "The number of evaluation periods multiplied by the length of each cannot exceed one day."
    periods = {alarm["Period"]} if "Period" in alarm else stat_periods(alarm)
    (period,) = periods
    assert period % 60 == 0
    assert alarm["EvaluationPeriods"] * period <= 86_400
    assert 1 <= alarm["DatapointsToAlarm"] <= alarm["EvaluationPeriods"]


def stat_periods(alarm: Mapping[str, Any]) -> set[int]:
    """Returns the periods of an expression's metrics, which must be the same."""
    return {each["MetricStat"]["Period"] for each in alarm["Metrics"] if "MetricStat" in each}


def watched(metric_name: str, *, essential: bool | None = None) -> set[str]:
    """Returns the functions that have an alarm on this metric of Lambda. If `essential` is
    given, only alarms for which `is_essential` returns this value count."""
    found = set()
    for name, alarm in ALARMS.items():
        if essential is not None and is_essential(name) != essential:
            continue
        for metric in metrics_of(alarm).values():
            is_asked = (metric.namespace, metric.name) == ("AWS/Lambda", metric_name)
            if is_asked and "FunctionName" in metric.dimensions:
                found.add(metric.dimensions["FunctionName"]["Ref"])
    return found


def is_essential(name: str) -> bool:
    return RESOURCES[name].get("Condition") is None


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_is_watched(metric: str) -> None:
    assert watched(metric) == FUNCTIONS


def test_every_function_with_a_place_for_its_lost_events_is_watched() -> None:
    assert watched("DestinationDeliveryFailures") == {
        name
        for name in FUNCTIONS
        if "OnFailure"
        in RESOURCES[name]["Properties"].get("EventInvokeConfig", {}).get("DestinationConfig", {})
    }


def test_only_cloudwatch_of_this_account_publishes_alarms() -> None:
    """A policy of our own replaces SNS's default one, which lets the whole account publish."""
    (statement,) = RESOURCES["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Action"] == "sns:Publish"
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


@pytest.mark.parametrize(
    ("address", "is_accepted"),
    [("", True), ("ops@example.com", True), ("ops", False), ("a b@c.d", False), ("@c.d", False)],
)
def test_alarms_are_mailed_to_an_address_if_there_is_one(address: str, is_accepted: bool) -> None:
    parameter = load_template()["Parameters"]["AlarmEmail"]
    assert (re.fullmatch(parameter["AllowedPattern"], address) is not None) is is_accepted
    assert parameter["Default"] == ""
    subscription = RESOURCES["AlarmSubscription"]
    assert subscription["Condition"] == "HasAlarmEmail"
    assert subscription["Properties"]["Endpoint"] == {"Ref": "AlarmEmail"}


def test_every_function_is_watched_for_throttles_without_further_alarms() -> None:
    (metric,) = metrics_of(ALARMS["AccountThrottlesAlarm"]).values()
    assert metric == MetricUse("AWS/Lambda", "Throttles", {}, "Sum")
    assert is_essential("AccountThrottlesAlarm")


def test_every_queue_without_a_reader_and_every_reader_of_the_stream_is_watched() -> None:
    uses = [metric for alarm in ALARMS.values() for metric in metrics_of(alarm).values()]
    queues = {
        each.dimensions["QueueName"]["GetAtt"] for each in uses if each.namespace == "AWS/SQS"
    }
    read = {
        event["Properties"]["Queue"]["GetAtt"].removesuffix(".Arn")
        for event in events_of("SQS").values()
    }
    all_queues = {name for name, each in RESOURCES.items() if each["Type"] == "AWS::SQS::Queue"}
    assert queues == {f"{name}.QueueName" for name in all_queues - read}
    readers = {
        each.dimensions["FunctionName"]["Ref"] for each in uses if each.name == "IteratorAge"
    }
    assert readers == set(events_of("DynamoDB"))


def events_of(kind: str) -> dict[str, dict[str, Any]]:
    """Returns the events of this type, by function."""
    return {
        name: event
        for name in FUNCTIONS
        for event in RESOURCES[name]["Properties"].get("Events", {}).values()
        if event["Type"] == kind
    }


def test_every_index_of_the_table_is_watched() -> None:
    indexes = RESOURCES["Table"]["Properties"]["GlobalSecondaryIndexes"]
    assert {each["IndexName"] for each in indexes} == set(metrics_of(ALARMS["IndexThrottlesAlarm"]))


def test_the_docs_say_how_many_metrics_the_alarms_read_and_what_they_cost() -> None:
    reads = {name: len(metrics_of(alarm)) for name, alarm in ALARMS.items()}
    essential = sum(count for name, count in reads.items() if is_essential(name))
    rest = sum(reads.values()) - essential
    page = " ".join((DOCS / "operations.md").read_text().split())
    assert f"The essential alarms read {essential} metrics." in page
    # The prices are in costs.md alone, and bench/idle.py counts them in its own way.
    assert re.findall(r"alarm[^.|]*\$", page) == []
    costs = (DOCS / "costs.md").read_text()
    few, more = IdleItem("alarm metric", essential), IdleItem("alarm metric", rest)
    assert f"| alarm metric | {few.dollars:.2f} | {few.list_dollars:.2f} |" in costs
    assert f"| `Alarms=ALL` | {more.list_dollars:.2f} a month |" in costs


def test_the_docs_explain_every_alarm() -> None:
    page = (DOCS / "operations.md").read_text()
    section = page.split("### Alarms\n")[1].split("\n### ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    names = [name for name, _, _ in rows]
    assert len(names) == len(set(names))
    assert {f"{name}Alarm" for name in names} == set(ALARMS)


# The tables of AWS's page on missing data: the newest point last; "0" is within the threshold, "X"
# beyond it, "-" missing. Then the state with missing, ignore, breaching and notBreaching; "=" keeps
# the state.
_THREE_OF_THREE = [
    ("0-X-X", "OK", "OK", "OK", "OK"),
    ("0----", "OK", "OK", "OK", "OK"),
    ("-----", "INSUFFICIENT_DATA", "=", "ALARM", "OK"),
    ("0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("----X", "INSUFFICIENT_DATA", "=", "ALARM", "OK"),
    ("X----", "ALARM", "=", "ALARM", "OK"),
]
_TWO_OF_THREE = [
    ("0-X-X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("00X0X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0-X--", "OK", "OK", "ALARM", "OK"),
    ("----0", "OK", "OK", "ALARM", "OK"),
    ("----X", "INSUFFICIENT_DATA", "=", "ALARM", "OK"),
]


@pytest.mark.parametrize(
    ("to_alarm", "points", "states"),
    [
        (to_alarm, points, states)
        for to_alarm, rows in ((3, _THREE_OF_THREE), (2, _TWO_OF_THREE))
        for points, *states in rows
    ],
)
@pytest.mark.parametrize("before", [State.OK, State.ALARM])
def test_these_tests_evaluate_as_aws_does(
    to_alarm: int, points: str, states: list[str], before: State
) -> None:
    values = [{"0": 0.0, "X": 1.0, "-": None}[point] for point in points]
    treatments = ("missing", IGNORE, BREACHING, NOT_BREACHING)
    for missing, state in zip(treatments, states, strict=True):
        alarm = {
            "MetricName": "Errors",
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 1,
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": to_alarm,
            "TreatMissingData": missing,
        }
        wanted = before if state == "=" else State(state)
        assert state_of(alarm, {"metric": values}, before) is wanted, (points, missing)


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        # From AWS's page: comparisons treat a missing value beside another as 0.
        ("metric1 < metric2", [0, 0, 1, 0]),
        ("metric1 >= 30", [1, 0, 0, 0]),
        ("SUM(METRICS())", [50, 20, 20, 0]),
        ("FILL(metric2, 7)", [20, 7, 20, 7]),
        # "If the value causes a division by zero, the data point is dropped."
        ("metric1 / metric2", [1.5, None, 0, None]),
        ("IF(metric1 >= 20, 100 * metric1, 0)", [3_000, 2_000, 0, 0]),
    ],
)
def test_these_tests_calculate_as_aws_does(expression: str, values: list[float | None]) -> None:
    series: dict[str, Series] = {"metric1": [30, 20, 0, 0], "metric2": [20, None, 20, None]}
    for index, value in enumerate(values):
        for threshold, is_reached in ((value or 0, value is not None), ((value or 0) + 0.5, False)):
            alarm = {
                "Metrics": [{"Id": "result", "Expression": expression, "ReturnData": True}],
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "Threshold": threshold,
                "EvaluationPeriods": 1,
                "TreatMissingData": NOT_BREACHING,
            }
            until = {name: list(points)[: index + 1] for name, points in series.items()}
            last = {name: points[-1:] for name, points in until.items()}
            state = state_of(alarm, last)
            assert state is (State.ALARM if is_reached else State.OK), (expression, index)
