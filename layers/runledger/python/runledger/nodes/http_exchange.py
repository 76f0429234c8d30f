"""A call's request and response: how they are built, read, and kept in the history."""

import json
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

import jmespath
from jmespath.exceptions import JMESPathError

from runledger.errors import NodeError
from runledger.nodes.base import HttpRequest, HttpResponse
from runledger.redaction import Redactor
from runledger.templating import text_of

MAX_STORED_BYTES = 16 * 1024
MAX_OUTPUT_BYTES = 64 * 1024
_FORM = "application/x-www-form-urlencoded"
_MAX_JSON_DEPTH = 100


class CallSettings(Protocol):
    """What building a request needs of an INTEGRATION's config."""

    @property
    def method(self) -> str: ...
    @property
    def timeout_seconds(self) -> int: ...
    @property
    def idempotent(self) -> bool: ...


def build_request(
    settings: CallSettings, rendered: Mapping[str, Any], effect_key: str
) -> HttpRequest:
    """The call with every variable in place; raises NodeError `INVALID_HEADER`."""
    headers = {name: _header(name, value) for name, value in rendered["headers"].items()}
    present = {name.lower() for name in headers}
    body, content_type = _body(rendered["body"], headers)
    if content_type is not None and "content-type" not in present:
        headers["Content-Type"] = content_type
    changes = settings.method not in ("GET", "HEAD")
    if "idempotency-key" not in present and (settings.idempotent or changes):
        headers["Idempotency-Key"] = effect_key
    query = {name: text_of(value) for name, value in rendered["query"].items() if value is not None}
    return HttpRequest(
        method=settings.method,
        url=str(rendered["url"]).strip(),
        headers=headers,
        query=query,
        body=body,
        timeout_seconds=settings.timeout_seconds,
    )


def stored_request(request: HttpRequest, redactor: Redactor) -> dict[str, Any]:
    """The request as the history keeps it. `request` was built with placeholders for secrets."""
    body = request.body or b""
    return {
        "method": request.method,
        "url": redactor.url(request.url),
        "headers": redactor.headers(request.headers.items()),
        "query": redactor.value(request.query),
        "size": len(body),
        **_stored_body(body, _content_type(request.headers.items()), redactor),
    }


def stored_response(response: HttpResponse, document: Any, redactor: Redactor) -> dict[str, Any]:
    """The response as the history keeps it; `document` is its JSON, where it is JSON."""
    return {
        "status": response.status,
        "headers": redactor.headers(response.headers),
        "size": len(response.body),
        "truncated": response.truncated,
        "durationMs": response.duration_ms,
        **_stored_body(response.body, _content_type(response.headers), redactor, document),
    }


def parse_json(response: HttpResponse) -> Any:
    """The body's JSON, or None where it holds none."""
    return _json(response.body, _content_type(response.headers))


def capture(
    wanted: Mapping[str, tuple[str, bool]],
    response: HttpResponse,
    document: Any,
    redactor: Redactor,
) -> dict[str, Any]:
    """The values that JMESPath finds, without secrets; a value that is not there is left out.

    `wanted` maps a name to its expression and whether it is required. Raises NodeError
    `CAPTURE_MISSING`, `CAPTURE_FAILED`, `OUTPUT_TOO_LARGE`.
    """
    found: dict[str, Any] = {}
    for name, (expression, required) in wanted.items():
        try:
            value = jmespath.search(expression, document)
        except (JMESPathError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise NodeError(
                "CAPTURE_FAILED",
                f"`{name}` could not be captured by `{expression}`",
                cause=str(error),
            ) from error
        if value is not None:
            found[name] = redactor.value(value)
        elif required:
            raise NodeError(
                "CAPTURE_MISSING",
                f"the response has no value for `{name}` at `{expression}`"
                f"{_why(response, document)}",
            )
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


def _header(name: str, value: Any) -> str:
    text = text_of(value)
    # Latin-1 is all that HTTP/1.1 carries; a line break would begin another header.
    if any(character in text for character in "\r\n\0"):
        raise NodeError("INVALID_HEADER", f"the header {name} would hold a line break")
    try:
        text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise NodeError(
            "INVALID_HEADER", f"the header {name} holds characters that HTTP cannot carry"
        ) from error
    return text.strip()


def _body(value: Any, headers: Mapping[str, str]) -> tuple[bytes | None, str | None]:
    if value is None:
        return None, None
    if isinstance(value, Mapping) and _content_type(headers.items()) == _FORM:
        pairs = {str(name): text_of(item) for name, item in value.items()}
        return urlencode(pairs).encode(), _FORM
    if isinstance(value, str):
        return value.encode(errors="replace"), "text/plain; charset=utf-8"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text.encode(errors="replace"), "application/json"


def _content_type(headers: Any) -> str:
    found = (value for name, value in headers if name.lower() == "content-type")
    return str(next(found, "")).partition(";")[0].strip().lower()


def _json(body: bytes, content_type: str) -> Any:
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


def _stored_body(
    body: bytes, content_type: str, redactor: Redactor, document: Any = None
) -> dict[str, Any]:
    if not body:
        return {"body": None}
    if document is None:
        document = _json(body, content_type)
    if document is not None and len(body) <= MAX_STORED_BYTES:
        return {"body": redactor.value(document)}
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        # A body that was cut inside a character is still text.
        if error.start < len(body) - 3 or error.reason != "unexpected end of data":
            return {"body": None, "note": f"binary, {len(body)} bytes, not kept"}
        text = body[: error.start].decode()
    if "\0" in text:
        return {"body": None, "note": f"binary, {len(body)} bytes, not kept"}
    # Struck before it is cut, so that no half of a secret stays at the end.
    if document is not None:
        text = json.dumps(redactor.value(document), ensure_ascii=False)
    elif content_type == _FORM:
        text = urlencode(redactor.pairs(parse_qsl(text, keep_blank_values=True)))
    else:
        text = redactor.text(text)
    encoded = text.encode(errors="replace")
    if len(encoded) <= MAX_STORED_BYTES:
        return {"body": text}
    kept = encoded[:MAX_STORED_BYTES].decode(errors="ignore")
    return {"body": kept, "note": f"cut after {MAX_STORED_BYTES} bytes"}
