"""Builds the request of a call."""

import json
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

from runledger.nodes.http_answer import header, media_type
from runledger.nodes.http_auth import Auth
from runledger.nodes.http_headers import header_text, refuse_control_characters
from runledger.nodes.tools import HttpRequest
from runledger.templating import text_of
from runledger.texts import clean_text

FORM = "application/x-www-form-urlencoded"


class CallSettings(Protocol):
    """The fields of an INTEGRATION's config from which a request is built."""

    @property
    def method(self) -> str: ...
    @property
    def timeout_seconds(self) -> int: ...
    @property
    def idempotent(self) -> bool: ...
    @property
    def auth(self) -> Auth | None: ...


def build_request(
    settings: CallSettings, rendered: Mapping[str, Any], effect_key: str
) -> HttpRequest:
    """Returns the request with all variables filled in. Raises NodeError `INVALID_REQUEST`."""
    headers = {
        name: header_text(name, text_of(value)) for name, value in rendered["headers"].items()
    }
    if settings.auth is not None:
        texts = {name: text_of(value) for name, value in rendered["auth"].items()}
        name = settings.auth.header_name
        headers[name] = header_text(name, settings.auth.header_value(texts))
    present = {name.lower() for name in headers}
    body, content_type = _body(rendered["body"], headers)
    if content_type is not None and "content-type" not in present:
        headers["Content-Type"] = content_type
    changes = settings.method not in ("GET", "HEAD")
    if "idempotency-key" not in present and (settings.idempotent or changes):
        headers["Idempotency-Key"] = effect_key
    url = text_of(rendered["url"]).strip()
    # The query needs no check: it is sent percent-encoded.
    refuse_control_characters("the address", url)
    return HttpRequest(
        method=settings.method,
        url=url,
        headers=headers,
        query=pairs_of(rendered["query"]),
        body=body,
        timeout_seconds=settings.timeout_seconds,
    )


def pairs_of(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The parameters of a query or a form, in order. A list becomes one parameter per item, all
    with the same name; an empty list becomes none. An object, or a list within a list, is sent as
    JSON. Null is sent as an empty value."""
    return tuple(
        (clean_text(str(name)), clean_text(text_of(item)))
        for name, value in values.items()
        for item in (value if isinstance(value, list | tuple) else [value])
    )


def _body(value: Any, headers: Mapping[str, str]) -> tuple[bytes | None, str | None]:
    if value is None:
        return None, None
    if isinstance(value, Mapping) and media_type(header(headers.items(), "content-type")) == FORM:
        return urlencode(pairs_of(value)).encode(), FORM
    if isinstance(value, str):
        return clean_text(value).encode(), "text/plain; charset=utf-8"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return clean_text(text).encode(), "application/json"
