"""Short hashes of every address and id in a kept event, by which an erasure finds it.

Addresses and ids are looked for in every possible decoding of the event's text, so that no format,
encoding or damage hides one. Too many hashes are better than too few: if a hash matches by chance,
one more event is deleted; if an address had no hash, an erasure would miss the event."""

import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from runledger.models.addresses import nfc
from runledger.redaction.decodings import decodings
from runledger.sources.kept_bodies import read_body
from runledger.store.kept_events import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Collection

    from runledger.models.kept_event import KeptEvent

# Of an event with more hashes, only the fact is kept: an erasure reads its body.
MOST_HASHES = 1_000
# An event in which so many places may hold something is not read to its end by its intake.
_MOST_PLACES = 20_000
# A number is recognized by its last digits, because senders write it with or without the country
# code and the trunk prefix.
PHONE_DIGITS = 7
_LONGEST_LOCAL, _LONGEST_DOMAIN = 64, 255

# Bounded on both sides of an @, which is found first: a pattern that began with the local part
# would read a long text without an @ again from each of its characters.
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$")
_DOMAIN = re.compile(r"[^\s\"'<>()\[\],;:\\@/?#&=]{3,255}")
_BEFORE_LOCAL = re.compile(r"[=&/?#'|{}`]")
_DIGITS = re.compile(r"\d+")
_SEPARATOR = re.compile(r"[\s().\-/+\u00a0\u2010-\u2015]{1,3}")
_TOKEN = re.compile(r"[^\s\"'<>&=,;{}\[\]()|\\]{1,200}")
# A quoted text that is more than one token.
_QUOTED = re.compile(r"\"([^\"\\]{1,200})\"")

# The kind of a value, and its normalised form.
Mention = tuple[str, str]


def hashes_of(workspace_id: str, event: "KeptEvent") -> frozenset[bytes] | None:
    """Returns the hashes of an event, or None if they are too many to keep."""
    found: set[bytes] = set()
    places = 0
    for text in _readings(event):
        places += text.count("@")
        if places > _MOST_PLACES:
            return None
        for value in _values(text):
            found.add(_hash(workspace_id, value))
            places += 1
            if len(found) > MOST_HASHES or places > _MOST_PLACES:
                return None
    return frozenset(found)


def holds(event: "KeptEvent", wanted: "Collection[Mention]") -> bool:
    """Whether an event holds one of the values in `wanted`. Reads the whole event, not its stored
    hashes."""
    return any(value in wanted for text in _readings(event) for value in _values(text))


def mention(kind: str, value: str) -> Mention:
    """Returns a contact's address (kind EMAIL or PHONE) or an id (any other kind), in the form in
    which it is looked for in events."""
    match kind:
        case "EMAIL":
            return "EMAIL", value
        case "PHONE":
            return "PHONE", "".join(_DIGITS.findall(value))[-PHONE_DIGITS:]
    return "ID", value


def hash_of(workspace_id: str, kind: str, value: str) -> bytes:
    return _hash(workspace_id, mention(kind, value))


def _hash(workspace_id: str, value: Mention) -> bytes:
    text = "#".join((workspace_id, *value))
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:HASH_BYTES]


def _texts(event: "KeptEvent") -> Iterator[str]:
    read = read_body(event)
    yield read.text
    if not read.is_exact:
        # Bytes that are no UTF-8: one character each, and without the empty halves of UTF-16.
        yield read.data.replace(b"\0", b"").decode("latin-1")
    yield from event.query.values()
    yield from event.headers.values()


def _readings(event: "KeptEvent") -> Iterator[str]:
    """Yields the texts of an event, each also with its escapes undone."""
    for text in _texts(event):
        yield from (decoding.text for decoding in decodings(text))


def _values(text: str) -> Iterator[Mention]:
    yield from (("EMAIL", each) for each in _emails(text))
    yield from (("PHONE", each) for each in _phones(text))
    yield from (("ID", each) for each in _ids(text))


def _ids(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        token = match[0]
        yield token
        bare = token.strip(".:")
        if ":" in bare:
            yield bare.rpartition(":")[2]
        if bare != token:
            yield bare
    for match in _QUOTED.finditer(text):
        if _TOKEN.fullmatch(match[1]) is None:
            yield match[1].strip()


def _emails(text: str) -> Iterator[str]:
    place = text.find("@")
    while place >= 0:
        local = _LOCAL.search(text[max(0, place - _LONGEST_LOCAL) : place])
        domain = _DOMAIN.match(text, place + 1, place + 1 + _LONGEST_DOMAIN)
        if local and domain:
            for before in _locals(local[0]):
                for after in _domains(domain[0]):
                    yield nfc(f"{before}@{after}".lower())
        place = text.find("@", place + 1)


def _locals(text: str) -> Iterator[str]:
    """Yields the local part of an e-mail address, and each shorter ending of it that may be the
    real local part: `email=ada` also yields `ada`."""
    yield text
    for match in _BEFORE_LOCAL.finditer(text):
        if match.end() < len(text):
            yield text[match.end() :]


def _domains(text: str) -> Iterator[str]:
    """Yields a domain and its shorter forms, because text may follow it without a space:
    `example.com.Next` also yields `example.com`."""
    labels = text.rstrip(".").split(".")
    for count in range(2, min(len(labels), 8) + 1):
        domain = ".".join(labels[:count])
        yield domain
        if "xn--" in domain.lower():
            yield _in_unicode(domain)


def _in_unicode(domain: str) -> str:
    try:
        return domain.encode().decode("idna")
    except UnicodeError:
        return domain


def _phones(text: str) -> Iterator[str]:
    """Yields, for each place where a phone number may end, the last digits before it."""
    digits, end = "", -1
    for group in _DIGITS.finditer(text):
        is_next = end >= 0 and _SEPARATOR.fullmatch(text, end, group.start()) is not None
        digits = (digits if is_next else "")[-PHONE_DIGITS:] + _ascii(group[0])
        end = group.end()
        if len(digits) >= PHONE_DIGITS:
            yield digits[-PHONE_DIGITS:]


def _ascii(digits: str) -> str:
    return digits if digits.isascii() else "".join(str(int(each)) for each in digits)
