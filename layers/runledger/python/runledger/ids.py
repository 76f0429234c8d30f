"""Sortable ids with a prefix, and ids that are derived instead of drawn."""

import hashlib
import secrets
import string

from ulid import ULID

# The first characters of a ULID, which hold its millisecond.
_TIME_CHARACTERS = 10
_SHORT_CHARACTERS = 16
_TOKEN_ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str, moment: int | None = None) -> str:
    """Returns `<prefix>_<ULID>`: 26 characters that sort by their millisecond, which is now or
    `moment`."""
    return f"{prefix}_{ULID() if moment is None else ULID.from_timestamp(moment)}"


def id_floor(prefix: str, moment: int) -> str:
    """Returns a text that sorts before every id made at `moment` or later, and after all others."""
    return f"{prefix}_{str(ULID.from_timestamp(max(moment, 0)))[:_TIME_CHARACTERS]}"


def derived_id(prefix: str, *parts: str) -> str:
    """Returns an id that is always the same for the same parts. It does not sort by time."""
    digest = hashlib.sha256("\x1f".join(parts).encode(errors="surrogatepass")).digest()
    return f"{prefix}_{ULID.from_bytes(digest[:16])}"


def short_derived_id(prefix: str, *parts: str) -> str:
    """Returns an id as `derived_id` does, but with only 16 characters, which carry 78 bits. It is
    for rows that must stay small, and only if a collision would harm nobody except the person who
    made it."""
    return derived_id(prefix, *parts)[: len(prefix) + 1 + _SHORT_CHARACTERS]


def new_token(length: int = 30) -> str:
    """Returns a random URL-safe token; 30 characters of 62 carry 178 bits."""
    return "".join(secrets.choice(_TOKEN_ALPHABET) for _ in range(length))
