"""Vectors of CUSTOM and CLOUDEVENTS. For these, the author of an automation writes the sender's
rule, so each vector is made by an example of such a rule."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.vectors.base import (
    ADDRESS,
    FORM,
    NOON,
    Vector,
    based,
    hexed,
    public_key,
    request,
    secret,
)

_ORIGIN = "docs/sources.md"
_BODY = b'{"id":"A-1","kind":"order"}'
# A private key for tests only.
_PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
_STRANGER = Ed25519PrivateKey.from_private_bytes(b"\2" * 32)


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


CUSTOM: tuple[Vector, ...] = (
    Vector(
        "CUSTOM, everything in headers",
        {
            "preset": "CUSTOM",
            "verify": {
                "scheme": "HMAC",
                "header": "X-Acme-Signature",
                "algorithm": "SHA512",
                "encoding": "BASE64",
                "separator": ",",
                "signed": "{method} {url} {id} {timestamp} {body}",
                "timestampHeader": "X-Acme-Time",
                "timestampUnit": "MILLISECONDS",
                "toleranceSeconds": 60,
                "idHeader": "X-Acme-Id",
                "secretEncoding": "BASE64",
            },
            "eventType": {"header": "X-Acme-Event"},
        },
        _ORIGIN,
        False,
        request(
            _BODY,
            {
                "X-Acme-Signature": "AA==, "
                + based(
                    b"acme",
                    b"POST " + ADDRESS.encode() + b" e1 %d " % (NOON * 1_000) + _BODY,
                    hashlib.sha512,
                ),
                "X-Acme-Time": str(NOON * 1_000),
                "X-Acme-Id": "e1",
                "X-Acme-Event": "order",
            },
            NOON * 1_000,
        ),
        secret(base64.b64encode(b"acme").decode()),
        secret(base64.b64encode(b"other").decode()),
        tolerance=60,
        event_id="e1",
        event_type="order",
    ),
    Vector(
        "CUSTOM, an id in the signed body",
        {
            "preset": "CUSTOM",
            "verify": {"scheme": "HMAC", "header": "X-Acme", "encoding": "HEX"},
            "eventId": {"path": "id"},
            "eventType": {"query": "kind"},
        },
        _ORIGIN,
        False,
        request(
            _BODY,
            {"X-Acme": hexed(b"acme", _BODY).upper()},
            NOON * 1_000,
            url=f"{ADDRESS}?kind=order",
        ),
        secret("acme"),
        secret("other"),
        event_id="A-1",
        event_type="order",
        document=json.loads(_BODY),
    ),
    Vector(
        "CUSTOM, a form's fields",
        {"preset": "CUSTOM", "verify": {"scheme": "HMAC", "header": "X-Acme", "signed": "{form}"}},
        _ORIGIN,
        False,
        request(
            b"b=2&a=%C3%A4&b=1&b=2&c",
            {"X-Acme": hexed(b"acme", "aäb1b2c".encode()), "Content-Type": FORM},
            NOON * 1_000,
        ),
        secret("acme"),
        secret("other"),
    ),
    Vector(
        "CUSTOM, a token",
        {
            "preset": "CUSTOM",
            "verify": {"scheme": "TOKEN", "header": "Authorization", "prefix": "Bearer "},
            "eventId": {"header": "X-Id"},
        },
        _ORIGIN,
        False,
        request(_BODY, {"Authorization": "Bearer s3cret!", "X-Id": "7"}, NOON * 1_000),
        secret("s3cret!"),
        secret("other"),
        event_id="7",
    ),
    Vector(
        "CUSTOM, Basic",
        {"preset": "CUSTOM", "verify": {"scheme": "BASIC", "username": "Aladdin"}},
        "https://www.rfc-editor.org/rfc/rfc7617#section-2",
        True,
        request(_BODY, {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, NOON * 1_000),
        secret("open sesame"),
        secret("other"),
    ),
    Vector(
        "CUSTOM, Discord's Ed25519",
        {
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
        },
        "https://docs.discord.com/developers/events/webhook-events",
        False,
        request(
            _BODY,
            {
                "X-Signature-Ed25519": _PRIVATE.sign(b"%d" % NOON + _BODY).hex(),
                "X-Signature-Timestamp": str(NOON),
            },
            NOON * 1_000,
        ),
        public_key(_public(_PRIVATE)),
        public_key(_public(_STRANGER)),
        tolerance=300,
        event_id="A-1",
        document=json.loads(_BODY),
    ),
    Vector(
        "CUSTOM, nothing",
        {
            "preset": "CUSTOM",
            "verify": {"scheme": "NONE"},
            "eventId": {"path": "id"},
            "eventType": {"path": "kind"},
        },
        _ORIGIN,
        False,
        request(_BODY, {}, NOON * 1_000),
        secret("unused"),
        secret("unused too"),
        event_id="A-1",
        event_type="order",
        document=json.loads(_BODY),
    ),
    Vector(
        "CLOUDEVENTS, signed",
        {"preset": "CLOUDEVENTS", "verify": {"scheme": "HMAC", "header": "X-Acme"}},
        _ORIGIN,
        False,
        request(
            _BODY,
            {"X-Acme": hexed(b"acme", _BODY), "Content-Type": "application/cloudevents+json"},
            NOON * 1_000,
        ),
        secret("acme"),
        secret("other"),
    ),
    Vector(
        "CLOUDEVENTS, unsigned",
        {"preset": "CLOUDEVENTS"},
        _ORIGIN,
        False,
        request(_BODY, {"Content-Type": "application/cloudevents+json"}, NOON * 1_000),
        secret("unused"),
        secret("unused too"),
    ),
)
