"""Replays: a refused event is sent once through the trigger as it is now."""

import base64
import hmac
import json
from typing import Any

import pytest
from runledger.api.automations import RotationDocument
from runledger.clock import DAY, HOUR, MINUTE, SECOND
from runledger.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    TransientError,
    UnauthorizedError,
)
from runledger.models.automation import AutomationDocument, AutomationStatus
from runledger.models.run import Run
from runledger.services.triggers.replays import Replayed
from runledger.services.triggers.webhook_request import WebhookRequest
from runledger.services.triggers.webhooks import Webhooks

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_kept_refusals import (
    BODY,
    BY,
    automation_of,
    create,
    refused_id,
    replay,
    shown,
    stored_runs,
)
from tests.functional.test_refusals import only, refusals, refuse, sign, stop
from tests.functional.test_webhooks import BY_EMAIL, event, hooked
from tests.support.engine import PUBLIC_URL, Engine

__all__ = ["deployed"]

SIGNING_KEY = bytes(range(32))


def signed_sample(engine: Engine, token: str, event_id: str) -> WebhookRequest:
    """An event in the Standard Webhooks format, signed at this moment."""
    body = json.dumps(BODY)
    seconds = engine.clock.now // SECOND
    text = f"{event_id}.{seconds}.{body}".encode()
    signature = base64.b64encode(hmac.digest(SIGNING_KEY, text, "sha256")).decode()
    return event(
        token,
        body.encode(),
        webhook_id=event_id,
        webhook_timestamp=str(seconds),
        webhook_signature=f"v1,{signature}",
    )


def change_trigger(engine: Engine, token: str, *, reentry: str = "ALWAYS", **trigger: Any) -> None:
    """Activates the automation with another trigger and re-entry rule."""
    automation_id = automation_of(engine, token)
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK", **trigger}},
        {"id": "done", "type": "END"},
    ]
    edges = [{"source": "start", "target": "done"}]
    document = AutomationDocument.model_validate(
        {"name": "Hook", "reentry": reentry, "nodes": nodes, "edges": edges}
    )
    engine.automations.update(engine.workspace_id, automation_id, document, BY)
    engine.activations.activate(engine.workspace_id, automation_id, BY)


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


