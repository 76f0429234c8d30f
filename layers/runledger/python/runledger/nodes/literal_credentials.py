"""Finds credentials that are written into a config instead of the name of a secret.

The same walk is used to hide credentials and to refuse them: a config with a text that would be
hidden cannot be saved. A text with Liquid is a credential only if the text around the Liquid
contains one. `Bearer {{secret.KEY}}` is not a credential.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from runledger.nodes.inputs import Place
from runledger.redaction import REDACTED, is_harmless_name, is_literal_credential_name
from runledger.template_markup import has_liquid

# The start of another piece ends the search for this one's end. Otherwise a text of many openings
# would take quadratic time.
_MARKUP = re.compile(r"\{\{(?:(?!\{[{%]).)*?\}\}|\{%(?:(?!\{[{%]).)*?%\}", re.DOTALL)
# While the surrounding text is examined, each piece of markup is one character of a private plane.
_FIRST_MASK = 0xF0000
_MASK = re.compile("[\U000f0000-\U000ffffd]")
# Excludes a key in brackets, as in contact.metadata["plan"].
_QUOTED = re.compile(r"(?<!\[)(?:\"([^\"]*)\"|'([^']*)')")
# Tags whose texts are compared and not put into the result.
_COMPARES = re.compile(r"\{%-?\s*(?:if|elsif|unless|case|when|else|end\w+|comment)\b")
_VARIABLE = re.compile(r"[A-Za-z_]\w*\s*(?:\.|\[)")
_TOKEN = re.compile(r"[^\s=:;,&\"'()]+|[=:]")
_SCHEME = re.compile(r"\s*[A-Za-z][\w.+-]{0,31}\s")
_NAME_CHARACTERS = 64
# A text this short is not a credential: `x` is common if a service takes any password.
_FEW = 2
_NOT_SAID = frozenset({"true", "false", "null", "none", "yes", "no"})

# These shapes are credentials wherever they stand.
_KNOWN_SHAPES = re.compile(
    r"(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{10,}|whsec_[0-9A-Za-z+/=]{16,}"
    r"|gh[oprsu]_[0-9A-Za-z]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{10,}|AIza[\w-]{30,}|(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|shp(?:at|ss|ca)_[0-9a-fA-F]{20,}|npm_[0-9A-Za-z]{30,}"
    r"|dop_v1_[0-9a-f]{32,}|sk-(?:ant-|proj-)?[\w-]{20,}|key-[0-9a-f]{32}"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,8000}(?:-----END [A-Z ]{0,40}-----)?"
    r"|(?<=hooks\.slack\.com/services/)[\w/]{10,}"
    r"|(?<=/api/webhooks/)\d{10,}/[\w-]{20,}"
    r"|\b(?:Bearer|Basic)[ ]+[\w.~+/-]{16,}={0,2}"
)
_USER_INFO = re.compile(r"^(\s*(?:[A-Za-z][\w+.-]{0,15}:)?[/\\]{2})([^/\\?#]*)@")
# A name and its value inside a text, as JSON, forms, XML and header lines write them.
_JSON_PAIR = re.compile(
    r"(?P<before>[\"'](?P<name>[\w. -]{1,64})[\"']\s{0,8}:\s{0,8}(?P<open>[\"'])?)"
    r"(?P<value>(?(open)(?:\\.|(?!(?P=open)).){1,4000}|[^\"'\\{}\[\],\s]{1,400}))",
    re.DOTALL,
)
_NESTED_JSON_PAIR = re.compile(
    r"(?P<before>(?P<open>\\{1,7}[\"'])(?P<name>[\w. -]{1,64})(?P=open)\s{0,8}:\s{0,8}(?P=open)?)"
    r"(?P<value>[^\"'\\{}\[\],]{1,4000})"
)
_FORM_PAIR = re.compile(
    r"(?P<before>(?:^|(?<=[?&;\s]))(?P<name>[\w.%\[\]-]{1,64})=)(?P<value>[^&;\s\"'<>]{1,4000})"
)
_XML_PAIR = re.compile(
    r"(?P<before><(?:[\w-]{1,32}:)?(?P<name>[\w.-]{1,64})(?:\s[^<>]{0,200})?>)"
    r"(?P<value>[^<]{1,4000})(?=</)"
)
_ATTRIBUTE = re.compile(
    r"(?P<before>\s(?P<name>[\w.-]{1,64})\s{0,4}=\s{0,4}[\"'])(?P<value>[^\"']{1,4000})"
)
_LINE_PAIR = re.compile(
    r"(?P<before>^[ \t]{0,20}(?P<name>[\w-]{1,64})[ \t]{0,8}:[ \t]{1,8})"
    r"(?P<value>(?:[A-Za-z]{1,16}[ ])?(?=\S*\d)\S{4,4000})[ \t]*$",
    re.MULTILINE,
)
_PAIRS = (_JSON_PAIR, _NESTED_JSON_PAIR, _FORM_PAIR, _XML_PAIR, _ATTRIBUTE, _LINE_PAIR)
# Parameters of an address after ? or #.
_ADDRESS_PAIR = re.compile(r"(?P<before>[?&;#](?P<name>[^=&;#?]{1,200})=)(?P<value>[^&;#]{1,4000})")


class CredentialMasker:
    """Returns texts without their credentials, and remembers where the credentials were."""

    def __init__(self) -> None:
        self._found: dict[Place, None] = {}

    @property
    def places(self) -> list[Place]:
        """The locations of the credentials in order, each once."""
        return list(self._found)

    def value(self, value: Any, place: Place, *, is_credential: bool = False) -> Any:
        """Masks a JSON-like value: everything under a name that marks a credential, and credentials
        in texts."""
        if isinstance(value, Mapping):
            return {
                key: self.value(
                    item,
                    (*place, str(key)),
                    is_credential=is_literal_credential_name(str(key))
                    or (is_credential and _may_hold_it(str(key))),
                )
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [
                self.value(item, (*place, str(index)), is_credential=is_credential)
                for index, item in enumerate(value)
            ]
        if is_credential:
            return self.credential(value, place)
        return self.text(value, place) if isinstance(value, str) else value

    def credential(self, value: Any, place: Place) -> Any:
        """Masks a value in a place where a credential is expected."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not isinstance(value, str) and not is_number:
            return value
        if not is_literal(str(value)):
            return value
        self._note(place)
        return REDACTED

    def text(self, text: str, place: Place) -> str:
        """Masks the credentials in a text: values whose names mark them as credentials
        (`api_key=…`), and credentials of a known form."""
        masked, markup = _masked(text)
        for pattern in _PAIRS:
            masked = pattern.sub(self._pair(place, markup), masked)
        return self._by_sight(_unmasked(masked, markup), place)

    def url(self, text: str, place: Place) -> str:
        """Masks an address: the user and password in it, and the values in its query."""
        masked, markup = _masked(text)
        signed_in = _USER_INFO.match(masked)
        if signed_in is not None and _signs_in(_unmasked(signed_in[2], markup)):
            self._note(place)
            masked = f"{signed_in[1]}{REDACTED}@{masked[signed_in.end() :]}"
        masked = _ADDRESS_PAIR.sub(self._pair(place, markup), masked)
        return self._by_sight(_unmasked(masked, markup), place)

    def _pair(self, place: Place, markup: list[str]) -> Callable[[re.Match[str]], str]:
        def struck(match: re.Match[str]) -> str:
            is_named = is_literal_credential_name(unquote_plus(match["name"]))
            if not is_named or not is_literal(unquote_plus(_unmasked(match["value"], markup))):
                return match[0]
            self._note(place)
            rest = match[0][match.end("value") - match.start() :]
            return f"{match['before']}{REDACTED}{rest}"

        return struck

    def _by_sight(self, text: str, place: Place) -> str:
        if REDACTED in text:
            # The config was read with its credential hidden; saving it would replace the credential
            # by this mark.
            self._note(place)
        struck = _KNOWN_SHAPES.sub(REDACTED, text)
        if struck != text:
            self._note(place)
        return struck

    def _note(self, place: Place) -> None:
        self._found[place] = None


