"""One authentic request for each way in which a preset signs: published by the sender where it
publishes one, otherwise made from its documented rule with tools of the standard library."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

from runledger.nodes.webhook_intake import WebhookIntake
from runledger.sources.base import Received, SourceKeys
from runledger.sources.registry import Source, source_of

ADDRESS = "https://hooks.example.com/v1/webhooks/in/token"
NOON = 1_769_860_800


@dataclass(frozen=True)
class Vector:
    """`origin` is the address where the vector is published, or of the rule it was made from.
    `other` are keys of somebody else. `tolerance` is in seconds, or None without a timestamp."""

    name: str
    source: dict[str, Any] | None
    origin: str
    published: bool
    received: Received
    keys: SourceKeys
    other: SourceKeys
    tolerance: int | None = None
    signed: bool = False
    event_id: str | None = None
    event_type: str | None = None
    document: Any = field(default=None)

    @property
    def made(self) -> Source:
        return source_of(
            WebhookIntake.model_validate({"source": self.source, "signed": self.signed})
        )


def request(
    body: bytes, headers: dict[str, str], at: int, url: str = ADDRESS, **query: str
) -> Received:
    named = {name.lower(): value for name, value in headers.items()}
    return Received("POST", url, {"content-type": "application/json", **named}, query, body, at)


def hexed(secret: bytes, text: bytes, algorithm: Any = hashlib.sha256) -> str:
    return hmac.new(secret, text, algorithm).hexdigest()


def secret(text: str) -> SourceKeys:
    return SourceKeys(secrets=(text,))


_OUR_BODY = b'{"orderId":"A-1001","customer":{"email":"ana@example.com"}}'
_STRIPE_BODY = b'{"id":"evt_1Nn","type":"customer.created","data":{"object":{"id":"cus_1"}}}'
_STANDARD_KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_STANDARD_OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
_STANDARD_ORIGIN = "https://docs.svix.com/receiving/verifying-payloads/how-manual"


def _standard(family: str) -> Received:
    return request(
        b'{"test": 2432232314}',
        {
            f"{family}-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            f"{family}-timestamp": "1614265330",
            f"{family}-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        1_614_265_330_000,
    )


VECTORS: tuple[Vector, ...] = (
    Vector(
        "RUNLEDGER, its own header",
        None,
        "docs/triggers.md",
        False,
        request(
            _OUR_BODY,
            {"X-Runledger-Signature": "sha256=" + hexed(b"our-old-secret", _OUR_BODY)},
            NOON * 1_000,
        ),
        secret("our-old-secret"),
        secret("another"),
        signed=True,
    ),
    Vector(
        "RUNLEDGER, Standard Webhooks",
        None,
        _STANDARD_ORIGIN,
        True,
        _standard("webhook"),
        secret(_STANDARD_KEY),
        secret(_STANDARD_OTHER),
        tolerance=300,
        signed=True,
        event_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
    ),
    Vector(
        "STANDARD_WEBHOOKS",
        {"preset": "STANDARD_WEBHOOKS"},
        _STANDARD_ORIGIN,
        True,
        _standard("webhook"),
        secret(_STANDARD_KEY),
        secret(_STANDARD_OTHER),
        tolerance=300,
        event_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
    ),
    Vector(
        "STANDARD_WEBHOOKS, Svix",
        {"preset": "STANDARD_WEBHOOKS"},
        _STANDARD_ORIGIN,
        True,
        _standard("svix"),
        secret(_STANDARD_KEY),
        secret(_STANDARD_OTHER),
        tolerance=300,
        event_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
    ),
    Vector(
        "GITHUB",
        {"preset": "GITHUB"},
        "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
        True,
        request(
            b"Hello, World!",
            {
                "X-Hub-Signature-256": "sha256="
                "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
                "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
                "X-GitHub-Event": "push",
            },
            NOON * 1_000,
        ),
        secret("It's a Secret to Everybody"),
        secret("another"),
        event_id="72d3162e-cc78-11e3-81ab-4c9367dc0958",
        event_type="push",
    ),
    Vector(
        "STRIPE",
        {"preset": "STRIPE"},
        "https://docs.stripe.com/webhooks/signature#verify-manually",
        False,
        request(
            _STRIPE_BODY,
            {
                "Stripe-Signature": f"t={NOON},"
                # v0 is of Stripe's test mode; one v1 for each secret while it is rolled.
                f"v0={'ab' * 32},v1={'00' * 32},"
                "v1=" + hexed(b"whsec_stripe", b"%d." % NOON + _STRIPE_BODY),
            },
            NOON * 1_000,
        ),
        secret("whsec_stripe"),
        secret("whsec_other"),
        tolerance=300,
        event_id="evt_1Nn",
        event_type="customer.created",
        document={"id": "evt_1Nn", "type": "customer.created"},
    ),
)
