"""Finds the credentials of one call that are not stored as secrets. These credentials have no name
that the history could show in their place.

A value counts as a credential if it is in a credential's place, such as the header `Authorization`.
The value may come from an event, from a contact, or from the config of an old version that would be
refused today. It is removed from everything that the service returns.

A text may also change a stored secret with a Liquid filter such as `base64_encode`. The result
counts as a credential too. Otherwise the result could not be recognized if the service encoded it
once more and returned it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from runledger.errors import NodeError
from runledger.nodes.http_auth import Auth
from runledger.redaction import is_credential_header, is_literal_credential_name
from runledger.templating import evaluate, filter_names, text_of

# Removing a shorter value would also remove text that only looks the same.
_MIN_CHARACTERS = 6
_SCHEME = re.compile(r"[A-Za-z][\w-]{0,31}\s+")


class Call(Protocol):
    """The fields of an INTEGRATION's config that this module reads."""

    @property
    def url(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, Any]: ...
    @property
    def query(self) -> Mapping[str, Any]: ...
    @property
    def body(self) -> Any: ...
    @property
    def auth(self) -> Auth | None: ...
    def secret_sources(self) -> list[str]: ...


def credentials_in(call: Call, rendered: Mapping[str, Any], scope: Mapping[str, Any]) -> list[str]:
    """Returns the credentials in the call, longest first. `rendered` has the parts of the call with
    variables filled in."""
    auth = call.auth
    found = [text_of(rendered["auth"][name]) for name in auth.credentials] if auth else []
    for value in _named(rendered):
        text = value.strip()
        found += [each for each in (text, _SCHEME.sub("", text, count=1)) if _is_long(each)]
    for source in call.secret_sources():
        if filter_names(source):
            found.append(text_of(evaluate(source, scope)))
    return sorted(set(found), key=len, reverse=True)


def known_credentials(call: Call, scope: Mapping[str, Any]) -> list[str]:
    """Returns the credentials of a call that could not be made. Texts with missing variables are
    ignored."""
    parts = {"headers": call.headers, "query": call.query, "body": call.body}
    auth = call.auth.texts() if call.auth else {}
    rendered = {
        "url": _tried(call.url, scope),
        "auth": {name: _tried(text, scope) for name, text in auth.items()},
        **{name: _tried(value, scope) for name, value in parts.items()},
    }
    try:
        return credentials_in(call, rendered, scope)
    except NodeError:
        return credentials_in(_WithoutSecrets(call), rendered, scope)


class _WithoutSecrets:
    def __init__(self, call: Call) -> None:
        self._call = call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def secret_sources(self) -> list[str]:
        return []


def _tried(value: Any, scope: Mapping[str, Any]) -> Any:
    """Renders every text in the value. A text becomes None if one of its variables has no value in
    this scope."""
    if isinstance(value, Mapping):
        return {key: _tried(item, scope) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tried(item, scope) for item in value]
    if not isinstance(value, str):
        return value
    try:
        return evaluate(value, scope)
    except NodeError:
        return None


def _named(rendered: Mapping[str, Any]) -> Iterator[str]:
    """Yields all values whose name marks them as credentials."""
    for name, value in rendered["headers"].items():
        if is_credential_header(name):
            yield from _texts(value)
        yield from _inside(value)
    yield from _inside(rendered["query"])
    yield from _pairs(parse_qsl(_query(text_of(rendered["url"]))))
    yield from _inside(rendered["body"])


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""


def _pairs(pairs: Iterable[tuple[str, Any]]) -> Iterator[str]:
    for name, value in pairs:
        if is_literal_credential_name(str(name)):
            yield from _texts(value)


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _pairs(value.items())
        for item in value.values():
            yield from _inside(item)
    elif isinstance(value, list):
        for item in value:
            yield from _inside(item)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield text_of(value)


def _is_long(text: str) -> bool:
    return len(text) >= _MIN_CHARACTERS
