"""What a sender of webhooks must know but no handler's signature shows.

The function reads the raw bytes itself, because they are what is signed.
"""

from typing import Any

from runledger.services.triggers.webhooks import MAX_KEY_CHARACTERS

_BODY: dict[str, Any] = {
    "required": True,
    "description": (
        "The event: a JSON object of any shape, of at most 1 MB. The trigger says where in it the "
        "contact and the event's id are."
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
            "The HMAC-SHA256 of the raw body under the trigger's signing secret; where the trigger "
            "is signed, a call without it is answered 401."
        ),
        "schema": {"type": "string", "pattern": "^sha256=[0-9a-f]{64}$"},
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": (
            "Where the trigger is not signed and names no `dedupePath`, the same key opens one "
            "run, however often the event is sent; with another body it is answered 409. A signed "
            "trigger does not read it."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS},
    },
]


def with_webhook_facts(operation: dict[str, Any]) -> None:
    operation["requestBody"] = _BODY
    operation["parameters"] = [*operation["parameters"], *_HEADERS]
