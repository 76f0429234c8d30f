"""The life of an attempt: retries, unknown outcomes, reports, and what a canceled run leaves."""

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
from runledger.services.messages.retry_contract import RetryAnswer, RetryEvent
from runledger.store import keys
from runledger.store.runs import Closing

from tests.support.scripted_channel import LATER, NEVER, SILENT, TAKEN, ScriptedChannel, script
from tests.support.verdicts import index_problems
from tests.support.world import ACCOUNT, DELIVERY_RETRY, World

CONTACT = {"contactLookup": {"by": "email", "path": "email"}, "createIfMissing": True}


class DiedError(BaseException):
    """The process is gone."""


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
def automation(world: World) -> str:
    world.stepfunctions.create_state_machine(
        name=DELIVERY_RETRY.rpartition(":")[2],
        definition=json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine",
    )
    return world.activate(mailing(world.template()))


def attempts(world: World) -> list[DeliveryAttempt]:
    rows = world.dynamodb.scan(TableName="runledger")["Items"]
    ids = [row["pk"]["S"].partition("#")[2] for row in rows if row["sk"]["S"] == "DELIVERY"]
    return [world.stores.deliveries.get(each) for each in ids]


def only(world: World) -> DeliveryAttempt:
    (found,) = attempts(world)
    return found


def started(world: World) -> list[str]:
    found = world.stepfunctions.list_executions(stateMachineArn=DELIVERY_RETRY)["executions"]
    return sorted(each["name"] for each in found)


def ask(world: World, attempt: DeliveryAttempt, try_number: int | None = None) -> RetryAnswer:
    event = RetryEvent(
        workspace_id=attempt.workspace_id, delivery_id=attempt.id, try_number=try_number
    )
    return world.retrier.handle(event, world.patience())


def walk_machine(world: World, attempt: DeliveryAttempt) -> list[int]:
    """As the machine walks, to its end; the waits, in seconds."""
    answer = ask(world, attempt)
    waits = []
    while answer.goes_on:
        waits.append(answer.wait_seconds)
        world.clock.advance(answer.wait_seconds * SECOND)
        answer = ask(world, attempt, answer.try_number)
    return waits


def settle_due(world: World, milliseconds: int = 0) -> int:
    world.clock.advance(milliseconds)
    return world.settler.settle_due(100)


def report(kind: ReportKind, attempt: DeliveryAttempt, number: int = 1, at: int = 5) -> Any:
    return FeedbackReport(
        event_id=f"event-{number}",
        delivery_id=attempt.id,
        workspace_id=attempt.workspace_id,
        kind=kind,
        at=attempt.created_at + at,
        is_permanent=kind is ReportKind.BOUNCED,
    )


def check_row(world: World, attempt: DeliveryAttempt) -> None:
    """The lists and the due index say what the row says."""
    row = world.table.get(keys.delivery(attempt.id), consistent=True)
    assert row is not None
    assert index_problems(row) == []
    assert ("gsi4pk" in row) == ("dueKey" in row) == (attempt.due_at is not None)
    assert (attempt.due_at is not None) == (not attempt.status.is_settled)


# ── retries ─────────────────────────────────────────────────────────────────────────────────────


def test_a_message_refused_for_now_is_sent_again_though_its_run_has_completed(
    world: World, automation: str
) -> None:
    channel = script(world, LATER, LATER, TAKEN)
    run_id = world.fire(automation, ADA)
    world.walk(run_id)

    assert world.status(run_id) is RunStatus.COMPLETED
    step = world.stores.runs.history(run_id).steps["mail"]
    assert step.output["queued"] == 1 and step.output["sent"] == 0
    waiting = only(world)
    assert waiting.status is DeliveryStatus.RETRYING
    assert waiting.tries == 1
    assert waiting.error is not None
    assert (waiting.error.kind, waiting.error.message) == ("PROVIDER_UNAVAILABLE", "slow down")
    assert waiting.next_try_at == waiting.tries_log[0].at + 1 + WAITS[0]
    assert started(world) == [f"{waiting.id}-1"]
    check_row(world, waiting)

    assert walk_machine(world, waiting) == [30, 120]

    sent = only(world)
    assert (sent.status, sent.tries, sent.error) == (DeliveryStatus.SENT, 3, None)
    assert sent.provider_id == "message-1" and sent.settled_at is not None
    assert [each.outcome for each in sent.tries_log] == [
        TryOutcome.TRANSIENT,
        TryOutcome.TRANSIENT,
        TryOutcome.ACCEPTED,
    ]
    assert len({(m.delivery_id, m.body, m.subject) for m in channel.asked}) == 1
    check_row(world, sent)


