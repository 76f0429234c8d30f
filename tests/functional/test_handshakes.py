"""Handshakes: what senders ask before they send events. None opens a run."""

import base64
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from runledger.api.automations import RotationDocument
from runledger.errors import (
    InvalidInputError,
    MethodNotAllowedError,
    NodeError,
    RateLimitedError,
    SignatureRefusedError,
    TransientError,
)
from runledger.models.automation import AutomationDocument, AutomationStatus
from runledger.nodes.tools import HttpRequest, HttpResponse
from runledger.services.triggers.webhook_request import WebhookRequest
from runledger.sources.base import Answer

from tests.support.engine import PUBLIC_URL, Engine

BY = "ada@example.com"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:orders"
SLACK = {"source": {"preset": "SLACK"}}
META = {"source": {"preset": "META"}}
SNS = {"source": {"preset": "SNS", "topicArn": TOPIC}}
EVENTS = {"source": {"preset": "CLOUDEVENTS"}, "rateLimitPerMinute": 90}
NONE = {"scheme": "NONE"}
MICROSOFT = {"source": {"preset": "CUSTOM", "verify": NONE, "handshake": "MICROSOFT"}}
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
        "handshake": "DISCORD",
    }
}


def document(trigger: dict[str, Any]) -> AutomationDocument:
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK", **trigger}},
        {"id": "done", "type": "END"},
    ]
    edges = [{"source": "start", "target": "done"}]
    return AutomationDocument.model_validate({"name": "Hook", "nodes": nodes, "edges": edges})


def drafted(engine: Engine, trigger: dict[str, Any]) -> tuple[str, str]:
    """The id and token of an automation that was never active."""
    view = engine.automations.create(engine.workspace_id, document(trigger), BY)
    token = engine.stores.automations.get(engine.workspace_id, view.id).webhook_token
    assert token is not None
    return view.id, token


def request(
    token: str, body: Any = None, *, method: str = "POST", query: Any = None, **headers: str
) -> WebhookRequest:
    raw = b"" if body is None else json.dumps(body).encode()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return WebhookRequest(
        token=token,
        headers={"content-type": "application/json", **given},
        body=raw,
        source="203.0.113.9",
        method=method,
        query=query or {},
    )


def answer(engine: Engine, sent: WebhookRequest) -> Answer:
    answered = engine.webhooks.answer(sent)
    assert answered.taken is None
    assert [row for row in engine.rows() if row["pk"].startswith("RUN#")] == []
    return answered.answer


def reasons(engine: Engine) -> list[tuple[str, str]]:
    found = [row for row in engine.rows() if row["sk"] == "REFUSAL"]
    return [(row["reason"], row["message"]) for row in found]


CHALLENGE = {"type": "url_verification", "challenge": "3eZbrw1aB", "token": "old"}
HUB = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "our-own-token"}


def test_slack_gets_its_challenge_as_text_before_activation(engine: Engine) -> None:
    _, token = drafted(engine, SLACK)
    given = answer(engine, request(token, CHALLENGE))
    assert (given.status, given.body) == (200, "3eZbrw1aB")
    assert given.content_type.startswith("text/plain")
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert reasons(engine) == []


@pytest.mark.parametrize("challenge", [7, "", "x" * 5_000, None])
def test_a_challenge_that_is_no_short_text_is_refused(engine: Engine, challenge: Any) -> None:
    _, token = drafted(engine, SLACK)
    with pytest.raises(InvalidInputError):
        engine.webhooks.answer(request(token, {**CHALLENGE, "challenge": challenge}))


def test_meta_must_know_the_verify_token(engine: Engine) -> None:
    automation_id, token = drafted(engine, META)
    asked = request(token, method="GET", query=HUB)
    with pytest.raises(SignatureRefusedError, match="could not be verified"):
        engine.webhooks.answer(asked)
    engine.rotations_at(PUBLIC_URL).rotate(
        engine.workspace_id,
        automation_id,
        RotationDocument(secret="app-secret-of-meta", verify_token="our-own-token"),
        BY,
    )
    given = answer(engine, asked)
    assert (given.status, given.body) == (200, "1158201444")
    wrong = replace(asked, query={**HUB, "hub.verify_token": "yours"})
    with pytest.raises(SignatureRefusedError):
        engine.webhooks.answer(wrong)
    ((reason, message),) = set(reasons(engine))
    assert reason == "BAD_SIGNATURE"
    assert "no verify token is set" in message


