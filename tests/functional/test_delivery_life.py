"""The life of a delivery attempt: retries, unknown outcomes, reports, and the end of its run."""

import json
from typing import Any

import pytest
from runledger.clock import DAY, HOUR, MINUTE, SECOND
from runledger.errors import ConditionFailedError
from runledger.models.attempt_transitions import MAX_TRIES, UNKNOWN_AFTER, WAITS
from runledger.models.contact import ContactDocument
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus, TryOutcome
from runledger.models.report import FeedbackReport, ReportKind
from runledger.models.run import Cancellation, ErrorDetail, RunStatus
from runledger.models.suppression import Suppression, SuppressionReason
from runledger.models.template import TemplateDocument
from runledger.nodes.base import Operation
from runledger.services.messages.retry_contract import RetryAnswer, RetryEvent
from runledger.store import keys
from runledger.store.runs import Closing

from tests.support.engine import Engine
from tests.support.environment import ACCOUNT, DELIVERY_RETRY
from tests.support.invariants import index_problems
from tests.support.scripted_channel import LATER, NEVER, SILENT, TAKEN, ScriptedChannel, script

CONTACT = {"contactLookup": {"by": "email", "path": "email"}, "createIfMissing": True}


class DiedError(BaseException):
    """The process died."""


def die() -> None:
    raise DiedError


ADA = {"email": "ada@example.com"}


def mailing(template_id: str, **more: Any) -> dict[str, Any]:
    config = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "EMAIL", "templateId": template_id}],
        **more,
    }
    return {
        "name": "Mailing",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK", **CONTACT}},
            {"id": "mail", "type": "SEND_MESSAGE", "config": config},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "mail"}, {"source": "mail", "target": "done"}],
    }


@pytest.fixture
def automation(engine: Engine) -> str:
    engine.stepfunctions.create_state_machine(
        name=DELIVERY_RETRY.rpartition(":")[2],
        definition=json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine",
    )
    return engine.activate(mailing(engine.template()))


def attempts(engine: Engine) -> list[DeliveryAttempt]:
    rows = engine.rows()
    ids = [row["pk"].partition("#")[2] for row in rows if row["sk"] == "DELIVERY"]
    return [engine.stores.deliveries.get(each) for each in ids]


def only(engine: Engine) -> DeliveryAttempt:
    (found,) = attempts(engine)
    return found


def started(engine: Engine) -> list[str]:
    found = engine.stepfunctions.list_executions(stateMachineArn=DELIVERY_RETRY)["executions"]
    return sorted(each["name"] for each in found)


def ask(engine: Engine, attempt: DeliveryAttempt, try_number: int | None = None) -> RetryAnswer:
    event = RetryEvent(
        workspace_id=attempt.workspace_id, delivery_id=attempt.id, try_number=try_number
    )
    return engine.retry_delivery.handle(event, engine.retry_budget(300_000))


def walk_machine(engine: Engine, attempt: DeliveryAttempt) -> list[int]:
    """Walks the retry machine to its end and returns its waits, in seconds."""
    answer = ask(engine, attempt)
    waits = []
    while answer.goes_on:
        waits.append(answer.wait_seconds)
        engine.clock.advance(answer.wait_seconds * SECOND)
        answer = ask(engine, attempt, answer.try_number)
    return waits


def settle_due(engine: Engine, milliseconds: int = 0) -> int:
    engine.clock.advance(milliseconds)
    return engine.due_work.settle_due(100)


def report(kind: ReportKind, attempt: DeliveryAttempt, number: int = 1, at: int = 5) -> Any:
    return FeedbackReport(
        event_id=f"event-{number}",
        delivery_id=attempt.id,
        workspace_id=attempt.workspace_id,
        kind=kind,
        at=attempt.created_at + at,
        is_permanent=kind is ReportKind.BOUNCED,
    )


def check_row(engine: Engine, attempt: DeliveryAttempt) -> None:
    """Checks that the lists and the due index agree with the row."""
    row = engine.table.get(keys.delivery(attempt.id), consistent=True)
    assert row is not None
    assert index_problems(row) == []
    assert ("gsi4pk" in row) == ("dueKey" in row) == (attempt.due_at is not None)
    assert (attempt.due_at is not None) == (not attempt.status.is_settled)


# ── retries ─────────────────────────────────────────────────────────────────────────────────────