def test_six_tries_and_no_more(world: World, automation: str) -> None:
    channel = script(world, LATER)
    world.walk(world.fire(automation, ADA))

    waits = walk_machine(world, only(world))

    assert waits == [wait // SECOND for wait in WAITS] == [30, 120, 600, 3_600, 21_600]
    dead = only(world)
    assert dead.status is DeliveryStatus.DEAD_LETTERED
    assert dead.tries == len(dead.tries_log) == len(channel.asked) == MAX_TRIES == 6
    assert dead.error is not None and dead.error.message == "slow down"
    check_row(world, dead)


def test_a_refusal_for_good_ends_it_at_once(world: World, automation: str) -> None:
    channel = script(world, LATER, NEVER, TAKEN)
    world.walk(world.fire(automation, ADA))
    assert walk_machine(world, only(world)) == [30]
    failed = only(world)
    assert failed.status is DeliveryStatus.FAILED
    assert failed.error is not None and failed.error.kind == "PROVIDER_REFUSED"
    assert failed.error.cause == "MessageRejected: no"
    assert len(channel.asked) == 2
    check_row(world, failed)


def test_a_refusal_for_good_on_the_first_try_is_no_retry(world: World, automation: str) -> None:
    script(world, NEVER)
    run_id = world.fire(automation, ADA)
    world.walk(run_id)
    assert only(world).status is DeliveryStatus.FAILED
    assert world.status(run_id) is RunStatus.FAILED
    assert started(world) == []


def test_several_machines_make_one_try(world: World, automation: str) -> None:
    channel = script(world, LATER, LATER, TAKEN)
    world.walk(world.fire(automation, ADA))
    attempt = only(world)
    first, second = ask(world, attempt), ask(world, attempt)
    assert first.try_number == second.try_number == 2
    after = ask(world, attempt, 2)
    late = ask(world, attempt, 2)
    assert len(channel.asked) == 2
    assert (after.try_number, late.try_number) == (3, 3)
    assert late.wait_seconds == 120
    assert not ask(world, attempt, 3).goes_on
    assert not ask(world, attempt, 3).goes_on
    assert not ask(world, attempt).goes_on
    assert len(channel.took) == 1


def test_a_machine_without_a_wait_behind_it_goes_by_the_clock(
    world: World, automation: str
) -> None:
    script(world, LATER, TAKEN)
    world.walk(world.fire(automation, ADA))
    assert ask(world, only(world)).goes_on
    world.clock.advance(WAITS[0])
    assert not ask(world, only(world)).goes_on
    assert only(world).status is DeliveryStatus.SENT


def test_a_lost_machine_is_started_again(world: World, automation: str) -> None:
    script(world, LATER, TAKEN)
    world.walk(world.fire(automation, ADA))
    attempt = only(world)
    assert settle_due(world, WAITS[0]) == 0
    assert settle_due(world, 2 * MINUTE) == 1
    assert started(world) == [f"{attempt.id}-1", f"{attempt.id}-2"]
    assert settle_due(world, 3 * MINUTE) == 1
    assert started(world)[-1] == f"{attempt.id}-3"
    assert not ask(world, attempt).goes_on
    assert only(world).status is DeliveryStatus.SENT
    assert settle_due(world, DAY) == 0


def test_a_try_that_never_comes_is_given_up(world: World, automation: str) -> None:
    script(world, LATER)
    world.walk(world.fire(automation, ADA))
    assert settle_due(world, DAY + HOUR) == 1
    dead = only(world)
    assert dead.status is DeliveryStatus.DEAD_LETTERED
    assert dead.error is not None and dead.error.kind == "NEVER_TRIED"
    check_row(world, dead)


def test_a_canceled_run_stops_its_retries(world: World, automation: str) -> None:
    channel = script(world, LATER, TAKEN)
    run_id = world.fire(automation, ADA)
    world.walk(run_id, until="done")
    canceled = Cancellation(by="ada@example.com", reason="wrong list")
    world.canceler.cancel(world.workspace_id, run_id, canceled)
    assert walk_machine(world, only(world)) == [30]
    stopped = only(world)
    assert stopped.status is DeliveryStatus.FAILED
    assert stopped.error is not None and stopped.error.kind == "RUN_CANCELED"
    assert len(channel.asked) == 1
    check_row(world, stopped)


def test_a_failed_run_does_not(world: World, automation: str) -> None:
    script(world, LATER, TAKEN)
    run_id = world.fire(automation, ADA)
    world.walk(run_id, until="done")
    run = world.stores.runs.get(run_id)
    error = ErrorDetail(node_id=None, kind="OVERDUE", message="late")
    world.stores.runs.close(run, Closing(RunStatus.FAILED, world.clock(), error=error))
    walk_machine(world, only(world))
    assert only(world).status is DeliveryStatus.SENT


@pytest.mark.parametrize("why", ["suppressed", "consent", "erased"])
def test_who_may_not_be_written_to_any_more_gets_no_further_try(
    world: World, automation: str, why: str
) -> None:
    channel = script(world, LATER, TAKEN)
    world.walk(world.fire(automation, ADA))
    waiting = only(world)
    assert waiting.contact_id is not None
    if why == "suppressed":
        world.stores.suppressions.add(
            Suppression(
                workspace_id=world.workspace_id,
                kind="EMAIL",
                address=ADA["email"],
                reason=SuppressionReason.MANUAL,
                note=None,
                delivery_id=None,
                created_by=None,
                created_at=world.clock(),
            )
        )
    elif why == "consent":
        refusing = {**ADA, "consents": {"transactional": False, "marketing": False}}
        document = ContactDocument.model_validate(refusing)
        world.contacts.replace(world.workspace_id, waiting.contact_id, document)
    else:
        world.table.delete(keys.contact(world.workspace_id, waiting.contact_id))
    assert walk_machine(world, waiting) == [30]
    refused = only(world)
    assert refused.status is DeliveryStatus.SUPPRESSED and refused.tries == 1
    assert not refused.gates[-1].passed and refused.error is not None
    assert refused.error.message == refused.gates[-1].reason
    assert len(channel.asked) == 1
    check_row(world, refused)


def test_a_transient_refusal_stays_on_its_channel(world: World, automation: str) -> None:
    """CASCADE goes on only where a message surely did not and will not leave."""
    script(world, LATER)
    text = TemplateDocument(name="Text", channel="SMS", subject=None, body="Hello")
    sms = world.templates.create(world.workspace_id, text).id
    channels = [
        {"channel": "EMAIL", "templateId": world.template()},
        {"channel": "SMS", "templateId": sms},
    ]
    automation = world.activate(mailing("", channels=channels))
    world.walk(world.fire(automation, ADA))
    assert [each.channel for each in attempts(world)] == ["EMAIL"]


# ── unknown outcomes ────────────────────────────────────────────────────────────────────────────


def unknown(world: World, automation: str) -> DeliveryAttempt:
    """Ended as far as its run goes, with the provider's answer lost."""
    world.walk(world.fire(automation, ADA))
    return only(world)


def test_a_lost_answer_is_waited_for_and_then_given_up(world: World, automation: str) -> None:
    channel = script(world, SILENT)
    run_id = world.fire(automation, ADA)
    world.walk(run_id)
    lost = only(world)
    assert lost.status is DeliveryStatus.PROCESSING and lost.is_unknown
    assert lost.due_at == (lost.unknown_since or 0) + UNKNOWN_AFTER
    check_row(world, lost)
    evidence = world.stores.runs.history(run_id).steps["mail"].evidence or {}
    assert "unknown" in json.dumps(evidence).lower()

    assert settle_due(world, UNKNOWN_AFTER - MINUTE) == 0
    assert settle_due(world, 2 * MINUTE) == 1
    failed = only(world)
    assert failed.status is DeliveryStatus.FAILED
    assert failed.error is not None
    assert (failed.error.kind, failed.error.cause) == ("OUTCOME_UNKNOWN", "read timeout")
    assert [each.outcome for each in failed.tries_log] == [TryOutcome.UNKNOWN]
    assert len(channel.asked) == 1
    check_row(world, failed)


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (ReportKind.DELIVERED, DeliveryStatus.DELIVERED),
        (ReportKind.BOUNCED, DeliveryStatus.FAILED),
        (ReportKind.COMPLAINED, DeliveryStatus.DELIVERED),
    ],
)
def test_a_report_settles_a_lost_answer_before_it_is_given_up_and_after(
    world: World, automation: str, kind: ReportKind, status: DeliveryStatus, is_late: bool
) -> None:
    script(world, SILENT)
    lost = unknown(world, automation)
    if is_late:
        settle_due(world, UNKNOWN_AFTER + MINUTE)
    world.stores.deliveries.report(only(world), report(kind, lost), 1)
    told = only(world)
    assert told.status is status
    assert told.settled_at == lost.created_at + 5
    check_row(world, told)
    assert settle_due(world, DAY) == 0


