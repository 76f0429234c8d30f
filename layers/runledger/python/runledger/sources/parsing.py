"""Reads the event of a request: inflates it, and reads its format into one JSON value."""

from typing import Any

from runledger.charsets import require_whole
from runledger.errors import InvalidInputError
from runledger.json_body import parse_json
from runledger.nodes.source_config import Preset
from runledger.sources.base import Parsed, Received
from runledger.sources.formats.cloud_events import read_cloud_event
from runledger.sources.formats.content import Format, format_of, read_content
from runledger.sources.formats.form import read_pairs
from runledger.sources.inflating import inflated

# The largest request of a trigger that splits it, as it is sent and inflated, in bytes.
MAX_SPLIT_BODY_BYTES = 4_000_000
MAX_SPLIT_BYTES = 8_000_000

# These senders can be set to send a form with their JSON in this field.
_JSON_IN_FORM = frozenset({Preset.GITHUB, Preset.SLACK})
_JSON_FIELD = "payload"


def read_event(received: Received, preset: Preset, *, most: int) -> Parsed:
    """Returns the event of a request whose body inflates to at most `most` bytes.

    Raises PayloadTooLargeError, UnsupportedMediaTypeError for a content type, content encoding or
    charset that is not supported, and InvalidInputError for a body that is not in its format."""
    require_whole(received.body, received.headers)
    body = _content(received, most)
    content_type = received.headers.get("content-type", "")
    if preset is Preset.CLOUDEVENTS:
        return read_cloud_event(received.headers, body)
    if preset is Preset.SNS:
        return Parsed(_notification(body, content_type))
    document = read_content(body, content_type)
    if preset in _JSON_IN_FORM and format_of(content_type) is Format.FORM:
        document = _json_field(document)
    return Parsed(document)


def trigger_body(document: Any) -> dict[str, Any]:
    """Returns an event as the object that paths and Liquid texts read. An event that is a list
    becomes {"items": list}, and one that is a scalar becomes {"value": scalar}."""
    if isinstance(document, dict):
        return document
    return {"items": document} if isinstance(document, list) else {"value": document}


def form_pairs(received: Received, *, most: int = MAX_SPLIT_BYTES) -> list[tuple[str, str]]:
    """Returns the names and values of a URL-encoded form in their order, with repeated names.
    Returns an empty list for any other content type. Raises the errors of `read_event`."""
    content_type = received.headers.get("content-type", "")
    if format_of(content_type) is not Format.FORM:
        return []
    return read_pairs(_content(received, most), content_type)


def _content(received: Received, most: int) -> bytes:
    return inflated(received.body, received.headers.get("content-encoding", ""), most)


def _notification(body: bytes, content_type: str) -> Any:
    """Returns the JSON of a request from SNS, which declares it as text/plain. If the field
    `Message` has the text of a JSON object or array, the text is replaced by that value, so that
    paths lead into it."""
    document = parse_json(body, content_type)
    if isinstance(document, dict) and isinstance(document.get("Message"), str):
        inner = _object_or_array(document["Message"])
        if inner is not None:
            return {**document, "Message": inner}
    return document


def _object_or_array(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return parse_json(text.encode())
    except InvalidInputError:
        # The message is a text that only looks like JSON.
        return None


def _json_field(fields: dict[str, Any]) -> Any:
    """Returns the JSON in a form's field `payload`, or the fields if there is none: Slack also
    sends plain forms, for slash commands."""
    text = fields.get(_JSON_FIELD)
    return parse_json(text.encode()) if isinstance(text, str) else fields