def test_a_transient_refusal_is_retried_after_the_run_completed(
    engine: Engine, automation: str
) -> None:
    channel = script(engine, LATER, LATER, TAKEN)
    run_id = engine.fire(automation, ADA)
    engine.walk(run_id)

    assert engine.status(run_id) is RunStatus.COMPLETED
    step = engine.stores.runs.history(run_id).steps["mail"]
    assert step.output["queued"] == 1 and step.output["sent"] == 0
    waiting = only(engine)
    assert waiting.status is DeliveryStatus.RETRYING
    assert waiting.tries == 1
    assert waiting.error is not None
    assert (waiting.error.kind, waiting.error.message) == ("PROVIDER_UNAVAILABLE", "slow down")
    assert waiting.next_try_at == waiting.tries_log[0].at + 1 + WAITS[0]
    assert started(engine) == [f"{waiting.id}-1"]
    check_row(engine, waiting)

    assert walk_machine(engine, waiting) == [30, 120]

    sent = only(engine)
    assert (sent.status, sent.tries, sent.error) == (DeliveryStatus.SENT, 3, None)
    assert sent.provider_id == "message-1" and sent.settled_at is not None
    assert [each.outcome for each in sent.tries_log] == [
        TryOutcome.TRANSIENT,
        TryOutcome.TRANSIENT,
        TryOutcome.ACCEPTED,
    ]
    assert len({(m.delivery_id, m.body, m.subject) for m in channel.asked}) == 1
    check_row(engine, sent)


