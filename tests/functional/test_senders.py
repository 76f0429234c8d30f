"""Every known sender through the whole intake: its signed event opens one run for its contact, its
repeat finds that run, a changed event opens none, and each is answered in the sender's own form."""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pytest
from runledger.errors import SignatureRefusedError
from runledger.models.automation import Automation
from runledger.nodes.source_config import Preset
from runledger.nodes.webhook_intake import WebhookIntake
from runledger.services.triggers.event_opening import TakenEvent
from runledger.services.triggers.open_run import OpenedRun
from runledger.services.triggers.webhook_request import WebhookRequest
from runledger.sources.base import Received, SourceKeys
from runledger.sources.facts import Outcome, PresetFacts, Sample
from runledger.sources.registry import all_sources, example_intake, source_of
from runledger.sources.samples import sign_sample
from runledger.sources.source import Source

from tests.functional.test_webhooks import hooked
from tests.support.engine import Engine
from tests.support.environment import START
from tests.support.vectors import VECTORS

ADDRESS = "https://hooks.example.com/v1/webhooks/in/token"
# Base64 with a prefix suits every sender that prescribes a form.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
# These sign with keys that only they have.
PUBLISHED = {Preset.SENDGRID, Preset.SNS}


class FixedKeys:
    """The same keys for every automation."""

    def __init__(self, keys: SourceKeys) -> None:
        self._keys = keys

    def of(self, automation: Automation) -> SourceKeys:
        return self._keys


@dataclass(frozen=True)
class Sender:
    """One kind of event from one sender, with the sender's keys. `sent` returns the event as a
    signed request: it signs `sample`, or returns `published`, a signed request from the sender's
    documentation or code."""

    facts: PresetFacts
    config: dict[str, Any]
    keys: SourceKeys
    sample: Sample | None = None
    published: Received | None = None

    @cached_property
    def source(self) -> Source:
        return source_of(WebhookIntake.model_validate(self.config))

    def sent(self, now: int) -> Received:
        if self.published is not None:
            return self.published
        assert self.sample is not None
        return sign_sample(self.source, self.keys, self.sample, now, ADDRESS)


def senders() -> list[Sender]:
    found = [
        Sender(facts, example_intake(facts.preset), SourceKeys(secrets=(SECRET,)), sample=sample)
        for facts in (source.facts for source in all_sources())
        if facts.preset not in PUBLISHED
        for sample in facts.samples
    ]
    return found + [
        Sender(vector.made.facts, {"source": vector.source}, vector.keys, published=vector.received)
        for vector in VECTORS
        if vector.made.facts.preset in PUBLISHED
    ]


SENDERS = senders()


def name_of(sender: Sender) -> str:
    return f"{sender.facts.preset.value} {sender.sample.title if sender.sample else 'published'}"


def ready(engine: Engine, sender: Sender, **trigger: Any) -> tuple[str, Received]:
    """Creates an automation with the sender's keys. Returns the token of its webhook, and a signed
    event of the sender."""
    token = hooked(engine, **sender.config, **trigger)
    engine.__dict__["signing_keys"] = FixedKeys(sender.keys)
    engine.__dict__["certificates"] = sender.keys.certificates
    event = sender.sent(engine.clock.now)
    engine.clock.now = event.received_at
    return token, event


def request(token: str, event: Received, **changes: Any) -> WebhookRequest:
    sent = WebhookRequest(
        token=token,
        headers=event.headers,
        body=event.body,
        source="203.0.113.9",
        method=event.method,
        url=event.url,
        query=event.query,
    )
    return replace(sent, **changes)


def rows(engine: Engine, sort_key: str) -> list[dict[str, Any]]:
    return [row for row in engine.rows() if row["sk"] == sort_key]


def test_all_known_senders_are_tried() -> None:
    assert {sender.facts.preset for sender in SENDERS} >= set(Preset) - {Preset.CUSTOM}


def suggested(facts: PresetFacts) -> dict[str, Any]:
    """The trigger that the preset suggests: how to find the contact, and which list to split into
    events."""
    trigger: dict[str, Any] = {}
    if facts.split is not None:
        trigger = {"split": facts.split, "splitId": facts.split_id}
    if facts.contact is not None:
        lookup = {"by": facts.contact.by, "path": facts.contact.path, "name": facts.contact.name}
        trigger |= {"contactLookup": lookup, "createIfMissing": True}
    return trigger


def runs_of(taken: TakenEvent | None) -> list[OpenedRun]:
    assert taken is not None
    assert all(each.opened is not None for each in taken.results), taken.results
    return [each.opened for each in taken.results if each.opened is not None]


