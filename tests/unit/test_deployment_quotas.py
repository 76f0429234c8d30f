"""The expanded template stays within the quotas that AWS checks when a stack is deployed, also with
the longest name of a stack."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from runledger.deployment import LONGEST_STACK_NAME

from local.expand_template import expanded_template

TEMPLATE = expanded_template()
STACK = "s" * LONGEST_STACK_NAME
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    # The longest name of a supported region.
    "AWS::Region": "ap-northeast-1",
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}
# A parameter that an owner sets: the ARN of a certificate or of a sender, at most.
_PARAMETER = "p" * 130
_SUFFIX = "1234567890ABC"
# Some values are longer on AWS than they are here.
FREE = 0.9


def physical(logical_id: str) -> str:
    """Returns a made-up ARN for a resource. It stands for the resource's name and id too, because
    the quotas are tested with long values, and an ARN is longer than a name or an id."""
    return f"arn:aws:dynamodb:ap-northeast-1:123456789012:table/{STACK}-{logical_id}-{_SUFFIX}"


def value_of(name: str) -> Any:
    if name in PSEUDO:
        return PSEUDO[name]
    if name in TEMPLATE["Parameters"]:
        return _PARAMETER
    return physical(name.partition(".")[0])


def resolved(value: Any) -> Any:
    """Returns a part of the template with every function replaced by its longest result."""
    if isinstance(value, list):
        return [each for each in map(resolved, value) if each is not None]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name in FUNCTIONS:
            return FUNCTIONS[name](argument)
    found = {name: resolved(each) for name, each in value.items()}
    return {name: each for name, each in found.items() if each is not None}


def _sub(argument: Any) -> str:
    text, own = (argument, {}) if isinstance(argument, str) else argument
    return re.sub(
        r"\$\{([^}!]+)\}",
        lambda found: str(resolved(own[found[1]]) if found[1] in own else value_of(found[1])),
        text,
    )


def _ref(argument: str) -> Any:
    return None if argument == "AWS::NoValue" else value_of(argument)


def _length(value: Any) -> int:
    return 0 if value is None else len(str(value))


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "Ref": _ref,
    "Fn::Sub": _sub,
    "Fn::GetAtt": lambda argument: value_of(
        argument if isinstance(argument, str) else ".".join(argument)
    ),
    "Fn::If": lambda argument: max(
        map(resolved, argument[1:]), key=lambda each: len(str(each or ""))
    ),
    "Fn::Join": lambda argument: argument[0].join(map(str, map(resolved, argument[1]))),
    "Fn::Select": lambda argument: _PARAMETER,
}


def resources(type_: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in TEMPLATE["Resources"].items():
        if resource["Type"] == type_:
            yield name, resolved(resource.get("Properties", {}))


def size(document: Any) -> int:
    """Returns the characters of a document without spaces, which AWS does not count in policies."""
    return len(json.dumps(document, separators=(",", ":")))


def named(type_: str) -> list[Any]:
    return [pytest.param(properties, id=name) for name, properties in resources(type_)]


def test_the_parts_of_the_stack() -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
    assert len(TEMPLATE["Resources"]) <= FREE * 500
    assert len(TEMPLATE["Parameters"]) <= FREE * 200
    assert len(TEMPLATE["Outputs"]) <= FREE * 200
    assert len(json.dumps(TEMPLATE)) <= FREE * 1_000_000
    assert all(
        len(each.get("Description", "")) <= 4_000 for each in TEMPLATE["Parameters"].values()
    )


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
@pytest.mark.parametrize("role", named("AWS::IAM::Role"))
def test_a_role(role: dict[str, Any]) -> None:
    policies = [policy["PolicyDocument"] for policy in role.get("Policies", [])]
    assert sum(map(size, policies)) <= FREE * 10_240
    assert size(role["AssumeRolePolicyDocument"]) <= FREE * 2_048
    assert len(role.get("ManagedPolicyArns", [])) <= 10


@pytest.mark.parametrize("policy", named("AWS::IAM::ManagedPolicy"))
def test_a_managed_policy(policy: dict[str, Any]) -> None:
    assert size(policy["PolicyDocument"]) <= FREE * 6_144


# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
@pytest.mark.parametrize("function", named("AWS::Lambda::Function"))
def test_a_function(function: dict[str, Any]) -> None:
    variables = function.get("Environment", {}).get("Variables", {})
    assert sum(len(name) + len(str(value)) for name, value in variables.items()) <= FREE * 4_096
    assert len(function.get("Layers", [])) <= 5
    assert len(function.get("Description", "")) <= 256


# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
@pytest.mark.parametrize("rule", named("AWS::Events::Rule"))
def test_a_rule(rule: dict[str, Any]) -> None:
    if "EventPattern" in rule:
        assert len(json.dumps(rule["EventPattern"])) <= FREE * 2_048
    assert len(rule["Targets"]) <= 5


def test_the_api() -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""
    ((_, api),) = resources("AWS::ApiGatewayV2::Api")
    routes = [method for path in api["Body"]["paths"].values() for method in path]
    assert 0 < len(routes) <= FREE * 300
    ((_, stage),) = resources("AWS::ApiGatewayV2::Stage")
    assert len(stage["AccessLogSettings"]["Format"]) <= FREE * 3_072


# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
@pytest.mark.parametrize("function", named("AWS::CloudFront::Function"))
def test_a_function_of_the_distribution(function: dict[str, Any]) -> None:
    assert len(function["FunctionCode"].encode()) <= FREE * 10_240


def test_the_distribution() -> None:
    ((_, distribution),) = resources("AWS::CloudFront::Distribution")
    behaviors = distribution["DistributionConfig"]["CacheBehaviors"]
    assert len(behaviors) <= 25


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
@pytest.mark.parametrize("alarm", named("AWS::CloudWatch::Alarm"))
def test_an_alarm(alarm: dict[str, Any]) -> None:
    read = [metric for metric in alarm.get("Metrics", []) if "MetricStat" in metric]
    assert len(read) <= 10
    assert len(alarm.get("Metrics", [])) <= 20
    assert len(alarm.get("AlarmActions", [])) <= 5
    assert len(alarm.get("AlarmDescription", "")) <= 1_024


def test_the_log_groups_of_machines_need_one_policy() -> None:
    """CloudWatch Logs allows ten resource policies a region, each of at most 5,120 characters. Step
    Functions needs only one policy for all log groups whose names begin with
    /aws/vendedlogs/states:
    https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html"""
    groups = [group.get("LogGroupName", "") for _, group in resources("AWS::Logs::LogGroup")]
    assert [name for name in groups if "states" in name] == [f"/aws/vendedlogs/states/{STACK}"]


def test_a_function_takes_its_longest_result() -> None:
    assert resolved({"Fn::Sub": "a-${AWS::StackName}-b"}) == f"a-{STACK}-b"
    assert resolved({"Fn::If": ["Any", {"Ref": "AWS::NoValue"}, "text"]}) == "text"
    assert resolved([{"Ref": "AWS::NoValue"}, 1]) == [1]
    assert resolved({"Fn::Join": ["/", ["a", {"Ref": "AWS::Partition"}]]}) == "a/aws"
    assert size({"a": [1, 2]}) == len('{"a":[1,2]}')
