"""Inflates a compressed request within bounds."""

from collections.abc import Iterator

from runledger.compression import CutBodyError, DamagedBodyError, UnknownEncodingError, unpack
from runledger.errors import InvalidInputError, PayloadTooLargeError, UnsupportedMediaTypeError

# A sender may write thousands of empty members. zlib copies what follows each of them, so a piece
# is short.
_PIECE = 4_096
_LONGEST_SHOWN = 40


def inflated(body: bytes, encoding: str, most: int) -> bytes:
    """Returns the body after its Content-Encoding is removed.

    Raises UnsupportedMediaTypeError for an unknown encoding, InvalidInputError for a body that is
    damaged or incomplete, and PayloadTooLargeError for a body of more than `most` bytes."""
    try:
        content, has_more = unpack(_pieces(body), encoding, most)
    except UnknownEncodingError as error:
        raise UnsupportedMediaTypeError(
            f"the content encoding {error.encoding[:_LONGEST_SHOWN]!r} is not supported; send gzip "
            "or an uncompressed body"
        ) from error
    except CutBodyError as error:
        raise InvalidInputError(
            f"the body is not complete: its {error.encoding} data ends too early"
        ) from error
    except DamagedBodyError as error:
        raise InvalidInputError(f"the body is not {error.encoding}, or it is damaged") from error
    if has_more:
        raise PayloadTooLargeError(
            f"the body must be at most {most} bytes"
            + (" after it is inflated" if len(body) <= most else "")
        )
    return content


def _pieces(body: bytes) -> Iterator[bytes]:
    return (body[start : start + _PIECE] for start in range(0, len(body), _PIECE))
