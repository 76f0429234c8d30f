"""Vectors of our own form and of Standard Webhooks."""

from runledger.sources.base import Received

from tests.support.vectors.base import NOON, Vector, hexed, request, secret

_OUR_BODY = b'{"orderId":"A-1001","customer":{"email":"ana@example.com"}}'
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


OWN: tuple[Vector, ...] = (
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
)
