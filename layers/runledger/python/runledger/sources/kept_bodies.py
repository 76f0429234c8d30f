"""Reads the bodies of kept events for people and for searches: as far as possible, never strictly.

Nothing here decides about an event. What opens a run is read strictly."""

import zlib
from typing import TYPE_CHECKING, NamedTuple

from runledger.charsets import decode_body
from runledger.errors import InvalidInputError, UnsupportedMediaTypeError

if TYPE_CHECKING:
    from runledger.models.kept_event import KeptEvent

# As much as a body with `split` may inflate to.
MAX_INFLATED = 8_000_000
# zlib recognizes the headers of gzip and zlib itself with 32 added to the window (zlib manual,
# "inflateInit2").
_ANY_HEADER = 47
# Each further member of a gzip file copies the rest of the body.
_MAX_MEMBERS = 50
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})


class BodyText(NamedTuple):
    """A body as text. `is_exact` says that no byte had to be replaced; `is_whole` that nothing was
    left out."""

    text: str
    is_exact: bool
    is_whole: bool


def read_body(event: "KeptEvent") -> BodyText:
    """Returns the body, unpacked and decoded. A damaged body is read as far as possible."""
    data, is_whole = unpacked(event)
    try:
        text = decode_body(data, event.headers.get("content-type", ""))
    except (InvalidInputError, UnsupportedMediaTypeError):
        return BodyText(data.decode(errors="replace"), is_exact=False, is_whole=is_whole)
    return BodyText(text, is_exact=True, is_whole=is_whole)


def unpacked(event: "KeptEvent") -> tuple[bytes, bool]:
    """Returns the body without its content encoding, and whether that is all of it."""
    if event.headers.get("content-encoding", "").strip().lower() not in _PACKED:
        return event.body, True
    made, left = bytearray(), event.body
    for _ in range(_MAX_MEMBERS):
        if not left or len(made) >= MAX_INFLATED:
            break
        stream = zlib.decompressobj(_ANY_HEADER)
        try:
            made += stream.decompress(left, MAX_INFLATED - len(made))
        except zlib.error:
            # The call returned nothing, not even what comes before the damage.
            made += _before_damage(left, MAX_INFLATED - len(made))
            return bytes(made), False
        if not stream.eof:
            return bytes(made), False
        left = stream.unused_data
    return bytes(made), not left


def _before_damage(data: bytes, room: int) -> bytes:
    stream = zlib.decompressobj(_ANY_HEADER)
    made = bytearray()
    for start in range(0, len(data), 64):
        try:
            made += stream.decompress(data[start : start + 64], room - len(made))
        except zlib.error:
            break
        if len(made) >= room:
            break
    return bytes(made)
