"""Removes credentials from the history.

A known secret is removed wherever it occurs, and replaced by `{{secret.NAME}}`. It is recognized in
every form in which a service may return it:

- unchanged, or in upper or lower case;
- with characters escaped for JSON, URLs, HTML or quoted-printable, once or several times;
- encoded as base64, base32 or base85, after any prefix, and in one or several lines;
- as hexadecimal, or as a list of bytes.

All encodings of the secret's UTF-8 bytes are recognized. Base64, hexadecimal and lists are also
recognized for its UTF-16 and Latin-1 bytes.

Values with the name of a credential (headers, keys such as `password`) are always removed.

A secret shorter than four characters is removed only if it is a whole value: elsewhere it would
match by chance and make the history unreadable.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from runledger.redaction.decodings import (
    Decoding,
    as_hexadecimal,
    as_numbers,
    decodings,
    in_lower_case,
    without_blanks,
)
from runledger.redaction.names import is_credential_header, is_credential_name
from runledger.redaction.searching import Search
from runledger.redaction.secret_forms import (
    MIN_SECRET_CHARACTERS,
    MatchMode,
    SecretForm,
    block_signs,
    secret_forms,
)

REDACTED = "[redacted]"
# The longest text that is remembered with its redacted form, and how many are remembered.
_SHORT, _MAX_SEEN = 200, 10_000

_USER_INFO = re.compile(r"//[^/?#]*@")
# Only a scheme in front, if anything: `Bearer {{secret.KEY}}` shows no secret.
_PLACEHOLDER_ONLY = re.compile(r"([A-Za-z][\w-]{0,31}[ =:]\s*)?\{\{secret\.[\w-]+\}\}")


def placeholder(name: str) -> str:
    """Returns the text that replaces a secret's value in the history."""
    return "{{secret." + name + "}}"


class _Match(NamedTuple):
    """A part of a text to replace, and its replacement."""

    start: int
    end: int
    mark: str


