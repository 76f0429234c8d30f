"""Alarms and metrics on the deployed stack."""

from contextlib import closing
from typing import Any

from local.settings import STACK_NAME
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
    template: dict[str, Any] = load_template()["Resources"]
    essential = {
        name
        for name, each in template.items()
        if each["Type"] == "AWS::CloudWatch::Alarm" and "Condition" not in each
    }
    assert set(names) == essential
    (topic,) = resources(stack, "AWS::SNS::Topic").values()
    with closing(stack.aws("cloudwatch")) as cloudwatch:
        alarms = {
            each["AlarmName"]: each
            for page in cloudwatch.get_paginator("describe_alarms").paginate()
            for each in page["MetricAlarms"]
        }
    for logical_id, name in names.items():
        assert alarms[name]["AlarmActions"] == [topic]
        assert (
            alarms[name]["AlarmDescription"]
            == (template[logical_id]["Properties"]["AlarmDescription"])
        )
    assert not resources(stack, "AWS::SNS::Subscription")