@pytest.mark.parametrize("sender", SENDERS, ids=name_of)
def test_a_signed_event_opens_one_run_for_its_contact(engine: Engine, sender: Sender) -> None:
    trigger = {} if sender.published else suggested(sender.facts)
    token, event = ready(engine, sender, **trigger)
    first = runs_of(engine.webhooks.answer(request(token, event)).taken)
    again = runs_of(engine.webhooks.answer(request(token, event)).taken)
    assert [each.run.id for each in again] == [each.run.id for each in first]
    assert [each.is_duplicate for each in first + again] == [False] * len(first) + [True] * len(
        again
    )
    for each in first:
        assert (each.run.contact_id is not None) is ("contactLookup" in trigger)
        details = engine.stores.runs.history(each.run.id).event.details
        assert details.get("headers", {}).keys() <= set(sender.facts.headers)


def is_refused_as_unproved(engine: Engine, sent: WebhookRequest) -> bool:
    """Whether the sender gets 401, with a body in the form that it expects or in our own."""
    try:
        return engine.webhooks.answer(sent).answer.status == 401
    except SignatureRefusedError:
        return True


@pytest.mark.parametrize(
    "sender", [each for each in SENDERS if each.facts.properties.signs_body], ids=name_of
)
def test_a_changed_event_opens_none_and_names_the_rule(engine: Engine, sender: Sender) -> None:
    token, event = ready(engine, sender)
    changed = event.body.replace(b":", b" :", 1).replace(b"=", b"=1", 1)
    assert is_refused_as_unproved(engine, request(token, event, body=changed))
    assert rows(engine, "RUN") == []
    (refusal,) = rows(engine, "REFUSAL")
    assert refusal["reason"] == "BAD_SIGNATURE"
    assert refusal["message"].startswith(sender.facts.title)


@pytest.mark.parametrize(
    "sender", [each for each in SENDERS if each.source.needs_keys], ids=name_of
)
def test_without_a_key_no_request_is_accepted(engine: Engine, sender: Sender) -> None:
    token, event = ready(engine, sender)
    engine.__dict__["signing_keys"] = FixedKeys(SourceKeys())
    assert is_refused_as_unproved(engine, request(token, event))
    assert rows(engine, "RUN") == []


NEVER = {"kind": "COMPARE", "left": "{{event.receivedAt}}", "operator": "IS_EMPTY"}


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.IGNORED])
@pytest.mark.parametrize("sender", SENDERS, ids=name_of)
def test_a_sender_is_answered_in_its_own_form(
    engine: Engine, sender: Sender, outcome: Outcome
) -> None:
    trigger = {"filter": NEVER} if outcome is Outcome.IGNORED else {}
    token, event = ready(engine, sender, **trigger)
    answer = engine.webhooks.answer(request(token, event)).answer
    form = sender.facts.answers.get(outcome)
    if form is None:
        assert (answer.status, answer.content_type) == (202, "application/json")
        assert "status" in json.loads(answer.body)
        return
    assert answer.status == (form.status or 202)
    assert answer.content_type == (form.content_type or "application/json")
    assert form.body is None or answer.body == form.body


def test_twilio_gets_no_json_for_a_refusal_either(engine: Engine) -> None:
    (sender,) = [each for each in SENDERS if each.facts.preset is Preset.TWILIO][:1]
    lookup = {"by": "email", "path": "NoSuchField"}
    token, event = ready(engine, sender, contactLookup=lookup)
    answer = engine.webhooks.answer(request(token, event)).answer
    form = sender.facts.answers[Outcome.REFUSED]
    assert answer.status == 422
    assert answer.content_type == form.content_type
    assert not answer.content_type.endswith("json")


def test_a_secret_in_a_header_is_never_kept(engine: Engine) -> None:
    verify = {"scheme": "TOKEN", "header": "X-Acme-Auth"}
    token = hooked(
        engine,
        source={"preset": "CUSTOM", "verify": verify},
        headers=["X-Acme-Auth", "X-Topic"],
    )
    engine.__dict__["signing_keys"] = FixedKeys(SourceKeys(secrets=("hunter2-hunter2",)))
    headers = {"content-type": "application/json", "x-acme-auth": "hunter2-hunter2", "x-topic": "a"}
    event = Received("POST", ADDRESS, headers, {}, b'{"who": "hunter2-hunter2"', START)
    with pytest.raises(Exception, match="not JSON"):
        engine.webhooks.answer(request(token, event))
    whole = replace(event, body=b"{}")
    taken = engine.webhooks.answer(request(token, whole)).taken
    assert taken is not None
    assert engine.stores.runs.history(taken.run.id).event.details["headers"] == {"X-Topic": "a"}
    (refusal,) = rows(engine, "REFUSAL")
    kept = engine.stores.kept_events.of_refusal(refusal["pk"].partition("#")[2], engine.clock.now)
    assert kept is not None
    assert b"hunter2" not in kept.body
    assert "hunter2-hunter2" not in kept.headers.values()
