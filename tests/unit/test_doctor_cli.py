"""`runledger doctor` on the command line."""

from types import SimpleNamespace
from typing import Any

import pytest
from runledger import doctor_cli
from runledger.cli import main
from runledger.doctor.deployed import DeployedStack

from tests.support.stubbed_clients import REGION, StubbedClients

TABLE_OUTPUT = {"OutputKey": "TableName", "OutputValue": "t"}


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> StubbedClients:
    stubbed = StubbedClients()

    def session(region_name: str | None) -> Any:
        def client(service: str, region_name: str | None, config: Any) -> Any:
            return stubbed(service, region_name)

        return SimpleNamespace(region_name=region_name, client=client)

    monkeypatch.setattr(doctor_cli, "boto3", SimpleNamespace(Session=session))
    return stubbed


def answer_account(clients: StubbedClients, *, concurrency: int = 1_000) -> None:
    caller = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ada"}
    clients.stub("sts", "get_caller_identity", caller)
    limit = {
        "ConcurrentExecutions": concurrency,
        "UnreservedConcurrentExecutions": concurrency,
    }
    clients.stub("lambda", "get_account_settings", {"AccountLimit": limit})
    clients.stub("dynamodb", "describe_limits", {"TableMaxWriteCapacityUnits": 40_000})
    quota = {"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 0.0}
    clients.stub("sesv2", "get_account", {"SendingEnabled": True, "SendQuota": quota})
    dkim = {"SigningEnabled": True, "Status": "SUCCESS"}
    identity = {"VerifiedForSendingStatus": True, "DkimAttributes": dkim}
    clients.stub("sesv2", "get_email_identity", identity)


DOCTOR = ["doctor", "--stack", "acme", "--region", REGION, "--sender", "a@acme.example"]


def test_an_account_is_checked_before_the_deployment(
    clients: StubbedClients, capsys: pytest.CaptureFixture[str]
) -> None:
    clients.refuse("cloudformation", "describe_stacks", "ValidationError")
    answer_account(clients)
    assert main(DOCTOR) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"acme is not deployed to {REGION}: checking the account alone"
    assert (
        "ok       Lambda concurrency: 1,000 functions at once, 1,000 of them not reserved" in said
    )
    assert any(line.startswith("warning  SES: in the sandbox") for line in said)
    assert said[-1] == "0 problems, 1 warnings or unknown"


def test_a_problem_makes_the_command_fail(
    clients: StubbedClients, capsys: pytest.CaptureFixture[str]
) -> None:
    clients.refuse("cloudformation", "describe_stacks", "ValidationError")
    answer_account(clients, concurrency=10)
    assert main(DOCTOR) == 1
    said = capsys.readouterr().out
    assert "PROBLEM  Lambda concurrency: 10 functions" in said
    assert "L-B99A9384" in said


def test_a_stack_of_another_product_is_refused(
    clients: StubbedClients, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = {
        "StackName": "acme",
        "CreationTime": "2026-11-29T00:00:00Z",
        "StackStatus": "CREATE_COMPLETE",
    }
    clients.stub("cloudformation", "describe_stacks", {"Stacks": [stack]})
    clients.stub("cloudformation", "list_stack_resources", {"StackResourceSummaries": []})
    assert main(DOCTOR) == 2
    assert "acme (CREATE_COMPLETE) is not a stack of Runledger" in capsys.readouterr().err


def test_credentials_that_aws_refuses_end_the_command(
    clients: StubbedClients, capsys: pytest.CaptureFixture[str]
) -> None:
    clients.refuse("cloudformation", "describe_stacks", "ExpiredToken")
    assert main(DOCTOR) == 2
    assert "ExpiredToken" in capsys.readouterr().err


def test_a_region_is_needed(clients: StubbedClients, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 2
    assert "name the region" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ("of@stack.example", 0)),
        (
            ["--sender", "a@acme.example", "--intake-concurrency", "250"],
            ("a@acme.example", 150),
        ),
        (["--intake-concurrency", "50"], ("of@stack.example", 0)),
    ],
)
def test_the_parameters_of_the_stack_are_checked_unless_an_option_names_others(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: tuple[Any, ...]
) -> None:
    parameters = {
        "SenderEmail": "of@stack.example",
        "ConsoleDomain": "of.stack.example",
        "ConsoleCertificateArn": "arn:of:stack",
        "IntakeConcurrency": "100",
    }
    stack = DeployedStack("acme", "CREATE_COMPLETE", {}, parameters, {})
    wanted: list[Any] = []

    def note(options: Any) -> int:
        wanted.append(doctor_cli._wanted(options, REGION, stack))
        return 0

    monkeypatch.setattr(doctor_cli, "run_doctor", note)
    assert main(["doctor", *arguments]) == 0
    (found,) = wanted
    assert (found.sender, found.reserved) == expected
    assert (found.domain, found.certificate) == ("of.stack.example", "arn:of:stack")
