"""The ways to read a text: as it is, and with its escapes decoded.

Each form of a text remembers how it was made. So a secret that is found in a form can be removed at
its place in the original text. Each step is a single pass with a bounded pattern, because the texts
may come from attackers.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from html.entities import html5

# How often escapes may be nested: JSON in JSON in JSON, an address in an address.
_LEVELS = 5
# The same, after quoted printable.
_QUOTED_LEVELS = 2
_MAX_CODE = 0x110000


def _bytes_after(prefix: str) -> str:
    """Returns a pattern for a UTF-8 character or any other byte, each byte written as the prefix
    and two hexadecimal digits."""
    digit = "[0-9a-fA-F]"
    more = f"(?:{prefix}[89abAB]{digit})"
    return (
        f"{prefix}[cdCD]{digit}{more}|{prefix}[eE]{digit}{more}{{2}}"
        f"|{prefix}[fF][0-7]{more}{{3}}|{prefix}{digit}{{2}}"
    )


_BACKSLASH_X = r"\\[xX]"
_PAIR = r"[\\%]u[dD][89abAB][0-9a-fA-F]{2}[\\%]u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(
    f"(?P<pair>{_PAIR})"
    r"|\\u\{(?P<braced>[0-9a-fA-F]{1,6})\}"
    r"|[\\%]u(?P<unit>[0-9a-fA-F]{4})|\\U(?P<long>[0-9a-fA-F]{8})"
    rf"|(?P<bytes>{_bytes_after('%')}|{_bytes_after(_BACKSLASH_X)})"
    r"|(?P<octal>\\3[0-7]{2}(?:\\2[0-7]{2}){1,3}|\\[0-3][0-7]{2})"
    r"|\\(?P<letter>[\"'/\\nrtbf])"
    r"|&\#(?P<decimal>[0-9]{1,10});?|&\#[xX](?P<hex>[0-9a-fA-F]{1,8});?"
    r"|&(?P<entity>[A-Za-z][A-Za-z0-9]{1,31};)"
)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
# RFC 2045, section 6.7: =XX for a byte, and = at the end of a broken line.
_SOFT_BREAK = re.compile(r"=[ \t]{0,80}\r?\n")
_QUOTED = re.compile(f"(?P<bytes>{_bytes_after('=')})")
# Breaks that do not change a text's meaning: MIME lines, folded headers.
_BLANK = re.compile(r"[\s\0]+")
_EMPTY = re.compile("\0+")
_NO_DIGIT = re.compile(r"\D+")
# Between the digits of bytes, or before each byte.
_BETWEEN_HEX = re.compile(r"(?<![0-9a-f])0x|[^0-9a-z]+x?|(?<![0-9a-z])x")
_NOTHING = re.compile(r"(?!)")
_BYTE = re.compile(r"[0-9a-fA-F]{2}")

# A text, or a function that makes one from a match.
Undo = str | Callable[[re.Match[str]], str]


def _unescaped(match: re.Match[str]) -> str:
    kind, value = match.lastgroup, match[match.lastgroup or 0]
    match kind:
        case "bytes":
            return _character(value)
        case "letter":
            return _LETTERS.get(value, value)
        case "entity":
            return html5.get(value, match[0])
        case "pair":
            high, low = int(value[2:6], 16), int(value[8:12], 16)
            return chr(0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))
        case "octal":
            return _decoded(bytes(int(digits, 8) for digits in value.split("\\")[1:]))
        case "decimal":
            code = int(value)
        case _:
            code = int(value, 16)
    return chr(code) if code < _MAX_CODE else match[0]


def _unquoted(decoding: "Decoding") -> "Decoding":
    # A line may be broken inside a character.
    whole = decoding.read(_SOFT_BREAK, "")
    return whole.read(_QUOTED, lambda match: _character(match["bytes"]))


@lru_cache(maxsize=4_096)
def _character(escaped: str) -> str:
    return _decoded(bytes(int(digits, 16) for digits in _BYTE.findall(escaped)))


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def unescape(text: str) -> str:
    """Decodes one level of percent, backslash and HTML escapes."""
    return _ESCAPE.sub(_unescaped, text)


class Decoding:
    """One form of a text: the text as it is, or the text after replacements, such as decoded
    escapes. A form remembers the form from which it was made. So `span` can find the place of a
    part of this form in the original text."""

    def __init__(
        self,
        text: str,
        origin: "Decoding | None" = None,
        pattern: re.Pattern[str] = _ESCAPE,
        undo: Undo = _unescaped,
    ) -> None:
        self.text = text
        self._origin = origin
        self._pattern = pattern
        self._undo = undo

    def read(self, pattern: re.Pattern[str], undo: Undo) -> "Decoding":
        """Returns a new form of the text, in which every match of the pattern is replaced by
        `undo`, or by what `undo` returns for the match. If nothing changes, returns this form."""
        text = pattern.sub(undo, self.text)
        return self if text == self.text else Decoding(text, self, pattern, undo)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Returns the start and end of this part of the decoded text in the original text."""
        if self._origin is None:
            return start, end
        first, last = self._piece(start), self._piece(end - 1)
        return self._origin.span(
            first[1] + (0 if first[2] else start - first[0]),
            last[2] or last[1] + end - last[0],
        )

    def _piece(self, place: int) -> tuple[int, int, int]:
        return self._pieces[bisect_right(self._starts, place) - 1]

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _, _ in self._pieces]

    @cached_property
    def _pieces(self) -> list[tuple[int, int, int]]:
        """Returns the pieces of this text, each as three positions: its start in this text, and its
        start and end in the text before this decoding. The end is 0 for a piece that was copied
        unchanged."""
        assert self._origin is not None
        pieces = [(0, 0, 0)]
        here = there = 0
        for match in self._pattern.finditer(self._origin.text):
            here += match.start() - there
            there = match.end()
            pieces.append((here, match.start(), there))
            undo = self._undo
            here += len(undo if isinstance(undo, str) else undo(match))
            pieces.append((here, there, 0))
        return pieces


