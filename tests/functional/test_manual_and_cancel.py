"""Runs that users open and cancel, and runs that are drained because their automation is
stopped."""

from typing import Any

import pytest
from runledger.api.runs import RunDocument
from runledger.clock import HOUR, MINUTE
from runledger.errors import (
    ConditionFailedError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PayloadTooLargeError,
    RunReleasedError,
)
from runledger.models.automation import AutomationStatus
from runledger.models.contact import ContactDocument
from runledger.models.run import Cancellation, RunStatus
from runledger.nodes.base import Operation
from runledger.store.runs import Closing

from tests.functional.test_settle import WAITING
from tests.functional.test_walk import PAYLOAD, order_paid
from tests.support.engine import Engine

BY = "ada@example.com"
CANCELED = Cancellation(by=BY, reason="wrong list")


def manual(engine: Engine, automation_id: str, **given: Any) -> Any:
    document = RunDocument.model_validate(given)
    return engine.manual_runs.open(engine.workspace_id, automation_id, document, BY)


@pytest.fixture
def person(engine: Engine) -> str:
    document = ContactDocument(email="bob@example.com", phone="+49 151 12345678")
    return engine.contacts.create(engine.workspace_id, document).id


def test_a_run_is_opened_by_id_email_or_phone(engine: Engine, person: str) -> None:
    automation_id = engine.activate(WAITING)
    for given in (
        {"contactId": person},
        {"email": " Bob@Example.com"},
        {"phone": "+49 (0)151 123 456 78"},
    ):
        opened = manual(engine, automation_id, payload={"a": 1}, **given)
        told = engine.detail(opened.run.id)
        assert told["contact"]["id"] == person
        assert told["payload"] == {"a": 1}
        assert (told["trigger"]["type"], told["trigger"]["by"]) == ("MANUAL", BY)


def test_a_run_by_hand_brings_what_texts_read_of_the_event(engine: Engine, person: str) -> None:
    setting = {
        "mode": "MERGE",
        "assignments": [
            {"target": "vars.topic", "value": "{{event.headers.X-Topic}} {{event.type}}"},
            {"target": "vars.total", "value": "{{event.body.total}}"},
        ],
    }
    automation_id = engine.activate(
        {
            "name": "Topic",
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
                {"id": "a", "type": "SET", "config": setting},
                {"id": "done", "type": "END"},
            ],
            "edges": [{"source": "start", "target": "a"}, {"source": "a", "target": "done"}],
        }
    )
    event = {"headers": {"X-Topic": "orders"}, "type": "created"}
    opened = manual(engine, automation_id, contactId=person, payload={"total": 5}, event=event)
    engine.walk(opened.run.id)
    detail = engine.detail(opened.run.id)
    assert detail["status"] == "COMPLETED"
    output = next(step["output"] for step in detail["steps"] if step["nodeId"] == "a")
    assert output == {"topic": "orders created", "total": "5"}
    assert detail["trigger"]["headers"] == {"X-Topic": "orders"}
    assert detail["trigger"]["eventType"] == "created"


