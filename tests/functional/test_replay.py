"""Repeated events: which events count as the same one, and that a stranger cannot change this."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from runledger.api.runs import RunDocument
from runledger.errors import ConflictError, KeyReusedError
from runledger.models.contact import ContactDocument
from runledger.models.event import Event
from runledger.models.run import RunStatus
from runledger.services.triggers.open_run import keyed_run_id
from runledger.services.triggers.webhook_request import WebhookRequest
from runledger.store import keys
from runledger.store.run_opening import RunOpening

from tests.functional.test_webhooks import event, hooked
from tests.support.engine import Engine


def signed(engine: Engine, token: str, body: bytes, **headers: str) -> WebhookRequest:
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    secret = engine.secret_of(target.automation_id)
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return event(token, body, x_runledger_signature=f"sha256={digest}", **headers)


def opened(engine: Engine) -> set[str]:
    return {row["pk"] for row in engine.rows() if row["sk"] == "RUN"}


def reasons(engine: Engine) -> list[str]:
    return [row["reason"] for row in engine.rows() if "reason" in row]


@pytest.mark.parametrize("trigger", [{"dedupePath": "orderId"}, {}])
def test_a_repeated_signed_body_opens_one_run_despite_other_headers(
    engine: Engine, trigger: dict[str, Any]
) -> None:
    token = hooked(engine, signed=True, **trigger)
    body = b'{"orderId": "A-1"}'
    first = engine.webhooks.receive(signed(engine, token, body))
    for key in ("k1", "k2", "k3", " ", "x" * 300):
        again = engine.webhooks.receive(signed(engine, token, body, idempotency_key=key))
        assert (again.run.id, again.is_duplicate) == (first.run.id, True)
    assert len(opened(engine)) == 1


def test_two_signed_bodies_with_the_same_key_header_open_two_runs(engine: Engine) -> None:
    token = hooked(engine, signed=True)
    for number in (1, 2):
        body = json.dumps({"n": number}).encode()
        assert not engine.webhooks.receive(
            signed(engine, token, body, idempotency_key="k")
        ).is_duplicate
    assert len(opened(engine)) == 2


def test_the_dedupe_path_takes_precedence_over_the_key_header(engine: Engine) -> None:
    token = hooked(engine, dedupePath="orderId")
    first = engine.webhooks.receive(event(token, {"orderId": 7}, idempotency_key="k1"))
    again = engine.webhooks.receive(event(token, {"orderId": 7}, idempotency_key="k2"))
    other = engine.webhooks.receive(event(token, {"orderId": 8}, idempotency_key="k1"))
    assert (again.run.id, again.is_duplicate) == (first.run.id, True)
    assert (other.run.id == first.run.id, other.is_duplicate) == (False, False)


@pytest.mark.parametrize("is_signed", [True, False])
def test_without_deduplication_every_delivery_opens_a_run(engine: Engine, is_signed: bool) -> None:
    token = hooked(engine, signed=is_signed, dedupe="OFF")
    for _ in range(2):
        sent = signed(engine, token, b'{"n": 1}', idempotency_key="k") if is_signed else None
        taken = engine.webhooks.receive(sent or event(token, {"n": 1}, idempotency_key="k"))
        assert not taken.is_duplicate
    assert len(opened(engine)) == 2


def test_switching_deduplication_off_gives_a_warning(engine: Engine) -> None:
    token = hooked(engine, dedupe="OFF")
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    automation = engine.stores.automations.get(engine.workspace_id, target.automation_id)
    (warned,) = engine.automations.view(automation).warnings
    assert (warned.code, warned.node_id, warned.field) == ("REPLAY_POSSIBLE", "start", "dedupe")


@pytest.mark.parametrize(
    ("body", "is_same"),
    [
        (b'{"a":1,"b":[true,null,"x"]}', True),
        (b'{ "b": [true, null, "\\u0078"],\n "a": 1.0 }', True),
        (b'{"a": 2, "b": [true, null, "x"]}', False),
        (b'{"a": true, "b": [true, null, "x"]}', False),
        (b'{"a": 1, "b": [1, null, "x"]}', False),
        (b'{"a": 1, "b": [true, null, "x"], "c": null}', False),
        (b'{"a": 1, "b": [true, null]}', False),
        (b'{"a": "1", "b": [true, null, "x"]}', False),
    ],
)
def test_a_key_repeated_with_another_body_is_refused(
    engine: Engine, body: bytes, is_same: bool
) -> None:
    token = hooked(engine)
    sent = event(token, {"a": 1, "b": [True, None, "x"]}, idempotency_key="k")
    first = engine.webhooks.receive(sent)
    second = event(token, body, idempotency_key="k")
    if is_same:
        again = engine.webhooks.receive(second)
        assert (again.run.id, again.is_duplicate) == (first.run.id, True)
        return
    with pytest.raises(KeyReusedError) as refused:
        engine.webhooks.receive(second)
    assert (refused.value.status, refused.value.run_id) == ("KEY_REUSED", first.run.id)
    assert reasons(engine) == ["KEY_REUSED"]
    assert engine.stores.runs.history(first.run.id).event.body["a"] == 1
    assert len(opened(engine)) == 1


def test_a_long_body_is_compared_too(engine: Engine) -> None:
    token = hooked(engine)
    noise = hashlib.shake_256(b"noise").hexdigest(300_000)
    engine.webhooks.receive(event(token, {"text": noise}, idempotency_key="k"))
    assert engine.webhooks.receive(event(token, {"text": noise}, idempotency_key="k")).is_duplicate
    with pytest.raises(KeyReusedError):
        engine.webhooks.receive(event(token, {"text": noise + "!"}, idempotency_key="k"))


@pytest.mark.parametrize("reentry", ["ONCE", "ONE_AT_A_TIME"])
def test_a_reused_key_is_refused_before_the_reentry_rule(engine: Engine, reentry: str) -> None:
    start = {"triggerType": "WEBHOOK", "contactLookup": {"by": "email", "path": "email"}}
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": {**start, "createIfMissing": True}},
        {"id": "done", "type": "END"},
    ]
    edges = [{"source": "start", "target": "done"}]
    automation_id = engine.activate(
        {"name": "Hook", "reentry": reentry, "nodes": nodes, "edges": edges}
    )
    token = engine.stores.automations.get(engine.workspace_id, automation_id).webhook_token or ""
    body = {"email": "ada@example.com"}
    first = engine.webhooks.receive(event(token, body, idempotency_key="k"))
    again = engine.webhooks.receive(event(token, body, idempotency_key="k"))
    assert (again.run.id, again.is_duplicate) == (first.run.id, True)
    for other in ({**body, "more": 1}, {"email": "bob@example.com"}):
        with pytest.raises(KeyReusedError):
            engine.webhooks.receive(event(token, other, idempotency_key="k"))
    assert opened(engine) == {f"RUN#{first.run.id}"}


def test_a_reused_key_is_refused_while_the_first_request_is_still_writing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request has written its event, but not yet its run, when another comes with the
    same key."""
    token = hooked(engine)
    original: Any = RunOpening._open
    inside: list[BaseException] = []

    def cut_in(self: RunOpening, run: Any, opening: Event, *args: Any, **more: Any) -> Any:
        if opening.body == {"n": 1}:
            put = self._table.put

            def put_and_let_the_other_come(item: Any, condition: Any = None) -> Any:
                put(item, condition)
                if item["sk"] == keys.event("").sk:
                    with pytest.raises(KeyReusedError) as error:
                        engine.webhooks.receive(event(token, {"n": 2}, idempotency_key="k"))
                    inside.append(error.value)

            with monkeypatch.context() as patched:
                patched.setattr(self._table, "put", put_and_let_the_other_come)
                return original(self, run, opening, *args, **more)
        return original(self, run, opening, *args, **more)

    monkeypatch.setattr(RunOpening, "_open", cut_in)
    first = engine.webhooks.receive(event(token, {"n": 1}, idempotency_key="k"))
    assert len(inside) == 1
    assert not first.is_duplicate
    assert engine.stores.runs.history(first.run.id).event.body == {"n": 1}
    assert engine.webhooks.receive(event(token, {"n": 1}, idempotency_key="k")).is_duplicate