def decodings(text: str) -> Iterator[Decoding]:
    """Yields the text, and its forms with escapes decoded, level by level. Quoted printable is
    decoded separately, because its escape sign `=` is an ordinary character elsewhere."""
    seen: set[str] = set()
    for first in _quoted(Decoding(text)):
        levels = _LEVELS if first.text == text else _QUOTED_LEVELS
        for decoding in _levels(first, levels):
            if decoding.text in seen:
                continue
            seen.add(decoding.text)
            yield decoding
            if "\0" in decoding.text:
                # The empty halves of UTF-16 characters.
                yield decoding.read(_EMPTY, "")


def _quoted(decoding: Decoding) -> Iterator[Decoding]:
    yield decoding
    if "=" in decoding.text:
        yield _unquoted(decoding)
    once = _unescaped_once(decoding)
    if once is not decoding and "=" in once.text:
        yield _unquoted(once)


def _unescaped_once(decoding: Decoding) -> Decoding:
    # Searching for three signs is faster than trying the pattern everywhere.
    if not any(sign in decoding.text for sign in "\\%&"):
        return decoding
    return decoding.read(_ESCAPE, _unescaped)


def _levels(decoding: Decoding, levels: int) -> Iterator[Decoding]:
    yield decoding
    for _ in range(levels):
        after = _unescaped_once(decoding)
        if after is decoding:
            return
        yield after
        decoding = after


def without_blanks(decoding: Decoding) -> Decoding:
    return decoding.read(_BLANK, "")


def as_hexadecimal(decoding: Decoding) -> Decoding:
    """Returns a form of the text in lower case, without separators between hexadecimal bytes."""
    return in_lower_case(decoding).read(_BETWEEN_HEX, "")


def as_numbers(decoding: Decoding) -> Decoding:
    """Returns a form of the text that has only the text's numbers, separated by commas."""
    return decoding.read(_NO_DIGIT, ",")


def in_lower_case(decoding: Decoding) -> Decoding:
    return Decoding(lowered(decoding.text), decoding, _NOTHING, "")


def lowered(text: str) -> str:
    """Returns the text in lower case, with every character at the same position."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(each.lower() if len(each.lower()) == 1 else each for each in text)
