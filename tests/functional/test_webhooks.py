"""Webhooks: what opens a run, and what is refused with which reason."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from runledger.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitedError,
    RunledgerError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
)
from runledger.models.automation import AutomationStatus
from runledger.models.contact import ContactDocument
from runledger.models.run import RunStatus
from runledger.services.triggers.webhook_request import WebhookRequest

from tests.support.engine import Engine

BY_EMAIL = {"by": "email", "path": "customer.email"}


def hooked(engine: Engine, **trigger: Any) -> str:
    """The webhook token of an automation with this trigger."""
    automation_id = engine.activate(
        {
            "name": "Hook",
            "nodes": [
                {
                    "id": "start",
                    "type": "TRIGGER",
                    "config": {"triggerType": "WEBHOOK", **trigger},
                },
                {"id": "done", "type": "END"},
            ],
            "edges": [{"source": "start", "target": "done"}],
        }
    )
    token = engine.stores.automations.get(engine.workspace_id, automation_id).webhook_token
    assert token is not None
    assert len(token) == 30
    return token


def event(token: str, body: bytes | dict[str, Any], **headers: str) -> WebhookRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-type": "application/json"}
    given.update({name.replace("_", "-"): value for name, value in headers.items()})
    return WebhookRequest(token=token, headers=given, body=raw, source="203.0.113.9")


def refused(engine: Engine, sent: WebhookRequest, kind: type[RunledgerError]) -> RunledgerError:
    with pytest.raises(kind) as error:
        engine.webhooks.receive(sent)
    assert [row for row in engine.rows() if row["pk"].startswith("RUN#")] == []
    return error.value


def test_an_event_opens_a_pending_run_with_its_payload(engine: Engine) -> None:
    token = hooked(engine)
    opened = engine.webhooks.receive(event(token, {"orderId": 7}))
    assert opened.run.status is RunStatus.PENDING
    assert not opened.is_duplicate
    history = engine.stores.runs.history(opened.run.id)
    assert history.event.body == {"orderId": 7}
    assert history.event.trigger_type == "WEBHOOK"


def test_a_large_payload_goes_to_s3_and_comes_back(engine: Engine) -> None:
    import random

    letters = random.Random(1)
    big = {"text": "".join(chr(letters.randrange(33, 126)) for _ in range(400_000))}
    opened = engine.webhooks.receive(event(hooked(engine), big))
    assert engine.stores.runs.history(opened.run.id).event.body == big


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "application/ld+json"])
def test_json_media_types_are_accepted(engine: Engine, media_type: str) -> None:
    sent = event(hooked(engine), {"a": 1}, content_type=media_type)
    assert not engine.webhooks.receive(sent).is_duplicate


def test_a_repeated_event_opens_one_run(engine: Engine) -> None:
    token = hooked(engine, dedupePath="orderId")
    first = engine.webhooks.receive(event(token, {"orderId": 7}))
    again = engine.webhooks.receive(event(token, {"orderId": 7, "more": True}))
    other = engine.webhooks.receive(event(token, {"orderId": 8}))
    assert (again.run.id, again.is_duplicate) == (first.run.id, True)
    assert (other.run.id != first.run.id, other.is_duplicate) == (True, False)


def test_the_dedupe_value_and_the_contact_use_the_same_path_language(engine: Engine) -> None:
    token = hooked(
        engine,
        contactLookup={"by": "email", "path": '$.answers[1]."Email Address"'},
        createIfMissing=True,
        dedupePath="trigger['Order No.']",
    )
    body = {"Order No.": 7, "answers": [{}, {"Email Address": "ada@example.com"}]}
    first = engine.webhooks.receive(event(token, body))
    assert first.run.contact_email == "ada@example.com"
    assert engine.webhooks.receive(event(token, {**body, "more": 1})).is_duplicate
    error = refused_after(engine, event(token, {"Order No.": 8, "answers": []}))
    assert error.field == '$.answers[1]."Email Address"'


def refused_after(engine: Engine, sent: WebhookRequest) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as error:
        engine.webhooks.receive(sent)
    return error.value


def test_a_missing_contact_is_created_once(engine: Engine) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL, createIfMissing=True)
    ids = {
        engine.webhooks.receive(event(token, {"customer": {"email": email}})).run.contact_id
        for email in ("Ada@Example.com", " ada@example.com ", "ada@EXAMPLE.com")
    }
    (contact_id,) = ids
    assert contact_id is not None
    assert engine.stores.contacts.get(engine.workspace_id, contact_id).email == "ada@example.com"


def test_a_contact_is_found_by_phone_and_by_id(engine: Engine) -> None:
    contact = engine.contacts.create(
        engine.workspace_id, ContactDocument(phone="+49 151 12345678", email="ada@example.com")
    )
    by_phone = hooked(engine, contactLookup={"by": "phone", "path": "phone"})
    by_id = hooked(engine, contactLookup={"by": "id", "path": "contacts.0.id"})
    found = engine.webhooks.receive(event(by_phone, {"phone": "+49 (0151) 123 456 78"}))
    assert found.run.contact_id == contact.id
    named = engine.webhooks.receive(event(by_id, {"contacts": [{"id": contact.id}]}))
    assert named.run.contact_id == contact.id
    assert named.run.contact_email == "ada@example.com"


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b'{"a": 1,}', InvalidInputError, "line 1, column 9"),
        (b"\xff\xfe", InvalidInputError, "UTF-8"),
        (b'{"a": NaN}', InvalidInputError, "NaN"),
        (b"[" * 200_000, InvalidInputError, "nested"),
        (b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", InvalidInputError, "nested"),
        (b'{"a": ' + b"9" * 5_000 + b"}", InvalidInputError, "digits"),
        (b'{"a": 1e999}', InvalidInputError, "too large"),
        (b"", InvalidInputError, "not JSON"),
        (b'{"a": "' + b"x" * 1_000_000 + b'"}', PayloadTooLargeError, "1000000"),
    ],
)
def test_a_bad_body_is_refused_with_the_reason(
    engine: Engine, body: bytes, kind: type[RunledgerError], words: str
) -> None:
    assert words in str(refused(engine, event(hooked(engine), body), kind))


def test_a_lone_surrogate_becomes_a_replacement_character(engine: Engine) -> None:
    body = rb'{"a\ude00": ["x\ud83d", {"b": "\ud83d\ude00 \ude00\ud83d"}]}'
    run_id = engine.webhooks.receive(event(hooked(engine), body)).run.id
    assert engine.detail(run_id)["payload"] == {
        "a\ufffd": ["x\ufffd", {"b": "\U0001f600 \ufffd\ufffd"}]
    }


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("iso-8859-1", "latin-1"),
        ("Windows-1252", "cp1252"),
        ("utf-16", "utf-16"),
        ("", "utf-8-sig"),
    ],
)
def test_a_signed_body_is_decoded_by_its_declared_charset(
    engine: Engine, charset: str, codec: str
) -> None:
    token = hooked(engine, signed=True)
    body = '{"name": "Zoë Müller"}'.encode(codec)
    sent = event(
        token,
        body,
        content_type=f"application/json; charset={charset}",
        x_runledger_signature=signature(engine, token, body),
    )
    run_id = engine.webhooks.receive(sent).run.id
    assert engine.detail(run_id)["payload"] == {"name": "Zoë Müller"}
    assert engine.webhooks.receive(sent).is_duplicate


@pytest.mark.parametrize(
    ("content_type", "body", "kind", "words"),
    [
        ("application/json; charset=klingon", b"{}", UnsupportedMediaTypeError, "'klingon'"),
        (
            "application/json; charset=utf-8; charset=latin1",
            b"{}",
            UnsupportedMediaTypeError,
            "'utf-8' and 'latin1'",
        ),
        ("application/json", b'{"a": "\xfc"}', InvalidInputError, "byte 7"),
        ("application/json; charset=ascii", b'{"a": "\xc3\xbc"}', InvalidInputError, "byte 7"),
    ],
)
def test_a_body_that_its_charset_cannot_decode_is_refused(
    engine: Engine, content_type: str, body: bytes, kind: type[RunledgerError], words: str
) -> None:
    token = hooked(engine)
    error = refused(engine, event(token, body, content_type=content_type), kind)
    assert words in str(error)


def test_other_media_types_are_refused(engine: Engine) -> None:
    sent = event(hooked(engine), b"a=1", content_type="image/png")
    refused(engine, sent, UnsupportedMediaTypeError)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, "customer.email"),
        ({"customer": {"email": 7}}, "customer.email"),
        ({"customer": {"email": "not an address"}}, "customer.email"),
        ({"customer": {"email": "unknown@example.com"}}, "customer.email"),
    ],
)
def test_a_contact_that_cannot_be_found_is_refused_by_field(
    engine: Engine, payload: dict[str, Any], field: str
) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL)
    error = refused(engine, event(token, payload), InvalidInputError)
    assert isinstance(error, InvalidInputError)
    assert error.field == field


def test_an_id_may_be_a_number_or_a_text(engine: Engine) -> None:
    token = hooked(engine, dedupePath="orderId")
    ids = [
        engine.webhooks.receive(event(token, f'{{"orderId": {value}}}'.encode())).run.id
        for value in ("1", "1.0", '"1"', '"01"')
    ]
    assert (len(set(ids[:3])), len(set(ids))) == (1, 2)


def test_an_event_without_its_dedupe_value_is_refused(engine: Engine) -> None:
    token = hooked(engine, dedupePath="orderId")
    error = refused(engine, event(token, {"order": 1}), InvalidInputError)
    assert isinstance(error, InvalidInputError)
    assert error.field == "orderId"


def test_an_unknown_token_is_not_found(engine: Engine) -> None:
    refused(engine, event("x" * 30, {}), NotFoundError)


def signature(engine: Engine, token: str, body: bytes) -> str:
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    secret = engine.secret_of(target.automation_id)
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def test_a_signed_webhook_accepts_only_its_own_signature(engine: Engine) -> None:
    token = hooked(engine, signed=True)
    body = b'{"a": "\xc3\xa9"}'
    given = signature(engine, token, body)

    refused(engine, event(token, body), UnauthorizedError)
    refused(engine, event(token, body, x_runledger_signature="sha256=00"), UnauthorizedError)
    wrong_body = event(token, b'{"a": 1}', x_runledger_signature=given)
    refused(engine, wrong_body, UnauthorizedError)
    signed = event(token, body, x_runledger_signature=given)
    assert engine.webhooks.receive(signed).run.status is RunStatus.PENDING


def test_events_of_one_address_are_limited_per_minute(engine: Engine) -> None:
    token = hooked(engine, rateLimitPerMinute=2)
    engine.clock.now -= engine.clock.now % 60_000
    engine.webhooks.receive(event(token, {"n": 1}))
    engine.webhooks.receive(event(token, {"n": 2}))
    with pytest.raises(RateLimitedError) as limited:
        engine.webhooks.receive(event(token, {"n": 3}))
    assert 1 <= limited.value.retry_after <= 60
    engine.clock.advance(60_000)
    engine.webhooks.receive(event(token, {"n": 4}))


def test_an_inactive_automation_refuses_events(engine: Engine) -> None:
    token = hooked(engine)
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    before = engine.stores.automations.get(target.workspace_id, target.automation_id)
    paused = before.changed(status=AutomationStatus.PAUSED)
    engine.stores.automations.activate(before, paused)
    error = refused(engine, event(token, {}), ConflictError)
    assert isinstance(error, ConflictError)
    assert error.status == "PAUSED"
