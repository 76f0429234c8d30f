"""Reads the body of an answer: its text by the declared charset, and its JSON.

JSON is recognized even if the declared media type is another one. `notes` says where body and
headers did not match; `fault` says why there is no JSON.
"""

import codecs
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runledger.nodes import json_numbers
from runledger.texts import clean, clean_text, decode_utf8, without_controls

MAX_JSON_DEPTH = 100
_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([^\s;"']{1,60})""", re.IGNORECASE)
_UTF_8 = "utf-8"
# Python codecs that are not used to encode text on the wire.
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)
# How a JSON body begins, even if it is sent as something else.
_BEGINNINGS = ("{", "[")
_NAMELESS = ("", "text/plain")
_ODD_NUMBERS = "numbers that cannot be stored exactly are shown as texts"


@dataclass(frozen=True, slots=True)
class Reading:
    """The content of a body. `text` is None if the body is not text. If `is_json`, `document` is
    its JSON; numbers that cannot be kept exactly are marked in it."""

    text: str | None
    document: Any = None
    is_json: bool = False
    notes: tuple[str, ...] = ()
    fault: str | None = None

    @property
    def shown(self) -> Any:
        """The document as the history shows it."""
        has_odd = _ODD_NUMBERS in self.notes
        return json_numbers.as_written(self.document) if has_odd else self.document


def header(headers: Iterable[tuple[str, str]], name: str) -> str:
    """Returns the value of the first header with that name (given in lower case), or an empty
    text."""
    return next((value for key, value in headers if key.lower() == name), "")


def media_type(content_type: str) -> str:
    """Returns the media type without its parameters, in lower case; empty if there is none."""
    return content_type.partition(";")[0].strip().lower()


def read_body(body: bytes, content_type: str, *, wants_json: bool = False) -> Reading:
    """Reads a body; `content_type` is the whole header. JSON with another media type is read too,
    if the caller wants JSON, or if the header only says that it is text."""
    if not body.strip():
        return Reading(text="", fault="the answer is empty")
    kind = media_type(content_type)
    is_called_json = kind.endswith(("/json", "+json")) or kind == "json"
    text, notes, fault = _decoded(body, content_type, is_called_json=is_called_json)
    if text is None:
        return Reading(None, notes=notes, fault=fault)
    begins = text.lstrip()[:1] in _BEGINNINGS
    is_taken_for_json = is_called_json or (begins and kind in _NAMELESS) or wants_json
    if not is_taken_for_json:
        return Reading(text, notes=notes, fault="its body is not JSON")
    try:
        document = clean(_parsed(text))
    except RecursionError:
        return Reading(text, notes=notes, fault="its body is nested too deeply")
    except ValueError:
        return Reading(text, notes=notes, fault=fault or "its body is not JSON")
    if not _depth_is_at_most(document, MAX_JSON_DEPTH):
        return Reading(text, notes=notes, fault="its body is nested too deeply")
    if not is_called_json:
        sent_as = without_controls(clean_text(kind)) or "a body without a Content-Type"
        notes = (*notes, f"JSON sent as {sent_as}")
    if json_numbers.find_inexact(document) is not None:
        notes = (*notes, _ODD_NUMBERS)
    return Reading(text, document, is_json=True, notes=notes)


def _parsed(text: str) -> Any:
    return json.loads(
        text,
        parse_constant=json_numbers.constant,
        parse_float=json_numbers.decimal,
        parse_int=json_numbers.integer,
    )


def _decoded(
    body: bytes, content_type: str, *, is_called_json: bool
) -> tuple[str | None, tuple[str, ...], str | None]:
    """Returns the text, the notes, and why there is no text or why it may be wrong."""
    found = _CHARSET.search(content_type)
    declared = without_controls(found.group(1)).lower() if found else None
    charset = declared and _known(declared)
    notes: tuple[str, ...] = ()
    unknown = None
    if declared and charset is None:
        unknown = f"its charset {declared} is unknown"
        notes = (f"the charset {declared} is unknown: read as UTF-8",)
    if body.startswith(codecs.BOM_UTF8):
        charset = _UTF_8
    elif charset is None and not declared and is_called_json:
        # RFC 8259 requires UTF-8; its predecessor allowed UTF-16 and UTF-32, which begin
        # differently.
        charset = json.detect_encoding(body)
    charset = charset or _UTF_8
    text = _text(body, charset)
    if text is None:
        fault = unknown or f"its body is not valid {declared or 'UTF-8'}"
        return None, notes, fault
    return text, notes, unknown


def _known(name: str) -> str | None:
    try:
        found = codecs.lookup(name).name
        # Raises LookupError for a codec from bytes to bytes or from text to text.
        b"\0\0\0\0".decode(found, "replace")
    except (LookupError, ValueError, TypeError):
        return None
    return None if found in _NO_CHARSETS else found


def _text(body: bytes, charset: str) -> str | None:
    """Returns the text, or None if the bytes are not text. A character that was cut at the end does
    not matter."""
    is_utf_8 = charset in (_UTF_8, "utf-8-sig", "ascii")
    try:
        text = decode_utf8(body) if is_utf_8 else clean_text(body.decode(charset))
    except UnicodeDecodeError as error:
        is_torn = error.start >= len(body) - 3 and "end of data" in error.reason
        if not is_utf_8 or not is_torn:
            return None
        text = decode_utf8(body[: error.start])
    except (ValueError, LookupError):
        return None
    text = text.removeprefix("\ufeff")
    return None if "\0" in text else text


def _depth_is_at_most(value: Any, limit: int) -> bool:
    if isinstance(value, dict):
        return limit > 0 and all(_depth_is_at_most(item, limit - 1) for item in value.values())
    if isinstance(value, list):
        return limit > 0 and all(_depth_is_at_most(item, limit - 1) for item in value)
    return True