def test_a_message_is_dead_lettered_after_six_tries(engine: Engine, automation: str) -> None:
    channel = script(engine, LATER)
    engine.walk(engine.fire(automation, ADA))

    waits = walk_machine(engine, only(engine))

    assert waits == [wait // SECOND for wait in WAITS] == [30, 120, 600, 3_600, 21_600]
    dead = only(engine)
    assert dead.status is DeliveryStatus.DEAD_LETTERED
    assert dead.tries == len(dead.tries_log) == len(channel.asked) == MAX_TRIES == 6
    assert dead.error is not None and dead.error.message == "slow down"
    check_row(engine, dead)


def test_a_permanent_refusal_ends_the_retries(engine: Engine, automation: str) -> None:
    channel = script(engine, LATER, NEVER, TAKEN)
    engine.walk(engine.fire(automation, ADA))
    assert walk_machine(engine, only(engine)) == [30]
    failed = only(engine)
    assert failed.status is DeliveryStatus.FAILED
    assert failed.error is not None and failed.error.kind == "PROVIDER_REFUSED"
    assert failed.error.cause == "MessageRejected: no"
    assert len(channel.asked) == 2
    check_row(engine, failed)


def test_a_permanent_refusal_of_the_first_try_is_not_retried(
    engine: Engine, automation: str
) -> None:
    script(engine, NEVER)
    run_id = engine.fire(automation, ADA)
    engine.walk(run_id)
    assert only(engine).status is DeliveryStatus.FAILED
    assert engine.status(run_id) is RunStatus.FAILED
    assert started(engine) == []


def test_concurrent_machines_make_each_try_once(engine: Engine, automation: str) -> None:
    channel = script(engine, LATER, LATER, TAKEN)
    engine.walk(engine.fire(automation, ADA))
    attempt = only(engine)
    first, second = ask(engine, attempt), ask(engine, attempt)
    assert first.try_number == second.try_number == 2
    after = ask(engine, attempt, 2)
    late = ask(engine, attempt, 2)
    assert len(channel.asked) == 2
    assert (after.try_number, late.try_number) == (3, 3)
    assert late.wait_seconds == 120
    assert not ask(engine, attempt, 3).goes_on
    assert not ask(engine, attempt, 3).goes_on
    assert not ask(engine, attempt).goes_on
    assert len(channel.took) == 1


def test_a_new_machine_makes_a_try_that_is_already_due(engine: Engine, automation: str) -> None:
    script(engine, LATER, TAKEN)
    engine.walk(engine.fire(automation, ADA))
    assert ask(engine, only(engine)).goes_on
    engine.clock.advance(WAITS[0])
    assert not ask(engine, only(engine)).goes_on
    assert only(engine).status is DeliveryStatus.SENT


def test_a_lost_machine_is_started_again(engine: Engine, automation: str) -> None:
    script(engine, LATER, TAKEN)
    engine.walk(engine.fire(automation, ADA))
    attempt = only(engine)
    assert settle_due(engine, WAITS[0]) == 0
    assert settle_due(engine, 2 * MINUTE) == 1
    assert started(engine) == [f"{attempt.id}-1", f"{attempt.id}-2"]
    assert settle_due(engine, 3 * MINUTE) == 1
    assert started(engine)[-1] == f"{attempt.id}-3"
    assert not ask(engine, attempt).goes_on
    assert only(engine).status is DeliveryStatus.SENT
    assert settle_due(engine, DAY) == 0


def test_an_attempt_that_is_not_tried_for_a_day_is_dead_lettered(
    engine: Engine, automation: str
) -> None:
    script(engine, LATER)
    engine.walk(engine.fire(automation, ADA))
    assert settle_due(engine, DAY + HOUR) == 1
    dead = only(engine)
    assert dead.status is DeliveryStatus.DEAD_LETTERED
    assert dead.error is not None and dead.error.kind == "NEVER_TRIED"
    check_row(engine, dead)


def test_canceling_the_run_stops_the_retries(engine: Engine, automation: str) -> None:
    channel = script(engine, LATER, TAKEN)
    run_id = engine.fire(automation, ADA)
    engine.walk(run_id, until="done")
    canceled = Cancellation(by="ada@example.com", reason="wrong list")
    engine.canceler.cancel(engine.workspace_id, run_id, canceled)
    assert walk_machine(engine, only(engine)) == [30]
    stopped = only(engine)
    assert stopped.status is DeliveryStatus.FAILED
    assert stopped.error is not None and stopped.error.kind == "RUN_CANCELED"
    assert len(channel.asked) == 1
    check_row(engine, stopped)


def test_a_failed_run_does_not_stop_the_retries(engine: Engine, automation: str) -> None:
    script(engine, LATER, TAKEN)
    run_id = engine.fire(automation, ADA)
    engine.walk(run_id, until="done")
    run = engine.stores.runs.get(run_id)
    error = ErrorDetail(node_id=None, kind="OVERDUE", message="late")
    engine.stores.runs.close(run, Closing(RunStatus.FAILED, engine.clock(), error=error))
    walk_machine(engine, only(engine))
    assert only(engine).status is DeliveryStatus.SENT


@pytest.mark.parametrize("why", ["suppressed", "consent", "erased"])
def test_a_gate_that_closes_between_tries_ends_the_retries(
    engine: Engine, automation: str, why: str
) -> None:
    channel = script(engine, LATER, TAKEN)
    engine.walk(engine.fire(automation, ADA))
    waiting = only(engine)
    assert waiting.contact_id is not None
    if why == "suppressed":
        engine.stores.suppressions.add(
            Suppression(
                workspace_id=engine.workspace_id,
                kind="EMAIL",
                address=ADA["email"],
                reason=SuppressionReason.MANUAL,
                note=None,
                delivery_id=None,
                created_by=None,
                created_at=engine.clock(),
            )
        )
    elif why == "consent":
        refusing = {**ADA, "consents": {"transactional": False, "marketing": False}}
        document = ContactDocument.model_validate(refusing)
        engine.contacts.replace(engine.workspace_id, waiting.contact_id, document)
    else:
        engine.table.delete(keys.contact(engine.workspace_id, waiting.contact_id))
    assert walk_machine(engine, waiting) == [30]
    refused = only(engine)
    assert refused.status is DeliveryStatus.SUPPRESSED and refused.tries == 1
    assert not refused.gates[-1].passed and refused.error is not None
    assert refused.error.message == refused.gates[-1].reason
    assert len(channel.asked) == 1
    check_row(engine, refused)


def test_a_transient_refusal_stays_on_its_channel(engine: Engine, automation: str) -> None:
    """CASCADE continues only if the message certainly did not leave and will not leave."""
    script(engine, LATER)
    text = TemplateDocument(name="Text", channel="SMS", subject=None, body="Hello")
    sms = engine.templates.create(engine.workspace_id, text).id
    channels = [
        {"channel": "EMAIL", "templateId": engine.template()},
        {"channel": "SMS", "templateId": sms},
    ]
    automation = engine.activate(mailing("", channels=channels))
    engine.walk(engine.fire(automation, ADA))
    assert [each.channel for each in attempts(engine)] == ["EMAIL"]


# ── unknown outcomes ────────────────────────────────────────────────────────────────────────────


def unknown(engine: Engine, automation: str) -> DeliveryAttempt:
    """Walks a run and returns its attempt, for which the provider's answer was lost."""
    engine.walk(engine.fire(automation, ADA))
    return only(engine)


def test_a_lost_answer_fails_the_attempt_if_no_report_comes(
    engine: Engine, automation: str
) -> None:
    channel = script(engine, SILENT)
    run_id = engine.fire(automation, ADA)
    engine.walk(run_id)
    lost = only(engine)
    assert lost.status is DeliveryStatus.PROCESSING and lost.is_unknown
    assert lost.due_at == (lost.unknown_since or 0) + UNKNOWN_AFTER
    check_row(engine, lost)
    evidence: Any = engine.stores.runs.history(run_id).steps["mail"].evidence or {}
    assert "unknown" in json.dumps(evidence).lower()

    assert settle_due(engine, UNKNOWN_AFTER - MINUTE) == 0
    assert settle_due(engine, 2 * MINUTE) == 1
    failed = only(engine)
    assert failed.status is DeliveryStatus.FAILED
    assert failed.error is not None
    assert (failed.error.kind, failed.error.cause) == ("OUTCOME_UNKNOWN", "read timeout")
    assert [each.outcome for each in failed.tries_log] == [TryOutcome.UNKNOWN]
    assert len(channel.asked) == 1
    check_row(engine, failed)


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (ReportKind.DELIVERED, DeliveryStatus.DELIVERED),
        (ReportKind.BOUNCED, DeliveryStatus.FAILED),
        (ReportKind.COMPLAINED, DeliveryStatus.DELIVERED),
    ],
)
def test_an_early_or_late_report_settles_a_lost_answer(
    engine: Engine, automation: str, kind: ReportKind, status: DeliveryStatus, is_late: bool
) -> None:
    script(engine, SILENT)
    lost = unknown(engine, automation)
    if is_late:
        settle_due(engine, UNKNOWN_AFTER + MINUTE)
    engine.stores.deliveries.report(only(engine), report(kind, lost), 1)
    told = only(engine)
    assert told.status is status
    assert told.settled_at == lost.created_at + 5
    check_row(engine, told)
    assert settle_due(engine, DAY) == 0


