"""Runs that an event opens for a date in its payload: scheduled, started when due, or canceled."""

from datetime import datetime
from typing import Any

import pytest
from runledger.clock import DAY, HOUR, MINUTE, from_iso, iso
from runledger.errors import ConflictError, InvalidInputError, UnauthorizedError
from runledger.models.automation import AutomationDocument, AutomationStatus
from runledger.models.run import Cancellation, RunStatus
from runledger.nodes.written_dates import ACCEPTED

from tests.functional.test_refusals import only
from tests.functional.test_rotation import signature
from tests.functional.test_settle import executions
from tests.functional.test_webhooks import event
from tests.support.engine import Engine
from tests.support.environment import START

BY = "ada@example.com"
TODAY = iso(START)[:10]
TOMORROW = iso(START + DAY)[:10]
# The clock starts at 22:13:20 UTC.
LATER_TODAY, EARLIER_TODAY = "23:00", "09:00"
ELEVEN = START - START % DAY + 23 * HOUR


def dated(time_of_day: str = LATER_TODAY, **source: Any) -> dict[str, Any]:
    return {
        "name": "Appointment",
        "nodes": [
            {
                "id": "start",
                "type": "TRIGGER",
                "config": {
                    "triggerType": "DATE",
                    "source": {"kind": "WEBHOOK_PAYLOAD", "path": "due.on", **source},
                    "timeOfDay": time_of_day,
                },
            },
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "done"}],
    }


def token_of(engine: Engine, automation_id: str) -> str:
    token = engine.stores.automations.get(engine.workspace_id, automation_id).webhook_token
    assert token is not None
    return token


def start_due_runs(engine: Engine, run_id: str) -> list[str]:
    """Runs a tick and returns the run's executions."""
    engine.due_work.settle_due(100)
    return executions(engine, run_id)


def test_a_run_waits_for_its_date_and_is_started_by_the_tick(engine: Engine) -> None:
    automation_id = engine.activate(dated())
    run_id = engine.fire(automation_id, {"due": {"on": TODAY}, "n": 1})
    told = engine.detail(run_id)
    assert (told["status"], told["health"]["state"]) == ("PENDING", "SCHEDULED")
    assert told["health"]["text"] == f"scheduled for {iso(ELEVEN)}"
    assert (told["scheduledFor"], told["startedAt"]) == (iso(ELEVEN), None)
    received_at = told["trigger"].pop("receivedAt")
    assert from_iso(received_at) <= from_iso(told["createdAt"])
    assert told["trigger"] == {
        "type": "DATE",
        "source": "203.0.113.9",
        "dedupeKey": None,
        "date": TODAY,
    }
    assert told["payload"] == {"due": {"on": TODAY}, "n": 1}

    # Neither the stream nor a tick starts it early.
    engine.starter.start_opened(engine.stores.runs.get(run_id))
    assert start_due_runs(engine, run_id) == []
    engine.clock.now = ELEVEN - MINUTE
    assert start_due_runs(engine, run_id) == []
    engine.clock.now = ELEVEN
    assert start_due_runs(engine, run_id) == [f"{run_id}-1"]
    assert engine.walk(run_id) == ["start", "done"]
    assert engine.status(run_id) is RunStatus.COMPLETED


def test_a_date_in_the_past_starts_the_run_at_once(engine: Engine) -> None:
    automation_id = engine.activate(dated(EARLIER_TODAY))
    for day in (TODAY, "2020-02-29"):
        run_id = engine.fire(automation_id, {"due": {"on": day}})
        told = engine.detail(run_id)
        assert (told["health"]["state"], told["scheduledFor"]) == ("QUEUED", None)
        assert told["trigger"]["date"] == day
        engine.starter.start_opened(engine.stores.runs.get(run_id))
        assert f"{run_id}-1" in executions(engine, run_id)


def test_a_scheduled_run_that_was_canceled_never_starts(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(dated()), {"due": {"on": TODAY}})
    engine.canceler.cancel(engine.workspace_id, run_id, Cancellation(by=BY, reason="called off"))
    told = engine.detail(run_id)
    assert (told["status"], told["canceled"]["reason"]) == ("CANCELED", "called off")
    assert told["steps"] == []
    engine.clock.now = ELEVEN + DAY
    assert start_due_runs(engine, run_id) == []