class Redactor:
    """Removes known credentials from texts and JSON-like values. These are the values of `secrets`
    (value by name), the `credentials`, which have no name, and every value whose name marks it as a
    credential."""

    def __init__(self, secrets: Mapping[str, str], credentials: Iterable[str] = ()) -> None:
        # If a credential is also a secret, the secret's name is shown.
        marked = [(value, REDACTED) for value in credentials]
        marked += [(value, placeholder(name)) for name, value in secrets.items()]
        known = {value: mark for value, mark in marked if value}
        self._whole = {
            form: mark for value, mark in known.items() for form in (value, value.strip()) if form
        }
        self._seen: dict[str, str] = {}
        self._known = {
            value.strip(): mark
            for value, mark in known.items()
            if len(value.strip()) >= MIN_SECRET_CHARACTERS
        }

    def text(self, text: str) -> str:
        """Returns the text without any known secret."""
        if text in self._whole:
            return self._whole[text]
        if not self._known or len(text) < MIN_SECRET_CHARACTERS:
            return text
        if len(text) > _SHORT:
            return self._struck(text)
        # Documents repeat texts, at least their keys.
        if text not in self._seen:
            if len(self._seen) >= _MAX_SEEN:
                self._seen.clear()
            self._seen[text] = self._struck(text)
        return self._seen[text]

    def _struck(self, text: str) -> str:
        shown: list[str] = []
        end = 0
        for found in self._found(text):
            shown += [text[end : found.start], found.mark]
            end = found.end
        return "".join([*shown, text[end:]])

    @cached_property
    def _searches(self) -> dict[MatchMode, Search[tuple[SecretForm, str]]]:
        wanted: dict[MatchMode, list[tuple[str, tuple[SecretForm, str]]]] = {
            mode: [] for mode in MatchMode
        }
        for value, mark in self._known.items():
            for form in secret_forms(value):
                wanted[form.mode].append((form.text, (form, mark)))
        return {mode: Search(each) for mode, each in wanted.items()}

    def _found(self, text: str) -> list[_Match]:
        """Returns the parts to remove, in order and without overlap. If matches overlap, they are
        removed as one, under the name of the longest one. So nothing is left of a secret that
        contains another one."""
        found: set[_Match] = set()
        for decoding in decodings(text):
            for mode, read in _in_every_way(decoding):
                longest: dict[int, tuple[int, SecretForm, str]] = {}
                for start, end, (form, mark) in self._searches[mode].find(_searched(mode, read)):
                    if start not in longest or end > longest[start][0]:
                        longest[start] = (end, form, mark)
                for start, (end, form, mark) in longest.items():
                    found.add(_Match(*_struck(read, start, end, form), mark))
        apart: list[_Match] = []
        for each in sorted(found, key=lambda one: (one.start, -one.end)):
            if apart and each.start < apart[-1].end:
                last = apart[-1]
                longer = each if each.end - each.start > last.end - last.start else last
                apart[-1] = _Match(last.start, max(last.end, each.end), longer.mark)
            else:
                apart.append(each)
        return apart

    def value(self, value: Any) -> Any:
        """Returns a JSON-like value without known secrets (also in keys and numbers) and without
        the values of keys such as `password`."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            if _is_array(value):
                return self._items(list(value.values()), value)
            return {self.text(str(key)): self._under(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return self._items([self.value(item) for item in value])
        if isinstance(value, int | float) and not isinstance(value, bool):
            text = self.text(str(value))
            return value if text == str(value) else text
        return value

    def _items(self, items: list[Any], otherwise: Any = None) -> Any:
        """Takes a list whose items were redacted one by one. Returns it without secrets that
        several items form together, such as a list of bytes or of lines."""
        shown = items if otherwise is None else otherwise
        if len(items) < 2 or not self._known or any(isinstance(x, list | dict) for x in items):
            return shown
        joined = "\n".join(map(str, items))
        struck = self.text(joined)
        return shown if struck == joined else [each for each in struck.split("\n") if each]

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Redacts headers. Returns their values by name; several values of the same name are joined
        by a comma."""
        kept: dict[str, str] = {}
        for name, value in headers:
            shown = str(self._under(name, value, is_credential_header(name)))
            key = self.text(name)
            kept[key] = f"{kept[key]}, {shown}" if key in kept else shown
        return kept

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Redacts the pairs of names and values of a query or a form. Their order stays."""
        return [(self.text(name), str(self._under(name, value))) for name, value in pairs]

    def url(self, url: str) -> str:
        """Returns an address without its user name and password, without secrets, and without the
        credentials in its query. The rest is not changed."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return self.text(_USER_INFO.sub("//", url))
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        if any(self._under(name, value) != value for name, value in pairs):
            query = "&".join(
                f"{quote(name, safe='{}[]')}={quote(value, safe='{}[]')}"
                for name, value in self.pairs(pairs)
            )
            parts = parts._replace(query=query)
        return self.text(urlunsplit(parts))

    def _under(self, name: str, value: Any, is_credential: bool = False) -> Any:
        """Returns the value to show under a name that may mark a credential."""
        shown = self.value(value)
        if (
            not (is_credential or is_credential_name(name))
            or shown is None
            or isinstance(shown, bool)
        ):
            return shown
        if isinstance(shown, str) and (not shown or _PLACEHOLDER_ONLY.fullmatch(shown)):
            return shown
        return REDACTED


def _in_every_way(decoding: Decoding) -> Iterable[tuple[MatchMode, Decoding]]:
    whole = without_blanks(decoding)
    yield MatchMode.PLAIN, in_lower_case(decoding)
    yield MatchMode.BROKEN, in_lower_case(whole)
    yield MatchMode.BLOCK, whole
    yield MatchMode.HEXADECIMAL, as_hexadecimal(decoding)
    yield MatchMode.NUMBERS, as_numbers(decoding)


def _searched(mode: MatchMode, read: Decoding) -> str:
    match mode:
        case MatchMode.PLAIN:
            return read.text.replace("\xa0", " ")
        case MatchMode.BLOCK:
            return block_signs(read.text)
        case _:
            return read.text


def _struck(read: Decoding, start: int, end: int, form: SecretForm) -> tuple[int, int]:
    """Returns the start and end of a match in the original text. `start` and `end` are its
    positions in `read`, the reading in which it was found. The result includes the neighboring
    characters that contain bits of the secret."""
    text = read.text
    first, last = read.span(start, end)
    for _ in range(form.before):
        if start == 0 or read.span(start - 1, start)[1] != first:
            break
        start -= 1
        first = read.span(start, start + 1)[0]
    after = form.after
    while end < len(text) and (after > 0 or (form.padded and text[end] == "=")):
        beside = read.span(end, end + 1)
        if beside[0] != last:
            break
        end, last, after = end + 1, beside[1], after - 1
    return first, last


def _is_array(value: Mapping[Any, Any]) -> bool:
    """Whether a value is an array of bytes as JavaScript writes typed arrays: {"0": 104, "1":
    117}."""
    return len(value) >= MIN_SECRET_CHARACTERS and all(
        str(key) == str(index) and isinstance(item, int) and not isinstance(item, bool)
        for index, (key, item) in enumerate(value.items())
    )