def test_the_attempt_of_a_dead_walker_is_found_unknown(engine: Engine, automation: str) -> None:
    channel = script(engine, TAKEN)
    run_id = engine.fire(automation, ADA)
    engine.walk(run_id, until="mail")

    channel.before = die
    with pytest.raises(DiedError):
        engine.visit(run_id, "mail")
    assert only(engine).unknown_since is None
    channel.before = lambda: None
    engine.clock.advance(5 * MINUTE)
    engine.visit(run_id, "mail", request_id="request-2")
    found = only(engine)
    assert found.is_unknown and channel.asked == []
    assert found.error is not None and found.error.kind == "OUTCOME_UNKNOWN"
    check_row(engine, found)


def test_a_closed_gate_does_not_hide_the_attempt_of_a_dead_walker(
    engine: Engine, automation: str
) -> None:
    channel = script(engine, TAKEN)
    run_id = engine.fire(automation, ADA)
    engine.walk(run_id, until="mail")
    channel.before = die
    with pytest.raises(DiedError):
        engine.visit(run_id, "mail")
    contact_id = only(engine).contact_id
    assert contact_id is not None
    refusing = {**ADA, "consents": {"transactional": False, "marketing": False}}
    document = ContactDocument.model_validate(refusing)
    engine.contacts.replace(engine.workspace_id, contact_id, document)

    engine.clock.advance(5 * MINUTE)
    engine.visit(run_id, "mail", request_id="request-2")
    assert only(engine).is_unknown
    engine.clock.advance(2 * HOUR)
    engine.due_work.settle_due(100)
    ended = only(engine)
    assert ended.status is DeliveryStatus.FAILED and ended.error is not None
    assert ended.error.kind == "OUTCOME_UNKNOWN"
    check_row(engine, ended)


def test_a_slow_walker_may_still_record_an_attempt_found_unknown(
    engine: Engine, automation: str
) -> None:
    channel = script(engine, TAKEN)
    run_id = engine.fire(automation, ADA)
    engine.walk(run_id, until="mail")

    def be_overtaken() -> None:
        channel.before = lambda: None
        engine.clock.advance(5 * MINUTE)
        engine.visit(run_id, "mail", request_id="request-2")

    channel.before = be_overtaken
    engine.visit(run_id, "mail")
    sent = only(engine)
    assert sent.status is DeliveryStatus.SENT and len(channel.took) == 1
    assert [each.outcome for each in sent.tries_log] == [TryOutcome.ACCEPTED]
    check_row(engine, sent)


