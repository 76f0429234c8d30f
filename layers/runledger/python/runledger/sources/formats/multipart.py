"""Multipart forms: `multipart/form-data` (RFC 7578). Files are noted and dropped."""

import re
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from runledger.charsets import UTF8, Charset, declared_charset, decode, named_charset
from runledger.errors import InvalidInputError
from runledger.sources.formats.form import MAX_FIELDS, too_many_fields

# RFC 7578, section 4.6: this field names the charset of the others.
_CHARSET_FIELD = "_charset_"
# RFC 7578, section 4.7: no sender should encode a part, so other encodings are refused.
_PLAIN_ENCODINGS = (b"", b"7bit", b"8bit", b"binary")
_MOST_PADDING = 100


class _Part:
    """One part of a form while it is read."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.content = bytearray()
        self.size = 0
        self.name: bytes | None = None
        self.filename: bytes | None = None


class _Form:
    """Collects the parts. The content of a file is counted and never kept."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self.is_complete = False
        self._header_name = bytearray()
        self._header_value = bytearray()

    def begin_part(self) -> None:
        if len(self.parts) >= MAX_FIELDS:
            raise too_many_fields()
        self.parts.append(_Part())

    def add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def end_header(self) -> None:
        name = bytes(self._header_name).strip().lower()
        self.parts[-1].headers[name] = bytes(self._header_value).strip()
        self._header_name.clear()
        self._header_value.clear()

    def end_headers(self) -> None:
        part = self.parts[-1]
        kind, parameters = parse_options_header(part.headers.get(b"content-disposition"))
        part.name, part.filename = parameters.get(b"name"), parameters.get(b"filename")
        if kind != b"form-data" or part.name is None:
            raise InvalidInputError("a part of the form has no name")
        if part.headers.get(b"content-transfer-encoding", b"").lower() not in _PLAIN_ENCODINGS:
            raise InvalidInputError(
                "a part of the form is encoded (Content-Transfer-Encoding); send it as it is"
            )

    def add_data(self, data: bytes, start: int, end: int) -> None:
        part = self.parts[-1]
        part.size += end - start
        if part.filename is None:
            part.content += data[start:end]

    def end(self) -> None:
        self.is_complete = True


def read_fields(body: bytes, content_type: str) -> list[tuple[str, Any]]:
    """Returns the names and values of a multipart form in their order. The value of a file is
    {"filename", "contentType", "size"}; its content is dropped.

    Raises UnsupportedMediaTypeError for an unknown charset, and InvalidInputError for a body that
    is not such a form, is not complete, or has more than MAX_FIELDS fields."""
    form = _parsed(body, _boundary(content_type))
    charset = _default_charset(form.parts, content_type)
    return [_field(part, charset) for part in form.parts]


def _parsed(body: bytes, boundary: bytes) -> _Form:
    # The parser walks byte by byte through what follows a boundary. No content may contain one
    # (RFC 2046, section 5.1.1), so count them first.
    if body.count(b"\r\n--" + boundary) > MAX_FIELDS:
        raise too_many_fields()
    padding = re.escape(boundary) + rb"[ \t]{%d}" % _MOST_PADDING
    if re.search(padding, body):
        raise InvalidInputError(
            f"a boundary of the form is followed by {_MOST_PADDING} or more spaces or tabs"
        )
    form = _Form()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": form.begin_part,
                "on_header_field": form.add_header_name,
                "on_header_value": form.add_header_value,
                "on_header_end": form.end_header,
                "on_headers_finished": form.end_headers,
                "on_part_data": form.add_data,
                "on_end": form.end,
            },
        )
        parser.write(body)
    except FormParserError as error:
        raise InvalidInputError("the body is not a multipart form, or it is damaged") from error
    if not form.is_complete:
        raise InvalidInputError("the multipart form is not complete: its last boundary is missing")
    return form


def _boundary(content_type: str) -> bytes:
    # Characters beyond Latin-1 would be an error of the parser; as bytes they are only no match.
    _, parameters = parse_options_header(content_type.encode(errors="replace"))
    boundary = parameters.get(b"boundary")
    if not boundary:
        raise InvalidInputError("the content type of the multipart form has no boundary")
    return boundary


def _default_charset(parts: list[_Part], content_type: str) -> Charset:
    for part in parts:
        if part.name == _CHARSET_FIELD.encode() and part.filename is None and part.content:
            return named_charset(bytes(part.content).decode("ascii", "replace").strip())
    return declared_charset(content_type) or UTF8


def _field(part: _Part, charset: Charset) -> tuple[str, Any]:
    name = decode(part.name or b"", charset, "the name of a field")
    declared = part.headers.get(b"content-type", b"").decode("latin-1")
    if part.filename is None:
        chosen = declared_charset(declared) or charset
        return name, decode(bytes(part.content), chosen, "the value of a field")
    return name, {
        "filename": decode(part.filename, charset, "the name of a file"),
        "contentType": declared or None,
        "size": part.size,
    }