def test_a_walker_that_died_leaves_an_attempt_that_is_found_unknown(
    world: World, automation: str
) -> None:
    channel = script(world, TAKEN)
    run_id = world.fire(automation, ADA)
    world.walk(run_id, until="mail")

    channel.before = die
    with pytest.raises(DiedError):
        world.visit(run_id, "mail")
    assert only(world).unknown_since is None
    channel.before = lambda: None
    world.clock.advance(5 * MINUTE)
    world.visit(run_id, "mail", request_id="request-2")
    found = only(world)
    assert found.is_unknown and channel.asked == []
    assert found.error is not None and found.error.kind == "OUTCOME_UNKNOWN"
    check_row(world, found)


def test_a_gate_that_closed_after_a_walker_died_does_not_hide_what_it_left(
    world: World, automation: str
) -> None:
    channel = script(world, TAKEN)
    run_id = world.fire(automation, ADA)
    world.walk(run_id, until="mail")
    channel.before = die
    with pytest.raises(DiedError):
        world.visit(run_id, "mail")
    contact_id = only(world).contact_id
    assert contact_id is not None
    refusing = {**ADA, "consents": {"transactional": False, "marketing": False}}
    document = ContactDocument.model_validate(refusing)
    world.contacts.replace(world.workspace_id, contact_id, document)

    world.clock.advance(5 * MINUTE)
    world.visit(run_id, "mail", request_id="request-2")
    assert only(world).is_unknown
    world.clock.advance(2 * HOUR)
    world.settler.settle_due(100)
    ended = only(world)
    assert ended.status is DeliveryStatus.FAILED and ended.error is not None
    assert ended.error.kind == "OUTCOME_UNKNOWN"
    check_row(world, ended)