def test_a_get_that_is_no_handshake_is_not_allowed(engine: Engine) -> None:
    _, token = drafted(engine, META)
    for query in ({}, {**HUB, "hub.mode": "unsubscribe"}):
        with pytest.raises(MethodNotAllowedError):
            engine.webhooks.answer(request(token, method="GET", query=query))
    _, other = drafted(engine, SLACK)
    with pytest.raises(MethodNotAllowedError):
        engine.webhooks.answer(request(other, method="GET", query=HUB))


def test_cloud_events_are_allowed_by_options(engine: Engine) -> None:
    _, token = drafted(engine, EVENTS)
    asked = request(token, method="OPTIONS", webhook_request_origin="eventgrid.azure.net")
    given = answer(engine, asked)
    assert given.status == 200
    assert given.headers == {
        "Allow": "POST",
        "WebHook-Allowed-Origin": "eventgrid.azure.net",
        "WebHook-Allowed-Rate": "90",
    }
    with pytest.raises(MethodNotAllowedError):
        bad = request(token, method="OPTIONS", webhook_request_origin="a\r\nSet-Cookie: b")
        engine.webhooks.answer(bad)


def test_microsoft_gets_its_token_back(engine: Engine) -> None:
    _, token = drafted(engine, MICROSOFT)
    asked = request(token, query={"validationToken": "Validation: Testing & <b>more</b>"})
    given = answer(engine, asked)
    assert (given.status, given.body) == (200, "Validation: Testing & <b>more</b>")
    assert given.content_type.startswith("text/plain")


