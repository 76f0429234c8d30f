"""`runledger destroy`: one of two stacks with similar names goes, the other one stays whole."""

import builtins
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.cognitoidp.models import cognitoidp_backends
from moto.s3.models import s3_backends
from runledger.cli import main
from runledger.services.secrets.names import secret_id, signing_secret_id
from runledger.stack_removal import DeployedStack, StackRemoval

from tests.support.engine import client_of
from tests.support.environment import ACCOUNT, REGION

# Every name of the second begins with the name of the first.
NAMES = ("acme", "acme-2")
WAITING = json.dumps(
    {"StartAt": "w", "States": {"w": {"Type": "Wait", "Seconds": 900, "End": True}}}
)
SCHEDULE_GROUP = "AWS::Scheduler::ScheduleGroup"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/machines"


def deploy(name: str) -> None:
    """Deploys a small stack with the outputs of template.yaml. The table, buckets and user pool,
    which CloudFormation keeps when it deletes a stack, are made outside of the stack, because
    moto's CloudFormation has no user pools."""
    function = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": "def handler(event, context): return None"},
    }
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": name}},
        "Api": {"Type": "AWS::Lambda::Function", "Properties": function},
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"{name}-log"}},
    }
    outputs = {key: {"Value": value} for key, value in make_kept(name).items()}
    client_of("cloudformation").create_stack(
        StackName=name, TemplateBody=json.dumps({"Resources": resources, "Outputs": outputs})
    )
    make_runtime_resources(name)


def make_kept(name: str) -> dict[str, str]:
    """Makes table, buckets and user pool; returns the stack's outputs."""
    client_of("dynamodb").create_table(
        TableName=f"{name}-table",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        DeletionProtectionEnabled=True,
    )
    for bucket in (f"{name}-bodies", f"{name}-console"):
        client_of("s3").create_bucket(Bucket=bucket)
    client_of("s3").put_bucket_versioning(
        Bucket=f"{name}-bodies", VersioningConfiguration={"Status": "Enabled"}
    )
    pool = client_of("cognito-idp").create_user_pool(PoolName=name, DeletionProtection="ACTIVE")
    return {
        "TableName": f"{name}-table",
        "BucketName": f"{name}-bodies",
        "ConsoleBucketName": f"{name}-console",
        "UserPoolId": pool["UserPool"]["Id"],
    }


def make_runtime_resources(name: str) -> None:
    machines = client_of("stepfunctions")
    for version in (1, 2):
        arn = machines.create_state_machine(
            name=f"{name}-aut_1-v{version}", definition=WAITING, roleArn=ROLE
        )["stateMachineArn"]
        machines.start_execution(stateMachineArn=arn, name=f"run-{version}")
    for secret in (secret_id(name, "ws_a", "key", "1"), signing_secret_id(name, "aut_1")):
        client_of("secretsmanager").create_secret(Name=secret, SecretString="s")
    client_of("scheduler").create_schedule_group(Name=name)
    client_of("scheduler").create_schedule(
        Name="aut_1",
        GroupName=name,
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "RoleArn": ROLE},
    )
    s3 = client_of("s3")
    for _ in range(2):
        s3.put_object(Bucket=f"{name}-bodies", Key="runs/run_1", Body=b"a body")
    s3.delete_object(Bucket=f"{name}-bodies", Key="runs/run_1")
    s3.create_multipart_upload(Bucket=f"{name}-bodies", Key="exports/exp_1")
    s3.put_object(Bucket=f"{name}-console", Key="index.html", Body=b"<html>")


