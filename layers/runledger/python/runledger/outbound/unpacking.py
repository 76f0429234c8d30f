"""Reads an answer's body, compressed or not."""

from collections.abc import Iterator

from runledger.compression import CutBodyError, DamagedBodyError, UnknownEncodingError, unpack
from runledger.errors import NodeError


def read_body(chunks: Iterator[bytes], encoding: str, most: int) -> tuple[bytes, bool]:
    """Returns the body up to `most` bytes, and whether there was more. Raises NodeError
    `CONNECTION_FAILED` for a body that is damaged or incomplete, because the answer to a later try
    may be complete, and `INVALID_ANSWER` for an encoding that was not requested.

    `encoding` is the header Content-Encoding."""
    try:
        return unpack(chunks, encoding, most)
    except UnknownEncodingError as error:
        raise NodeError(
            "INVALID_ANSWER",
            f"the answer has the content encoding {error.encoding[:60]}, which is not supported",
        ) from error
    except CutBodyError as error:
        raise NodeError(
            "CONNECTION_FAILED",
            f"the answer is not complete: its {error.encoding} body ends too early",
        ) from error
    except DamagedBodyError as error:
        raise NodeError(
            "CONNECTION_FAILED",
            f"the answer says that it is {error.encoding}, but its body is damaged",
        ) from error