def test_discord_pings_are_answered_only_with_a_valid_signature(engine: Engine) -> None:
    automation_id, token = drafted(engine, DISCORD)
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    engine.rotations_at(PUBLIC_URL).rotate(
        engine.workspace_id, automation_id, RotationDocument(public_key=public), BY
    )
    ping = request(token, {"type": 1})
    timestamp = str(engine.clock.now // 1_000)
    signed = key.sign(timestamp.encode() + ping.body).hex()
    headers = {"x-signature-ed25519": signed, "x-signature-timestamp": timestamp}
    given = answer(engine, replace(ping, headers={**ping.headers, **headers}))
    assert (given.status, json.loads(given.body)) == (200, {"type": 1})
    # Discord checks that a wrong one is refused.
    headers["x-signature-ed25519"] = "00" * 64
    with pytest.raises(SignatureRefusedError):
        engine.webhooks.answer(replace(ping, headers={**ping.headers, **headers}))


def test_the_draft_answers_for_a_sender_that_is_not_active_yet(engine: Engine) -> None:
    automation_id = engine.activate(document({}).model_dump(mode="json", by_alias=True))
    token = engine.stores.automations.get(engine.workspace_id, automation_id).webhook_token
    assert token is not None
    engine.automations.update(engine.workspace_id, automation_id, document(SLACK), BY)
    assert answer(engine, request(token, CHALLENGE)).body == "3eZbrw1aB"
    engine.stopping.stop(engine.workspace_id, automation_id, AutomationStatus.ARCHIVED, BY)
    with pytest.raises(Exception, match="ARCHIVED"):
        engine.webhooks.answer(request(token, CHALLENGE))


def test_a_handshake_of_another_sender_is_an_event(engine: Engine) -> None:
    automation_id = engine.activate(document({}).model_dump(mode="json", by_alias=True))
    token = engine.stores.automations.get(engine.workspace_id, automation_id).webhook_token
    assert token is not None
    answered = engine.webhooks.answer(request(token, CHALLENGE))
    assert answered.taken is not None
    assert answered.taken.run.id
    # It counts once for the rate.
    (counted,) = [row for row in engine.rows() if row["pk"].startswith("RATE#")]
    assert counted["events"] == 1


def test_handshakes_count_for_the_rate(engine: Engine) -> None:
    _, token = drafted(engine, SLACK)
    engine.clock.now -= engine.clock.now % 60_000
    for _ in range(120):
        answer(engine, request(token, CHALLENGE))
    with pytest.raises(RateLimitedError):
        engine.webhooks.answer(request(token, CHALLENGE))
    assert [reason for reason, _ in reasons(engine)] == ["RATE_LIMITED"]


# ── Amazon SNS ────────────────────────────────────────────────────────────────────────────────

URL = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"


@dataclass
class Amazon:
    """Signs as Amazon SNS does, and answers what is fetched from it."""

    engine: Engine
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    status: int = 200
    fetched: list[str] = field(default_factory=list)

    def read(self, url: str) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.fromtimestamp(self.engine.clock.now / 1_000, UTC)
        day = timedelta(days=1)
        made = x509.CertificateBuilder(
            name, name, self.key.public_key(), x509.random_serial_number(), now - day, now + day
        )
        return made.sign(self.key, SHA256()).public_bytes(Encoding.PEM)

    def call(self, request: HttpRequest) -> HttpResponse:
        host = request.url.split("/")[2]
        request.egress.check(request.url.partition(":")[0], host, 443)
        self.fetched.append(request.url)
        return HttpResponse(
            status=self.status, headers=(), body=b"", truncated=False, duration_ms=1
        )

    def message(self, kind: str, url: str = URL, topic: str = TOPIC) -> dict[str, Any]:
        message = {
            "Type": kind,
            "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
            "Token": "2336412f37",
            "TopicArn": topic,
            "Message": "You have chosen to subscribe",
            "SubscribeURL": url,
            "Timestamp": "2023-11-14T22:00:00.000Z",
        }
        names = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
        text = "".join(f"{name}\n{message[name]}\n" for name in names).encode()
        signature = self.key.sign(text, PKCS1v15(), SHA256())
        return {
            **message,
            "SignatureVersion": "2",
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/"
            "SimpleNotificationService-ab12.pem",
        }


@pytest.fixture
def amazon(engine: Engine) -> Amazon:
    made = Amazon(engine)
    engine.__dict__["certificates"] = made
    engine.__dict__["strict_http"] = made
    return made


def test_a_subscription_is_confirmed_before_activation(engine: Engine, amazon: Amazon) -> None:
    _, token = drafted(engine, SNS)
    message = amazon.message("SubscriptionConfirmation")
    assert answer(engine, request(token, message)).status == 200
    assert amazon.fetched == [URL]
    ended = amazon.message("UnsubscribeConfirmation")
    assert answer(engine, request(token, ended)).status == 200
    # An end is not undone.
    assert amazon.fetched == [URL]


@pytest.mark.parametrize(
    "bend",
    [
        lambda message: {**message, "SubscribeURL": f"{URL}x"},
        lambda message: {**message, "Signature": "AAAA"},
        lambda message: {**message, "TopicArn": f"{TOPIC}2"},
    ],
)
def test_an_unproved_subscription_is_never_fetched(
    engine: Engine, amazon: Amazon, bend: Any
) -> None:
    _, token = drafted(engine, SNS)
    with pytest.raises(SignatureRefusedError):
        engine.webhooks.answer(request(token, bend(amazon.message("SubscriptionConfirmation"))))
    assert amazon.fetched == []


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest/meta-data",
        "http://sns.eu-central-1.amazonaws.com/",
        "https://sns.eu-central-1.amazonaws.com.evil.example/",
        "https://bucket.s3.amazonaws.com/",
    ],
)
def test_only_amazon_is_called_even_if_the_message_is_proved(
    engine: Engine, amazon: Amazon, url: str
) -> None:
    _, token = drafted(engine, SNS)
    message = amazon.message("SubscriptionConfirmation", url=url)
    with pytest.raises(SignatureRefusedError):
        engine.webhooks.answer(request(token, message))
    assert amazon.fetched == []


def test_a_subscription_that_amazon_does_not_confirm_is_tried_again(
    engine: Engine, amazon: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = drafted(engine, SNS)
    amazon.status = 500
    message = request(token, amazon.message("SubscriptionConfirmation"))
    with pytest.raises(TransientError):
        engine.webhooks.answer(message)

    def slow(request: HttpRequest) -> HttpResponse:
        raise NodeError("TIMEOUT", "no answer within 3 seconds")

    monkeypatch.setattr(amazon, "call", slow)
    with pytest.raises(TransientError):
        engine.webhooks.answer(message)
