"""Cleans every text that comes from outside, in one place.

JSON may escape half of a surrogate pair (`"\\ud83d"`), and Python keeps it as it is. No such text
can be written as UTF-8, so one of them in a row would make the row unreadable for ever. Here a pair
becomes its character and half of one becomes U+FFFD, as in WHATWG's Infra Standard ("convert a
string into a scalar value string"). Applied where texts come in (the HTTP edge, partners' and
providers' answers, events), where a model is made, and where rows and bodies are written and read.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")

# What text/html, XML 1.0, CSV readers and header lines cannot hold: C0 controls but for tab and
# line breaks, and DEL.
_CONTROLS = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])


def clean_text(text: str) -> str:
    """The text with every surrogate pair as its character and every half of one as U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def clean(value: T) -> T:
    """A JSON-like value with all its texts clean, also keys; the value itself where they were.

    Of two keys that become the same the later one stays, as of two equal keys in JSON."""
    return _cleaned(value) if _has_surrogate(value) else value


def without_controls(text: str) -> str:
    """The text without the control characters that XML, CSV and header lines cannot hold; tabs and
    line breaks stay."""
    return text.translate(_CONTROLS)


def decode_utf8(data: bytes) -> str:
    """UTF-8, also where surrogates were written as if they were characters (CESU-8), which some
    systems do. UnicodeDecodeError for anything else."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return clean_text(data.decode(errors="surrogatepass"))


def _has_surrogate(value: object) -> bool:
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            if not each.isascii() and _is_broken(each):
                return True
        elif isinstance(each, Mapping):
            left.extend(each.keys())
            left.extend(each.values())
        elif isinstance(each, list | tuple | set | frozenset):
            left.extend(each)
    return False


def _is_broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, set | frozenset):
        return type(value)(_cleaned(item) for item in value)
    if isinstance(value, tuple):
        made = [_cleaned(item) for item in value]
        return type(value)(*made) if hasattr(value, "_fields") else tuple(made)
    return value
