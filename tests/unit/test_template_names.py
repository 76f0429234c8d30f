"""The names in the expanded template: two stacks in one account never share one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from runledger.deployment import (
    LONGEST_STACK_NAME,
    SUPPORTED_REGIONS,
    region_problem,
    stack_name_problem,
)
from runledger.services.execution.start import machine_name

from local.expand_template import expanded_template

TEMPLATE = expanded_template()
# Names that need to be unique only inside a resource of the stack.
INSIDE_ANOTHER = {
    ("AWS::ApiGatewayV2::Stage", "StageName"),
    ("AWS::SES::ConfigurationSetEventDestination", "EventDestination.Name"),
    ("AWS::IAM::Role", "Policies.PolicyName"),
    ("AWS::DynamoDB::Table", "AttributeDefinitions.AttributeName"),
    ("AWS::DynamoDB::Table", "KeySchema.AttributeName"),
    ("AWS::DynamoDB::Table", "GlobalSecondaryIndexes.IndexName"),
    ("AWS::DynamoDB::Table", "GlobalSecondaryIndexes.KeySchema.AttributeName"),
    ("AWS::DynamoDB::Table", "TimeToLiveSpecification.AttributeName"),
    ("AWS::Cognito::UserPool", "AccountRecoverySetting.RecoveryMechanisms.Name"),
    ("AWS::CloudWatch::Alarm", "MetricName"),
    ("AWS::CloudWatch::Alarm", "Dimensions.Name"),
    ("AWS::CloudWatch::Alarm", "Metrics.MetricStat.Metric.MetricName"),
    ("AWS::CloudWatch::Alarm", "Metrics.MetricStat.Metric.Dimensions.Name"),
    ("AWS::CloudFront::Distribution", "DistributionConfig.Origins.OriginCustomHeaders.HeaderName"),
    # AWS's own names of what it measures.
    ("AWS::CloudWatch::Alarm", "MetricName"),
    ("AWS::CloudWatch::Alarm", "Dimensions.Name"),
    ("AWS::CloudWatch::Alarm", "Metrics.MetricStat.Metric.MetricName"),
    ("AWS::CloudWatch::Alarm", "Metrics.MetricStat.Metric.Dimensions.Name"),
    ("AWS::Lambda::Alias", "Name"),
    # One of CodeDeploy's own.
    ("AWS::CodeDeploy::DeploymentGroup", "DeploymentConfigName"),
}
# Services whose names are the same in all regions of an account.
GLOBAL = ("AWS::CloudFront::", "AWS::IAM::")
# The most characters of each name that the template gives.
LONGEST = {
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateFunction.html
    "AWS::CloudFront::Function": 64,
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html
    "AWS::CloudFront::OriginAccessControl": 64,
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ResponseHeadersPolicyConfig.html
    "AWS::CloudFront::ResponseHeadersPolicy": 128,
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
    "AWS::CloudWatch::Dashboard": 255,
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html
    "AWS::Events::EventBus": 256,
    # https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
    "AWS::Lambda::LayerVersion": 140,
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    "AWS::Logs::LogGroup": 512,
    # https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_CreateConfigurationSet.html
    "AWS::SMSVOICE::ConfigurationSet": 64,
    # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    "AWS::SSM::Parameter": 1_011,
}
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
LONGEST_MACHINE_NAME = 80


def names(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yields each value whose key says that it is a name, such as `FunctionName`, with its path."""
    if isinstance(value, list):
        for each in value:
            yield from names(each, path)
    elif isinstance(value, dict):
        for key, each in value.items():
            inner = f"{path}.{key}".lstrip(".")
            if key.endswith("Name") and not key.endswith("DomainName"):
                yield inner, each
            elif not key.startswith("Fn::") and key not in ("Variables", "Body", "PolicyDocument"):
                yield from names(each, inner)


GIVEN = sorted(
    (logical_id, resource["Type"], path, value)
    for logical_id, resource in TEMPLATE["Resources"].items()
    for path, value in names(resource.get("Properties", {}))
    if (resource["Type"], path) not in INSIDE_ANOTHER
)