def test_an_idempotency_key_opens_one_run(engine: Engine, person: str) -> None:
    automation_id = engine.activate(WAITING)
    first = manual(engine, automation_id, contactId=person, idempotencyKey="k")
    again = manual(engine, automation_id, contactId=person, idempotencyKey="k")
    assert (again.run.id, again.is_duplicate) == (first.run.id, True)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "contactId"),
        ({"email": "a@example.com", "phone": "+4915112345678"}, "contactId"),
        ({"email": "nobody@example.com"}, "email"),
        ({"email": "not an address"}, "email"),
        ({"contactId": "con_none"}, "contactId"),
    ],
)
def test_a_run_without_exactly_one_contact_is_refused_by_field(
    engine: Engine, given: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        manual(engine, engine.activate(WAITING), **given)
    assert refused.value.field == field


def test_a_manual_payload_has_the_size_limit_of_a_webhook(engine: Engine, person: str) -> None:
    automation_id = engine.activate(WAITING)
    with pytest.raises(PayloadTooLargeError):
        manual(engine, automation_id, contactId=person, payload={"x": "x" * 1_000_000})


def test_a_paused_automation_refuses_a_manual_run(engine: Engine, person: str) -> None:
    automation_id = engine.activate(WAITING)
    engine.stopping.stop(engine.workspace_id, automation_id, AutomationStatus.PAUSED, BY)
    with pytest.raises(ConflictError) as refused:
        manual(engine, automation_id, contactId=person)
    assert refused.value.status == "PAUSED"


def test_a_pending_run_is_canceled_and_cannot_be_owned(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    execution = engine.execution(run_id)
    engine.canceler.cancel(engine.workspace_id, run_id, CANCELED)
    with pytest.raises(RunReleasedError):
        engine.visit(run_id, "start", Operation.OWN, execution=execution)
    told = engine.detail(run_id)
    assert (told["status"], told["steps"]) == ("CANCELED", [])
    assert (told["canceled"]["by"], told["canceled"]["reason"]) == (BY, "wrong list")


def test_a_waiting_run_is_canceled_with_its_step_and_its_execution(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    run = engine.stores.runs.get(run_id)
    engine.starter.start(run)
    machine = f"{engine.starter.machine_prefix}{run.automation_id}-v1"
    (execution,) = engine.stepfunctions.list_executions(stateMachineArn=machine)["executions"]
    arn = execution["executionArn"]
    engine.visit(run_id, "start", Operation.OWN, execution=arn)
    engine.visit(run_id, "pause", execution=arn)

    engine.canceler.cancel(engine.workspace_id, run_id, CANCELED)

    told = engine.detail(run_id)
    assert [step["status"] for step in told["steps"]] == ["COMPLETED", "CANCELED"]
    assert told["health"] is None
    described = engine.stepfunctions.describe_execution(executionArn=arn)
    assert described["status"] == "ABORTED"
    with pytest.raises(RunReleasedError):
        engine.visit(run_id, "done", Operation.COMPLETE, execution=arn)


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED])
def test_an_ended_run_cannot_be_canceled(engine: Engine, status: RunStatus) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    engine.stores.runs.close(engine.stores.runs.get(run_id), Closing(status, engine.clock()))
    with pytest.raises(ConflictError) as refused:
        engine.canceler.cancel(engine.workspace_id, run_id, CANCELED)
    assert refused.value.status == status.value
    assert engine.status(run_id) is status


def test_a_run_of_another_workspace_is_not_found(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    with pytest.raises(NotFoundError):
        engine.canceler.cancel("ws_other", run_id, CANCELED)
    assert engine.status(run_id) is RunStatus.PENDING


def test_a_cancel_wins_a_race_with_the_start(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = engine.fire(engine.activate(WAITING), {})
    close = engine.stores.runs.close
    raced: list[Any] = []

    def racing(run: Any, closing: Closing) -> Any:
        if not raced:
            raced.append(run)
            engine.visit(run_id, "start", Operation.OWN)
        return close(run, closing)

    monkeypatch.setattr(engine.stores.runs, "close", racing)
    engine.canceler.cancel(engine.workspace_id, run_id, CANCELED)
    assert engine.status(run_id) is RunStatus.CANCELED
    with pytest.raises(RunReleasedError):
        engine.visit(run_id, "pause")


def test_no_message_is_claimed_after_the_cancel(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The visit begins before the cancel; its message would claim the node afterwards."""
    document = order_paid(engine.template())
    document["nodes"] = [node for node in document["nodes"] if node["id"] in ("start", "mail")]
    document["nodes"].append({"id": "done", "type": "END"})
    document["edges"] = [
        {"source": "start", "target": "mail"},
        {"source": "mail", "target": "done"},
    ]
    run_id = engine.fire(engine.activate(document), PAYLOAD)
    engine.visit(run_id, "start", Operation.OWN)
    begin = engine.stores.deliveries.begin

    def late(*arguments: Any) -> Any:
        engine.canceler.cancel(engine.workspace_id, run_id, CANCELED)
        return begin(*arguments)

    monkeypatch.setattr(engine.stores.deliveries, "begin", late)
    with pytest.raises(RunReleasedError):
        engine.visit(run_id, "mail")
    assert engine.mailbox() == []
    # The node was never claimed, so the trace does not show it.
    assert [step["status"] for step in engine.detail(run_id)["steps"]] == ["COMPLETED"]


def test_a_step_that_finishes_after_the_cancel_is_canceled_and_records_its_effect(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = order_paid(engine.template())
    engine.secrets.put(engine.workspace_id, "SCORE_KEY", "k" * 9)
    run_id = engine.fire(engine.activate(document), PAYLOAD)
    engine.walk(run_id, until="score")
    call = engine.http.call

    def canceled_meanwhile(request: Any) -> Any:
        engine.canceler.cancel(engine.workspace_id, run_id, CANCELED)
        return call(request)

    monkeypatch.setattr(engine.http, "call", canceled_meanwhile)
    engine.visit(run_id, "score")
    with pytest.raises(RunReleasedError):
        engine.visit(run_id, "mail")

    last = engine.detail(run_id)["steps"][-1]
    assert (last["nodeId"], last["status"]) == ("score", "CANCELED")
    assert last["response"]["status"] == 200
    assert "ended while" in last["reason"]


def test_pausing_cancels_exactly_the_open_runs(engine: Engine) -> None:
    automation_id = engine.activate(WAITING)
    other = engine.fire(engine.activate(WAITING), {})
    runs = [engine.fire(automation_id, {"n": n}) for n in range(120)]
    engine.visit(runs[0], "start", Operation.OWN)
    engine.visit(runs[0], "pause")
    engine.walk(runs[1])

    engine.stopping.stop(engine.workspace_id, automation_id, AutomationStatus.PAUSED, BY)
    # The first hundred at once, the others by the tick.
    engine.due_work.settle_due(100)

    statuses = [engine.status(run_id) for run_id in runs]
    assert statuses[1] is RunStatus.COMPLETED
    assert {*statuses[:1], *statuses[2:]} == {RunStatus.CANCELED}
    assert engine.status(other) is RunStatus.PENDING
    told = engine.detail(runs[0])
    assert (told["canceled"]["by"], told["canceled"]["reason"]) == (BY, "automation paused")


def test_draining_ends_after_two_empty_passes_a_minute_apart(engine: Engine) -> None:
    automation_id = engine.activate(WAITING)
    engine.stopping.stop(engine.workspace_id, automation_id, AutomationStatus.PAUSED, BY)
    assert engine.stores.automations.get(engine.workspace_id, automation_id).drain is not None
    assert engine.due_work.settle_due(100) == 0
    engine.clock.advance(MINUTE + 1_000)
    assert engine.due_work.settle_due(100) == 1
    assert engine.stores.automations.get(engine.workspace_id, automation_id).drain is None
    engine.clock.advance(HOUR)
    assert engine.due_work.settle_due(100) == 0


def test_resuming_accepts_new_runs_and_leaves_the_old_ones_canceled(engine: Engine) -> None:
    automation_id = engine.activate(WAITING)
    old = engine.fire(automation_id, {})
    engine.stopping.stop(engine.workspace_id, automation_id, AutomationStatus.PAUSED, BY)
    engine.clock.advance(1_000)
    engine.activations.activate(engine.workspace_id, automation_id, BY)
    new = engine.fire(automation_id, {})
    engine.clock.advance(MINUTE)
    engine.due_work.settle_due(100)
    assert engine.status(old) is RunStatus.CANCELED
    assert engine.status(new) is RunStatus.PENDING


def test_an_archived_automation_stays_archived(engine: Engine) -> None:
    automation_id = engine.activate(WAITING)
    archived = AutomationStatus.ARCHIVED
    engine.stopping.stop(engine.workspace_id, automation_id, archived, BY)
    for action in (
        lambda: engine.activations.activate(engine.workspace_id, automation_id, BY),
        lambda: engine.stopping.stop(
            engine.workspace_id, automation_id, AutomationStatus.PAUSED, BY
        ),
    ):
        with pytest.raises(ConflictError):
            action()
    stopped = engine.stopping.stop(engine.workspace_id, automation_id, archived, BY)
    assert stopped.status is archived


def test_a_draft_cannot_be_paused(engine: Engine) -> None:
    from runledger.models.automation import AutomationDocument

    document = AutomationDocument.model_validate(WAITING)
    draft = engine.automations.create(engine.workspace_id, document, BY)
    with pytest.raises(ConflictError):
        engine.stopping.stop(engine.workspace_id, draft.id, AutomationStatus.PAUSED, BY)


def test_a_transaction_with_a_failed_check_writes_nothing(engine: Engine) -> None:
    """A delivery attempt begins with such a transaction."""
    from runledger.store.table import Check, Put

    run_id = engine.fire(engine.activate(WAITING), {})
    from boto3.dynamodb.conditions import Attr
    from runledger.store import keys

    with pytest.raises(ConditionFailedError):
        engine.table.transact(
            [
                Put({"pk": "X", "sk": "X"}),
                Check(keys.run(run_id), Attr("status").eq("RUNNING")),
            ]
        )
    assert engine.table.get(keys.Key("X", "X")) is None