def test_a_slow_walker_may_still_tell_what_was_found_unknown(world: World, automation: str) -> None:
    channel = script(world, TAKEN)
    run_id = world.fire(automation, ADA)
    world.walk(run_id, until="mail")

    def be_overtaken() -> None:
        channel.before = lambda: None
        world.clock.advance(5 * MINUTE)
        world.visit(run_id, "mail", request_id="request-2")

    channel.before = be_overtaken
    world.visit(run_id, "mail")
    sent = only(world)
    assert sent.status is DeliveryStatus.SENT and len(channel.took) == 1
    assert [each.outcome for each in sent.tries_log] == [TryOutcome.ACCEPTED]
    check_row(world, sent)


def test_a_retry_that_died_is_not_made_again(world: World, automation: str) -> None:
    channel = script(world, LATER, SILENT)
    world.walk(world.fire(automation, ADA))

    channel.before = die
    with pytest.raises(DiedError):
        ask(world, only(world), 2)
    channel.before = lambda: None
    assert not ask(world, only(world), 2).goes_on
    found = only(world)
    assert found.is_unknown and len(channel.asked) == 1
    settle_due(world, UNKNOWN_AFTER + MINUTE)
    failed = only(world)
    assert failed.status is DeliveryStatus.FAILED
    assert [each.outcome for each in failed.tries_log] == [
        TryOutcome.TRANSIENT,
        TryOutcome.UNKNOWN,
    ]
    check_row(world, failed)


@pytest.mark.parametrize("end", ["cancel", "overdue"])
def test_a_run_that_ends_meanwhile_leaves_no_attempt_behind(
    world: World, automation: str, end: str
) -> None:
    channel = script(world, TAKEN)
    run_id = world.fire(automation, ADA)
    world.walk(run_id, until="mail")

    channel.before = die
    with pytest.raises(DiedError):
        world.visit(run_id, "mail")
    if end == "cancel":
        canceled = Cancellation(by="ada@example.com", reason="wrong list")
        world.canceler.cancel(world.workspace_id, run_id, canceled)
    else:
        for _ in range(40):
            settle_due(world, HOUR)
            if world.status(run_id).is_terminal:
                break
    assert world.status(run_id).is_terminal
    settle_due(world, 5 * MINUTE)
    assert only(world).is_unknown
    settle_due(world, UNKNOWN_AFTER + MINUTE)
    failed = only(world)
    assert failed.status is DeliveryStatus.FAILED
    assert failed.error is not None and failed.error.kind == "OUTCOME_UNKNOWN"
    assert settle_due(world, DAY) == 0
    row = world.table.get(keys.run(run_id), consistent=True)
    assert row is not None and "gsi4pk" not in row


