"""Keeps credentials out of the history.

A known secret is struck wherever it occurs and in any form a service may echo it: as it is (in
upper and lower case too), as JSON, URLs, HTML or quoted printable escape it (each character in its
own way, also several times over), and encoded as a whole: base64, base32 and base85 (whatever
precedes it, also in lines), hexadecimal and lists of bytes, also of UTF-16. In its place stands
`{{secret.NAME}}`. What is called a credential (headers, password-like keys) is struck whether it
is known or not.

A secret shorter than four characters is struck only where it is a whole value: elsewhere it would
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
# Characters of a text that is remembered with what is shown of it, and how many such.
_SHORT, _MAX_SEEN = 200, 10_000

_USER_INFO = re.compile(r"//[^/?#]*@")
# At most a scheme in front: `Bearer {{secret.KEY}}` shows nothing that must not be shown.
_PLACEHOLDER_ONLY = re.compile(r"([A-Za-z][\w-]{0,31}[ =:]\s*)?\{\{secret\.[\w-]+\}\}")


def placeholder(name: str) -> str:
    """What stands in the history for a secret's value."""
    return "{{secret." + name + "}}"


class _Match(NamedTuple):
    """A piece of a text that a mark takes the place of."""

    start: int
    end: int
    mark: str


class Redactor:
    """Strikes these secrets (name to value), these credentials that have no name, and whatever
    is called a credential."""

    def __init__(self, secrets: Mapping[str, str], credentials: Iterable[str] = ()) -> None:
        # A credential that is a secret is shown by the secret's name.
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
        """The text without any known secret."""
        if text in self._whole:
            return self._whole[text]
        if not self._known or len(text) < MIN_SECRET_CHARACTERS:
            return text
        if len(text) > _SHORT:
            return self._struck(text)
        # Documents repeat themselves, in their keys at least.
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
        """What is to be struck, in order and apart. Of those that overlap the longest names the
        secret, so that one inside another leaves no rest of that."""
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
        """A JSON-like value without known secrets (also in keys and numbers) and without what
        stands under a password-like key."""
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
        """A list whose items are struck already, or which together are a secret: its bytes one by
        one, or its lines."""
        shown = items if otherwise is None else otherwise
        if len(items) < 2 or not self._known or any(isinstance(x, list | dict) for x in items):
            return shown
        joined = "\n".join(map(str, items))
        struck = self.text(joined)
        return shown if struck == joined else [each for each in struck.split("\n") if each]

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Headers by name, several of one name joined by a comma."""
        kept: dict[str, str] = {}
        for name, value in headers:
            shown = str(self._under(name, value, is_credential_header(name)))
            key = self.text(name)
            kept[key] = f"{kept[key]}, {shown}" if key in kept else shown
        return kept

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The pairs of a query or a form, in order."""
        return [(self.text(name), str(self._under(name, value))) for name, value in pairs]

    def url(self, url: str) -> str:
        """An address without user name and password, and without secrets, also in its query; the
        rest stays as it was written."""
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
        """What stands under a name that may say it is a credential."""
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
    """Where in the text itself this occurrence stands, with the characters beside it that hold
    bits of it too."""
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
    """Whether it is an array of bytes, as JavaScript writes typed ones: {"0": 104, "1": 117}."""
    return len(value) >= MIN_SECRET_CHARACTERS and all(
        str(key) == str(index) and isinstance(item, int) and not isinstance(item, bool)
        for index, (key, item) in enumerate(value.items())
    )
