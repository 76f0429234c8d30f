"""Ids with a prefix: random ones that sort by time, and ones derived from other values."""

import hashlib
import secrets
import string

from ulid import ULID

# The first characters of a ULID, which hold its millisecond.
_TIME_CHARACTERS = 10
_SHORT_CHARACTERS = 16
_TOKEN_ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str, moment: int | None = None) -> str:
    """Returns `<prefix>_<ULID>`. The 26 characters of the ULID sort by its time, which is `moment`
    or, without `moment`, the present time."""
    return f"{prefix}_{ULID() if moment is None else ULID.from_timestamp(moment)}"


def id_floor(prefix: str, moment: int) -> str:
    """Returns a text that sorts before every id made at `moment` or later, and after every earlier
    id."""
    return f"{prefix}_{str(ULID.from_timestamp(max(moment, 0)))[:_TIME_CHARACTERS]}"


def derived_id(prefix: str, *parts: str) -> str:
    """Returns an id that depends only on the parts: equal parts give the same id. Such ids do not
    sort by time."""
    digest = hashlib.sha256("\x1f".join(parts).encode(errors="surrogatepass")).digest()
    return f"{prefix}_{ULID.from_bytes(digest[:16])}"


def dated_id(prefix: str, moment: int, *parts: str) -> str:
    """Returns an id that depends only on the moment and the parts, and sorts by the moment."""
    digest = hashlib.sha256("\x1f".join(parts).encode(errors="surrogatepass")).digest()
    return f"{prefix}_{ULID.from_bytes(moment.to_bytes(6, 'big') + digest[:10])}"


def short_derived_id(prefix: str, *parts: str) -> str:
    """Returns an id like `derived_id`, but with only 16 characters, which have 78 bits. Use it for
    rows that must stay small, and only if a collision would harm nobody except the person who
    caused it."""
    return derived_id(prefix, *parts)[: len(prefix) + 1 + _SHORT_CHARACTERS]


def new_token(length: int = 30) -> str:
    """Returns a random token that can be part of a URL. Each character is one of 62, so 30
    characters have 178 bits of randomness."""
    return "".join(secrets.choice(_TOKEN_ALPHABET) for _ in range(length))
