"""The part of the OpenAPI document about webhooks that cannot be derived from a handler's
parameters.

The handler reads the raw bytes of the body itself, because the sender signs these bytes.
"""

from typing import Any

from runledger.services.triggers.event_keys import MAX_KEY_CHARACTERS

_BODY: dict[str, Any] = {
    "required": True,
    "description": (
        "The event: any JSON object of at most 1 MB. The trigger's config names the paths of "
        "the contact and of the event's id."
    ),
    "content": {
        "application/json": {
            "schema": {"type": "object", "additionalProperties": True},
            "example": {"orderId": "A-1001", "customer": {"email": "ada@example.com"}},
        }
    },
}
_HEADERS: list[dict[str, Any]] = [
    {
        "name": "X-Runledger-Signature",
        "in": "header",
        "required": False,
        "description": (
            "The HMAC-SHA256 of the raw body with the trigger's signing secret. If the trigger "
            "is signed, a call without it gets 401."
        ),
        "schema": {"type": "string", "pattern": "^sha256=[0-9a-f]{64}$"},
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": (
            "If the trigger is not signed and has no `dedupePath`, all events with the same key "
            "open one run; the same key with another body gets 409. A signed trigger ignores the "
            "header."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS},
    },
]


def with_webhook_facts(operation: dict[str, Any]) -> None:
    operation["requestBody"] = _BODY
    operation["parameters"] = [*operation["parameters"], *_HEADERS]
