"""The text that a sender signs, made of parts of the request, and the age of its timestamp."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runledger.clock import SECOND
from runledger.errors import RunledgerError
from runledger.nodes.source_config import Preset
from runledger.paths import parse, walk
from runledger.sources.base import Received
from runledger.sources.formats.content import Format, format_of
from runledger.sources.parsing import MAX_SPLIT_BYTES, form_pairs, read_event
from runledger.sources.schemes.refusing import MISSING, OLD, WRONG, header_of, refuse

_PART = re.compile(r"\{(\w+)\}")
_DIGITS = re.compile(r"[0-9]{1,16}")
_ASCII = re.compile(r"[\x20-\x7e]{1,500}")
_UNITS = {86_400: "day", 3_600: "hour", 60: "minute", 1: "second"}
# Returns the addresses that the sender may have signed, given the one that it called.
AddressForms = Callable[[str], tuple[str, ...]]


def as_called(url: str) -> tuple[str, ...]:
    return (url,)


@dataclass(frozen=True, slots=True)
class SignedParts:
    """The values of one request that a sender signs, as sent. `form` is what `form_text`
    returns."""

    timestamp: str = ""
    id: str = ""
    form: bytes = b""


def signed_text(template: str, received: Received, parts: SignedParts, url: str) -> bytes:
    """Returns the text that is signed."""
    values = {
        "body": received.body,
        "timestamp": parts.timestamp.encode(),
        "id": parts.id.encode(),
        "form": parts.form,
        "method": received.method.upper().encode("utf-8", "surrogatepass"),
        "url": url.encode("utf-8", "surrogatepass"),
    }
    pieces: list[bytes] = []
    place = 0
    for part in _PART.finditer(template):
        pieces += [template[place : part.start()].encode(), values[part[1]]]
        place = part.end()
    return b"".join([*pieces, template[place:].encode()])


def form_text(received: Received, sender: str) -> bytes:
    """Returns the form's fields as Twilio signs them: the sorted names, each followed by its
    values, sorted and without duplicates. Nothing separates names and values. Raises
    SignatureRefusedError unless the body is a form that can be read."""
    if not is_form(received):
        refuse(WRONG, sender, "the sender signs the fields of a form, but the body is not a form")
    fields: dict[str, set[str]] = {}
    try:
        for name, value in form_pairs(received):
            fields.setdefault(name, set()).add(value)
    except RunledgerError:
        refuse(WRONG, sender, "the sender signs the fields of a form, but the form cannot be read")
    text = "".join(name + value for name in sorted(fields) for value in sorted(fields[name]))
    return text.encode("utf-8", "surrogatepass")


def is_form(received: Received) -> bool:
    return format_of(received.headers.get("content-type", "")) is Format.FORM


def document_of(received: Received, sender: str) -> Any:
    """Returns the JSON value of the body, for senders that put the signature into the body. Raises
    SignatureRefusedError if the body cannot be read."""
    try:
        return read_event(received, Preset.CUSTOM, most=MAX_SPLIT_BYTES).document
    except RunledgerError:
        refuse(MISSING, sender, "the body, which holds the signature, cannot be read")


def body_value(document: Any, path: str, sender: str, what: str) -> str:
    """Returns a text or whole number of the body as text. Raises SignatureRefusedError for anything
    else."""
    value = walk(document, parse(path))
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**18 else None
    if not isinstance(value, str) or not value:
        refuse(MISSING, sender, f"the body has no {what} at {path}")
    if not _ASCII.fullmatch(value):
        refuse(WRONG, sender, f"the {what} at {path} is too long or not ASCII")
    return value


def placed(
    received: Received, document: Any, header: str | None, path: str | None, sender: str, what: str
) -> str | None:
    """Returns the value of this header or, if `header` is None, the value at this path of the body.
    Returns None if both are None. Raises SignatureRefusedError if the value is missing."""
    if header is not None:
        return header_of(received, header, sender)
    if path is not None:
        return body_value(document, path, sender, what)
    return None


def check_digits(timestamp: str, sender: str) -> int:
    if not _DIGITS.fullmatch(timestamp):
        refuse(WRONG, sender, "the timestamp is not a number of seconds or milliseconds since 1970")
    return int(timestamp)


def check_age(moment: int, received_at: int, tolerance_seconds: int, sender: str) -> None:
    """Raises SignatureRefusedError if a signed time, in epoch milliseconds, is too old or too far
    in the future."""
    age = abs(received_at - moment) // SECOND
    if abs(received_at - moment) <= tolerance_seconds * SECOND:
        return
    side = "old" if received_at > moment else "in the future"
    unit = _unit(age)
    # In seconds where the larger unit would say that 5 minutes are more than 5 minutes.
    allowed = _whole(tolerance_seconds)
    if unit == allowed and age // unit == tolerance_seconds // unit:
        unit = allowed = 1
    count = age // unit
    refuse(
        OLD,
        sender,
        f"the timestamp is {count} {_UNITS[unit]}{'' if count == 1 else 's'} {side}; "
        f"{tolerance_seconds // allowed}{'' if unit == allowed else f' {_UNITS[allowed]}s'} are "
        "allowed",
    )


def _unit(seconds: int) -> int:
    return next(unit for unit in _UNITS if seconds >= unit or unit == 1)


def _whole(seconds: int) -> int:
    """Returns the largest unit, in seconds, that divides a duration without a remainder."""
    return next(unit for unit in _UNITS if seconds >= unit and seconds % unit == 0)
