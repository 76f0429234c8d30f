"""Senders on the deployed stack, over HTTP: each one's signed event is received, verified and
deduplicated, and finds or makes its contact."""

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from runledger.nodes.source_config import Preset
from runledger.nodes.webhook_intake import WebhookIntake
from runledger.sources.base import SourceKeys
from runledger.sources.facts import Sample
from runledger.sources.registry import all_sources, example_intake, source_of
from runledger.sources.samples import sign_sample

from tests.emulator.orders import ACTIVATE_SECONDS, wait_for
from tests.support.stack import Stack

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
# Its certificate is only at Amazon, and a message without it is refused.
ELSEWHERE = {Preset.SNS}
BY_EMAIL = {"contactLookup": {"by": "email", "path": "email"}, "createIfMissing": True}
NONE = {"source": {"preset": "CUSTOM", "verify": {"scheme": "NONE"}}}
BASIC = {"source": {"preset": "CUSTOM", "verify": {"scheme": "BASIC", "username": "shop"}}}
DISCORD = {
    "source": {
        "preset": "CUSTOM",
        "verify": {
            "scheme": "PUBLIC_KEY",
            "algorithm": "ED25519",
            "header": "X-Signature-Ed25519",
            "encoding": "HEX",
            "timestampHeader": "X-Signature-Timestamp",
        },
        "eventId": {"path": "id"},
        "handshake": "DISCORD",
    }
}


@dataclass(frozen=True)
class Sender:
    """A sender: its trigger, and one of its events, which is signed when it is sent."""

    name: str
    trigger: dict[str, Any]
    sample: Sample
    preset: Preset = Preset.CUSTOM
    keys: dict[str, str] = field(default_factory=dict)
    runs: int = 1
    sign: Any = None


def _of_preset(preset: Preset) -> Iterator[Sender]:
    source = next(each for each in all_sources() if each.facts.preset is preset)
    facts = source.facts
    trigger = example_intake(preset)
    if facts.split is not None:
        trigger |= {"split": facts.split, "splitId": facts.split_id}
    if facts.contact is not None:
        lookup = {"by": facts.contact.by, "path": facts.contact.path, "name": facts.contact.name}
        trigger |= {"contactLookup": lookup, "createIfMissing": True}
    for sample in facts.samples:
        keys = {"secret": SECRET} if facts.secret is not None else {}
        yield Sender(f"{preset.value}: {sample.title}", trigger, sample, preset, keys)


class SendGrid:
    """Signs as SendGrid does, with a key of its own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def public(self) -> str:
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def __call__(self, body: bytes) -> dict[str, str]:
        at = str(int(time.time()))
        signature = self._key.sign(at.encode() + body, ec.ECDSA(SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Timestamp": at,
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        }


class Discord:
    """Signs as Discord does."""

    def __init__(self) -> None:
        self._key = ed25519.Ed25519PrivateKey.generate()

    def public(self) -> str:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def __call__(self, body: bytes) -> dict[str, str]:
        at = str(int(time.time()))
        return {
            "X-Signature-Timestamp": at,
            "X-Signature-Ed25519": self._key.sign(at.encode() + body).hex(),
        }


def _basic(body: bytes) -> dict[str, str]:
    user = base64.b64encode(f"shop:{SECRET}".encode()).decode()
    return {"Authorization": f"Basic {user}"}


def senders() -> list[Sender]:
    found = [
        each
        for preset in Preset
        if preset not in {*ELSEWHERE, Preset.SENDGRID}
        for each in _of_preset(preset)
    ]
    sendgrid, discord = SendGrid(), Discord()
    (mail, *_) = _of_preset(Preset.SENDGRID)
    found.append(
        Sender(
            mail.name,
            mail.trigger,
            mail.sample,
            Preset.SENDGRID,
            {"publicKey": sendgrid.public()},
            sign=sendgrid,
        )
    )
    interaction = '{"id": "%ID%", "type": 2, "data": {"name": "order"}}'
    found.append(
        Sender(
            "Discord",
            DISCORD,
            Sample("A command", interaction),
            keys={"publicKey": discord.public()},
            sign=discord,
        )
    )
    clerk = '{"type":"user.created","data":{"id":"%ID%","email":"clerk@example.com"}}'
    resend = '{"type":"email.delivered","data":{"id":"%ID%","email":"resend@example.com"}}'
    standard = {
        **example_intake(Preset.STANDARD_WEBHOOKS),
        "contactLookup": {"by": "email", "path": "data.email"},
        "createIfMissing": True,
    }
    form = urlencode({"email": "form@example.com", "answer": ["a", "b"]}, doseq=True)
    boundary = (
        '--b\r\nContent-Disposition: form-data; name="email"\r\n\r\nmulti@example.com\r\n'
        '--b\r\nContent-Disposition: form-data; name="cv"; filename="cv.pdf"\r\n'
        "Content-Type: application/pdf\r\n\r\n%PDF\r\n--b--\r\n"
    )
    keyed = {**NONE, **BY_EMAIL, "dedupePath": "email"}
    found += [
        Sender("Clerk", standard, Sample("A user", clerk), keys={"secret": SECRET}),
        Sender("Resend", standard, Sample("A mail", resend), keys={"secret": SECRET}),
        Sender(
            "A shop with a password",
            {**BASIC, **keyed, **BASIC},
            Sample("An order", '{"email": "basic@example.com"}'),
            keys={"secret": SECRET},
            sign=_basic,
        ),
        Sender(
            "A contact form",
            keyed,
            Sample("A form", form, "application/x-www-form-urlencoded"),
        ),
        Sender(
            "An upload",
            keyed,
            Sample("A file", boundary, "multipart/form-data; boundary=b"),
        ),
        Sender(
            "A list",
            {**keyed, "split": "$"},
            Sample("Two orders", '[{"email":"l1@example.com"},{"email":"l2@example.com"}]'),
            runs=2,
        ),
    ]
    return found


SENDERS = senders()


def ready(api: httpx.Client, sender: Sender) -> dict[str, Any]:
    """An active automation for the sender, with the sender's keys."""
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK", **sender.trigger}},
        {"id": "done", "type": "END"},
    ]
    document = {
        "name": sender.name[:80],
        "nodes": nodes,
        "edges": [{"source": "start", "target": "done"}],
    }
    made = api.post("/v1/automations", json=document)
    assert made.status_code == 201, made.text
    path = f"/v1/automations/{made.json()['id']}"
    if sender.keys:
        keys = api.post(f"{path}/rotate-secret", json=sender.keys)
        assert keys.status_code == 200, keys.text
    activated = api.post(f"{path}/activate")
    assert activated.status_code in (200, 202), activated.text
    automation: dict[str, Any] = wait_for(
        "the automation is active",
        lambda: next((each for each in [api.get(path).json()] if each["status"] == "ACTIVE"), None),
        ACTIVATE_SECONDS,
    )
    return automation