def test_an_attempt_for_somebody_else_is_due_from_the_start(world: World) -> None:
    channel = script(world, TAKEN)
    other = {"kind": "AD_HOC", "addresses": ["bob@example.com"]}
    automation = world.activate(mailing(world.template("Hello"), recipients=other))
    run_id = world.fire(automation, ADA)
    seen: list[int | None] = []
    channel.before = lambda: seen.append(only(world).due_at)
    world.walk(run_id)
    assert seen and seen[0] is not None
    sent = only(world)
    assert sent.status is DeliveryStatus.SENT and sent.due_at is None
    check_row(world, sent)


# ── reports ─────────────────────────────────────────────────────────────────────────────────────


def test_a_report_that_comes_before_our_own_record_loses_nothing(
    world: World, automation: str
) -> None:
    channel = script(world, TAKEN)

    def be_told_first() -> None:
        world.stores.deliveries.report(only(world), report(ReportKind.DELIVERED, only(world)), 1)

    channel.before = be_told_first
    world.walk(world.fire(automation, ADA))
    told = only(world)
    assert told.status is DeliveryStatus.DELIVERED and told.base_status is DeliveryStatus.SENT
    assert told.provider_id == "message-1"
    assert [each.outcome for each in told.tries_log] == [TryOutcome.ACCEPTED]
    check_row(world, told)


def test_a_message_that_arrived_after_all_is_not_sent_again(world: World, automation: str) -> None:
    """The provider refused it, and reports on it nevertheless: it has it."""
    channel = script(world, LATER, TAKEN)
    world.walk(world.fire(automation, ADA))
    world.stores.deliveries.report(only(world), report(ReportKind.DELIVERED, only(world)), 1)
    assert only(world).status is DeliveryStatus.DELIVERED
    assert not ask(world, only(world), 2).goes_on
    assert len(channel.asked) == 1
    check_row(world, only(world))


def test_a_suppressed_attempt_takes_no_report(world: World, automation: str) -> None:
    contact_id = world.contacts.store.find_email(world.workspace_id, ADA["email"])
    assert contact_id is None
    script(world, TAKEN)
    automation = world.activate(mailing(world.template(), consent="MARKETING"))
    world.walk(world.fire(automation, ADA))
    refused = only(world)
    assert refused.status is DeliveryStatus.SUPPRESSED and refused.tries == 0
    found = world.stores.deliveries.report(refused, report(ReportKind.DELIVERED, refused), 1)
    assert found is None
    check_row(world, refused)


def test_a_change_of_what_was_read_long_ago_is_refused(world: World, automation: str) -> None:
    script(world, LATER)
    world.walk(world.fire(automation, ADA))
    stale = only(world)
    walk_machine(world, stale)
    with pytest.raises(ConditionFailedError):
        world.stores.deliveries.change(stale, stale, 1)
    assert only(world).status is DeliveryStatus.DEAD_LETTERED


def test_sequences_tell_each_status_apart(world: World, automation: str) -> None:
    channel: ScriptedChannel = script(world, LATER, TAKEN)
    world.walk(world.fire(automation, ADA))
    assert only(world).sequence == 2
    walk_machine(world, only(world))
    assert only(world).sequence == 4
    world.stores.deliveries.report(only(world), report(ReportKind.DELAYED, only(world), 1), 1)
    assert only(world).sequence == 4
    world.stores.deliveries.report(only(world), report(ReportKind.DELIVERED, only(world), 2), 1)
    world.stores.deliveries.report(only(world), report(ReportKind.DELIVERED, only(world), 2), 1)
    assert only(world).sequence == 5
    assert len(channel.took) == 1


def test_a_close_that_did_not_see_the_claim_leaves_the_run_due(
    world: World, automation: str
) -> None:
    channel = script(world, TAKEN)
    run_id = world.fire(automation, ADA)
    world.walk(run_id, until="mail")
    read_before = world.stores.runs.get(run_id)
    channel.before = die
    with pytest.raises(DiedError):
        world.visit(run_id, "mail")
    canceled = Cancellation(by="ada@example.com", reason="wrong list")
    closing = Closing(RunStatus.CANCELED, world.clock(), canceled=canceled)
    closed = world.stores.runs.close(read_before, closing)
    assert closed.due_at is not None
    assert settle_due(world, closed.due_at - world.clock.now + MINUTE) == 1
    assert only(world).is_unknown


def test_a_run_that_was_not_sending_is_not_due_once_it_has_ended(
    world: World, automation: str
) -> None:
    script(world, TAKEN)
    run_id = world.fire(automation, ADA)
    world.walk(run_id, until="mail")
    canceled = Cancellation(by="ada@example.com", reason="wrong list")
    world.canceler.cancel(world.workspace_id, run_id, canceled)
    assert world.stores.runs.get(run_id).due_at is None
    assert settle_due(world, DAY) == 0
