"""Captures: the next events of a webhook, with their results, for an hour."""

import json
from contextlib import suppress
from typing import Any

import pytest
from runledger.clock import HOUR, MINUTE
from runledger.errors import NotFoundError, RunledgerError, TransientError, UnauthorizedError
from runledger.models.kept_event import CaptureOutcome, KeptEvent
from runledger.services.triggers.captures import CAPTURE_LIFE, CAPTURED_EVENTS
from runledger.store.kept_events import KeptEventStore

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_kept_refusals import automation_of
from tests.functional.test_refusals import sign
from tests.functional.test_settle import WAITING
from tests.functional.test_webhooks import BY_EMAIL, event, hooked
from tests.support.engine import Engine
from tests.support.stored_text import objects_of

__all__ = ["deployed"]


def an_event(engine: Engine, body: bytes = b'{"a": 1}', **headers: str) -> KeptEvent:
    return KeptEvent(
        method="POST",
        headers={"content-type": "application/json", **headers},
        query={"shop": "one"},
        body=body,
        source="203.0.113.9",
        received_at=engine.clock(),
    )


def note(engine: Engine, automation_id: str, event: KeptEvent, **result: Any) -> None:
    """Reads the automation's row and notes the event for it, as the intake does."""
    automation = engine.stores.automations.get(engine.workspace_id, automation_id)
    given = {"outcome": CaptureOutcome.ACCEPTED, "status": 202, **result}
    engine.captures.note(automation, event, given.pop("outcome"), **given)


def listed(engine: Engine, automation_id: str) -> dict[str, Any]:
    view = engine.captures.view(engine.workspace_id, automation_id)
    document: dict[str, Any] = view.model_dump(mode="json", by_alias=True)
    return document


