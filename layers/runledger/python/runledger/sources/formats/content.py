"""Reads a body by its media type: JSON, a form, a multipart form or text."""

from enum import StrEnum
from typing import Any

from runledger.charsets import decode_body
from runledger.errors import UnsupportedMediaTypeError
from runledger.json_body import parse_json
from runledger.sources.formats.form import as_document, read_pairs
from runledger.sources.formats.multipart import read_fields

_LONGEST_SHOWN = 100


class Format(StrEnum):
    """The formats that a body may have."""

    JSON = "JSON"
    FORM = "FORM"
    MULTIPART = "MULTIPART"
    TEXT = "TEXT"


_BY_MEDIA_TYPE = {
    "application/json": Format.JSON,
    "text/json": Format.JSON,
    "application/x-www-form-urlencoded": Format.FORM,
    "multipart/form-data": Format.MULTIPART,
    "application/xml": Format.TEXT,
}


def media_type_of(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def format_of(content_type: str) -> Format | None:
    """Returns the format of a content type, or None for one that is not supported."""
    media_type = media_type_of(content_type)
    if media_type.endswith("+json"):
        return Format.JSON
    if media_type.startswith("text/") or media_type.endswith("+xml"):
        return _BY_MEDIA_TYPE.get(media_type, Format.TEXT)
    return _BY_MEDIA_TYPE.get(media_type)


def read_content(body: bytes, content_type: str) -> Any:
    """Returns the JSON value of a body: any JSON value, the fields of a form, or a text.

    Raises UnsupportedMediaTypeError for a content type or charset that is not supported, and
    InvalidInputError for a body that is not in its format."""
    kind = format_of(content_type)
    if kind is Format.JSON:
        return parse_json(body, content_type)
    if kind is Format.FORM:
        return as_document(read_pairs(body, content_type))
    if kind is Format.MULTIPART:
        return as_document(read_fields(body, content_type))
    if kind is Format.TEXT:
        return decode_body(body, content_type)
    media_type = media_type_of(content_type)[:_LONGEST_SHOWN]
    said = f"the content type {media_type!r} is not supported" if media_type else "no content type"
    raise UnsupportedMediaTypeError(
        f"{said}; send JSON (application/json), a form or text (text/plain)"
    )
