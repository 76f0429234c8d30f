r"""Cleans every text that comes from outside. No other module does.

JSON may contain an escaped lone surrogate (`"\ud83d"`), and Python keeps it. Such a text cannot be
written as UTF-8, so a row that contains one could never be read again. Here a pair of surrogates
becomes its character, and a lone surrogate becomes U+FFFD, as in WHATWG's Infra Standard ("convert
a string into a scalar value string"). This is applied to all incoming texts (HTTP requests, answers
of partners and providers, events), to every new model, and to rows and bodies when they are written
and read.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

T = TypeVar("T")

# Characters that text/html, XML 1.0, CSV readers and header lines cannot hold: C0 controls except
# tab and line breaks, and DEL.
_CONTROLS = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")

# Values that hold no text, by exact type.
_WITHOUT_TEXT = frozenset({int, float, bool, bytes, type(None), Decimal})


def clean_text(text: str) -> str:
    """Returns the text with every surrogate pair as its character and every lone surrogate as
    U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        if _PAIR.search(text) is None:
            # Much faster for very many short texts.
            return _SURROGATE.sub("\ufffd", text)
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def clean(value: T) -> T:
    """Returns a JSON-like value with all its texts clean, including keys. A value that is clean
    already is returned itself.

    If two keys become equal, the later one is kept, as for equal keys in JSON.
    """
    return _cleaned(value) if _has_surrogate(value) else value


def without_controls(text: str) -> str:
    """Returns the text without the control characters that XML, CSV and header lines cannot
    contain. Tabs and line breaks stay."""
    return text.translate(_CONTROLS)


def decode_utf8(data: bytes) -> str:
    """Decodes UTF-8, and also surrogates that were encoded as characters (CESU-8), which some
    systems send. Raises UnicodeDecodeError for anything else."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return clean_text(data.decode(errors="surrogatepass"))


def _has_surrogate(value: object) -> bool:
    """Whether a value contains a surrogate. It compares exact types first, because it must be fast:
    it checks every model and every row."""
    left: list[Any] = [value]
    while left:
        each = left.pop()
        kind = type(each)
        if kind is str:
            if not each.isascii() and _is_broken(each):
                return True
        elif kind is dict:
            left.extend(each)
            left.extend(each.values())
        elif kind is list or kind is tuple:
            left.extend(each)
        elif kind not in _WITHOUT_TEXT:
            left.extend(_parts(each))
    return False


def _parts(value: object) -> list[Any]:
    """Returns the content of a value that is neither a plain text nor a plain container."""
    if isinstance(value, str):
        return [str(value)]
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return [*value]
    return []


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
