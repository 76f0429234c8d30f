"""`runledger prune` deletes versions that nothing uses any more."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws
from runledger import prune_cli
from runledger.cli import main
from runledger.clock import DAY, MINUTE, now_ms
from runledger.operators import OUTPUTS
from runledger.prune_cli import old_versions

from tests.support.environment import REGION

NAME = "acme-RunLogic-1"


class Versions:
    """A stand-in for Lambda's client, for a function with one alias. `published` has the time at
    which each version was published. `alias` is the version that the alias names. `shares` has the
    versions to which the alias also sends invocations, each with its share of the invocations."""

    def __init__(
        self, published: dict[str, str], alias: str, shares: dict[str, float] | None = None
    ) -> None:
        self._published = published
        self._alias: dict[str, Any] = {"Name": "live", "FunctionVersion": alias}
        if shares is not None:
            self._alias["RoutingConfig"] = {"AdditionalVersionWeights": shares}

    def get_paginator(self, operation: str) -> Any:
        pages = {
            "list_aliases": [{"Aliases": [self._alias]}],
            "list_versions_by_function": [
                {"Versions": [{"Version": version, "LastModified": moment}]}
                for version, moment in self._published.items()
            ],
        }

        class Paginator:
            def paginate(self, **request: str) -> list[dict[str, Any]]:
                assert request == {"FunctionName": NAME}
                return pages[operation]

        return Paginator()


NOW = 1_769_940_000_000  # 2026-02-01T10:00:00Z
PUBLISHED = {
    "$LATEST": "2026-02-01T09:00:00.000+0000",
    "9": "2026-01-01T10:00:00.000+0000",
    "10": "2026-01-02T10:00:00.000+0000",
    "11": "2026-01-31T10:00:01.000+0000",
    "12": "2026-02-01T09:00:00.000+0000",
}


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        # 10 was replaced a second less than a day ago, when 11 was published.
        ("12", ["9"]),
        # Rolled back.
        ("9", []),
        ("10", ["9"]),
    ],
)
def test_a_version_that_was_replaced_a_day_ago_may_go(alias: str, expected: list[str]) -> None:
    assert old_versions(Versions(PUBLISHED, alias), NAME, NOW) == expected


def test_a_minute_later_the_next_one_may_go_too() -> None:
    assert old_versions(Versions(PUBLISHED, "12"), NAME, NOW + MINUTE) == ["9", "10"]


def test_a_version_with_a_share_of_the_invocations_stays() -> None:
    later = NOW + MINUTE
    assert old_versions(Versions(PUBLISHED, "12", {"9": 0.1}), NAME, later) == ["10"]
    assert old_versions(Versions(PUBLISHED, "12", {}), NAME, later) == ["9", "10"]


@pytest.fixture
def functions() -> Iterator[Any]:
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }
    with patch.dict("os.environ", environment), mock_aws():
        yield boto3.client("lambda", region_name=REGION)


def deploy(name: str, outputs: frozenset[str] = OUTPUTS) -> str:
    """Deploys a stack of one function, and returns the function's name."""
    function = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": "def handler(event, context): return 0"},
    }
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    trust = {"Version": "2012-10-17", "Statement": [{**service, "Action": "sts:AssumeRole"}]}
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
        "RunLogic": {"Type": "AWS::Lambda::Function", "Properties": function},
    }
    cloudformation = boto3.client("cloudformation", region_name=REGION)
    template = {
        "Resources": resources,
        "Outputs": {each: {"Value": "x"} for each in outputs},
    }
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    found = cloudformation.describe_stack_resource(StackName=name, LogicalResourceId="RunLogic")
    return found["StackResourceDetail"]["PhysicalResourceId"]


def publish(functions: Any, name: str, count: int) -> None:
    for number in range(count):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("index.py", f"def handler(event, context): return {number + 1}")
        functions.update_function_code(FunctionName=name, ZipFile=content.getvalue(), Publish=True)


def versions(functions: Any, name: str) -> list[str]:
    found = functions.list_versions_by_function(FunctionName=name)["Versions"]
    return [each["Version"] for each in found if each["Version"] != "$LATEST"]


def test_prune_deletes_the_versions_of_one_stack(
    functions: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, another = deploy("acme"), deploy("acme-2")
    for name in (ours, another):
        publish(functions, name, 4)
        published = versions(functions, name)
        functions.create_alias(FunctionName=name, Name="live", FunctionVersion=published[-1])
    before = versions(functions, ours)
    arguments = ["prune", "--stack", "acme", "--region", REGION]
    assert main(arguments) == 0
    assert versions(functions, ours) == before

    monkeypatch.setattr(prune_cli, "now_ms", lambda: now_ms() + DAY + MINUTE)
    assert main(arguments) == 0
    assert versions(functions, ours) == before[-1:]
    assert versions(functions, another) == before
    assert capsys.readouterr().out.splitlines() == [
        "deleted 0 old versions",
        f"deleted {len(before) - 1} old versions",
    ]


def test_a_missing_stack_is_named(functions: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prune", "--stack", "no-such", "--region", REGION]) == 2
    assert "no-such" in capsys.readouterr().err


def test_another_stack_is_not_touched(
    functions: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = deploy("shop", OUTPUTS - {"ConsoleBucketName"})
    publish(functions, name, 2)
    before = versions(functions, name)
    monkeypatch.setattr(prune_cli, "now_ms", lambda: now_ms() + DAY + MINUTE)
    assert main(["prune", "--stack", "shop", "--region", REGION]) == 2
    assert versions(functions, name) == before
    assert "shop is not a stack of Runledger" in capsys.readouterr().err


def test_a_missing_region_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert main(["prune", "--stack", "acme"]) == 2
    said = capsys.readouterr().err
    assert "region" in said and said.count("\n") == 1