def found(name: str) -> dict[str, Any]:
    """Returns everything in the account that belongs to a stack."""

    def own(names: Any) -> list[str]:
        return sorted(each for each in names if each == name or each.startswith(tuple(marks)))

    marks = [f"{name}-aut_", f"{name}/", f"{name}-table", f"{name}-bodies", f"{name}-console"]
    machines = client_of("stepfunctions")
    listed = machines.list_state_machines()["stateMachines"]
    groups = [
        each["Name"] for each in client_of("scheduler").list_schedule_groups()["ScheduleGroups"]
    ]
    return {
        "machines": own(each["name"] for each in listed),
        "running": [
            execution["name"]
            for each in listed
            if each["name"].startswith(marks[0])
            for execution in machines.list_executions(
                stateMachineArn=each["stateMachineArn"], statusFilter="RUNNING"
            )["executions"]
        ],
        "secrets": own(
            each["Name"] for each in client_of("secretsmanager").list_secrets()["SecretList"]
        ),
        "schedules": [
            each["Name"]
            for group in own(groups)
            for each in client_of("scheduler").list_schedules(GroupName=group)["Schedules"]
        ],
        "buses": own(each["Name"] for each in client_of("events").list_event_buses()["EventBuses"]),
        "stacks": own(
            each["StackName"] for each in client_of("cloudformation").describe_stacks()["Stacks"]
        ),
        "buckets": own(each["Name"] for each in client_of("s3").list_buckets()["Buckets"]),
        "tables": own(client_of("dynamodb").list_tables()["TableNames"]),
        "pools": own(
            each["Name"]
            for each in client_of("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]
        ),
    }


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    find = StackRemoval.find

    def with_schedule_group(self: StackRemoval, name: str) -> DeployedStack:
        # moto's CloudFormation has no schedule groups either.
        stack = find(self, name)
        return replace(stack, resources={**stack.resources, SCHEDULE_GROUP: (stack.name,)})

    monkeypatch.setattr(StackRemoval, "find", with_schedule_group)
    with mock_aws():
        for name in NAMES:
            deploy(name)
        yield


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    def answer(*answers: str) -> list[str]:
        """Makes the operator type these answers; after them, the input ends. Returns a list that
        collects the questions."""
        left, asked = list(answers), list[str]()

        def typing(question: str) -> str:
            asked.append(question)
            if not left:
                raise EOFError
            return left.pop(0)

        monkeypatch.setattr(builtins, "input", typing)
        return asked

    return answer


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    hooks: list[tuple[str, Callable[..., None]]] = []

    class Session(boto3.Session):
        def client(self, *names: Any, **options: Any) -> Any:
            made = super().client(*names, **options)
            for event, called in hooks:
                made.meta.events.register(event, called)
            return made

    monkeypatch.setattr("runledger.destroy_cli.boto3.Session", Session)

    def register(event: str, called: Callable[..., None]) -> None:
        """Has the command's AWS clients call the function at this event of botocore."""
        hooks.append((event, called))

    return register


NOTHING: dict[str, list[str]] = {
    "machines": [],
    "running": [],
    "secrets": [],
    "schedules": [],
    "buses": [],
    "stacks": [],
    "buckets": [],
    "tables": [],
    "pools": [],
}


@pytest.mark.usefixtures("account")
def test_nothing_is_left_of_one_stack_and_the_other_is_untouched(
    capsys: pytest.CaptureFixture[str], typed: Callable[..., list[str]]
) -> None:
    asked = typed()
    before = found("acme-2")
    assert all(before.values())
    assert main(["destroy", "--stack", "acme", "--delete-objects", "--yes"]) == 0
    assert found("acme") == NOTHING
    assert found("acme-2") == before
    assert asked == []
    said = capsys.readouterr().out
    assert "2 state machines, 1 schedules and 2 secrets" in said


@pytest.mark.usefixtures("account")
def test_the_data_is_kept_unless_somebody_asks_to_delete_it(
    capsys: pytest.CaptureFixture[str], typed: Callable[..., list[str]]
) -> None:
    typed("acme", "")
    assert main(["destroy", "--stack", "acme"]) == 0
    assert found("acme") == {
        **NOTHING,
        "tables": ["acme-table"],
        "buckets": ["acme-bodies"],
        "pools": ["acme"],
    }
    versions = client_of("s3").list_object_versions(Bucket="acme-bodies")
    assert len(versions["Versions"]) == 2
    secrets = client_of("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert {each["Name"] for each in secrets if "DeletedDate" in each} == {
        secret_id("acme", "ws_a", "key", "1"),
        signing_secret_id("acme", "aut_1"),
    }
    assert "kept the table acme-table" in capsys.readouterr().out


@pytest.mark.usefixtures("account")
def test_the_operator_can_choose_to_delete_the_data(typed: Callable[..., list[str]]) -> None:
    asked = typed("acme", "delete")
    assert main(["destroy", "--stack", "acme"]) == 0
    assert found("acme") == NOTHING
    assert len(asked) == 2


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("answers", [(), ("",), ("y",), ("acme-2",)])
def test_nothing_happens_without_the_name_of_the_stack(
    typed: Callable[..., list[str]], answers: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    typed(*answers)
    before = found("acme")
    assert main(["destroy", "--stack", "acme", "--delete-objects"]) == 1
    assert found("acme") == before
    assert capsys.readouterr().err == "runledger: nothing was deleted\n"


@pytest.mark.usefixtures("account")
def test_a_removal_that_broke_off_can_be_repeated() -> None:
    untouched = found("acme-2")
    pool = StackRemoval(client_of, print).find("acme").user_pool
    client_of("cognito-idp").delete_user_pool(UserPoolId=pool)
    s3 = client_of("s3")
    for bucket in ("acme-bodies", "acme-console"):
        for each in s3.list_object_versions(Bucket=bucket).get("Versions", []):
            s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
        for each in s3.list_object_versions(Bucket=bucket).get("DeleteMarkers", []):
            s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
        s3.delete_bucket(Bucket=bucket)
    client_of("dynamodb").update_table(TableName="acme-table", DeletionProtectionEnabled=False)
    client_of("dynamodb").delete_table(TableName="acme-table")
    client_of("scheduler").delete_schedule(Name="aut_1", GroupName="acme")
    assert main(["destroy", "--stack", "acme", "--delete-objects", "--yes"]) == 0
    assert found("acme") == NOTHING
    assert found("acme-2") == untouched


@pytest.mark.usefixtures("account")
def test_data_that_was_kept_can_be_deleted_later(
    typed: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    untouched = found("acme-2")
    typed("acme", "")
    deployed = StackRemoval(client_of, print).find("acme")
    assert main(["destroy", "--stack", "acme"]) == 0

    # moto forgets the resources of a deleted stack; CloudFormation lists them for 90 days.
    def left(self: StackRemoval, name: str) -> DeployedStack:
        return replace(deployed, resources={}, gone=True)

    monkeypatch.setattr(StackRemoval, "find", left)
    typed("acme", "delete")
    assert main(["destroy", "--stack", "acme"]) == 0
    assert "CloudFormation has deleted the stack itself" in capsys.readouterr().out
    assert found("acme") == NOTHING
    assert found("acme-2") == untouched
    secrets = client_of("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert sorted(each["Name"] for each in secrets) == untouched["secrets"]


def tag_table(stack: DeployedStack, owner: str) -> None:
    arn = client_of("dynamodb").describe_table(TableName=stack.table)["Table"]["TableArn"]
    # moto adds a second tag with the same key.
    client_of("dynamodb").untag_resource(ResourceArn=arn, TagKeys=["aws:cloudformation:stack-id"])
    client_of("dynamodb").tag_resource(
        ResourceArn=arn, Tags=[{"Key": "aws:cloudformation:stack-id", "Value": owner}]
    )


def tag_bodies(stack: DeployedStack, owner: str) -> None:
    tag_bucket(stack.bodies, owner)


def tag_console(stack: DeployedStack, owner: str) -> None:
    tag_bucket(stack.console, owner)


def tag_bucket(name: str, owner: str) -> None:
    # moto refuses the reserved tags of CloudFormation in the call.
    s3_backends[ACCOUNT]["aws"].tagger.tag_resource(
        f"arn:aws:s3:::{name}", [{"Key": "aws:cloudformation:stack-id", "Value": owner}]
    )


def tag_pool(stack: DeployedStack, owner: str) -> None:
    pool = cognitoidp_backends[ACCOUNT][REGION].user_pools[stack.user_pool]
    pool.extended_config["UserPoolTags"] = {"aws:cloudformation:stack-id": owner}


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("tag", [tag_table, tag_bodies, tag_console, tag_pool])
def test_data_of_another_stack_is_not_deleted(
    tag: Callable[[DeployedStack, str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    removal = StackRemoval(client_of, print)
    gone = replace(removal.find("acme"), resources={}, gone=True)
    monkeypatch.setattr(StackRemoval, "find", lambda self, name: gone)
    before = found("acme")
    tag(gone, f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/other/1")
    assert main(["destroy", "--stack", "acme", "--delete-objects", "--yes"]) == 1
    assert found("acme") == before
    table = client_of("dynamodb").describe_table(TableName=gone.table)["Table"]
    assert table["DeletionProtectionEnabled"]
    pool = client_of("cognito-idp").describe_user_pool(UserPoolId=gone.user_pool)["UserPool"]
    assert pool["DeletionProtection"] == "ACTIVE"
    assert "belongs to another stack" in capsys.readouterr().err

    for own in (tag_table, tag_bodies, tag_console, tag_pool):
        own(gone, gone.id)
    assert main(["destroy", "--stack", "acme", "--delete-objects", "--yes"]) == 0
    assert not {"tables", "buckets", "pools"} & {key for key, left in found("acme").items() if left}


class DeletedStacks:
    """CloudFormation with two deleted stacks of one name."""

    def describe_stacks(self, StackName: str) -> None:
        said = {"Error": {"Code": "ValidationError", "Message": f"{StackName} does not exist"}}
        raise ClientError(said, "DescribeStacks")  # type: ignore[arg-type]

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=getattr(self, operation))

    def list_stacks(self, StackStatusFilter: list[str]) -> Iterator[dict[str, Any]]:
        assert StackStatusFilter == ["DELETE_COMPLETE"]
        for name, number in (("acme", 1), ("acme", 3), ("acme-2", 4), ("acme", 2)):
            stack = {"StackName": name, "StackId": f"id-{number}", "DeletionTime": number}
            yield {"StackSummaries": [stack]}

    def list_stack_resources(self, StackName: str) -> Iterator[dict[str, Any]]:
        if StackName == "id-4":
            yield {"StackResourceSummaries": [{"LogicalResourceId": "Table"}]}
            return
        for logical_id in ("Table", "BodyBucket", "ConsoleBucket", "UserPool", "Api"):
            resource = {
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": f"{logical_id}-of-{StackName}",
            }
            yield {"StackResourceSummaries": [resource]}


def test_the_stack_that_was_deleted_last_names_the_data() -> None:
    clients = {"cloudformation": DeletedStacks()}
    removal = StackRemoval(clients.__getitem__, print)
    stack = removal.find("acme")
    assert stack.gone
    assert (stack.table, stack.bodies) == ("Table-of-id-3", "BodyBucket-of-id-3")
    assert (stack.console, stack.user_pool) == ("ConsoleBucket-of-id-3", "UserPool-of-id-3")
    assert removal.find("acme-2").outputs == {}
    with pytest.raises(ClientError, match="shop does not exist"):
        removal.find("shop")


@pytest.mark.usefixtures("account")
def test_functions_refuse_invocations_before_anything_is_deleted(
    hook: Callable[..., None],
) -> None:
    order: list[str] = []
    calls = ("PutFunctionConcurrency", "StopExecution", "DeleteStateMachine", "DeleteStack")
    for call in calls:
        hook(f"before-call.*.{call}", lambda call=call, **_: order.append(call))
    assert main(["destroy", "--stack", "acme", "--delete-objects", "--yes"]) == 0
    assert [call for index, call in enumerate(order) if call not in order[:index]] == list(calls)


@pytest.mark.usefixtures("account")
def test_another_stack_is_not_touched(capsys: pytest.CaptureFixture[str]) -> None:
    client_of("cloudformation").create_stack(
        StackName="shop", TemplateBody=json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
    )
    assert main(["destroy", "--stack", "shop", "--yes"]) == 1
    assert "shop is not a stack of Runledger" in capsys.readouterr().err
    assert main(["destroy", "--stack", "gone", "--yes"]) == 1
    said = capsys.readouterr().err
    assert "gone" in said
    assert len(said.splitlines()) == 1


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("described", "reason"),
    [
        ({"EnableTerminationProtection": True}, "termination protection is on"),
        ({"StackStatus": "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"}, "CLEANUP_IN_PROGRESS"),
        ({"StackStatus": "DELETE_COMPLETE"}, "has already deleted"),
    ],
)
def test_a_stack_that_cannot_be_deleted_stays_whole(
    described: dict[str, Any],
    reason: str,
    hook: Callable[..., None],
    typed: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    hook(
        "after-call.cloudformation.DescribeStacks",
        lambda parsed, **_: parsed["Stacks"][0].update(described),
    )
    stopped: list[str] = []
    hook("before-call.lambda.PutFunctionConcurrency", lambda **_: stopped.append("function"))
    before, asked = found("acme"), typed("acme", "delete")
    assert main(["destroy", "--stack", "acme", "--delete-objects"]) == 1
    assert found("acme") == before
    assert (asked, stopped) == ([], [])
    assert reason in capsys.readouterr().err


@pytest.mark.usefixtures("account")
def test_a_stack_can_be_named_by_its_arn(typed: Callable[..., list[str]]) -> None:
    described = client_of("cloudformation").describe_stacks(StackName="acme")["Stacks"]
    asked, untouched = typed("acme", "delete"), found("acme-2")
    assert main(["destroy", "--stack", described[0]["StackId"]]) == 0
    assert asked[0] == "Type acme to delete this stack: "
    assert found("acme") == NOTHING
    assert found("acme-2") == untouched


@pytest.mark.usefixtures("account")
def test_after_a_failed_deletion_the_operator_learns_how_to_start_the_functions(
    hook: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    resource = client_of("cloudformation").describe_stack_resource(
        StackName="acme", LogicalResourceId="Api"
    )
    function = resource["StackResourceDetail"]["PhysicalResourceId"]
    asked: list[str] = []
    hook("before-call.cloudformation.DeleteStack", lambda **_: asked.append("DeleteStack"))

    def fail(parsed: dict[str, Any], **_: Any) -> None:
        if asked:
            parsed["Stacks"][0]["StackStatus"] = "DELETE_FAILED"

    hook("after-call.cloudformation.DescribeStacks", fail)
    assert main(["destroy", "--stack", "acme", "--yes"]) == 1
    said = capsys.readouterr().err
    assert "concurrency 0" in said
    assert f"aws lambda delete-function-concurrency --function-name {function}" in said


@pytest.mark.usefixtures("account")
def test_an_upload_that_ends_meanwhile_is_no_error(hook: Callable[..., None]) -> None:
    ended: list[str] = []

    def end(**_: Any) -> None:
        s3 = client_of("s3")
        for each in s3.list_multipart_uploads(Bucket="acme-bodies").get("Uploads", []):
            s3.abort_multipart_upload(
                Bucket="acme-bodies", Key=each["Key"], UploadId=each["UploadId"]
            )
            ended.append(each["Key"])

    hook("before-call.s3.AbortMultipartUpload", end)
    assert main(["destroy", "--stack", "acme", "--delete-objects", "--yes"]) == 0
    assert ended == ["exports/exp_1"]
    assert found("acme") == NOTHING


@pytest.mark.usefixtures("account")
def test_a_log_group_that_a_late_invocation_makes_again_is_deleted(
    hook: Callable[..., None],
) -> None:
    """Lambda makes the group again for the lines of an invocation that was under way."""
    logs = client_of("logs")
    made: list[str] = []

    def log_late(**_: Any) -> None:
        groups = [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]
        if "acme-log" not in groups:
            logs.create_log_group(logGroupName="acme-log")
            made.append("acme-log")

    hook("after-call.cloudformation.DescribeStacks", log_late)
    assert main(["destroy", "--stack", "acme", "--delete-objects", "--yes"]) == 0
    assert made == ["acme-log"]
    left = {each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]}
    assert left == {"acme-2-log"}