def test_two_operators_at_once_find_one_run(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second operator's replay begins and ends while the first operator's replay is about to
    send the event."""
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


def test_the_api_replays_an_event_once(deployed: Engine) -> None:
    deployed.clock.follow_the_machine()
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


def test_an_event_for_a_stopped_automation_is_kept_until_it_is_active_again(
    engine: Engine,
) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL, createIfMissing=True)
    stop(engine, token, AutomationStatus.PAUSED)
    refuse(engine, event(token, BODY), ConflictError)
    refusal_id = refused_id(engine)
    assert shown(engine, refusal_id)["reason"] == "INACTIVE"
    engine.activations.activate(engine.workspace_id, automation_of(engine, token), BY)
    (opened,) = replay(engine, refusal_id).runs
    assert opened.run.contact_email == "ada@lovelace.example"


def test_a_split_event_is_replayed_as_a_whole(engine: Engine) -> None:
    """The replay finds the runs that elements of the event have opened before. If other elements
    are refused again, a new refusal records this."""
    create(engine, "a@example.com")
    token = hooked(engine, split="items", contactLookup={"by": "email", "path": "mail"})
    items = [{"mail": f"{name}@example.com"} for name in "abc"]
    body = {"id": "e-1", "items": items}
    taken = engine.webhooks.receive(event(token, body, idempotency_key="k-1"))
    assert [each.opened is not None for each in taken.results] == [True, False, False]
    refusal_id = refused_id(engine)
    assert shown(engine, refusal_id)["event"]["body"] == body
    create(engine, "b@example.com")

    replayed = replay(engine, refusal_id)

    assert [each.is_duplicate for each in replayed.runs] == [True, False]
    assert replayed.refusal is not None
    assert "1 of 3" in replayed.refusal.message
    create(engine, "c@example.com")
    last = replay(engine, replayed.refusal.id)
    assert [each.is_duplicate for each in last.runs] == [True, True, False]
    assert last.refusal is None
    assert len(stored_runs(engine)) == 3


def test_the_key_of_a_replay_is_what_the_signature_had_proved(engine: Engine) -> None:
    """The scheme signs an id in a header. By the time of the replay the signature is too old to be
    accepted."""
    token = hooked(engine, source={"preset": "STANDARD_WEBHOOKS"}, contactLookup=BY_EMAIL)
    document = RotationDocument(secret=f"whsec_{base64.b64encode(SIGNING_KEY).decode()}")
    rotations = engine.rotations_at(PUBLIC_URL)
    rotations.rotate(engine.workspace_id, automation_of(engine, token), document, BY)
    refuse(engine, signed_sample(engine, token, "msg_1"), InvalidInputError)
    refusal_id = refused_id(engine)
    create(engine)
    engine.clock.advance(DAY)
    (opened,) = replay(engine, refusal_id).runs
    again = engine.webhooks.receive(signed_sample(engine, token, "msg_1"))
    assert (again.run.id, again.is_duplicate) == (opened.run.id, True)


@pytest.mark.parametrize("split", [None, "items"])
def test_a_replay_that_is_continued_does_not_name_the_refusal_of_its_first_try(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, split: str | None
) -> None:
    """The event is refused again, and the process dies before it records that. Then the cause is
    mended, and the replay is requested once more."""
    body = BODY if split is None else {"items": [BODY]}
    token = hooked(engine, contactLookup=BY_EMAIL, **({} if split is None else {"split": split}))
    if split is None:
        refuse(engine, event(token, body), InvalidInputError)
    else:
        engine.webhooks.receive(event(token, body))
    refusal_id = refused_id(engine)

    def busy(*_: Any, **__: Any) -> None:
        raise TransientError("throttled")

    with monkeypatch.context() as patched:
        patched.setattr(type(engine.stores.refusals), "end_replay", busy)
        with pytest.raises(TransientError):
            replay(engine, refusal_id)
    create(engine)

    replayed = replay(engine, refusal_id)

    (opened,) = replayed.runs
    assert replayed.refusal is None
    found = shown(engine, refusal_id)
    assert (found["replayRunIds"], found["replayRefusalId"]) == ([opened.run.id], None)
    with pytest.raises(ConflictError, match=opened.run.id):
        replay(engine, refusal_id)


def test_a_replayed_split_event_whose_elements_were_blocked_can_be_replayed_again(
    engine: Engine,
) -> None:
    trigger: dict[str, Any] = {"contactLookup": BY_EMAIL, "split": "items"}
    token = hooked(engine, **trigger)
    engine.webhooks.receive(event(token, {"items": [BODY]}))
    first = refused_id(engine)
    create(engine)
    change_trigger(engine, token, reentry="ONCE", **trigger)
    engine.webhooks.receive(event(token, {"items": [{**BODY, "other": 1}]}))

    replayed = replay(engine, first)

    assert replayed.runs == ()
    assert replayed.refusal is not None
    assert replayed.refusal.reason == "REENTRY_BLOCKED"
    assert replayed.refusal.kept_until is not None
    change_trigger(engine, token, **trigger)
    assert len(replay(engine, replayed.refusal.id).runs) == 1


def test_an_event_that_is_refused_again_after_its_refusal_expired_leaves_a_new_one(
    engine: Engine,
) -> None:
    """DynamoDB deletes an expired row up to two days late."""
    token = hooked(engine, contactLookup=BY_EMAIL, split="items")
    whole = event(token, {"items": [BODY]})
    engine.webhooks.receive(whole)
    first = only(engine)
    engine.clock.now = int(first["ttl"]) * SECOND + HOUR

    engine.webhooks.receive(whole)

    second = only(engine)
    assert second["ttl"] > first["ttl"]
    create(engine)
    assert len(replay(engine, refused_id(engine)).runs) == 1
