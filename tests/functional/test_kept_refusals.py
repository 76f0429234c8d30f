"""Refused events are kept for a week and can be replayed once."""

import base64
import json
import random
from typing import Any

import pytest
from runledger.clock import DAY, MINUTE, SECOND, now_ms
from runledger.errors import (
    ConflictError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    RunledgerError,
    TransientError,
    UnauthorizedError,
)
from runledger.models.automation import AutomationDocument, AutomationStatus
from runledger.models.contact import ContactDocument
from runledger.models.run import Run
from runledger.services.triggers.refusals import KEPT_A_MINUTE
from runledger.services.triggers.replays import Replayed
from runledger.services.triggers.webhooks import Webhooks
from runledger.store import keys

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_refusals import only, refusals, refuse, sign, stop
from tests.functional.test_webhooks import BY_EMAIL, event, hooked
from tests.support.engine import Engine
from tests.support.stored_text import find_words, objects_of, stored_in_engine

__all__ = ["deployed"]

BY = "ada@example.com"
BODY = {"orderId": "A-1", "customer": {"email": "ada@lovelace.example"}}
NOISE = base64.b64encode(random.Random(7).randbytes(90_000)).decode()


def refused_id(engine: Engine) -> str:
    return str(only(engine)["pk"]).removeprefix("REFUSAL#")


def shown(engine: Engine, refusal_id: str) -> dict[str, Any]:
    view = engine.details.refusal(engine.workspace_id, refusal_id)
    document: dict[str, Any] = view.model_dump(mode="json", by_alias=True)
    return document


def replay(engine: Engine, refusal_id: str) -> Replayed:
    return engine.replays.replay(engine.workspace_id, refusal_id, BY)


def create(engine: Engine, email: str = "ada@lovelace.example") -> str:
    return engine.contacts.create(engine.workspace_id, ContactDocument(email=email)).id


def stored_runs(engine: Engine) -> list[str]:
    rows = [row for row in engine.rows() if row["sk"] == "RUN"]
    return [str(row["pk"]).removeprefix("RUN#") for row in rows]


def automation_of(engine: Engine, token: str) -> str:
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    return target.automation_id


def change_trigger(engine: Engine, token: str, **trigger: Any) -> None:
    """Activates the automation with another trigger."""
    automation_id = automation_of(engine, token)
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK", **trigger}},
        {"id": "done", "type": "END"},
    ]
    edges = [{"source": "start", "target": "done"}]
    document = AutomationDocument.model_validate({"name": "Hook", "nodes": nodes, "edges": edges})
    engine.automations.update(engine.workspace_id, automation_id, document, BY)
    engine.activations.activate(engine.workspace_id, automation_id, BY)


def test_a_refused_event_is_shown_as_it_arrived(engine: Engine) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL)
    sent = event(token, BODY, x_shop="one", authorization="Bearer hunter2")
    refuse(engine, sent, InvalidInputError)
    found = shown(engine, refused_id(engine))
    assert found["event"] == {
        "method": "POST",
        "headers": {
            "content-type": "application/json",
            "x-shop": "one",
            "authorization": "[redacted]",
        },
        "query": {},
        "contentType": "application/json",
        "format": "JSON",
        "body": BODY,
        "truncated": False,
        "receivedAt": found["event"]["receivedAt"],
    }
    assert found["reason"] == "NO_CONTACT"
    assert found["keptUntil"] is not None
    replayed = ("replayedAt", "replayedBy", "replayRunIds", "replayRefusalId")
    assert {found[name] for name in replayed} == {None}


def test_the_mended_cause_lets_the_event_in_once(engine: Engine) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL)
    refuse(engine, event(token, BODY), InvalidInputError)
    refusal_id = refused_id(engine)
    contact_id = create(engine)

    (opened,) = replay(engine, refusal_id).runs

    assert not opened.is_duplicate
    assert opened.run.contact_id == contact_id
    history = engine.stores.runs.history(opened.run.id)
    assert history.event.body == BODY
    assert history.event.details["replayOf"] == refusal_id
    assert history.event.details["source"] == "203.0.113.9"
    found = shown(engine, refusal_id)
    assert (found["replayedBy"], found["replayRunIds"]) == (BY, [opened.run.id])
    with pytest.raises(ConflictError, match=opened.run.id) as again:
        replay(engine, refusal_id)
    assert again.value.status == "REPLAYED"
    assert stored_runs(engine) == [opened.run.id]
    assert len(refusals(engine)) == 1


