"""Runs opened by hand, canceled by hand, and drained when their automation is stopped."""

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
from tests.support.world import World

BY = "ada@example.com"
CANCELED = Cancellation(by=BY, reason="wrong list")


def manual(world: World, automation_id: str, **given: Any) -> Any:
    document = RunDocument.model_validate(given)
    return world.manual.open(world.workspace_id, automation_id, document, BY)


@pytest.fixture
def person(world: World) -> str:
    document = ContactDocument(email="bob@example.com", phone="+49 151 12345678")
    return world.contacts.create(world.workspace_id, document).id


def test_a_run_is_opened_by_id_email_or_phone(world: World, person: str) -> None:
    automation_id = world.activate(WAITING)
    for given in (
        {"contactId": person},
        {"email": " Bob@Example.com"},
        {"phone": "+49 (0)151 123 456 78"},
    ):
        opened = manual(world, automation_id, payload={"a": 1}, **given)
        told = world.detail(opened.run.id)
        assert told["contact"]["id"] == person
        assert told["payload"] == {"a": 1}
        assert (told["trigger"]["type"], told["trigger"]["by"]) == ("MANUAL", BY)


def test_an_idempotency_key_opens_one_run(world: World, person: str) -> None:
    automation_id = world.activate(WAITING)
    first = manual(world, automation_id, contactId=person, idempotencyKey="k")
    again = manual(world, automation_id, contactId=person, idempotencyKey="k")
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
def test_a_run_for_nobody_is_refused_by_field(
    world: World, given: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        manual(world, world.activate(WAITING), **given)
    assert refused.value.field == field


def test_a_payload_is_as_large_as_a_webhook_may_send(world: World, person: str) -> None:
    automation_id = world.activate(WAITING)
    with pytest.raises(PayloadTooLargeError):
        manual(world, automation_id, contactId=person, payload={"x": "x" * 1_000_000})


def test_a_paused_automation_takes_no_manual_run(world: World, person: str) -> None:
    automation_id = world.activate(WAITING)
    world.stopping.stop(world.workspace_id, automation_id, AutomationStatus.PAUSED, BY)
    with pytest.raises(ConflictError) as refused:
        manual(world, automation_id, contactId=person)
    assert refused.value.status == "PAUSED"


def test_a_pending_run_is_canceled_and_cannot_be_owned(world: World) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    execution = world.execution(run_id)
    world.canceler.cancel(world.workspace_id, run_id, CANCELED)
    with pytest.raises(RunReleasedError):
        world.visit(run_id, "start", Operation.OWN, execution=execution)
    told = world.detail(run_id)
    assert (told["status"], told["steps"]) == ("CANCELED", [])
    assert (told["canceled"]["by"], told["canceled"]["reason"]) == (BY, "wrong list")


def test_a_waiting_run_is_canceled_with_its_step_and_its_execution(world: World) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    run = world.stores.runs.get(run_id)
    world.starter.start(run)
    machine = f"{world.starter.machine_prefix}{run.automation_id}-v1"
    (execution,) = world.stepfunctions.list_executions(stateMachineArn=machine)["executions"]
    arn = execution["executionArn"]
    world.visit(run_id, "start", Operation.OWN, execution=arn)
    world.visit(run_id, "pause", execution=arn)

    world.canceler.cancel(world.workspace_id, run_id, CANCELED)

    told = world.detail(run_id)
    assert [step["status"] for step in told["steps"]] == ["COMPLETED", "CANCELED"]
    assert told["health"] is None
    described = world.stepfunctions.describe_execution(executionArn=arn)
    assert described["status"] == "ABORTED"
    with pytest.raises(RunReleasedError):
        world.visit(run_id, "done", Operation.COMPLETE, execution=arn)


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED])
def test_an_ended_run_cannot_be_canceled(world: World, status: RunStatus) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    world.stores.runs.close(world.stores.runs.get(run_id), Closing(status, world.clock()))
    with pytest.raises(ConflictError) as refused:
        world.canceler.cancel(world.workspace_id, run_id, CANCELED)
    assert refused.value.status == status.value
    assert world.status(run_id) is status


def test_a_run_of_another_workspace_is_not_found(world: World) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    with pytest.raises(NotFoundError):
        world.canceler.cancel("ws_other", run_id, CANCELED)
    assert world.status(run_id) is RunStatus.PENDING


def test_a_cancel_that_races_with_the_start_wins_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = world.fire(world.activate(WAITING), {})
    close = world.stores.runs.close
    raced = []

    def racing(run: Any, closing: Closing) -> Any:
        if not raced:
            raced.append(run)
            world.visit(run_id, "start", Operation.OWN)
        return close(run, closing)

    monkeypatch.setattr(world.stores.runs, "close", racing)
    world.canceler.cancel(world.workspace_id, run_id, CANCELED)
    assert world.status(run_id) is RunStatus.CANCELED
    with pytest.raises(RunReleasedError):
        world.visit(run_id, "pause")


