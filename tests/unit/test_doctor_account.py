"""`runledger doctor`: the checks of an account, with answers in the shapes that AWS documents."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from runledger.clock import DAY, SECOND
from runledger.doctor.account import EXAMPLE_SENDER, AccountChecks, Wanted
from runledger.doctor.findings import Check, Finding, Level

from tests.support.stubbed_clients import REGION, StubbedClients

NOW = 1_795_338_000_000
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/1"
WANTED = Wanted(
    region=REGION, sender="no-reply@acme.example", domain="runs.acme.example", certificate=ARN
)


@pytest.fixture
def clients() -> StubbedClients:
    return StubbedClients()


def found(
    clients: StubbedClients,
    check: Callable[[AccountChecks], Callable[[], Iterable[Finding]]],
    wanted: Wanted = WANTED,
) -> list[tuple[Level, str]]:
    """Returns level and text of each finding."""
    checks = AccountChecks(clients, wanted, lambda: NOW)
    run = check(checks)
    subject = next(each for each in checks.all() if each.run == run)
    return [(each.level, f"{each.said} {each.advice}") for each in subject.findings()]


def concurrency(limit: int, free: int) -> dict[str, Any]:
    return {"AccountLimit": {"ConcurrentExecutions": limit, "UnreservedConcurrentExecutions": free}}


@pytest.mark.parametrize(
    ("limit", "free", "reserved", "levels"),
    [
        (1_000, 1_000, 0, [Level.OK]),
        (1_000, 1_000, 900, [Level.OK]),
        (1_000, 1_000, 901, [Level.OK, Level.PROBLEM]),
        (1_000, 150, 51, [Level.OK, Level.PROBLEM]),
        (999, 999, 0, [Level.WARNING]),
        # The quota of a new account.
        (10, 10, 0, [Level.PROBLEM]),
        (10, 10, 1, [Level.PROBLEM, Level.PROBLEM]),
    ],
)
def test_concurrency(
    clients: StubbedClients, limit: int, free: int, reserved: int, levels: list[Level]
) -> None:
    clients.stub("lambda", "get_account_settings", concurrency(limit, free))
    findings = found(clients, lambda each: each.concurrency, replace(WANTED, reserved=reserved))
    assert [level for level, _ in findings] == levels
    if len(levels) == 2:
        assert f"at most {max(0, free - 100):,}" in findings[1][1]


@pytest.mark.parametrize(
    ("units", "level", "runs"),
    [(40_000, Level.OK, "1,538 runs"), (10_000, Level.WARNING, "384 runs")],
)
def test_the_quota_of_a_table(clients: StubbedClients, units: int, level: Level, runs: str) -> None:
    clients.stub("dynamodb", "describe_limits", {"TableMaxWriteCapacityUnits": units})
    ((was, said),) = found(clients, lambda each: each.table_quota)
    assert was == level
    assert runs in said


SENDING = {
    "ProductionAccessEnabled": True,
    "SendingEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "SendQuota": {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 100.0},
}


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({}, Level.OK, "50,000 mails a day, 14 a second"),
        ({"ProductionAccessEnabled": False}, Level.WARNING, "in the sandbox"),
        ({"EnforcementStatus": "PROBATION"}, Level.WARNING, "PROBATION"),
        ({"EnforcementStatus": "SHUTDOWN"}, Level.PROBLEM, "stopped"),
        ({"SendingEnabled": False}, Level.PROBLEM, "switched off"),
        (
            {"SendQuota": {**SENDING["SendQuota"], "SentLast24Hours": 40_000.0}},  # type: ignore[dict-item]
            Level.WARNING,
            "most of them used up",
        ),
        (
            {"SendQuota": {"Max24HourSend": -1.0, "MaxSendRate": 90.0, "SentLast24Hours": 9e9}},
            Level.OK,
            "any number of mails a day, 90 a second",
        ),
    ],
)
def test_sending(
    clients: StubbedClients, changes: dict[str, Any], level: Level, words: str
) -> None:
    clients.stub("sesv2", "get_account", {**SENDING, **changes})
    first, *others = found(clients, lambda each: each.sending)
    assert first[0] == level
    assert words in first[1]
    # The quota is shown in any case.
    assert "a day" in (others[0][1] if others else first[1])


SIGNED = {"SigningEnabled": True, "Status": "SUCCESS"}


def test_a_verified_address_may_send(clients: StubbedClients) -> None:
    identity = {"VerifiedForSendingStatus": True, "DkimAttributes": SIGNED}
    clients.stub("sesv2", "get_email_identity", identity)
    ((level, said),) = found(clients, lambda each: each.sender)
    assert level == Level.OK
    assert "no-reply@acme.example" in said


@pytest.mark.parametrize(
    ("dkim", "level"),
    [(SIGNED, Level.OK), ({"SigningEnabled": True, "Status": "PENDING"}, Level.WARNING)],
)
def test_a_verified_domain_may_send(
    clients: StubbedClients, dkim: dict[str, Any], level: Level
) -> None:
    clients.refuse("sesv2", "get_email_identity", "NotFoundException")
    identity = {"VerifiedForSendingStatus": True, "DkimAttributes": dkim}
    clients.stub("sesv2", "get_email_identity", identity)
    ((was, said),) = found(clients, lambda each: each.sender)
    assert was == level
    assert said.startswith("acme.example is verified")


def test_a_sender_that_is_not_verified_is_a_problem(clients: StubbedClients) -> None:
    clients.stub("sesv2", "get_email_identity", {"VerifiedForSendingStatus": False})
    clients.refuse("sesv2", "get_email_identity", "NotFoundException")
    ((level, said),) = found(clients, lambda each: each.sender)
    assert level == Level.PROBLEM
    assert f"not verified in SES in {REGION}" in said


def test_the_example_of_a_sender_is_a_problem(clients: StubbedClients) -> None:
    wanted = replace(WANTED, sender=EXAMPLE_SENDER)
    ((level, _),) = found(clients, lambda each: each.sender, wanted)
    assert level == Level.PROBLEM


@pytest.mark.parametrize(
    ("region", "level"), [("eu-central-1", Level.OK), ("ap-east-1", Level.PROBLEM)]
)
def test_the_region(clients: StubbedClients, region: str, level: Level) -> None:
    ((was, said),) = found(clients, lambda each: each.region, replace(WANTED, region=region))
    assert was == level
    assert region in said


def certificate(**changes: Any) -> dict[str, Any]:
    ends = datetime.fromtimestamp((NOW + 200 * DAY) / SECOND, UTC)
    described = {
        "DomainName": "runs.acme.example",
        "Status": "ISSUED",
        "NotAfter": ends,
        "SubjectAlternativeNames": ["runs.acme.example"],
        **changes,
    }
    return {"Certificate": described}


def named(name: str) -> dict[str, Any]:
    return {"DomainName": "x.example", "SubjectAlternativeNames": [name]}


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({}, Level.OK, "ISSUED"),
        (
            named("*.acme.example"),
            Level.OK,
            "*.acme",
        ),
        (
            named("acme.example"),
            Level.PROBLEM,
            "not for",
        ),
        (
            named("*.example"),
            Level.PROBLEM,
            "not for",
        ),
        ({"Status": "PENDING_VALIDATION"}, Level.PROBLEM, "CNAME"),
        ({"Status": "EXPIRED"}, Level.PROBLEM, "EXPIRED"),
        (
            {"NotAfter": datetime.fromtimestamp((NOW + 29 * DAY) / SECOND, UTC)},
            Level.WARNING,
            "ends on",
        ),
    ],
)
def test_the_certificate(
    clients: StubbedClients, changes: dict[str, Any], level: Level, words: str
) -> None:
    clients.stub("acm", "describe_certificate", certificate(**changes), "us-east-1")
    ((was, said),) = found(clients, lambda each: each.certificate)
    assert was == level
    assert words in said


@pytest.mark.parametrize("arn", ["", ARN.replace("us-east-1", REGION)])
def test_a_domain_needs_a_certificate_in_us_east_1(clients: StubbedClients, arn: str) -> None:
    wanted = replace(WANTED, certificate=arn)
    ((level, said),) = found(clients, lambda each: each.certificate, wanted)
    assert level == Level.PROBLEM
    assert "us-east-1" in said


def test_a_certificate_is_checked_only_where_one_is_wanted(clients: StubbedClients) -> None:
    wanted = replace(WANTED, domain="", certificate="")
    subjects = {check.subject for check in AccountChecks(clients, wanted, lambda: NOW).all()}
    assert subjects == {
        "account",
        "region",
        "Lambda concurrency",
        "table quota",
        "SES",
        "sender",
    }


def test_a_check_that_aws_refuses_is_unknown_and_names_its_permission(
    clients: StubbedClients,
) -> None:
    clients.refuse("lambda", "get_account_settings", "AccessDeniedException")
    ((level, said),) = found(clients, lambda each: each.concurrency)
    assert level == Level.UNKNOWN
    assert "AccessDeniedException" in said and "lambda:GetAccountSettings" in said


def test_a_finding_is_one_line_and_its_advice() -> None:
    finding = Finding(Level.PROBLEM, "SES", "sending is switched off", "Switch it on.")
    assert str(finding) == "PROBLEM  SES: sending is switched off\n         Switch it on."
    check = Check("SES", "ses:GetAccount", lambda: [finding])
    assert list(check.findings()) == [finding]
