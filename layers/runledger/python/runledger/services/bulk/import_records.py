"""Reads the rows of an import's file from its bytes, which may be split anywhere.

A CSV is read by the rules of RFC 4180: a quoted cell may contain line breaks, separators and
doubled quotes. Lines end with CRLF, LF or CR. The text is UTF-8, with or without a byte-order mark.
Any other encoding is refused, never guessed.
"""

import codecs
import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from runledger.errors import InvalidInputError
from runledger.json_body import parse_json
from runledger.models.contact_import import ImportFormat

DELIMITERS = (",", ";", "\t")
MAX_COLUMNS = 500
# The longest line or row, in bytes: a contact may have 32 kB of metadata.
MAX_ROW_BYTES = 256 * 1024
# The longest cell that Python's reader takes, in characters.
_MAX_CELL = 128 * 1024
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SAVE_AS_UTF8 = "save it as UTF-8 (in Excel: “CSV UTF-8”) and upload it again"


class UnreadableFileError(InvalidInputError):
    """The file cannot be read as the format that it should have."""


class Record(NamedTuple):
    """A row of the file. `number` counts from 1 as a spreadsheet does, and `end` is the byte at
    which the next row begins. `value` is a list of cells (CSV) or an object (JSON Lines); it is
    None if the row is not valid, which `problem` explains."""

    number: int
    end: int
    value: Any
    problem: str | None = None


class _Lines:
    """The lines of a file as text, with their line breaks. The file has been read up to the byte
    `end`, and `number` is the number of the row that is being read, for messages."""

    def __init__(self, chunks: Iterable[bytes], start: int, number: int) -> None:
        self._chunks = chunks
        self._is_start = start == 0
        self.end = start
        self.number = number

    def __iter__(self) -> Iterator[str]:
        rest = b""
        for chunk in self._chunks:
            lines = (rest + chunk).splitlines(keepends=True)
            rest = b""
            if lines and not lines[-1].endswith(b"\n"):
                # The line, or its CRLF, may go on in the next chunk.
                rest = lines.pop()
            yield from map(self._text, lines)
            self._check_length(rest)
        yield from map(self._text, rest.splitlines(keepends=True))

    def _text(self, line: bytes) -> str:
        self._check_length(line)
        self.end += len(line)
        if self._is_start:
            self._is_start = False
            if line.startswith(_UTF16):
                raise UnreadableFileError(f"the file is UTF-16; {_SAVE_AS_UTF8}")
            line = line.removeprefix(codecs.BOM_UTF8)
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise UnreadableFileError(
                f"row {self.number} is not UTF-8 (byte {line[error.start]:#04x}); {_SAVE_AS_UTF8}"
            ) from error
        if "\0" in text:
            raise UnreadableFileError(
                f"row {self.number} contains a NUL character, so the file is binary or in another "
                f"encoding; {_SAVE_AS_UTF8}"
            )
        return text

    def _check_length(self, line: bytes) -> None:
        if len(line) > MAX_ROW_BYTES:
            raise UnreadableFileError(
                f"row {self.number} has a line of more than {MAX_ROW_BYTES // 1024} kB; check that "
                "the file has line breaks"
            )


def read_records(
    format_: ImportFormat,
    chunks: Iterable[bytes],
    delimiter: str | None = None,
    start: int = 0,
    row: int = 0,
) -> Iterator[Record]:
    """Yields the rows of a file; the header of a CSV is its first row. Blank rows are counted but
    not yielded. `chunks` are the bytes of the file, beginning with the byte `start`. `row` is the
    number of the row that ends there, or 0 at the beginning of the file.

    Raises UnreadableFileError where the file cannot be read any further."""
    lines = _Lines(chunks, start, row + 1)
    if format_ is ImportFormat.JSONL:
        yield from _json_records(lines, row)
    else:
        yield from _csv_records(lines, row, delimiter or ",")


def _csv_records(lines: _Lines, row: int, delimiter: str) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFileError(f"row {row + 1} {_quoting(str(error))}") from error
        row += 1
        lines.number = row + 1
        if any(cell.strip() for cell in cells):
            yield Record(row, lines.end, cells)


def _quoting(error: str) -> str:
    """Returns what is wrong with the row, for an error of Python's reader."""
    if "unexpected end" in error:
        return "opens a quote that is never closed"
    if "field limit" in error:
        return f"has a cell of more than {_MAX_CELL} characters; perhaps a quote is never closed"
    return "has text behind a closing quote; a quote inside a quoted cell must be doubled"


def _json_records(lines: _Lines, row: int) -> Iterator[Record]:
    for line in lines:
        row += 1
        lines.number = row + 1
        if not line.strip():
            continue
        try:
            value = parse_json(line.encode())
        except InvalidInputError as error:
            yield Record(row, lines.end, None, str(error).replace("the body", "the line"))
            continue
        is_object = isinstance(value, dict)
        problem = None if is_object else "the line must be one JSON object"
        yield Record(row, lines.end, value if is_object else None, problem)


class Header(NamedTuple):
    """The header of a CSV: the separator, the names of the columns, and the byte at which the first
    row begins. A column without a name gets its position as its name, such as `column 3`."""

    delimiter: str
    names: tuple[str, ...]
    end: int


def read_header(data: bytes) -> Header:
    """Reads the header from the beginning of a CSV. The separator is the one that makes the most
    columns. Raises UnreadableFileError if there is no header."""
    found: list[Header] = []
    problem: UnreadableFileError | None = None
    for delimiter in DELIMITERS:
        try:
            first = next(read_records(ImportFormat.CSV, [data], delimiter), None)
        except UnreadableFileError as error:
            problem = problem or error
            continue
        if first is not None and first.number == 1:
            found.append(Header(delimiter, _names(first.value), first.end))
    if not found:
        raise problem or UnreadableFileError("the file has no header; name the columns in row 1")
    best = max(found, key=lambda header: len(header.names))
    if len(best.names) > MAX_COLUMNS:
        raise UnreadableFileError(f"the file has more than {MAX_COLUMNS} columns")
    return best


def _names(cells: list[str]) -> tuple[str, ...]:
    return tuple(cell.strip() or f"column {place}" for place, cell in enumerate(cells, start=1))


def paths_in(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yields the paths and values of an object of JSON Lines. A list is one value."""
    for name, value in document.items():
        if isinstance(value, Mapping) and value:
            yield from ((f"{name}.{path}", inner) for path, inner in paths_in(value))
        else:
            yield name, value


def shown(value: Any) -> str:
    """Returns a value of a row as a person reads it in a preview."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
