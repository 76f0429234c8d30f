"""Two stacks side by side in one account: both do their job, and one is destroyed without a
trace."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from runledger.cli import main

from local import bootstrap, smoke_stack
from local.deploy import deploy
from local.gateway import Gateway
from local.serve import Server
from local.settings import CREDENTIALS, PASSWORD, ROOT, STACK_NAME, Ports
from local.settings import Stack as LocalStack
from local.sign_in import access_token
from tests.emulator.orders import ADMIN, activate, everything
from tests.emulator.test_date_triggers import birthdays, next_minute
from tests.support.stack import Stack, free_ports

# It begins with the name of the first, so a prefix that is too short finds both.
SECOND = f"{STACK_NAME}-two"
# Kinds with ids in which the emulator does not write the stack's name.
NAMELESS = ("apis", "pools", "distributions", "sets")
pytestmark = [pytest.mark.timeout(600), pytest.mark.deep]


def listed(stack: Stack) -> dict[str, set[str]]:
    """Returns everything in the account, by kind, as names or ids."""

    def names(service: str, operation: str, key: str, name: str | None, **asked: Any) -> set[str]:
        with closing(stack.aws(service)) as client:
            pages = [getattr(client, operation)(**asked)]
            if client.can_paginate(operation):
                pages = list(client.get_paginator(operation).paginate(**asked))
        found: list[Any] = []
        for page in pages:
            part = page
            for each in key.split("."):
                part = part.get(each, [])
            found += part
        return {str(each if name is None else each[name]) for each in found}

    kinds = {
        "functions": ("lambda", "list_functions", "Functions", "FunctionName"),
        "layers": ("lambda", "list_layers", "Layers", "LayerName"),
        "mappings": ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
        "machines": ("stepfunctions", "list_state_machines", "stateMachines", "name"),
        "secrets": ("secretsmanager", "list_secrets", "SecretList", "Name"),
        "schedules": ("scheduler", "list_schedules", "Schedules", "Arn"),
        "groups": ("scheduler", "list_schedule_groups", "ScheduleGroups", "Name"),
        "buckets": ("s3", "list_buckets", "Buckets", "Name"),
        "tables": ("dynamodb", "list_tables", "TableNames", None),
        "logs": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
        "buses": ("events", "list_event_buses", "EventBuses", "Name"),
        "rules": ("events", "list_rules", "Rules", "Name"),
        "queues": ("sqs", "list_queues", "QueueUrls", None),
        "roles": ("iam", "list_roles", "Roles", "RoleName"),
        "apis": ("apigatewayv2", "get_apis", "Items", "ApiId"),
        "sets": ("sesv2", "list_configuration_sets", "ConfigurationSets", None),
        "distributions": ("cloudfront", "list_distributions", "DistributionList.Items", "Id"),
        "edge": ("cloudfront", "list_functions", "FunctionList.Items", "Name"),
    }
    found = {kind: names(*how) for kind, how in kinds.items()}
    found["pools"] = names("cognito-idp", "list_user_pools", "UserPools", "Id", MaxResults=60)
    found["policies"] = names("iam", "list_policies", "Policies", "PolicyName", Scope="Local")
    stacks = names("cloudformation", "describe_stacks", "Stacks", "StackName")
    return {**found, "stacks": stacks}


@pytest.fixture
def as_operator(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.aws_endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", stack.region)


@pytest.fixture
def second(stack: Stack, tmp_path: Path, as_operator: None) -> Iterator[tuple[str, dict[str, str]]]:
    """Deploys a second stack to the emulator of the tested one. Yields the address of its console
    and its outputs."""
    (gateway,) = free_ports(1)
    emulator = httpx.URL(stack.aws_endpoint).port or 0
    local = LocalStack(
        Ports(gateway, emulator, httpx.URL(stack.local["demoService"]).port or 0), tmp_path
    )
    (tmp_path / "logs").mkdir()
    outputs = deploy(local, SECOND)
    with closing(stack.aws("secretsmanager")) as secrets:
        key = secrets.get_secret_value(SecretId=outputs["EdgeSecretArn"])["SecretString"]
    app = Gateway(
        local.aws_endpoint,
        outputs["ApiId"],
        outputs["UserPoolClientId"],
        key,
        ROOT / "console" / "dist",
    ).app()
    server = Server()
    server.start(app, gateway)
    try:
        yield local.url, outputs
    finally:
        server.stop()


def smoke(stack: Stack, url: str, outputs: dict[str, str]) -> list[str]:
    return smoke_stack.run(
        outputs,
        url,
        region=stack.region,
        deliver=smoke_stack.delivered_by(stack.aws_endpoint),
        report=lambda line: None,
    )


def leave_work_behind(url: str, outputs: dict[str, str]) -> None:
    """Makes in the second stack what a stack makes at run time: a schedule, a secret, a machine and
    a waiting execution."""
    bootstrap.open_workspaces(outputs)
    headers = {"Authorization": f"Bearer {access_token(url, ADMIN, PASSWORD)}"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as api:
        secret = {"value": "a-key", "allowedHosts": ["partner.example"]}
        api.put("/v1/secrets/PARTNER", json=secret).raise_for_status()
        activate(api, birthdays("birthday", next_minute(), {"id": "done", "type": "END"}))
        waits = {
            "name": "Waits",
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
                {"id": "hour", "type": "WAIT", "config": {"delayMinutes": 60}},
                {"id": "done", "type": "END"},
            ],
            "edges": [
                {"source": "start", "target": "hour"},
                {"source": "hour", "target": "done"},
            ],
        }
        automation = activate(api, waits)
        contact = api.post("/v1/contacts", json={"email": "ada@customer.example"})
        named = {"contactId": contact.raise_for_status().json()["id"]}
        api.post(f"/v1/automations/{automation['id']}/runs", json=named).raise_for_status()


def test_one_of_two_stacks_leaves_and_the_other_is_untouched(
    stack: Stack, second: tuple[str, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    url, outputs = second
    first_outputs = smoke_stack.outputs_of(STACK_NAME, stack.region)
    assert smoke(stack, url, outputs) == []
    assert smoke(stack, stack.url, first_outputs) == []
    leave_work_behind(url, outputs)
    with stack.api(ADMIN) as api:
        active = {
            f"{STACK_NAME}-{each['id']}-v{each['version']}"
            for each in everything(api, "/v1/automations")
            if each["status"] == "ACTIVE"
        }
    before = listed(stack)
    assert any(SECOND in name for name in before["machines"])

    assert main(["destroy", "--stack", SECOND, "--delete-objects", "--yes"]) == 0

    after = listed(stack)
    left = {kind: {name for name in found if SECOND in name} for kind, found in after.items()}
    assert {kind: found for kind, found in left.items() if found} == {}
    # Ids without the stack's name: one of each has left.
    for kind in NAMELESS:
        assert after[kind] < before[kind]
        assert len(before[kind] - after[kind]) == 1
    assert first_outputs["UserPoolId"] in after["pools"]
    # The first stack deletes machines and secrets of archived automations by itself.
    gone = {
        kind: {name for name in before[kind] - after[kind] if SECOND not in name}
        for kind in before
        if kind not in (*NAMELESS, "mappings", "machines", "secrets")
    }
    assert {kind: names for kind, names in gone.items() if names} == {}
    assert active <= after["machines"]
    assert smoke(stack, stack.url, first_outputs) == []
    said = capsys.readouterr().out
    assert "1 schedules" in said
    assert "stopped 2 executions" in said or "stopped 1 executions" in said
