"""Vectors of Slack, Twilio and Meta."""

import json
from urllib.parse import urlencode

from tests.support.vectors.base import FORM, NOON, Vector, hexed, request, secret

_TWILIO_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
_TWILIO_FORM = urlencode(
    {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+12349013030",
        "Digits": "1234",
        "From": "+12349013030",
        "To": "+18005551212",
    }
).encode()
_TWILIO_JSON = b'{"property": "value", "boolean": true}'
_TWILIO_DIGEST = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
_TWILIO_ORIGIN = (
    "https://github.com/twilio/twilio-python/blob/main/tests/unit/test_request_validator.py"
)
_SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
    b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
    b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
    b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121"
    b".803a0bc887a14d10d2c447fce8b6703c"
)
_SLACK_EVENT = b'{"type":"event_callback","event_id":"Ev01","event":{"type":"app_mention"}}'
# Meta signs the escapes that it sends, not the characters that they stand for.
_META_BODY = (
    b'{"object":"page","entry":[{"changes":[{"field":"feed","value":"\\u00e4\\u00f6\\/"}]}]}'
)


def _twilio(name: str, body: bytes, content_type: str, signature: str, url: str) -> Vector:
    return Vector(
        name,
        {"preset": "TWILIO"},
        _TWILIO_ORIGIN,
        True,
        request(
            body,
            {"X-Twilio-Signature": signature, "Content-Type": content_type},
            NOON * 1_000,
            url=url,
        ),
        secret("12345"),
        secret("54321"),
    )


MESSAGING: tuple[Vector, ...] = (
    Vector(
        "SLACK, a command",
        {"preset": "SLACK"},
        "https://docs.slack.dev/authentication/verifying-requests-from-slack",
        True,
        request(
            _SLACK_BODY,
            {
                "Content-Type": FORM,
                "X-Slack-Request-Timestamp": "1531420618",
                "X-Slack-Signature": "v0="
                "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            },
            1_531_420_618_000,
        ),
        secret("8f742231b10e8888abcd99yyyzzz85a5"),
        secret("another"),
        tolerance=300,
    ),
    Vector(
        "SLACK, an event",
        {"preset": "SLACK"},
        "https://docs.slack.dev/authentication/verifying-requests-from-slack",
        False,
        request(
            _SLACK_EVENT,
            {
                "X-Slack-Request-Timestamp": str(NOON),
                "X-Slack-Signature": "v0=" + hexed(b"slack", b"v0:%d:" % NOON + _SLACK_EVENT),
            },
            NOON * 1_000,
        ),
        secret("slack"),
        secret("another"),
        tolerance=300,
        event_id="Ev01",
        event_type="app_mention",
        document=json.loads(_SLACK_EVENT),
    ),
    _twilio("TWILIO, a form", _TWILIO_FORM, FORM, "0/KCTR6DLpKmkAf8muzZqo1nDgQ=", _TWILIO_URL),
    _twilio(
        "TWILIO, JSON",
        _TWILIO_JSON,
        "application/json",
        "a9nBmqA0ju/hNViExpshrM61xv4=",
        f"{_TWILIO_URL}&bodySHA256={_TWILIO_DIGEST}",
    ),
    Vector(
        "META",
        {"preset": "META"},
        "https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads",
        False,
        request(
            _META_BODY,
            {"X-Hub-Signature-256": "sha256=" + hexed(b"meta", _META_BODY)},
            NOON * 1_000,
        ),
        secret("meta"),
        secret("another"),
        event_type="feed",
        document=json.loads(_META_BODY),
    ),
)