def signed(sender: Sender, url: str) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of the sender's event."""
    if sender.sign is None:
        source = source_of(WebhookIntake.model_validate(sender.trigger))
        keys = SourceKeys(secrets=tuple(sender.keys.values()))
        sent = sign_sample(source, keys, sender.sample, round(time.time() * 1_000), url)
        return sent.body, dict(sent.headers)
    body = sender.sample.body.replace("%ID%", str(time.time_ns())).encode()
    return body, {"content-type": sender.sample.content_type, **sender.sign(body)}


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)
def test_a_sender_is_received_verified_and_deduplicated(
    stack: Stack, api: httpx.Client, sender: Sender
) -> None:
    automation = ready(api, sender)
    url = stack.url + automation["webhook"]["path"]
    body, headers = signed(sender, url)

    def post(content: bytes) -> httpx.Response:
        return httpx.post(url, content=content, headers=headers, timeout=30)

    first, again = post(body), post(body)
    assert 200 <= first.status_code < 300, first.text
    assert 200 <= again.status_code < 300, again.text
    params = {"automationId": automation["id"]}
    expected = sender.runs if "split" not in sender.trigger else len(json.loads(body))

    def found() -> list[dict[str, Any]] | None:
        items: list[dict[str, Any]] = api.get("/v1/runs", params=params).json()["items"]
        return items if len(items) >= expected else None

    runs = wait_for("the runs are listed", found)
    assert len(runs) == expected
    if "contactLookup" in sender.trigger:
        assert all(run["contact"] for run in runs)
    source = source_of(WebhookIntake.model_validate(sender.trigger))
    if source.facts.properties.signs_body:
        assert post(body.replace(b":", b" :", 1).replace(b"=", b"=1", 1)).status_code == 401
    unsigned = {"content-type": sender.sample.content_type}
    # Mailgun's signature is in the body.
    if sender.keys and headers.keys() > unsigned.keys():
        assert httpx.post(url, content=body, headers=unsigned, timeout=30).status_code == 401


def test_at_least_eighteen_senders_are_tried() -> None:
    names = {
        each.preset.value if each.preset is not Preset.CUSTOM else each.name for each in SENDERS
    }
    assert len(names) >= 18


def test_an_unproved_message_of_amazon_opens_nothing(stack: Stack, api: httpx.Client) -> None:
    trigger = example_intake(Preset.SNS)
    automation = ready(api, Sender("SNS", trigger, Sample("", "")))
    message = {
        "Type": "SubscriptionConfirmation",
        "TopicArn": trigger["source"]["topicArn"],
        "SigningCertURL": "https://evil.example/SimpleNotificationService-1.pem",
        "SubscribeURL": "http://169.254.169.254/",
        "Signature": "AAAA",
        "SignatureVersion": "2",
        "MessageId": "1",
        "Message": "hello",
        "Timestamp": "2026-01-01T00:00:00.000Z",
        "Token": "t",
    }
    url = stack.url + automation["webhook"]["path"]
    answer = httpx.post(url, content=json.dumps(message), headers={"content-type": "text/plain"})
    assert answer.status_code == 401, answer.text


def test_handshakes_and_other_methods_need_no_token_of_a_user(
    stack: Stack, api: httpx.Client
) -> None:
    document = {
        "name": "Draft",
        "nodes": [
            {
                "id": "start",
                "type": "TRIGGER",
                "config": {"triggerType": "WEBHOOK", **example_intake(Preset.META)},
            },
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "done"}],
    }
    draft = api.post("/v1/automations", json=document).json()
    keys = {"secret": SECRET, "verifyToken": "our-own-token"}
    api.post(f"/v1/automations/{draft['id']}/rotate-secret", json=keys).raise_for_status()
    url = stack.url + draft["webhook"]["path"]
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": "1158201444",
        "hub.verify_token": "our-own-token",
    }
    asked = httpx.get(url, params=query)
    assert (asked.status_code, asked.text) == (200, "1158201444"), asked.text
    assert asked.headers["content-type"].startswith("text/plain")
    assert httpx.get(url, params={**query, "hub.verify_token": "guess"}).status_code == 401
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"):
        answer = httpx.request(method, url)
        assert (answer.status_code, answer.headers.get("allow")) == (405, "POST"), method