def test_pausing_the_automation_cancels_its_scheduled_runs(engine: Engine) -> None:
    automation_id = engine.activate(dated())
    ids = [engine.fire(automation_id, {"due": {"on": day}}) for day in (TODAY, TOMORROW)]
    engine.stopping.stop(engine.workspace_id, automation_id, AutomationStatus.PAUSED, BY)
    assert {engine.status(run_id) for run_id in ids} == {RunStatus.CANCELED}
    with pytest.raises(ConflictError):
        engine.fire(automation_id, {"due": {"on": TODAY}})
    assert (only(engine)["reason"], only(engine)["trigger"]) == ("INACTIVE", "DATE")


def test_a_repeated_event_schedules_one_run(engine: Engine) -> None:
    automation_id = engine.activate(dated(dedupePath="id"))
    sent = event(token_of(engine, automation_id), {"id": 1, "due": {"on": TODAY}})
    first = engine.webhooks.receive(sent)
    again = engine.webhooks.receive(sent)
    assert (again.run.id, again.is_duplicate) == (first.run.id, True)
    assert again.run.scheduled_for == ELEVEN


def test_a_scheduled_run_keeps_the_version_it_was_opened_for(engine: Engine) -> None:
    automation_id = engine.activate(dated())
    run_id = engine.fire(automation_id, {"due": {"on": TODAY}})
    document = AutomationDocument.model_validate({**dated(EARLIER_TODAY), "name": "Changed"})
    engine.automations.update(engine.workspace_id, automation_id, document, BY)
    engine.activations.activate(engine.workspace_id, automation_id, BY)
    engine.clock.now = ELEVEN
    start_due_runs(engine, run_id)
    engine.walk(run_id)
    told = engine.detail(run_id)
    assert (told["status"], told["version"], told["scheduledFor"]) == (
        "COMPLETED",
        1,
        iso(ELEVEN),
    )


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ({}, "no date at due.on: null"),
        ({"on": "31.12.2026"}, 'no date at due.on: "31.12.2026" is not a date'),
        ({"on": 20231115}, "no date at due.on: 20231115"),
        ({"on": True}, "no date at due.on: true"),
        ({"on": iso(START + 366 * DAY)[:10]}, "more than 364 days"),
    ],
)
def test_an_invalid_date_is_refused_with_its_path(
    engine: Engine, due: dict[str, Any], words: str
) -> None:
    lookup = {"by": "email", "path": "email"}
    automation_id = engine.activate(dated(contactLookup=lookup, createIfMissing=True))
    with pytest.raises(InvalidInputError, match=words) as refused:
        engine.fire(automation_id, {"email": "new@example.com", "due": due})
    assert refused.value.field == "due.on"
    told = only(engine)
    assert (told["reason"], told["trigger"]) == ("INVALID_PAYLOAD", "DATE")
    assert "due.on" in told["message"]
    if "no date" in words:
        assert words in told["message"] and told["message"].endswith(ACCEPTED)
    assert [row for row in engine.rows() if row["pk"].startswith("RUN#")] == []
    # An event that opens no run creates no contact either.
    assert (
        engine.stores.contacts.find_address(engine.workspace_id, "EMAIL", "new@example.com") is None
    )


def test_a_date_webhook_checks_signatures_like_any_other(engine: Engine) -> None:
    document = AutomationDocument.model_validate(dated(signed=True))
    made = engine.automations.create(engine.workspace_id, document, BY)
    view = engine.activations.activate(engine.workspace_id, made.id, BY)
    assert view.webhook is not None and view.webhook.signed
    assert view.webhook.secret is not None
    body = f'{{"due": {{"on": "{TODAY}"}}}}'.encode()
    token = token_of(engine, made.id)
    with pytest.raises(UnauthorizedError):
        engine.webhooks.receive(event(token, body))
    signed = event(token, body, x_runledger_signature=signature(view.webhook.secret, body))
    assert engine.webhooks.receive(signed).run.scheduled_for == ELEVEN


def test_a_day_is_read_in_the_zone_of_the_trigger(engine: Engine) -> None:
    document = dated("00:30")
    config = document["nodes"][0]["config"]
    config |= {"timeZone": "America/New_York", "offsetDays": 1}
    run_id = engine.fire(engine.activate(document), {"due": {"on": "2023-11-16T02:00:00Z"}})
    told = engine.detail(run_id)
    assert told["trigger"]["date"] == "2023-11-15"
    due = datetime.fromisoformat(told["scheduledFor"])
    assert due == datetime.fromisoformat("2023-11-16T00:30:00-05:00")
