"""Refused events are kept for a week and can be replayed once."""

import base64
import random
from typing import Any

import pytest
from runledger.errors import (
    ConflictError,
    InvalidInputError,
)
from runledger.models.automation import AutomationDocument
from runledger.models.contact import ContactDocument
from runledger.services.triggers.replays import Replayed

from tests.functional.test_refusals import only, refusals, refuse
from tests.functional.test_webhooks import BY_EMAIL, event, hooked
from tests.support.engine import Engine

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
