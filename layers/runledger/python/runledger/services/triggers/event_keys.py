"""The key of an event: events with the same key open one run.

The first matching line decides. Each kind of key has its own prefix.

| trigger and event | key |
|---|---|
| `dedupe` is OFF | none |
| `dedupePath` | the value at that path |
| the signature covers the event's id, or nothing is signed | the id |
| the event is signed | the digest of the signed text |
| otherwise | `Idempotency-Key` |

If the event is signed, its key comes only from what the signature covers. Otherwise an attacker
could send a captured body again with another id or header.
"""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.errors import InvalidInputError
from runledger.paths import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.nodes.webhook_intake import WebhookIntake

MAX_KEY_CHARACTERS = 255
IDEMPOTENCY_HEADER = "idempotency-key"


@dataclass(frozen=True, slots=True)
class EventKey:
    """The key of one event; `value` is None if it has no key. `must_match` says that the sender
    chose the key freely, so the same key with another body is a mistake."""

    value: str | None
    must_match: bool = False


def request_key(
    intake: "WebhookIntake",
    headers: "Mapping[str, str]",
    *,
    event_id: str | None,
    is_id_proved: bool,
    signed_digest: str | None,
) -> EventKey:
    """Returns the key of a whole request, for a trigger without `dedupePath`. `signed_digest` is
    the digest of the text that the signature covers, or None if nothing is signed."""
    if intake.dedupe == "OFF":
        return EventKey(None)
    if event_id is not None and (is_id_proved or signed_digest is None):
        return EventKey(f"id:{_short(event_id)}")
    if signed_digest is not None:
        return EventKey(f"digest:{signed_digest}")
    given = headers.get(IDEMPOTENCY_HEADER)
    if given is None:
        return EventKey(None)
    if not given.strip() or len(given) > MAX_KEY_CHARACTERS:
        raise InvalidInputError(
            f"Idempotency-Key must have 1 to {MAX_KEY_CHARACTERS} characters",
            field="Idempotency-Key",
        )
    return EventKey(f"header:{given.strip()}", must_match=True)


def path_key(path: str, body: dict[str, Any]) -> EventKey:
    """Returns the key at `dedupePath`. Raises InvalidInputError if there is no text or number."""
    value = read(body, path)
    if not isinstance(value, (str, int, float)) or isinstance(value, bool) or value == "":
        raise InvalidInputError(
            f"the payload has no text or number at {path}, which should identify the event",
            field=path,
        )
    if isinstance(value, float) and value.is_integer():
        # 1 and 1.0 are the same number to their sender; "1" is the same id, written as text.
        value = int(value)
    return EventKey(keyed_by_path(value))


def keyed_by_path(value: object) -> str:
    """Returns the key of an event that has this value at `dedupePath`."""
    return f"path:{value}"


def digest_of(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _short(event_id: str) -> str:
    """Returns the id, or its digest if the id is too long to be stored with every run."""
    if len(event_id) <= MAX_KEY_CHARACTERS:
        return event_id
    return digest_of(event_id.encode())
