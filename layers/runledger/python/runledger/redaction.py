"""Keeps credentials out of the history.

A known secret is struck wherever it occurs and in any form a service may echo it: as it is (in
upper and lower case too), as JSON, URL or HTML escape it (every character in its own way, also
several times over), in base64 (plain or URL-safe, whatever precedes it) and in hexadecimal. In its
place stands `{{secret.NAME}}`. What is called a credential (headers, password-like keys) is struck
whether it is known or not.

A secret shorter than four characters is struck only where it is a whole value: elsewhere it would
match by chance and make the history unreadable.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

REDACTED = "[redacted]"
MIN_SECRET_CHARACTERS = 4

_CREDENTIAL_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "set-cookie2",
        "x-api-key",
        "api-key",
        "apikey",
        "x-auth-token",
        "x-access-token",
        "x-csrf-token",
        "x-xsrf-token",
        "x-amz-security-token",
        "x-goog-api-key",
        "x-functions-key",
        "ocp-apim-subscription-key",
        "www-authenticate",
        "proxy-authenticate",
    }
)
_CREDENTIAL_WORDS = frozenset(
    {
        "password",
        "passwd",
        "passphrase",
        "passcode",
        "pwd",
        "secret",
        "token",
        "credential",
        "credentials",
        "authorization",
        "cookie",
        "jwt",
        "cvv",
        "cvc",
        "otp",
    }
)
_CREDENTIAL_COMPOUNDS = re.compile(
    r"(api|access|private|signing|secret|encryption|subscription|auth|client)_?key$"
    r"|^session_?(id|key)$|(pass|auth)word|apikey"
)
_USER_INFO = re.compile(r"//[^/?#]*@")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# At most a scheme in front: `Bearer {{secret.KEY}}` shows nothing that must not be shown.
_PLACEHOLDER_ONLY = re.compile(r"([A-Za-z][\w-]{0,31}[ =:]\s*)?\{\{secret\.[\w-]+\}\}")


def placeholder(name: str) -> str:
    """What stands in the history for a secret's value."""
    return "{{secret." + name + "}}"


def is_credential_name(name: str) -> bool:
    """Whether a key or header name says that its value is a credential."""
    words = [word.lower() for word in _WORD.findall(name)]
    joined = "_".join(words)
    return (
        name.lower() in _CREDENTIAL_HEADERS
        or not _CREDENTIAL_WORDS.isdisjoint(words)
        or _CREDENTIAL_COMPOUNDS.search(joined) is not None
    )


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
        # The longest first, so that a secret inside another does not leave the other's rest.
        forms = sorted(
            ((value.strip(), mark) for value, mark in known.items()),
            key=lambda form: -len(form[0]),
        )
        self._patterns = [
            (_pattern(value), mark) for value, mark in forms if len(value) >= MIN_SECRET_CHARACTERS
        ]

    def text(self, text: str) -> str:
        """The text without any known secret."""
        if text in self._whole:
            return self._whole[text]
        for pattern, mark in self._patterns:
            text = pattern.sub(lambda _, mark=mark: mark, text)  # type: ignore[misc]
        return text

    def value(self, value: Any) -> Any:
        """A JSON-like value without known secrets (also in keys and numbers) and without what
        stands under a password-like key."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._under(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            text = self.text(str(value))
            return value if text == str(value) else text
        return value

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Headers by name, several of one name joined by a comma."""
        kept: dict[str, str] = {}
        for name, value in headers:
            shown = str(self._under(name, value))
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

    def _under(self, name: str, value: Any) -> Any:
        """What stands under a name that may say it is a credential."""
        shown = self.value(value)
        if not is_credential_name(name) or shown is None or isinstance(shown, bool):
            return shown
        if isinstance(shown, str) and (not shown or _PLACEHOLDER_ONLY.fullmatch(shown)):
            return shown
        return REDACTED


