"""Forms: `application/x-www-form-urlencoded` (the WHATWG's URL Standard, section 5.1)."""

import codecs
import re
from collections.abc import Iterable
from typing import Any

from runledger.charsets import UTF8, Charset, declared_charset, decode
from runledger.errors import InvalidInputError, UnsupportedMediaTypeError

MAX_FIELDS = 1_000
_SYNTAX = "&=%+"
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_BYTES = [bytes([number]) for number in range(256)]


def read_pairs(body: bytes, content_type: str) -> list[tuple[str, str]]:
    """Returns the names and values of a form in their order, with repeated names.

    Raises UnsupportedMediaTypeError for a charset in which a form cannot be written, and
    InvalidInputError for invalid bytes or more than MAX_FIELDS fields."""
    charset = declared_charset(content_type) or UTF8
    if _SYNTAX.encode(charset.codec, "replace") != _SYNTAX.encode():
        raise UnsupportedMediaTypeError(
            f"a form cannot be written in the charset {charset.name!r}; send UTF-8"
        )
    body = body.removeprefix(codecs.BOM_UTF8)
    # Count before anything is split: a small form may have very many fields.
    if body.count(b"&") >= MAX_FIELDS:
        raise too_many_fields()
    return [_pair(piece, charset) for piece in body.split(b"&") if piece]


def as_document(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Returns the fields by name. If a name is repeated, its value is the list of all its
    values."""
    grouped: dict[str, list[Any]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return {name: each[0] if len(each) == 1 else each for name, each in grouped.items()}


def too_many_fields() -> InvalidInputError:
    return InvalidInputError(f"the form has more than {MAX_FIELDS} fields")


def percent_decoded(data: bytes) -> bytes:
    """Returns the percent-decoded bytes. A percent sign that begins no escape stays.

    The standard library's function needs ten times as much memory for a text full of escapes."""
    return _ESCAPE.sub(lambda found: _BYTES[int(found[1], 16)], data)


def _pair(piece: bytes, charset: Charset) -> tuple[str, str]:
    name, _, value = piece.replace(b"+", b" ").partition(b"=")
    return (
        decode(percent_decoded(name), charset, "the name of a field"),
        decode(percent_decoded(value), charset, "the value of a field"),
    )
