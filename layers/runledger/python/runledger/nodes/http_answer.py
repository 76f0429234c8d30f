"""Reading an answer's body: its text by its declared charset, its JSON whatever it is called.

What was not as the headers said is told (`notes`), and so is why there is no JSON (`fault`).
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
# Not ways of writing text on the wire, whatever Python calls them.
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)
# What a body may begin with that is sent as something else than JSON and is JSON all the same.
_BEGINNINGS = ("{", "[")
_NAMELESS = ("", "text/plain")
_ODD_NUMBERS = "numbers that cannot be kept exactly are shown as texts"


@dataclass(frozen=True, slots=True)
class Reading:
    """`text` is None where the body is no text; `document` holds its JSON where `is_json`, with
    numbers that cannot be kept marked as such."""

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
    """The first header of that name, which is given in lower case; empty where there is none."""
    return next((value for key, value in headers if key.lower() == name), "")


def media_type(content_type: str) -> str:
    """The media type alone, in lower case; empty where none is told."""
    return content_type.partition(";")[0].strip().lower()


def read_body(body: bytes, content_type: str, *, wants_json: bool = False) -> Reading:
    """`content_type` is the whole header. JSON that is sent as something else is read where it is
    wanted, and where the header names nothing better than text."""
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
        sent_as = without_controls(clean_text(kind)) or "nothing: it has no Content-Type"
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
    """The text, what is to be said of it, and why there is none or may be none."""
    found = _CHARSET.search(content_type)
    declared = without_controls(found.group(1)).lower() if found else None
    charset = declared and _known(declared)
    notes: tuple[str, ...] = ()
    unknown = None
    if declared and charset is None:
        unknown = f"its charset {declared} is not known"
        notes = (f"the charset {declared} is not known: read as UTF-8",)
    if body.startswith(codecs.BOM_UTF8):
        charset = _UTF_8
    elif charset is None and not declared and is_called_json:
        # RFC 8259 wants UTF-8; its forebear allowed UTF-16 and UTF-32, which begin otherwise.
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
        # LookupError for what turns bytes into bytes, or text into text.
        b"\0\0\0\0".decode(found, "replace")
    except (LookupError, ValueError, TypeError):
        return None
    return None if found in _NO_CHARSETS else found


def _text(body: bytes, charset: str) -> str | None:
    """None where the bytes are no text. A body that was cut inside a character is still one."""
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