@lru_cache(maxsize=256)
def _pattern(secret: str) -> re.Pattern[str]:
    """Matches the secret in every form named above."""
    data = secret.encode(errors="surrogatepass")
    spelled = "".join(_run(character, len([*run])) for character, run in groupby(secret))
    # In either case: hosts and header names are written small on their way.
    forms = [f"(?i:{spelled})"]
    forms += [f"(?i:{data.hex()})"]
    forms += _base64_forms(data)
    return re.compile("|".join(forms))


def _run(character: str, times: int) -> str:
    """A character that stands so many times in a row. A run of backslashes is matched as one, or
    else a text of backslashes could be divided among them in too many ways."""
    one = _character(character)
    if character != "\\":
        return one * times
    return rf"(?:\\{{{times},{16 * times}}}|{one * times})"


def _character(character: str) -> str:
    """One character as it is, or as JSON, URLs or HTML escape it, once or several times over.
    Every repetition is bounded: the texts come from strangers."""
    code = ord(character)
    data = character.encode(errors="surrogatepass")
    percent = "".join(f"%(?:25){{0,4}}{_any_case(f'{byte:02x}')}" for byte in data)
    utf16 = character.encode("utf-16-be", errors="surrogatepass").hex()
    units = (utf16[index : index + 4] for index in range(0, len(utf16), 4))
    escaped = "".join(rf"\\{{1,16}}u{_any_case(unit)}" for unit in units)
    forms = [re.escape(character), percent, escaped]
    forms.append(rf"&(?:amp;){{0,4}}#(?:0{{0,8}}{code}|[xX]0{{0,8}}{_any_case(f'{code:x}')});")
    forms.extend(_SPECIAL_FORMS.get(character, ()))
    if code < 256:
        forms.append(rf"\\{{1,16}}x{_any_case(f'{code:02x}')}")
    return f"(?:{'|'.join(forms)})"


def _any_case(text: str) -> str:
    return "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in text)


_SPECIAL_FORMS: Mapping[str, tuple[str, ...]] = {
    " ": (r"\+", "&(?:amp;){0,4}nbsp;"),
    '"': (r'\\{1,16}"', "&(?:amp;){0,4}quot;"),
    "'": (r"\\{1,16}'", "&(?:amp;){0,4}apos;"),
    "&": ("&(?:amp;){1,5}",),
    "<": ("&(?:amp;){0,4}lt;",),
    ">": ("&(?:amp;){0,4}gt;",),
    "/": (r"\\{1,16}/",),
    "\n": (r"\\{1,16}n", r"\r\n", r"\\{1,16}r\\{1,16}n", "%(?:25){0,4}0[dD]%(?:25){0,4}0[aA]"),
    "\r": (r"\\{1,16}r",),
    "\t": (r"\\{1,16}t",),
    "\b": (r"\\{1,16}b",),
    "\f": (r"\\{1,16}f",),
}
_BASE64_CHARACTERS: Mapping[str, str] = {
    "+": r"(?:[+\- ]|%(?:25){0,4}2[bB]|\\{1,16}u002[bB])",
    "/": r"(?:\\{0,16}/|_|%(?:25){0,4}2[fF]|\\{1,16}u002[fF])",
    "=": r"(?:=|%(?:25){0,4}3[dD]|\\{1,16}u003[dD])",
}


def _base64_forms(data: bytes) -> list[str]:
    """The secret inside a base64 text, at each of the three places it can have in a group.

    A character at the edge holds bits of the secret's neighbour too, so it may be any; it is
    struck along with the rest.
    """
    forms = []
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        # Of the first group the neighbour fills `before` bytes; characters of it alone stay.
        first = (0, 1, 2)[before]
        mixed_first = before != 0
        mixed_last = (before + len(data)) % 3 != 0
        inner = encoded[first + mixed_first : len(encoded) - mixed_last]
        if len(inner) < MIN_SECRET_CHARACTERS:
            continue
        body = "".join(_BASE64_CHARACTERS.get(c, c) for c in inner)
        edge = r"(?:[A-Za-z0-9+/_-]|%2[bBfF])"
        forms.append(
            (edge if mixed_first else "")
            + body
            + (f"{edge}{_BASE64_CHARACTERS['=']}{{0,2}}" if mixed_last else "")
        )
    return forms