def is_literal(text: str) -> bool:
    """Whether a text in a credential's place contains a credential. A text with Liquid contains a
    credential if its part outside of the Liquid is more than a scheme (`Bearer`) and names of
    parameters (`key=`)."""
    stripped = text.strip()
    if not has_liquid(stripped):
        return len(stripped) >= _FEW and stripped.lower() not in _NOT_SAID
    if not all(map(_is_harmless, _MARKUP.split(text))):
        return True
    reads = False
    for markup in _MARKUP.findall(text):
        if not _COMPARES.match(markup):
            quoted = (one or other for one, other in _QUOTED.findall(markup))
            if not all(map(_is_harmless, quoted)):
                return True
        reads = reads or _VARIABLE.search(_QUOTED.sub("", markup)) is not None
    return not reads


def _signs_in(user_info: str) -> bool:
    """Whether `user:password` before a host contains a credential. A user without a password may
    itself be an API key."""
    user, _, password = user_info.partition(":")
    return is_literal(password or user)


def _is_harmless(fragment: str) -> bool:
    """Whether a fragment is only a scheme and names: `Bearer `, `Token token=`, `user:`,
    `; key=`."""
    if len(fragment.strip()) <= _FEW:
        return True
    tokens = _TOKEN.findall(fragment)
    scheme = _SCHEME.match(fragment)
    if scheme is not None and tokens and scheme[0].strip() == tokens[0]:
        tokens = tokens[1:]
    return all(
        token in "=:" or (following in ("=", ":") and len(token) <= _NAME_CHARACTERS)
        for token, following in zip(tokens, [*tokens[1:], ""], strict=False)
    )


def _may_hold_it(name: str) -> bool:
    """Whether a field with this name can contain a credential. The field belongs to an object that
    stands in the place of a credential."""
    return not is_harmless_name(name)


def _masked(text: str) -> tuple[str, list[str]]:
    markup: list[str] = []

    def mask(match: re.Match[str]) -> str:
        markup.append(match[0])
        return chr(_FIRST_MASK + len(markup) - 1)

    return _MARKUP.sub(mask, text), markup


def _unmasked(text: str, markup: list[str]) -> str:
    def unmask(match: re.Match[str]) -> str:
        index = ord(match[0]) - _FIRST_MASK
        return markup[index] if index < len(markup) else match[0]

    return _MASK.sub(unmask, text)