def test_no_message_is_claimed_after_the_cancel(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node was claimed before the cancel; its message is claimed after it."""
    document = order_paid(world.template())
    document["nodes"] = [node for node in document["nodes"] if node["id"] in ("start", "mail")]
    document["nodes"].append({"id": "done", "type": "END"})
    document["edges"] = [
        {"source": "start", "target": "mail"},
        {"source": "mail", "target": "done"},
    ]
    run_id = world.fire(world.activate(document), PAYLOAD)
    world.visit(run_id, "start", Operation.OWN)
    begin = world.stores.deliveries.begin

    def late(*arguments: Any) -> Any:
        world.canceler.cancel(world.workspace_id, run_id, CANCELED)
        return begin(*arguments)

    monkeypatch.setattr(world.stores.deliveries, "begin", late)
    with pytest.raises(RunReleasedError):
        world.visit(run_id, "mail")
    assert world.mailbox() == []
    assert [step["status"] for step in world.detail(run_id)["steps"]] == ["COMPLETED", "CANCELED"]


def test_a_step_that_finishes_after_the_cancel_is_canceled_and_tells_what_it_did(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = order_paid(world.template())
    world.workspace_secrets.put(world.workspace_id, "SCORE_KEY", "k" * 9)
    run_id = world.fire(world.activate(document), PAYLOAD)
    world.walk(run_id, until="score")
    call = world.http.call

    def canceled_meanwhile(request: Any) -> Any:
        world.canceler.cancel(world.workspace_id, run_id, CANCELED)
        return call(request)

    monkeypatch.setattr(world.http, "call", canceled_meanwhile)
    world.visit(run_id, "score")
    with pytest.raises(RunReleasedError):
        world.visit(run_id, "mail")

    last = world.detail(run_id)["steps"][-1]
    assert (last["nodeId"], last["status"]) == ("score", "CANCELED")
    assert last["response"]["status"] == 200
    assert "ended while" in last["reason"]


def test_pausing_cancels_every_open_run_and_only_those(world: World) -> None:
    automation_id = world.activate(WAITING)
    other = world.fire(world.activate(WAITING), {})
    runs = [world.fire(automation_id, {"n": n}) for n in range(120)]
    world.visit(runs[0], "start", Operation.OWN)
    world.visit(runs[0], "pause")
    world.walk(runs[1])

    world.stopping.stop(world.workspace_id, automation_id, AutomationStatus.PAUSED, BY)
    # The first hundred at once, the others by the tick.
    world.settler.settle_due(100)

    statuses = [world.status(run_id) for run_id in runs]
    assert statuses[1] is RunStatus.COMPLETED
    assert {*statuses[:1], *statuses[2:]} == {RunStatus.CANCELED}
    assert world.status(other) is RunStatus.PENDING
    told = world.detail(runs[0])
    assert (told["canceled"]["by"], told["canceled"]["reason"]) == (BY, "automation paused")


def test_draining_ends_after_two_empty_passes_a_minute_apart(world: World) -> None:
    automation_id = world.activate(WAITING)
    world.stopping.stop(world.workspace_id, automation_id, AutomationStatus.PAUSED, BY)
    assert world.stores.automations.get(world.workspace_id, automation_id).drain is not None
    assert world.settler.settle_due(100) == 0
    world.clock.advance(MINUTE + 1_000)
    assert world.settler.settle_due(100) == 1
    assert world.stores.automations.get(world.workspace_id, automation_id).drain is None
    world.clock.advance(HOUR)
    assert world.settler.settle_due(100) == 0


def test_resuming_takes_new_runs_and_leaves_the_old_ones_canceled(world: World) -> None:
    automation_id = world.activate(WAITING)
    old = world.fire(automation_id, {})
    world.stopping.stop(world.workspace_id, automation_id, AutomationStatus.PAUSED, BY)
    world.clock.advance(1_000)
    world.activations.activate(world.workspace_id, automation_id, BY)
    new = world.fire(automation_id, {})
    world.clock.advance(MINUTE)
    world.settler.settle_due(100)
    assert world.status(old) is RunStatus.CANCELED
    assert world.status(new) is RunStatus.PENDING


def test_an_archived_automation_stays_so(world: World) -> None:
    automation_id = world.activate(WAITING)
    archived = AutomationStatus.ARCHIVED
    world.stopping.stop(world.workspace_id, automation_id, archived, BY)
    for action in (
        lambda: world.activations.activate(world.workspace_id, automation_id, BY),
        lambda: world.stopping.stop(world.workspace_id, automation_id, AutomationStatus.PAUSED, BY),
    ):
        with pytest.raises(ConflictError):
            action()
    stopped = world.stopping.stop(world.workspace_id, automation_id, archived, BY)
    assert stopped.status is archived


def test_a_draft_cannot_be_paused(world: World) -> None:
    from runledger.models.automation import AutomationDocument

    document = AutomationDocument.model_validate(WAITING)
    draft = world.automations.create(world.workspace_id, document, BY)
    with pytest.raises(ConflictError):
        world.stopping.stop(world.workspace_id, draft.id, AutomationStatus.PAUSED, BY)


def test_a_message_is_not_begun_for_another_execution(world: World) -> None:
    """What the transaction protects, by itself."""
    from runledger.store.table import Check, Put

    run_id = world.fire(world.activate(WAITING), {})
    from boto3.dynamodb.conditions import Attr
    from runledger.store import keys

    with pytest.raises(ConditionFailedError):
        world.table.transact(
            [
                Put({"pk": "X", "sk": "X"}),
                Check(keys.run(run_id), Attr("status").eq("RUNNING")),
            ]
        )
    assert world.table.get(keys.Key("X", "X")) is None