def test_a_try_whose_process_died_is_not_repeated(engine: Engine, automation: str) -> None:
    channel = script(engine, LATER, SILENT)
    engine.walk(engine.fire(automation, ADA))

    channel.before = die
    with pytest.raises(DiedError):
        ask(engine, only(engine), 2)
    channel.before = lambda: None
    assert not ask(engine, only(engine), 2).goes_on
    found = only(engine)
    assert found.is_unknown and len(channel.asked) == 1
    settle_due(engine, UNKNOWN_AFTER + MINUTE)
    failed = only(engine)
    assert failed.status is DeliveryStatus.FAILED
    assert [each.outcome for each in failed.tries_log] == [
        TryOutcome.TRANSIENT,
        TryOutcome.UNKNOWN,
    ]
    check_row(engine, failed)


@pytest.mark.parametrize("end", ["cancel", "overdue"])
def test_the_attempt_of_a_dead_walker_is_settled_after_its_run_ended(
    engine: Engine, automation: str, end: str
) -> None:
    channel = script(engine, TAKEN)
    run_id = engine.fire(automation, ADA)
    engine.walk(run_id, until="mail")

    channel.before = die
    with pytest.raises(DiedError):
        engine.visit(run_id, "mail")
    if end == "cancel":
        canceled = Cancellation(by="ada@example.com", reason="wrong list")
        engine.canceler.cancel(engine.workspace_id, run_id, canceled)
    else:
        for _ in range(40):
            settle_due(engine, HOUR)
            if engine.status(run_id).is_terminal:
                break
    assert engine.status(run_id).is_terminal
    settle_due(engine, 5 * MINUTE)
    assert only(engine).is_unknown
    settle_due(engine, UNKNOWN_AFTER + MINUTE)
    failed = only(engine)
    assert failed.status is DeliveryStatus.FAILED
    assert failed.error is not None and failed.error.kind == "OUTCOME_UNKNOWN"
    assert settle_due(engine, DAY) == 0
    row = engine.table.get(keys.run(run_id), consistent=True)
    assert row is not None and "gsi4pk" not in row


def test_an_attempt_to_an_ad_hoc_address_is_due_from_the_start(engine: Engine) -> None:
    channel = script(engine, TAKEN)
    other = {"kind": "AD_HOC", "addresses": ["bob@example.com"]}
    automation = engine.activate(mailing(engine.template("Hello"), recipients=other))
    run_id = engine.fire(automation, ADA)
    seen: list[int | None] = []
    channel.before = lambda: seen.append(only(engine).due_at)
    engine.walk(run_id)
    assert seen and seen[0] is not None
    sent = only(engine)
    assert sent.status is DeliveryStatus.SENT and sent.due_at is None
    check_row(engine, sent)


# ── reports ─────────────────────────────────────────────────────────────────────────────────────


def test_a_report_before_our_own_record_loses_nothing(engine: Engine, automation: str) -> None:
    channel = script(engine, TAKEN)

    def be_told_first() -> None:
        engine.stores.deliveries.report(only(engine), report(ReportKind.DELIVERED, only(engine)), 1)

    channel.before = be_told_first
    engine.walk(engine.fire(automation, ADA))
    told = only(engine)
    assert told.status is DeliveryStatus.DELIVERED and told.base_status is DeliveryStatus.SENT
    assert told.provider_id == "message-1"
    assert [each.outcome for each in told.tries_log] == [TryOutcome.ACCEPTED]
    check_row(engine, told)


def test_a_refused_message_that_was_delivered_is_not_sent_again(
    engine: Engine, automation: str
) -> None:
    """The provider refused the message, and reports its delivery nevertheless."""
    channel = script(engine, LATER, TAKEN)
    engine.walk(engine.fire(automation, ADA))
    engine.stores.deliveries.report(only(engine), report(ReportKind.DELIVERED, only(engine)), 1)
    assert only(engine).status is DeliveryStatus.DELIVERED
    assert not ask(engine, only(engine), 2).goes_on
    assert len(channel.asked) == 1
    check_row(engine, only(engine))