def captured(engine: Engine, automation_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = listed(engine, automation_id)["items"]
    return items


def test_each_event_is_shown_with_its_result(engine: Engine) -> None:
    automation_id = engine.activate(WAITING)
    engine.captures.begin(engine.workspace_id, automation_id)
    note(engine, automation_id, an_event(engine), run_ids=["run_1"], type="paid", event_id="e-1")
    refused = {"outcome": CaptureOutcome.REFUSED, "status": 422, "refusal_id": "ref_1"}
    note(engine, automation_id, an_event(engine, b"a,b"), **refused, message="not JSON")
    second, first = captured(engine, automation_id)
    assert {**first, "id": None, "receivedAt": None} == {
        "id": None,
        "receivedAt": None,
        "outcome": "ACCEPTED",
        "status": 202,
        "runIds": ["run_1"],
        "refusalId": None,
        "message": None,
        "type": "paid",
        "eventId": "e-1",
        "method": "POST",
        "headers": {"content-type": "application/json"},
        "query": {"shop": "one"},
        "contentType": "application/json",
        "format": "JSON",
        "body": {"a": 1},
        "truncated": False,
    }
    assert (second["outcome"], second["status"], second["runIds"]) == ("REFUSED", 422, [])
    assert (second["refusalId"], second["message"]) == ("ref_1", "not JSON")
    assert (second["format"], second["body"]) == ("TEXT", "a,b")


def test_twenty_events_are_captured_within_ten_minutes(engine: Engine) -> None:
    automation_id = engine.activate(WAITING)
    begun = engine.captures.begin(engine.workspace_id, automation_id)
    assert begun.left == CAPTURED_EVENTS
    note(engine, automation_id, an_event(engine))
    capture = listed(engine, automation_id)["capture"]
    assert capture == {"until": begun.until, "left": CAPTURED_EVENTS - 1}
    for _ in range(CAPTURED_EVENTS + 5):
        note(engine, automation_id, an_event(engine))
    assert len(captured(engine, automation_id)) == CAPTURED_EVENTS
    assert listed(engine, automation_id)["capture"]["left"] == 0
    # Another capture has room of its own, until it ends.
    engine.captures.begin(engine.workspace_id, automation_id)
    note(engine, automation_id, an_event(engine))
    engine.clock.advance(CAPTURE_LIFE)
    note(engine, automation_id, an_event(engine))
    found = listed(engine, automation_id)
    assert (len(found["items"]), found["capture"]) == (CAPTURED_EVENTS + 1, None)


def test_captured_events_are_gone_after_an_hour(engine: Engine) -> None:
    automation_id = engine.activate(WAITING)
    engine.captures.begin(engine.workspace_id, automation_id)
    note(engine, automation_id, an_event(engine))
    engine.clock.advance(HOUR - MINUTE)
    assert len(captured(engine, automation_id)) == 1
    engine.clock.advance(MINUTE)
    assert captured(engine, automation_id) == []


def test_an_automation_without_a_capture_makes_no_call(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation_id = engine.activate(WAITING)
    automation = engine.stores.automations.get(engine.workspace_id, automation_id)
    calls: list[str] = []
    for name in ("get", "put", "change", "update"):
        monkeypatch.setattr(engine.table, name, lambda *_, name=name, **__: calls.append(name))
    engine.captures.note(automation, an_event(engine), CaptureOutcome.ACCEPTED, status=202)
    assert calls == []


def test_a_fault_of_the_capture_changes_no_answer(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation_id = engine.activate(WAITING)
    engine.captures.begin(engine.workspace_id, automation_id)

    def busy(*_: Any, **__: Any) -> None:
        raise TransientError("throttled")

    monkeypatch.setattr(KeptEventStore, "keep", busy)
    note(engine, automation_id, an_event(engine))
    assert captured(engine, automation_id) == []


def test_forty_large_events_fit_into_one_answer(engine: Engine) -> None:
    """Lambda answers with at most 6 MB; these characters take six bytes each as JSON."""
    automation_id = engine.activate(WAITING)
    body = b"\x01" * 900_000
    for _ in range(2):
        engine.captures.begin(engine.workspace_id, automation_id)
        for _ in range(CAPTURED_EVENTS):
            note(engine, automation_id, an_event(engine, body))
    found = engine.captures.view(engine.workspace_id, automation_id)
    assert len(found.items) == 2 * CAPTURED_EVENTS
    assert all(each.truncated for each in found.items)
    assert len(found.model_dump_json()) < 6_000_000


def test_large_bodies_are_objects_of_their_event(engine: Engine) -> None:
    import random

    automation_id = engine.activate(WAITING)
    engine.captures.begin(engine.workspace_id, automation_id)
    body = random.Random(3).randbytes(100_000)
    note(engine, automation_id, an_event(engine, body))
    (only,) = captured(engine, automation_id)
    (key,) = objects_of(engine)
    assert key.startswith(f"captured/{only['id']}/")
    assert only["format"] == "BINARY"


def test_the_api_begins_a_capture_and_lists_its_events(deployed: Engine) -> None:
    deployed.clock.follow_the_machine()
    automation_id = deployed.activate(WAITING)
    path = f"/v1/automations/{automation_id}"
    assert call("POST", f"{path}/capture", role="viewer")["status"] == 403
    begun = call("POST", f"{path}/capture", role="member")
    assert (begun["status"], begun["body"]["left"]) == (200, CAPTURED_EVENTS)
    note(deployed, automation_id, an_event(deployed))
    found = call("GET", f"{path}/captured-events", role="viewer")
    assert found["status"] == 200
    assert [each["body"] for each in found["body"]["items"]] == [{"a": 1}]
    assert found["body"]["capture"]["left"] == CAPTURED_EVENTS - 1
    for verb, name in (("POST", "capture"), ("GET", "captured-events")):
        assert call(verb, f"/v1/automations/aut_nothing/{name}")["status"] == 404


def test_another_workspace_has_no_such_automation(engine: Engine) -> None:
    automation_id = engine.activate(WAITING)
    with pytest.raises(NotFoundError):
        engine.captures.begin("ws_other", automation_id)
    with pytest.raises(NotFoundError):
        engine.captures.view("ws_other", automation_id)


def test_a_webhook_notes_every_event_of_a_known_address(engine: Engine) -> None:
    """Accepted, ignored, refused and unproved events are noted, each with the answer that its
    sender got."""
    waits = {"kind": "COMPARE", "left": "{{trigger.kind}}", "operator": "EQUALS", "right": "paid"}
    token = hooked(engine, signed=True, contactLookup=BY_EMAIL, createIfMissing=True, filter=waits)
    automation_id = automation_of(engine, token)
    engine.captures.begin(engine.workspace_id, automation_id)
    mail = {"customer": {"email": "ada@example.com"}}
    bodies = [{**mail, "kind": "paid"}, {**mail, "kind": "seen"}, {"kind": "paid"}]
    for body in bodies:
        raw = json.dumps(body).encode()
        sent = event(token, raw, x_runledger_signature=sign(engine, token, raw))
        with suppress(RunledgerError):
            engine.webhooks.answer(sent)
    with pytest.raises(UnauthorizedError):
        engine.webhooks.answer(event(token, b"[]", x_runledger_signature="sha256=guess"))

    found = captured(engine, automation_id)[::-1]
    results = [(each["outcome"], each["status"]) for each in found]
    assert results == [("ACCEPTED", 202), ("IGNORED", 202), ("REFUSED", 422), ("REFUSED", 401)]
    assert [len(each["runIds"]) for each in found] == [1, 0, 0, 0]
    kept = engine.details.refusal(engine.workspace_id, found[2]["refusalId"])
    assert (kept.reason, kept.event is not None) == ("INVALID_PAYLOAD", True)
    assert [each["body"] for each in found] == [*bodies, []]
    assert {each["headers"]["x-runledger-signature"] for each in found} == {"[redacted]"}
    # An unproved event may be looked at, and never replayed.
    unproved = engine.details.refusal(engine.workspace_id, found[3]["refusalId"])
    assert (unproved.reason, unproved.kept_until) == ("BAD_SIGNATURE", None)
