"""Vectors of HubSpot, Typeform, Calendly and Segment."""

import hashlib
import json

from tests.support.vectors.base import NOON, Vector, based, hexed, request, secret

_TYPEFORM_BODY = b'{"event_id":"01H","event_type":"form_response","form_response":{}}'
_CALENDLY_BODY = b'{"event":"invitee.created","payload":{"email":"ana@example.com"}}'
_SEGMENT_BODY = b'{"type":"track","messageId":"ajs-1","event":"Order Completed"}'

PEOPLE: tuple[Vector, ...] = (
    Vector(
        "HUBSPOT",
        {"preset": "HUBSPOT"},
        "https://github.com/HubSpot/hubspot-api-python/blob/master/tests/spec/utils/"
        "test_signature.py",
        True,
        request(
            b"{'example_field':'example_value'}",
            {
                "X-HubSpot-Signature-v3": "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=",
                "X-HubSpot-Request-Timestamp": "1693657560000",
            },
            1_693_657_560_000,
            url="https://www.example.com/webhook_uri",
        ),
        secret("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"),
        secret("another"),
        tolerance=300,
    ),
    Vector(
        "TYPEFORM",
        {"preset": "TYPEFORM"},
        "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
        False,
        request(
            _TYPEFORM_BODY,
            {"Typeform-Signature": "sha256=" + based(b"typeform", _TYPEFORM_BODY)},
            NOON * 1_000,
        ),
        secret("typeform"),
        secret("another"),
        event_id="01H",
        event_type="form_response",
        document=json.loads(_TYPEFORM_BODY),
    ),
    Vector(
        "CALENDLY",
        {"preset": "CALENDLY"},
        "https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures",
        False,
        request(
            _CALENDLY_BODY,
            {
                "Calendly-Webhook-Signature": f"t={NOON},v1="
                + hexed(b"calendly", b"%d." % NOON + _CALENDLY_BODY)
            },
            NOON * 1_000,
        ),
        secret("calendly"),
        secret("another"),
        tolerance=300,
        event_type="invitee.created",
        document=json.loads(_CALENDLY_BODY),
    ),
    Vector(
        "SEGMENT",
        {"preset": "SEGMENT"},
        "https://segment.com/docs/connections/destinations/catalog/actions-webhook/",
        False,
        request(
            _SEGMENT_BODY,
            {"X-Signature": hexed(b"segment", _SEGMENT_BODY, hashlib.sha1)},
            NOON * 1_000,
        ),
        secret("segment"),
        secret("another"),
        event_id="ajs-1",
        event_type="track",
        document=json.loads(_SEGMENT_BODY),
    ),
)
