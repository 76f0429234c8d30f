"""Reads the bodies of kept events, to show them and to search them.

A damaged body is read as far as possible. This is only for display and search: an event that opens
a run is parsed strictly, elsewhere."""

from typing import TYPE_CHECKING, NamedTuple

from runledger.charsets import decode_body
from runledger.compression import salvage
from runledger.errors import InvalidInputError, UnsupportedMediaTypeError

if TYPE_CHECKING:
    from runledger.models.kept_event import KeptEvent

# As much as a body with `split` may inflate to.
MAX_INFLATED = 8_000_000
_GZIP_MAGIC = b"\x1f\x8b"


class BodyText(NamedTuple):
    """A body as text, and as the bytes that the text was decoded from. `is_exact` says that no byte
    had to be replaced; `is_whole` that nothing was left out."""

    text: str
    data: bytes
    is_exact: bool
    is_whole: bool


def read_body(event: "KeptEvent") -> BodyText:
    """Returns the body, unpacked and decoded. A damaged body is read as far as possible."""
    data, is_whole = unpacked(event)
    if data.startswith(_GZIP_MAGIC):
        # Packed, and its sender does not say so.
        data, is_whole = salvage(data, "gzip", MAX_INFLATED)
    try:
        text = decode_body(data, event.headers.get("content-type", ""))
    except (InvalidInputError, UnsupportedMediaTypeError):
        return BodyText(data.decode(errors="replace"), data, is_exact=False, is_whole=is_whole)
    return BodyText(text, data, is_exact=True, is_whole=is_whole)


def unpacked(event: "KeptEvent") -> tuple[bytes, bool]:
    """Returns the body without its content encoding, and whether all of the body is there."""
    return salvage(event.body, event.headers.get("content-encoding", ""), MAX_INFLATED)
