"""`runledger doctor` against the local stack."""

import time
from typing import Any

import pytest
from runledger.cli import main
from runledger.doctor.deployed import StackChecks

from local.settings import CREDENTIALS, STACK_NAME
from tests.support.stack import Stack

# The first pulses come with the first tick, within a minute, and pass through the stream.
_WAIT_SECONDS = 150
# What is different on one machine: the account is the emulator's, and no mail leaves it; it ignores
# the template's expiry and backups of the table; the gateway serves the console, not the bucket.
ELSEWHERE = {
    "Lambda concurrency",
    "sender",
    "alarm mails",
    "backups",
    "console",
    "table",
}


@pytest.fixture
def doctor(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.aws_endpoint)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, CREDENTIALS[name])
    options = ["--stack", STACK_NAME, "--region", stack.region, "--url", stack.url]
    return ["doctor", *options, "--sender", "no-reply@acme.example"]


def findings(text: str) -> dict[str, str]:
    """Returns the level of each finding, by its subject."""
    found = {}
    for line in text.splitlines():
        level, _, rest = line.partition(" ")
        if level in ("ok", "warning", "unknown", "PROBLEM"):
            found[rest.strip().partition(":")[0]] = level
    return found


def test_the_local_stack_is_well(doctor: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        main(doctor)
        said = capsys.readouterr().out
        found = findings(said)
        if found["tick"] == "ok" or time.monotonic() > deadline:
            break
        time.sleep(2)
    ill = {subject: level for subject, level in found.items() if level != "ok"}
    assert ill.keys() <= ELSEWHERE, said
    tables = [line for line in said.splitlines() if line.startswith("PROBLEM  table")]
    assert all(line.endswith("deletes no expired rows") for line in tables)
    nothing: Any = None
    checks = StackChecks(nothing, nothing, nothing, nothing, url="")
    subjects = {check.subject for check in checks.all()}
    assert subjects - found.keys() == set()


def test_a_stack_that_does_not_exist_is_not_checked(
    doctor: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main([*doctor, "--stack", "nothing"])
    said = capsys.readouterr().out
    assert said.startswith("nothing is not deployed to")
    assert "tick" not in findings(said)


def test_a_lost_event_is_found(
    stack: Stack, doctor: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    described = stack.aws("cloudformation").describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId="LostBatches"
    )
    queue = described["StackResourceDetail"]["PhysicalResourceId"]
    sqs = stack.aws("sqs")
    sqs.send_message(QueueUrl=queue, MessageBody="a lost batch")
    try:
        assert main(doctor) == 1
        assert "1 batches of the stream are in LostBatches" in capsys.readouterr().out
    finally:
        (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