def test_the_payload_of_a_dead_request_still_decides_its_key(engine: Engine) -> None:
    token = hooked(engine)
    first = engine.webhooks.receive(event(token, {"n": 1}, idempotency_key="k"))
    engine.table.delete(keys.run(first.run.id))
    with pytest.raises(KeyReusedError):
        engine.webhooks.receive(event(token, {"n": 2}, idempotency_key="k"))
    again = engine.webhooks.receive(event(token, {"n": 1}, idempotency_key="k"))
    assert (again.run.id, again.is_duplicate) == (first.run.id, False)


def test_the_key_of_a_manual_run_is_bound_to_its_contact_and_body(engine: Engine) -> None:
    token = hooked(engine)
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    for email in ("ada@example.com", "bob@example.com"):
        engine.contacts.create(engine.workspace_id, ContactDocument(email=email))

    def by_hand(email: str, payload: dict[str, Any]) -> Any:
        document = RunDocument(email=email, payload=payload, idempotency_key="k")
        return engine.manual_runs.open(engine.workspace_id, target.automation_id, document, "eve")

    first = by_hand("ada@example.com", {"a": 1})
    assert by_hand("ADA@example.com", {"a": 1.0}).run.id == first.run.id
    for email, payload in (("bob@example.com", {"a": 1}), ("ada@example.com", {"a": 2})):
        with pytest.raises(ConflictError, match="this idempotency key was already used"):
            by_hand(email, payload)
    assert first.run.status is RunStatus.PENDING
    assert opened(engine) == {f"RUN#{first.run.id}"}


def test_keys_from_different_sources_never_collide(engine: Engine) -> None:
    """A key from a header never equals a key from a path, from a digest, or of a manual run."""
    token = hooked(engine)
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    body = b'{"n": 1}'
    for key in ("path:7", f"digest:{hashlib.sha256(body).hexdigest()}", "manual:k"):
        made = engine.webhooks.receive(event(token, body, idempotency_key=key)).run.id
        assert made != keyed_run_id(engine.workspace_id, target.automation_id, key)
