"""Vectors of SendGrid and Mailgun."""

import json

from tests.support.vectors.base import NOON, Vector, hexed, public_key, request, secret

_SENDGRID_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw"
    "+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)
_SENDGRID_OTHER = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7"
    "aNDthvj+y7GjUuFDb/R1NGe1OPzpA=="
)
_SENDGRID_BODY = (
    b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
    b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
    b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
    b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]'
    b"\r\n"
)
_MAILGUN_TOKEN = "e0b5477167110d68991efc6b9f89f0a11066af27834600e123"


def _mailgun(timestamp: str | int) -> bytes:
    signature = hexed(b"mailgun-key", f"{timestamp}{_MAILGUN_TOKEN}".encode())
    event = {"event": "delivered", "recipient": "ana@example.com"}
    return json.dumps(
        {
            "signature": {"timestamp": timestamp, "token": _MAILGUN_TOKEN, "signature": signature},
            "event-data": event,
        }
    ).encode()


MAIL: tuple[Vector, ...] = (
    Vector(
        "SENDGRID",
        {"preset": "SENDGRID"},
        "https://github.com/sendgrid/sendgrid-python/blob/main/test/unit/test_eventwebhook.py",
        True,
        request(
            _SENDGRID_BODY,
            {
                "X-Twilio-Email-Event-Webhook-Signature": "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMO"
                "VmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
                "X-Twilio-Email-Event-Webhook-Timestamp": "1600112502",
            },
            1_600_112_502_000,
        ),
        public_key(_SENDGRID_KEY),
        public_key(_SENDGRID_OTHER),
        tolerance=86_400,
        event_type="dropped",
        document=json.loads(_SENDGRID_BODY),
    ),
    Vector(
        "MAILGUN",
        {"preset": "MAILGUN"},
        "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
        False,
        request(_mailgun(str(NOON)), {}, NOON * 1_000),
        secret("mailgun-key"),
        secret("another"),
        tolerance=43_200,
        event_id=_MAILGUN_TOKEN,
        event_type="delivered",
        document=json.loads(_mailgun("")),
    ),
    Vector(
        "MAILGUN, the time as a number",
        {"preset": "MAILGUN"},
        "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
        False,
        request(_mailgun(NOON), {}, NOON * 1_000),
        secret("mailgun-key"),
        secret("another"),
        tolerance=43_200,
        event_id=_MAILGUN_TOKEN,
    ),
)