def test_a_suppressed_attempt_ignores_reports(engine: Engine, automation: str) -> None:
    contact_id = engine.contacts.store.find_address(engine.workspace_id, "EMAIL", ADA["email"])
    assert contact_id is None
    script(engine, TAKEN)
    template = engine.template("News. Stop: {{unsubscribeUrl}}")
    automation = engine.activate(mailing(template, consent="MARKETING"))
    engine.walk(engine.fire(automation, ADA))
    refused = only(engine)
    assert refused.status is DeliveryStatus.SUPPRESSED and refused.tries == 0
    found = engine.stores.deliveries.report(refused, report(ReportKind.DELIVERED, refused), 1)
    assert found is None
    check_row(engine, refused)


def test_a_change_based_on_a_stale_read_is_refused(engine: Engine, automation: str) -> None:
    script(engine, LATER)
    engine.walk(engine.fire(automation, ADA))
    stale = only(engine)
    walk_machine(engine, stale)
    with pytest.raises(ConditionFailedError):
        engine.stores.deliveries.change(stale, stale, 1)
    assert only(engine).status is DeliveryStatus.DEAD_LETTERED


def test_the_sequence_grows_with_each_status(engine: Engine, automation: str) -> None:
    channel: ScriptedChannel = script(engine, LATER, TAKEN)
    engine.walk(engine.fire(automation, ADA))
    assert only(engine).sequence == 2
    walk_machine(engine, only(engine))
    assert only(engine).sequence == 4
    engine.stores.deliveries.report(only(engine), report(ReportKind.DELAYED, only(engine), 1), 1)
    assert only(engine).sequence == 4
    engine.stores.deliveries.report(only(engine), report(ReportKind.DELIVERED, only(engine), 2), 1)
    engine.stores.deliveries.report(only(engine), report(ReportKind.DELIVERED, only(engine), 2), 1)
    assert only(engine).sequence == 5
    assert len(channel.took) == 1


def test_a_run_closed_without_seeing_its_claim_stays_due(engine: Engine, automation: str) -> None:
    channel = script(engine, TAKEN)
    run_id = engine.fire(automation, ADA)
    engine.walk(run_id, until="mail")
    read_before = engine.stores.runs.get(run_id)
    channel.before = die
    with pytest.raises(DiedError):
        engine.visit(run_id, "mail")
    canceled = Cancellation(by="ada@example.com", reason="wrong list")
    closing = Closing(RunStatus.CANCELED, engine.clock(), canceled=canceled)
    closed = engine.stores.runs.close(read_before, closing)
    assert closed.due_at is not None
    assert settle_due(engine, closed.due_at - engine.clock.now + MINUTE) == 1
    assert only(engine).is_unknown


def test_a_run_that_ended_without_a_claim_is_not_due(engine: Engine, automation: str) -> None:
    script(engine, TAKEN)
    run_id = engine.fire(automation, ADA)
    engine.walk(run_id, until="mail")
    canceled = Cancellation(by="ada@example.com", reason="wrong list")
    engine.canceler.cancel(engine.workspace_id, run_id, canceled)
    assert engine.stores.runs.get(run_id).due_at is None
    assert settle_due(engine, DAY) == 0


def test_a_damaged_attempt_does_not_hide_the_other_one_of_an_ended_run(engine: Engine) -> None:
    """A fork sends two messages to the run's contact, and the process dies in both. Then the run is
    canceled."""
    document = mailing(engine.template())
    mail = document["nodes"][1]
    document["nodes"].insert(2, {**mail, "id": "mail2"})
    document["nodes"].insert(3, {"id": "merge", "type": "MERGE"})
    document["edges"] = [
        {"source": source, "target": target}
        for source, target in (
            ("start", "mail"),
            ("start", "mail2"),
            ("mail", "merge"),
            ("mail2", "merge"),
            ("merge", "done"),
        )
    ]
    channel = script(engine, TAKEN, TAKEN)
    run_id = engine.fire(engine.activate(document), ADA)
    engine.visit(run_id, "start", Operation.OWN)
    channel.before = die
    for node_id in ("mail", "mail2"):
        with pytest.raises(DiedError):
            engine.visit(run_id, node_id)
    engine.canceler.cancel(
        engine.workspace_id, run_id, Cancellation(by="ada@example.com", reason="wrong list")
    )
    first, second = attempts(engine)
    row = engine.table.get(keys.delivery(first.id), consistent=True)
    assert row is not None
    engine.table.put({**row, "tries": "many"})

    settle_due(engine, HOUR)

    assert engine.stores.deliveries.get(second.id).is_unknown
    ended = engine.table.get(keys.run(run_id), consistent=True)
    assert ended is not None and "gsi4pk" not in ended
