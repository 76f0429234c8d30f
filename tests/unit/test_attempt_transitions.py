"""An attempt's status does not depend on the order of our record and the provider's reports."""

from itertools import combinations, permutations

import pytest
from runledger.models.attempt_transitions import (
    MAX_TRIES,
    UNKNOWN_AFTER,
    WAITS,
    claimed,
    given_up_unknown,
    reported,
    tried,
)
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus, Try, TryOutcome
from runledger.models.feedback import error_after, merge
from runledger.models.report import KeptReport, ReportKind

NOW = 1_000_000
REPORTS = {
    "e1": KeptReport(kind=ReportKind.DELIVERED, at=10),
    "e2": KeptReport(kind=ReportKind.BOUNCED, at=20, is_permanent=True),
    "e3": KeptReport(kind=ReportKind.COMPLAINED, at=30),
    "e4": KeptReport(kind=ReportKind.DELAYED, at=5),
}


def begun() -> DeliveryAttempt:
    return DeliveryAttempt(
        id="dlv_1",
        workspace_id="ws_1",
        run_id="run_1",
        node_id="mail",
        automation_id=None,
        contact_id=None,
        channel="EMAIL",
        address="ada@example.com",
        status=DeliveryStatus.PROCESSING,
        template_id="tpl_1",
        subject="Hi",
        gates=(),
        tries=1,
        provider_id=None,
        error=None,
        created_at=0,
        settled_at=None,
        expires_at=10**12,
    )


def hear(attempt: DeliveryAttempt, what: str | TryOutcome) -> DeliveryAttempt:
    if isinstance(what, TryOutcome):
        provider_id = "message-1" if what is TryOutcome.ACCEPTED else None
        return tried(attempt, Try(at=NOW, outcome=what, provider_id=provider_id), NOW)
    reports = merge(attempt.reports, what, REPORTS[what])
    return attempt if reports == attempt.reports else reported(attempt, reports, None)


@pytest.mark.parametrize("outcome", TryOutcome)
def test_any_order_of_our_record_and_the_reports_gives_the_same_status(outcome: TryOutcome) -> None:
    for count in range(len(REPORTS) + 1):
        for heard in combinations(REPORTS, count):
            ends = set()
            for order in permutations([outcome, *heard, *heard[:1]]):
                attempt = begun()
                for what in order:
                    before = attempt
                    attempt = hear(attempt, what)
                    has_changed = attempt.status is not before.status
                    assert attempt.sequence == before.sequence + has_changed
                    assert (attempt.due_at is None) == (
                        attempt.status.is_settled
                        or (
                            attempt.base_status is DeliveryStatus.PROCESSING
                            and attempt.unknown_since is None
                        )
                    )
                error = error_after(attempt.error, attempt.node_id, attempt.reports)
                ends.add((attempt.status, attempt.settled_at, error and error.kind))
            assert len(ends) == 1, (heard, ends)


def test_each_transient_refusal_waits_longer_and_the_sixth_is_the_last() -> None:
    attempt = begun()
    now = NOW
    for wait in WAITS:
        attempt = tried(attempt, Try(at=now, outcome=TryOutcome.TRANSIENT), now)
        assert attempt.status is DeliveryStatus.RETRYING
        assert attempt.next_try_at == now + wait
        now += wait
        attempt = claimed(attempt, now)
        assert (attempt.next_try_at, attempt.due_at) == (None, now + UNKNOWN_AFTER)
    attempt = tried(attempt, Try(at=now, outcome=TryOutcome.TRANSIENT), now)
    assert (attempt.status, attempt.tries) == (DeliveryStatus.DEAD_LETTERED, MAX_TRIES)
    assert attempt.due_at is None and attempt.settled_at == now


def test_a_try_found_lost_too_early_is_reported_once() -> None:
    attempt = hear(hear(begun(), TryOutcome.UNKNOWN), TryOutcome.ACCEPTED)
    assert [each.outcome for each in attempt.tries_log] == [TryOutcome.ACCEPTED]
    assert attempt.status is DeliveryStatus.SENT and attempt.error is None


def test_an_attempt_without_a_report_gives_that_as_its_cause() -> None:
    lost = tried(begun(), Try(at=NOW, outcome=TryOutcome.UNKNOWN, message="read timeout"), NOW)
    failed = given_up_unknown(lost, NOW + UNKNOWN_AFTER)
    assert failed.status is DeliveryStatus.FAILED and len(failed.tries_log) == 1
    assert failed.error is not None
    assert (failed.error.kind, failed.error.cause) == ("OUTCOME_UNKNOWN", "read timeout")
    silent = given_up_unknown(begun(), NOW)
    assert [each.outcome for each in silent.tries_log] == [TryOutcome.UNKNOWN]
