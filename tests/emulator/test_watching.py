"""Alarms and metrics on the deployed stack."""

import json
import time
import uuid
from collections import Counter
from contextlib import closing
from typing import Any

from runledger.metrics import NAMESPACE

from local.settings import STACK_NAME
from tests.emulator.orders import (
    ADMIN,
    activate,
    demo_service,
    ended,
    fire,
    five_nodes,
    template,
    wait_for,
)
from tests.support.stack import Stack
from tests.support.template import load_template


def resources(stack: Stack, kind: str) -> dict[str, str]:
    """Returns the physical names of the deployed resources of this type, by logical id."""
    with closing(stack.aws("cloudformation")) as cloudformation:
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages
            for each in page["StackResourceSummaries"]
            if each["ResourceType"] == kind
        }


def test_the_essential_alarms_are_deployed(stack: Stack) -> None:
    names = resources(stack, "AWS::CloudWatch::Alarm")
    resources_of_template: dict[str, Any] = load_template()["Resources"]
    essential = {
        name
        for name, each in resources_of_template.items()
        if each["Type"] == "AWS::CloudWatch::Alarm" and "Condition" not in each
    }
    assert set(names) == essential
    topic = resources(stack, "AWS::SNS::Topic")["AlarmTopic"]
    with closing(stack.aws("cloudwatch")) as cloudwatch:
        alarms = {
            each["AlarmName"]: each
            for page in cloudwatch.get_paginator("describe_alarms").paginate()
            for each in page["MetricAlarms"]
        }
    for logical_id, name in names.items():
        assert alarms[name]["AlarmActions"] == [topic]
        written = resources_of_template[logical_id]["Properties"]["AlarmDescription"]
        assert alarms[name]["AlarmDescription"] == written
    with closing(stack.aws("sns")) as sns:
        # Nobody is subscribed without an address.
        assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_the_dashboard_is_deployed(stack: Stack) -> None:
    (name,) = resources(stack, "AWS::CloudWatch::Dashboard").values()
    alarms = set(resources(stack, "AWS::CloudWatch::Alarm").values())
    with closing(stack.aws("cloudwatch")) as cloudwatch:
        body = json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
    shown = {arn.rpartition(":")[2] for arn in body["widgets"][0]["properties"]["alarms"]}
    assert shown == alarms


def metrics_since(
    stack: Stack, since: int, run_id: str, *functions: str
) -> Counter[tuple[str, ...]]:
    """Returns the values of the metrics in the logs of these functions, added up by name and
    dimensions. Leaves out lines that name another run: one of an earlier test may end now."""
    groups = resources(stack, "AWS::Logs::LogGroup")
    found: Counter[tuple[str, ...]] = Counter()
    with closing(stack.aws("logs")) as logs:
        for function in functions:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=groups[f"{function}LogGroup"], startTime=since
            )
            for event in (event for page in pages for event in page["events"]):
                if '"_aws"' not in event["message"]:
                    continue
                line = json.loads(event["message"])
                if line.get("runId", run_id) == run_id:
                    found += measured(line)
    return found


def measured(line: dict[str, Any]) -> Counter[tuple[str, ...]]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    ((first, *names),) = directive["Dimensions"]
    (metric,) = directive["Metrics"]
    assert (directive["Namespace"], first, line["Stack"]) == (NAMESPACE, "Stack", STACK_NAME)
    key = (metric["Name"], *(line[name] for name in names))
    return Counter({key: max(1, sum(line[metric["Name"]]))})


def test_runs_leave_their_metrics_in_the_logs(stack: Stack) -> None:
    since = int(time.time() * 1_000)
    with stack.api(ADMIN) as api:
        graph = five_nodes(f"{demo_service(api)}/score", template(api, "Hello"))
        automation = activate(api, graph)
        customer = {"email": f"{uuid.uuid4().hex}@customer.example"}
        event = {"orderId": uuid.uuid4().hex, "total": 150, "customer": customer}
        run_id = fire(stack, automation, event)
        assert ended(api, run_id)["status"] == "COMPLETED"
    wanted = {
        ("Runs", "PENDING"),
        ("Runs", "RUNNING"),
        ("Runs", "COMPLETED"),
        ("StartDelay",),
        ("Steps",),
        ("Deliveries", "EMAIL", "SENT"),
    }

    def is_complete() -> bool:
        return set(metrics_since(stack, since, run_id, "FollowChanges", "RunLogic")) >= wanted

    wait_for("the run's metrics", is_complete)
    found = metrics_since(stack, since, run_id, "FollowChanges", "RunLogic")
    assert found["Steps",] == 5
    assert not {key for key in found if key[0] in ("EngineFailures", "RunsHandedBack")}
