"""Puts the parts of an import's file together."""

from collections.abc import Iterator
from itertools import count, takewhile
from typing import TYPE_CHECKING

from runledger.errors import NotFoundError
from runledger.models.contact_import import ContactImport
from runledger.services.bulk.import_records import Record, UnreadableFileError, read_records

if TYPE_CHECKING:
    from runledger.store.import_files import ImportFiles

# How much of a file is read for its header and its first rows.
_BEGINNING = 1024 * 1024


def bytes_from(made: ContactImport, files: "ImportFiles", start: int) -> Iterator[bytes]:
    """Yields the file's bytes, beginning with the byte `start`, one part at a time."""
    at = 0
    for _, part in sorted(made.parts.items()):
        if at + part.size > start:
            try:
                data = files.read(part.key)
            except NotFoundError as error:
                raise UnreadableFileError("the file was deleted; upload it again") from error
            yield data[max(start - at, 0) :]
        at += part.size


def beginning(made: ContactImport, files: "ImportFiles") -> tuple[bytes, bool]:
    """Returns the beginning of the file, which ends at the first missing part, and whether it is
    the whole file."""
    numbers = takewhile(made.parts.__contains__, count(1))
    parts = {number: made.parts[number] for number in numbers}
    data = b""
    for chunk in bytes_from(made.changed(parts=parts), files, 0):
        data += chunk
        if len(data) >= _BEGINNING:
            break
    return data, len(data) == made.size


def records_of(made: ContactImport, files: "ImportFiles") -> Iterator[Record]:
    """Yields all rows of the file, without the header."""
    records = read_records(made.format, bytes_from(made, files, 0), made.delimiter)
    if made.width is not None:
        next(records, None)
    return records
