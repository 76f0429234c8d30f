"""CloudEvents 1.0 over HTTP: structured, binary and batched (github.com/cloudevents/spec, v1.0.2).

In each mode an event becomes the object of the standard's JSON format, with the payload in `data`.
A payload that is neither JSON nor a form nor text stays base64, in `data_base64`.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from runledger.charsets import UTF8, decode
from runledger.errors import InvalidInputError, UnsupportedMediaTypeError
from runledger.json_body import parse_json
from runledger.sources.base import Parsed
from runledger.sources.formats.content import format_of, media_type_of, read_content
from runledger.sources.formats.form import percent_decoded
from runledger.texts import clean_text

_STRUCTURED, _BATCH = "application/cloudevents", "application/cloudevents-batch"
_JSON_FORMAT = "+json"
_VERSION = "1.0"
_REQUIRED = ("id", "source", "type")
# HTTP protocol binding, section 3.1.3.
_HEADER = re.compile(r"ce-([a-z0-9]+)")
_ESCAPED = re.compile(r"\\(.)")
# These come from the body and its Content-Type, never from a header.
_NO_HEADERS = frozenset({"data", "datacontenttype"})
_BINARY_DATA = "data_base64"
# JSON event format, section 3.1: the type of a payload that declares none.
_IMPLIED_TYPE = "application/json"


def read_cloud_event(headers: Mapping[str, str], body: bytes) -> Parsed:
    """Returns the event or the batch of events of a request; header names are in lower case.

    Raises UnsupportedMediaTypeError for an event format other than JSON, and InvalidInputError for
    a request that is not a CloudEvent of version 1.0."""
    content_type = headers.get("content-type", "")
    media_type = media_type_of(content_type)
    if media_type.startswith(_BATCH):
        _require_json_format(media_type, _BATCH)
        return _batch(parse_json(body, content_type))
    if media_type.startswith(_STRUCTURED):
        _require_json_format(media_type, _STRUCTURED)
        return _structured(parse_json(body, content_type), "the event")
    if "ce-specversion" not in headers:
        raise InvalidInputError(
            "the request is not a CloudEvent: it has neither the content type "
            f"{_STRUCTURED}{_JSON_FORMAT} nor the header ce-specversion"
        )
    return _binary(headers, content_type, body)


def _require_json_format(media_type: str, mode: str) -> None:
    if media_type != mode + _JSON_FORMAT:
        raise UnsupportedMediaTypeError(
            f"the event format {media_type[:100]!r} is not supported; send {mode}{_JSON_FORMAT}"
        )


def _batch(value: Any) -> Parsed:
    if not isinstance(value, list):
        raise InvalidInputError("a batch of CloudEvents must be a JSON array")
    events = [_structured(each, f"event {index} of the batch") for index, each in enumerate(value)]
    return Parsed([each.document for each in events], batch=tuple(events))


def _structured(value: Any, of: str) -> Parsed:
    """Returns the event that `value`, an object of the JSON format, describes. `of` is what error
    messages call this object."""
    if not isinstance(value, dict):
        raise InvalidInputError(f"{of} is not a JSON object")
    # JSON event format, section 2.3: null is the same as no attribute.
    event = {name: each for name, each in value.items() if each is not None or name == "data"}
    encoded = event.get(_BINARY_DATA)
    if encoded is not None:
        if "data" in event:
            raise InvalidInputError(f"{of} has both `data` and `{_BINARY_DATA}`")
        data = _decoded(encoded, of)
        declared = event.get("datacontenttype")
        if isinstance(declared, str):
            del event[_BINARY_DATA]
            event |= _payload(data, declared)
    return _checked(event, of)


def _binary(headers: Mapping[str, str], content_type: str, body: bytes) -> Parsed:
    event: dict[str, Any] = {}
    for name, value in headers.items():
        found = _HEADER.fullmatch(name)
        if found and found[1] not in _NO_HEADERS:
            event[found[1]] = _unescaped(name, value)
    if content_type:
        event["datacontenttype"] = content_type
    if body:
        event |= _payload(body, content_type or _IMPLIED_TYPE)
    return _checked(event, "the event")


def _payload(data: bytes, content_type: str) -> dict[str, Any]:
    if format_of(content_type) is None:
        return {_BINARY_DATA: base64.b64encode(data).decode()}
    return {"data": read_content(data, content_type)}


def _decoded(encoded: Any, of: str) -> bytes:
    try:
        if isinstance(encoded, str):
            return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError(f"`{_BINARY_DATA}` of {of} is not base64") from error
    raise InvalidInputError(f"`{_BINARY_DATA}` of {of} is not a JSON string")


def _unescaped(name: str, value: str) -> str:
    """Decodes a header's value as in the HTTP protocol binding, section 3.1.3.2: removes the
    quotes, then percent-decodes once to UTF-8."""
    if len(value) >= 2 and value.startswith('"') and value.endswith('"'):
        value = _ESCAPED.sub(r"\1", value[1:-1])
    return decode(percent_decoded(clean_text(value).encode()), UTF8, f"the header {name}")


def _checked(event: dict[str, Any], of: str) -> Parsed:
    version = event.get("specversion")
    if version != _VERSION:
        said = f"is {str(version)[:20]!r}" if version is not None else "is missing"
        raise InvalidInputError(
            f"the specversion of {of} {said}; only {_VERSION} is supported",
            field="specversion",
            kept=f"the specversion of {of} is not {_VERSION}",
        )
    for name in _REQUIRED:
        if not isinstance(event.get(name), str) or not event[name]:
            raise InvalidInputError(f"{of} has no text at {name}", field=name)
    # Two senders may use the same id: source and id together tell events apart (core
    # specification, section "id"). A source is a URI, so a blank ends it.
    source = event["source"].replace(" ", "%20")
    return Parsed(event, type=event["type"], id=f"{source} {event['id']}")
