"""Refused events are kept for a week, without credentials and within bounds."""

import base64
import json
import random
from typing import Any

import pytest
from runledger.clock import DAY, MINUTE, SECOND
from runledger.errors import (
    GoneError,
    InvalidInputError,
    RunledgerError,
)
from runledger.models.contact import ContactDocument
from runledger.services.triggers.refusals import KEPT_A_MINUTE
from runledger.services.triggers.replays import Replayed
from runledger.store import keys

from tests.functional.test_refusals import only, refusals, refuse, sign
from tests.functional.test_webhooks import BY_EMAIL, event, hooked
from tests.support.engine import Engine
from tests.support.stored_text import find_words, objects_of, stored_in_engine

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
    with pytest.raises(GoneError, match="was kept only until"):
        replay(engine, refusal_id)
    assert stored_runs(engine) == []
    assert {
        row["ttl"] * SECOND <= engine.clock.now for row in engine.rows() if row["sk"] == "EVENT"
    } == {True}


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
