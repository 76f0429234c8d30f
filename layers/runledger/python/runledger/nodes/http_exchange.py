"""A call's request and response: how they are built and read."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

import jmespath
from jmespath.exceptions import JMESPathError

from runledger.errors import NodeError
from runledger.nodes.base import HttpRequest, HttpResponse
from runledger.nodes.http_auth import Auth
from runledger.nodes.http_headers import header_text, refuse_control_characters
from runledger.redaction import REDACTED, Redactor
from runledger.templating import text_of

MAX_OUTPUT_BYTES = 64 * 1024
FORM = "application/x-www-form-urlencoded"
_MAX_JSON_DEPTH = 100


class CallSettings(Protocol):
    """What building a request needs of an INTEGRATION's config."""

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
    """The call with every variable in place; raises NodeError `INVALID_REQUEST`."""
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
    query = {name: text_of(value) for name, value in rendered["query"].items() if value is not None}
    url = str(rendered["url"]).strip()
    # Those of the query go out percent-encoded, whatever they hold.
    refuse_control_characters("the address", url)
    return HttpRequest(
        method=settings.method,
        url=url,
        headers=headers,
        query=query,
        body=body,
        timeout_seconds=settings.timeout_seconds,
    )


def parse_json(response: HttpResponse) -> Any:
    """The body's JSON, or None where it holds none."""
    return json_of(response.body, content_type_of(response.headers))


@dataclass(frozen=True, slots=True)
class Wanted:
    """One value to take from a response: `default` stands in for one that is not required."""

    path: str
    required: bool
    default: Any = None


def capture(
    wanted: Mapping[str, Wanted], response: HttpResponse, document: Any, redactor: Redactor
) -> dict[str, Any]:
    """The values that JMESPath finds; one that is not there and has no default is left out.

    `document` is the response's JSON with credentials struck: what is kept was never made of one.
    Raises NodeError `CAPTURE_MISSING`, `CAPTURE_FAILED`, `OUTPUT_TOO_LARGE`.
    """
    found: dict[str, Any] = {}
    for name, each in wanted.items():
        try:
            value = jmespath.search(each.path, document)
        except (JMESPathError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise NodeError(
                "CAPTURE_FAILED",
                f"`{name}` could not be captured by `{each.path}`",
                cause=str(error),
            ) from error
        if value == REDACTED:
            raise NodeError(
                "CAPTURE_FAILED",
                f"`{name}` at `{each.path}` is a credential, and what is captured is kept in the "
                "run's history; store it as a secret instead",
            )
        if value is None and each.required:
            raise NodeError(
                "CAPTURE_MISSING",
                f"the response has no value for `{name}` at `{each.path}`"
                f"{_why(response, document)}",
            )
        value = each.default if value is None else redactor.value(value)
        if value is not None:
            found[name] = value
    size = len(json.dumps(found, ensure_ascii=False).encode(errors="replace"))
    if size > MAX_OUTPUT_BYTES:
        raise NodeError(
            "OUTPUT_TOO_LARGE",
            f"the captured values take {size} bytes, at most {MAX_OUTPUT_BYTES} are allowed",
        )
    return found


def _why(response: HttpResponse, document: Any) -> str:
    if response.truncated:
        return ": it was too long and was cut off"
    return ": its body is not JSON" if document is None else ""


def _body(value: Any, headers: Mapping[str, str]) -> tuple[bytes | None, str | None]:
    if value is None:
        return None, None
    if isinstance(value, Mapping) and content_type_of(headers.items()) == FORM:
        pairs = {str(name): text_of(item) for name, item in value.items()}
        return urlencode(pairs).encode(), FORM
    if isinstance(value, str):
        return value.encode(errors="replace"), "text/plain; charset=utf-8"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text.encode(errors="replace"), "application/json"


def content_type_of(headers: Iterable[tuple[str, str]]) -> str:
    """The media type alone, in lower case; empty where none is told."""
    found = (value for name, value in headers if name.lower() == "content-type")
    return str(next(found, "")).partition(";")[0].strip().lower()


def json_of(body: bytes, content_type: str) -> Any:
    """The JSON in a body, or None where it holds none (or some that is nested too deeply)."""
    looks_like_json = body.lstrip()[:1] in (b"{", b"[") and content_type in ("", "text/plain")
    if not content_type.endswith("json") and not looks_like_json:
        return None
    try:
        document = json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return document if _depth_is_at_most(document, _MAX_JSON_DEPTH) else None


def _depth_is_at_most(value: Any, limit: int) -> bool:
    if isinstance(value, dict):
        return limit > 0 and all(_depth_is_at_most(item, limit - 1) for item in value.values())
    if isinstance(value, list):
        return limit > 0 and all(_depth_is_at_most(item, limit - 1) for item in value)
    return True
