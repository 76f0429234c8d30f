"""Helpers that the schemes share: to read headers and secrets, compare texts, and refuse events.

A refusal has two messages: a short reason for the caller, and the rule that failed for the
operator.
"""

import hashlib
import hmac
import re
from dataclasses import replace
from typing import NoReturn

from runledger.errors import SignatureRefusedError
from runledger.sources.base import Received, SourceKeys

MAX_HEADER_CHARACTERS = 8_192
MISSING = "the signature is missing"
WRONG = "the signature does not match"
OLD = "the timestamp is too far from the time now"
_ASCII = re.compile(r"[\x20-\x7e]+")


def refuse(message: str, sender: str, rule: str) -> NoReturn:
    """Raises SignatureRefusedError with a short reason for the caller, and with the rule that
    failed for the operator."""
    raise SignatureRefusedError(message, f"{sender}: {rule}")


def header_of(received: Received, name: str, sender: str) -> str:
    """Returns a header without spaces around it. Raises SignatureRefusedError if it is missing,
    empty, too long, or not ASCII."""
    value = received.headers.get(name.lower())
    if not isinstance(value, str) or not value.strip():
        refuse(MISSING, sender, f"the header {name} is missing")
    if len(value) > MAX_HEADER_CHARACTERS:
        refuse(WRONG, sender, f"the header {name} has more than {MAX_HEADER_CHARACTERS} characters")
    text = value.strip()
    if not _ASCII.fullmatch(text):
        refuse(WRONG, sender, f"the header {name} has a character that is not ASCII")
    return text


def has_header(received: Received, name: str) -> bool:
    value = received.headers.get(name.lower())
    return isinstance(value, str) and bool(value.strip())


def secrets_of(keys: SourceKeys, sender: str) -> tuple[str, ...]:
    """Returns the secrets. Raises SignatureRefusedError if there are none: an empty one would
    accept everybody."""
    secrets = tuple(secret for secret in keys.secrets if secret)
    if not secrets:
        refuse(WRONG, sender, "no secret is set, so no event can be verified")
    return secrets


def is_equal(one: str, other: str) -> bool:
    """Compares two texts in a time that depends on neither of them, nor on their lengths."""
    return hmac.compare_digest(_digest(one), _digest(other))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def with_headers(received: Received, headers: dict[str, str]) -> Received:
    """Returns the request with these headers added or replaced."""
    added = {name.lower(): value for name, value in headers.items()}
    return replace(received, headers={**received.headers, **added})