def is_own(value: Any) -> bool:
    """Whether a name has the stack's name in it, or refers to another resource of the stack."""
    if "Fn::GetAtt" in value or value.get("Ref") in TEMPLATE["Resources"]:
        return True
    return value == {"Ref": "AWS::StackName"} or "${AWS::StackName}" in value.get("Fn::Sub", "")


def filled(value: Any) -> str:
    text = str(value.get("Fn::Sub", "${AWS::StackName}"))
    text = text.replace("${AWS::StackName}", "s" * LONGEST_STACK_NAME)
    return text.replace("${AWS::Region}", max(SUPPORTED_REGIONS, key=len))


@pytest.mark.parametrize(("logical_id", "kind", "path", "value"), GIVEN)
def test_a_name_is_built_from_the_stack(logical_id: str, kind: str, path: str, value: Any) -> None:
    assert isinstance(value, dict), f"{logical_id} ({kind}) has the fixed {path} {value!r}"
    assert is_own(value), f"{logical_id} ({kind}): {path} is {value}"
    if "Fn::Sub" in value and kind.startswith(GLOBAL):
        assert "${AWS::Region}" in value["Fn::Sub"], f"{logical_id}: {path} is {value}"


@pytest.mark.parametrize(
    ("kind", "value"),
    [(kind, value) for _, kind, _, value in GIVEN if "AWS::StackName" in str(value)],
)
def test_the_longest_stack_name_still_fits(kind: str, value: Any) -> None:
    assert len(filled(value)) <= LONGEST[kind]


def test_the_longest_stack_name_leaves_room_for_a_machine() -> None:
    prefix = f"{'s' * LONGEST_STACK_NAME}-"
    assert len(machine_name(prefix, f"aut_{'0' * 26}", 99_999)) <= LONGEST_MACHINE_NAME


def test_one_more_character_would_not_fit() -> None:
    assert any(len(filled(value)) == LONGEST.get(kind) for _, kind, _, value in GIVEN)


def test_the_template_refuses_every_other_region() -> None:
    (assertion,) = TEMPLATE["Rules"]["SupportedRegion"]["Assertions"]
    assert assertion["Assert"] == {
        "Fn::Contains": [list(SUPPORTED_REGIONS), {"Ref": "AWS::Region"}]
    }
    assert "RuleCondition" not in TEMPLATE["Rules"]["SupportedRegion"]


@pytest.mark.parametrize("name", ["runledger", "Acme-2", "s" * LONGEST_STACK_NAME])
def test_ordinary_stack_names_are_accepted(name: str) -> None:
    assert stack_name_problem(name) is None


@pytest.mark.parametrize(
    "name", ["", "2acme", "a_b", "a/b", "default", "s" * (LONGEST_STACK_NAME + 1)]
)
def test_a_stack_name_that_does_not_fit_is_refused_in_one_line(name: str) -> None:
    problem = stack_name_problem(name)
    assert problem and repr(name) in problem
    assert "\n" not in problem


def test_another_region_is_refused_in_one_line() -> None:
    assert region_problem("eu-central-1") is None
    problem = region_problem("ap-east-1")
    assert problem and problem.startswith("Runledger cannot be deployed to ap-east-1")
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("address", "is_accepted"),
    [
        ("no-reply@acme.example", True),
        ("a.b+c@mail.acme.example", True),
        ("", False),
        ("acme.example", False),
        ("Acme <no-reply@acme.example>", False),
        ("a@b", False),
        ("a@acme.example,b@acme.example", False),
        ("ü@acme.example", False),
    ],
)
def test_the_sender_is_one_plain_address(address: str, is_accepted: bool) -> None:
    pattern = TEMPLATE["Parameters"]["SenderEmail"]["AllowedPattern"]
    # CloudFormation compares the whole value.
    assert (re.fullmatch(pattern, address) is not None) == is_accepted


def test_old_layer_versions_are_deleted() -> None:
    layers = {
        logical_id: resource.get("DeletionPolicy")
        for logical_id, resource in TEMPLATE["Resources"].items()
        if resource["Type"] == "AWS::Lambda::LayerVersion"
    }
    assert len(layers) == 2
    assert set(layers.values()) == {"Delete"}