def test_an_event_that_is_refused_again_leaves_a_new_refusal_that_can_be_replayed(
    engine: Engine,
) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL)
    refuse(engine, event(token, BODY), InvalidInputError)
    first = refused_id(engine)

    replayed = replay(engine, first)

    assert replayed.runs == ()
    assert replayed.refusal is not None
    second = replayed.refusal
    assert (second.reason, second.id != first) == ("NO_CONTACT", True)
    assert shown(engine, second.id)["event"] == shown(engine, first)["event"]
    # It is kept no longer than it would have been.
    assert shown(engine, second.id)["keptUntil"] == shown(engine, first)["keptUntil"]
    assert shown(engine, first)["replayRefusalId"] == second.id
    with pytest.raises(ConflictError, match=second.id):
        replay(engine, first)
    create(engine)
    assert len(replay(engine, second.id).runs) == 1
    assert len(refusals(engine)) == 2


@pytest.mark.parametrize(
    ("trigger", "headers"),
    [
        ({}, {}),
        ({"dedupe": "OFF"}, {}),
        ({"dedupePath": "orderId"}, {}),
        ({}, {"idempotency_key": "k-1"}),
    ],
)
def test_an_interrupted_replay_goes_on_and_opens_one_run(
    engine: Engine,
    trigger: dict[str, Any],
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The process dies after it has opened the run and before it records the result. Meanwhile the
    automation gets another trigger, which would read another key."""
    token = hooked(engine, contactLookup=BY_EMAIL, **trigger)
    refuse(engine, event(token, BODY, **headers), InvalidInputError)
    refusal_id = refused_id(engine)
    create(engine)

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(engine.stores.refusals), "end_replay", dies)
        with pytest.raises(KeyboardInterrupt):
            replay(engine, refusal_id)
    (run_id,) = stored_runs(engine)
    begun = shown(engine, refusal_id)
    assert (begun["replayedBy"], begun["replayRunIds"]) == (BY, None)
    change_trigger(engine, token, contactLookup=BY_EMAIL, dedupePath="customer.email")

    (found,) = replay(engine, refusal_id).runs

    assert (found.run.id, found.is_duplicate) == (run_id, True)
    assert stored_runs(engine) == [run_id]
    assert shown(engine, refusal_id)["replayRunIds"] == [run_id]
    assert len(refusals(engine)) == 1


def test_a_sender_that_repeats_a_replayed_event_finds_its_run(engine: Engine) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL, dedupePath="orderId")
    refuse(engine, event(token, BODY), InvalidInputError)
    create(engine)
    (opened,) = replay(engine, refused_id(engine)).runs
    again = engine.webhooks.receive(event(token, BODY))
    assert (again.run.id, again.is_duplicate) == (opened.run.id, True)


def test_an_event_that_its_sender_repeated_meanwhile_opens_no_second_run(engine: Engine) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL, dedupePath="orderId")
    refuse(engine, event(token, BODY), InvalidInputError)
    refusal_id = refused_id(engine)
    create(engine)
    run = engine.webhooks.receive(event(token, BODY)).run
    (found,) = replay(engine, refusal_id).runs
    assert (found.run.id, found.is_duplicate) == (run.id, True)
    # It is what was asked for, so it leaves no refusal.
    assert len(refusals(engine)) == 1


def test_a_replay_goes_through_the_trigger_as_it_is_now(engine: Engine) -> None:
    token = hooked(engine, contactLookup={"by": "email", "path": "buyer.mail"})
    refuse(engine, event(token, BODY), InvalidInputError)
    refusal_id = refused_id(engine)
    change_trigger(engine, token, contactLookup=BY_EMAIL, createIfMissing=True)
    (opened,) = replay(engine, refusal_id).runs
    assert (opened.run.contact_email, opened.run.version) == ("ada@lovelace.example", 2)


def test_a_replay_asks_neither_for_the_signature_nor_for_the_rate(engine: Engine) -> None:
    trigger = {"signed": True, "rateLimitPerMinute": 1, "contactLookup": BY_EMAIL}
    token = hooked(engine, **trigger)
    body = json.dumps(BODY).encode()
    engine.clock.now -= engine.clock.now % MINUTE
    signed = event(token, body, x_runledger_signature=sign(engine, token, body))
    refuse(engine, signed, InvalidInputError)
    refusal_id = refused_id(engine)
    kept = shown(engine, refusal_id)["event"]
    assert kept["headers"]["x-runledger-signature"] == "[redacted]"
    create(engine)
    (opened,) = replay(engine, refusal_id).runs
    # The key is the digest of the signed body, so the sender's own repeat finds the run.
    engine.clock.advance(MINUTE)
    again = engine.webhooks.receive(signed)
    assert (again.run.id, again.is_duplicate) == (opened.run.id, True)


def test_bytes_come_back_as_they_were(engine: Engine) -> None:
    token = hooked(engine)
    for body in (b'{"a": 1,}', b"\xff\xfe\x00{", b"\xef\xbb\xbf[1", b"", b"\0"):
        sent = event(token, body)
        with pytest.raises(RunledgerError):
            engine.webhooks.receive(sent)
        refusal_id = str(refusals(engine)[-1]["pk"]).removeprefix("REFUSAL#")
        kept = engine.stores.kept_events.of_refusal(refusal_id, engine.clock.now)
        assert kept is not None
        assert kept.body == body


def test_a_large_body_is_kept_in_s3_and_goes_with_its_row(engine: Engine) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL)
    refuse(engine, event(token, {**BODY, "noise": NOISE}), InvalidInputError)
    refusal_id = refused_id(engine)
    (key,) = objects_of(engine)
    assert key.startswith(f"refusals/{refusal_id}/")
    assert shown(engine, refusal_id)["event"]["body"]["noise"] == NOISE
    row = engine.table.get(keys.refused_event(refusal_id))
    assert row is not None
    assert key.startswith(row["objects"])


def test_an_event_is_kept_for_seven_days(engine: Engine) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL)
    refuse(engine, event(token, BODY), InvalidInputError)
    refusal_id = refused_id(engine)
    create(engine)
    engine.clock.advance(7 * DAY - MINUTE)
    assert shown(engine, refusal_id)["event"] is not None
    engine.clock.advance(MINUTE)
    found = shown(engine, refusal_id)
    assert (found["event"], found["keptUntil"]) == (None, None)
    with pytest.raises(GoneError, match="was kept until"):
        replay(engine, refusal_id)
    assert stored_runs(engine) == []
    assert {
        row["ttl"] * SECOND <= engine.clock.now for row in engine.rows() if row["sk"] == "EVENT"
    } == {True}


def test_what_was_not_kept_cannot_be_replayed(engine: Engine) -> None:
    token = hooked(engine, signed=True)
    refuse(engine, event(token, BODY), UnauthorizedError)
    refusal_id = refused_id(engine)
    assert shown(engine, refusal_id)["event"] is None
    with pytest.raises(ConflictError, match="not kept") as error:
        replay(engine, refusal_id)
    assert error.value.status == "NOT_KEPT"
    with pytest.raises(NotFoundError):
        replay(engine, "ref_nothing")
    with pytest.raises(NotFoundError):
        engine.replays.replay("ws_other", refusal_id, BY)


def test_a_stopped_automation_refuses_a_replay_and_the_event_waits(engine: Engine) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL)
    refuse(engine, event(token, BODY), InvalidInputError)
    refusal_id = refused_id(engine)
    create(engine)
    stop(engine, token, AutomationStatus.PAUSED)
    with pytest.raises(ConflictError, match="PAUSED"):
        replay(engine, refusal_id)
    assert shown(engine, refusal_id)["replayedAt"] is None
    engine.activations.activate(engine.workspace_id, automation_of(engine, token), BY)
    assert len(replay(engine, refusal_id).runs) == 1


def test_a_passing_fault_leaves_the_replay_to_be_repeated(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL)
    refuse(engine, event(token, BODY), InvalidInputError)
    refusal_id = refused_id(engine)
    create(engine)

    def busy(*_: Any, **__: Any) -> tuple[Run, bool]:
        raise TransientError("throttled")

    with monkeypatch.context() as patched:
        patched.setattr(type(engine.stores.runs), "open", busy)
        with pytest.raises(TransientError):
            replay(engine, refusal_id)
    assert shown(engine, refusal_id)["replayRunIds"] is None
    assert len(replay(engine, refusal_id).runs) == 1


def test_a_repeated_event_keeps_no_second_copy(engine: Engine) -> None:
    token = hooked(engine, dedupePath="orderId")
    engine.webhooks.receive(event(token, BODY))
    assert engine.webhooks.receive(event(token, BODY)).is_duplicate
    assert only(engine)["reason"] == "DUPLICATE"
    assert shown(engine, refused_id(engine))["keptUntil"] is None
    assert [row for row in engine.rows() if row["sk"] == "EVENT"] == []


def test_a_hundred_events_a_minute_are_kept_and_the_rest_is_counted(engine: Engine) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL, rateLimitPerMinute=6_000)
    start = engine.clock.now - engine.clock.now % MINUTE
    for _ in range(KEPT_A_MINUTE + 20):
        engine.clock.now = start
        refuse(engine, event(token, BODY), InvalidInputError)
    found = refusals(engine)
    assert len(found) == KEPT_A_MINUTE + 1
    assert sorted(row["count"] for row in found) == [1] * KEPT_A_MINUTE + [20]
    kept = [row for row in engine.rows() if row["sk"] == "EVENT"]
    assert len(kept) == KEPT_A_MINUTE
    assert sum("keptUntil" in row for row in found) == KEPT_A_MINUTE
    engine.clock.now = start + MINUTE
    refuse(engine, event(token, BODY), InvalidInputError)
    assert len(refusals(engine)) == KEPT_A_MINUTE + 2


def test_two_operators_at_once_find_one_run(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one begins and ends while the first one is about to send."""
    token = hooked(engine, contactLookup=BY_EMAIL)
    refuse(engine, event(token, BODY), InvalidInputError)
    refusal_id = refused_id(engine)
    create(engine)
    sends = Webhooks.replay
    others: list[Replayed] = []

    def meanwhile(webhooks: Webhooks, *given: Any) -> Any:
        if not others:
            others.append(Replayed(()))
            others[0] = engine.replays.replay(engine.workspace_id, refusal_id, "bob@example.com")
        return sends(webhooks, *given)

    monkeypatch.setattr(Webhooks, "replay", meanwhile)
    (mine,) = replay(engine, refusal_id).runs
    (theirs,) = others[0].runs
    assert mine.run.id == theirs.run.id
    assert (mine.is_duplicate, theirs.is_duplicate) == (True, False)
    assert stored_runs(engine) == [mine.run.id]
    # The replay that was recorded first holds.
    assert shown(engine, refusal_id)["replayedBy"] == BY
    assert shown(engine, refusal_id)["replayRunIds"] == [mine.run.id]


def test_no_credential_of_an_event_is_kept(engine: Engine) -> None:
    token = hooked(engine, signed=True, contactLookup=BY_EMAIL)
    body = json.dumps(BODY).encode()
    signature = sign(engine, token, body)
    sent = event(
        token,
        body,
        x_runledger_signature=signature,
        authorization="Bearer canary-bearer",
        cookie="session=canary-cookie",
        x_api_key="canary-key",
        x_runledger_edge="canary-edge",
    )
    refuse(engine, sent, InvalidInputError)
    assert len([row for row in engine.rows() if row["sk"] == "EVENT"]) == 1
    assert find_words(stored_in_engine(engine), ["canary-", signature]) == []
    kept = [(place, text) for place, text in stored_in_engine(engine) if "/EVENT" in place]
    assert find_words(kept, [token]) == []


def test_values_under_names_of_credentials_are_not_shown(engine: Engine) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL)
    sent = {**BODY, "password": "hunter2", "note": "the first"}
    refuse(engine, event(token, sent), InvalidInputError)
    body = shown(engine, refused_id(engine))["event"]["body"]
    assert (body["password"], body["note"]) == ("[redacted]", "the first")


def test_the_api_replays_an_event_once(deployed: Engine) -> None:
    deployed.clock.now = now_ms()
    token = hooked(deployed, contactLookup=BY_EMAIL)
    refuse(deployed, event(token, BODY), InvalidInputError)
    refusal_id = refused_id(deployed)
    path = f"/v1/refusals/{refusal_id}/replay"
    assert call("POST", path, role="viewer")["status"] == 403
    early = call("POST", path, role="member")
    assert early["status"] == 200
    assert early["body"]["runs"] == []
    assert early["body"]["refusal"]["reason"] == "NO_CONTACT"
    again = call("POST", path, role="member")
    assert (again["status"], again["body"]["state"]) == (409, "REPLAYED")
    create(deployed)
    path = f"/v1/refusals/{early['body']['refusal']['id']}/replay"
    answer = call("POST", path, role="member")
    assert answer["status"] == 202
    (run,) = answer["body"]["runs"]
    assert run == {"runId": stored_runs(deployed)[0], "status": "PENDING", "duplicate": False}
    shown_to_all = call("GET", path.removesuffix("/replay"), role="viewer")["body"]
    assert shown_to_all["replayRunIds"] == [run["runId"]]
    assert shown_to_all["replayedBy"] == "member@example.com"
