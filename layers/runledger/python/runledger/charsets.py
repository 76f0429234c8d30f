"""Decodes a body in the charset that its Content-Type declares.

A charset is either supported or refused. Without a charset, a body is UTF-8 (RFC 8259, section
8.1). Invalid bytes are never replaced: they are an error that gives their position.
"""

import codecs
import re
from collections.abc import Mapping
from encodings.aliases import aliases
from functools import cache
from typing import NamedTuple

from runledger.errors import InvalidInputError, UnsupportedMediaTypeError

# Possessive: a header of blanks would otherwise take quadratic time.
_PARAMETER = r';\s*+([^\s;="]*+)\s*+=\s*+("(?:[^"\\]|\\.)*+"|[^;]*+)'
_IGNORED = "[^a-z0-9]"
_REPLACED = "\ufffd".encode()
_LONGEST_SHOWN = 40

_UTF8 = "utf_8"
# Codecs of Python that no document uses, or that can hide one text in another: UTF-7 has a second
# way to write every character.
_NO_CHARSETS = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"}
    | {"utf_7", "rot_13", "tactis"}
)
# Codecs without an alias.
_MORE_CODECS = (
    *("cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "koi8_r", "koi8_t", "koi8_u"),
    *("mac_croatian", "mac_farsi", "mac_romanian", "utf_8_sig"),
)
# Labels of the WHATWG's Encoding Standard, section 4.2, that Python lacks.
_LABELS = {
    "unicode-1-1-utf-8": _UTF8,
    "unicode11utf8": _UTF8,
    "unicode20utf8": _UTF8,
    "x-unicode20utf8": _UTF8,
    "csunicode": "utf_16_le",
    "iso-10646-ucs-2": "utf_16_le",
    "ucs-2": "utf_16_le",
    "unicode": "utf_16_le",
    "unicodefeff": "utf_16_le",
    "unicodefffe": "utf_16_be",
    "csiso88598i": "iso8859_8",
    "iso-8859-8-i": "iso8859_8",
    "logical": "iso8859_8",
    "sun_eu_greek": "iso8859_7",
    "iso885915": "iso8859_15",
    "koi": "koi8_r",
    "koi8": "koi8_r",
    "koi8-ru": "koi8_u",
    "x-mac-roman": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ukrainian": "mac_cyrillic",
    "dos-874": "cp874",
    "windows-874": "cp874",
    **{f"x-cp{number}": f"cp{number}" for number in range(1250, 1259)},
    "x-gbk": "gbk",
    "cn-big5": "big5",
    "x-x-big5": "big5",
    "x-euc-jp": "euc_jp",
    "cseucpkdfmtjapanese": "euc_jp",
    "x-sjis": "shift_jis",
    "windows-949": "cp949",
}
_MARKS = {
    "utf_16": ((codecs.BOM_UTF16_LE, "utf_16_le"), (codecs.BOM_UTF16_BE, "utf_16_be")),
    "utf_32": ((codecs.BOM_UTF32_LE, "utf_32_le"), (codecs.BOM_UTF32_BE, "utf_32_be")),
}


class Charset(NamedTuple):
    """A charset: its name in the request, and Python's codec for it."""

    name: str
    codec: str


UTF8 = Charset("UTF-8", _UTF8)


def decode_body(body: bytes, content_type: str) -> str:
    """Returns the body's text without its byte-order mark.

    Raises UnsupportedMediaTypeError for an unknown charset, or for two charsets that contradict
    each other. Raises InvalidInputError with the position of the first invalid byte.
    """
    charset = declared_charset(content_type) or UTF8
    # A byte-order mark overrides the declared charset: the WHATWG's Encoding Standard, section 6
    # ("decode").
    if body.startswith(codecs.BOM_UTF8):
        charset = UTF8
    ordered = Charset(charset.name, _with_order(charset.codec, body))
    return decode(body, ordered, "the body").removeprefix("\ufeff")


def decode(data: bytes, charset: Charset, of: str) -> str:
    """Returns the text of these bytes, including any byte-order mark. Raises InvalidInputError with
    the position of the first invalid byte; `of` names the text in the message, such as "the
    body"."""
    try:
        return data.decode(charset.codec)
    except UnicodeDecodeError as error:
        place = min(error.start, len(data) - 1)
        raise InvalidInputError(
            f"{of} is not {charset.name}: byte {place} (0x{data[place]:02X}) is not "
            f"valid{_hint(charset.name, data)}"
        ) from error


def require_whole(body: bytes, headers: Mapping[str, str]) -> None:
    """Raises InvalidInputError if invalid bytes of the body were replaced by U+FFFD on the way
    here. A gateway may replace them if it passes a body on as text. The length of the body then
    differs from its Content-Length. `headers` have lower-case names."""
    length = headers.get("content-length", "")
    place = body.find(_REPLACED)
    if place >= 0 and length.isdecimal() and int(length) != len(body):
        raise InvalidInputError(f"the body is not UTF-8: byte {place} is not valid")


def declared_charset(content_type: str) -> Charset | None:
    """Returns the charset that a content type names, if any. Raises UnsupportedMediaTypeError for
    an unknown charset, or for two that contradict each other."""
    found: dict[str, str] = {}
    for match in re.finditer(_PARAMETER, content_type):
        value = match[2].strip()
        # A quoted and an unquoted value mean the same (RFC 9110, section 5.6.6); an empty one is
        # ignored.
        if match[1].lower() == "charset" and value.strip("\"'"):
            name = re.sub(r"\\(.)", r"\1", value.strip("\"'")).strip()[:_LONGEST_SHOWN]
            found.setdefault(_codec(name), name)
    if len(found) > 1:
        names = " and ".join(repr(name) for name in found.values())
        raise UnsupportedMediaTypeError(
            f"the content type names two different charsets, {names}; name one"
        )
    for codec, name in found.items():
        return UTF8 if codec == _UTF8 else Charset(name, codec)
    return None


def named_charset(name: str) -> Charset:
    """Returns the charset of this name. Raises UnsupportedMediaTypeError for an unknown one."""
    codec = _codec(name[:_LONGEST_SHOWN])
    return UTF8 if codec == _UTF8 else Charset(name, codec)


def _codec(name: str) -> str:
    codec = _codecs().get(_key(name))
    if codec is None:
        raise UnsupportedMediaTypeError(f"the charset {name!r} is not supported; send UTF-8")
    return codec


@cache
def _codecs() -> dict[str, str]:
    """Returns Python's codecs by all their names. Python's own lookup is not used, because it
    caches every name, and these names may come from attackers."""
    named = {**aliases, **{codec: codec for codec in (*aliases.values(), *_MORE_CODECS)}, **_LABELS}
    return {
        _key(name): "utf_8" if codec == "utf_8_sig" else codec
        for name, codec in named.items()
        if codec not in _NO_CHARSETS and not codec.endswith("_codec")
    }


def _key(name: str) -> str:
    """Returns only the letters and digits of a name, for comparing it: Unicode Technical Standard
    #22, section 1.4 ("Charset Alias Matching")."""
    return re.sub(_IGNORED, "", name.lower())


def _with_order(codec: str, body: bytes) -> str:
    """Returns the codec with the right byte order, which the byte-order mark shows. Without a mark,
    the first character shows it, because JSON begins with an ASCII character (RFC 4627, section 3).
    """
    family = codec[:6]
    for mark, ordered in _MARKS.get(family, ()):
        if body.startswith(mark):
            return ordered
    if codec == family and family in _MARKS:
        return f"{family}_be" if body.startswith(b"\0") else f"{family}_le"
    return codec


def _hint(name: str, body: bytes) -> str:
    if name == "UTF-8" and body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "; for UTF-16, declare it in the content type: charset=utf-16"
    return ""
