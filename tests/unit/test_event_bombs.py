"""Hostile bodies are read or refused within bounds of processor time and memory."""

import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from runledger.errors import InvalidInputError, PayloadTooLargeError, UnsupportedMediaTypeError
from runledger.sources.base import Received
from runledger.sources.parsing import MAX_SPLIT_BYTES

from tests.support.depth import is_deep
from tests.support.received import FORM, JSON, read, received

# Time and memory grow in proportion, so a quick session tries an eighth.
MOST = MAX_SPLIT_BYTES if is_deep() else MAX_SPLIT_BYTES // 8
# The webhook function has 1,024 MB, and 8 seconds until it must answer. A slow machine has room.
MOST_SECONDS = 0.5 + 4.5 * MOST / MAX_SPLIT_BYTES
MOST_MEMORY = 50 * MOST
MULTIPART = "multipart/form-data; boundary=B"
FIELD = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n'


def filled(piece: bytes, start: bytes = b"", end: bytes = b"", most: int = MOST) -> bytes:
    return start + piece * ((most - len(start) - len(end)) // len(piece)) + end


def zeros(wbits: int) -> bytes:
    """Returns twenty times as many zeros as are allowed, compressed."""
    packer = zlib.compressobj(9, wbits=wbits)
    return b"".join(packer.compress(bytes(MOST)) for _ in range(20)) + packer.flush()


def packed(piece: bytes) -> bytes:
    return filled(gzip.compress(piece), most=MOST // 2)


REFUSED: dict[str, tuple[Callable[[], Received], type[Exception]]] = {
    "gzip of zeros": (
        lambda: received(zeros(31), content_encoding="gzip"),
        PayloadTooLargeError,
    ),
    "deflate of zeros": (
        lambda: received(zeros(15), content_encoding="deflate"),
        PayloadTooLargeError,
    ),
    "gzip in gzip": (
        lambda: received(gzip.compress(zeros(31)), content_encoding="gzip"),
        InvalidInputError,
    ),
    "very many empty members": (
        lambda: received(packed(b""), content_encoding="gzip"),
        InvalidInputError,
    ),
    "very many members": (
        lambda: received(packed(b"["), content_encoding="gzip"),
        InvalidInputError,
    ),
    "deep lists": (lambda: received(filled(b"[")), InvalidInputError),
    "deep objects": (lambda: received(filled(b'{"":')), InvalidInputError),
    "digits": (lambda: received(filled(b"9")), InvalidInputError),
    "fields": (lambda: received(filled(b"a&"), FORM), InvalidInputError),
    "parts without a name": (
        lambda: received(filled(b"--B\r\n\r\n"), MULTIPART),
        InvalidInputError,
    ),
    "parts": (lambda: received(filled(FIELD), MULTIPART), InvalidInputError),
    "almost boundaries": (
        lambda: received(filled(b"\r\n--B-", FIELD), MULTIPART),
        InvalidInputError,
    ),
    "beginnings of boundaries": (
        lambda: received(filled(b"\r\n--", FIELD), MULTIPART),
        InvalidInputError,
    ),
    "blanks after a boundary": (
        lambda: received(filled(b" ", FIELD + b"\r\n--B"), MULTIPART),
        InvalidInputError,
    ),
    "headers of a part": (
        lambda: received(filled(b"a: b\r\n", b"--B\r\n"), MULTIPART),
        InvalidInputError,
    ),
    "a long header of a part": (
        lambda: received(filled(b"a", b"--B\r\na: "), MULTIPART),
        InvalidInputError,
    ),
    "a multipart form that does not begin": (
        lambda: received(filled(b"\r\n"), MULTIPART),
        InvalidInputError,
    ),
    "a long content type": (
        lambda: received(b"{", f"{JSON};{' ' * 9_000}"),
        InvalidInputError,
    ),
    "a long content encoding": (
        lambda: received(b"{}", content_encoding="gzip," * 2_000),
        UnsupportedMediaTypeError,
    ),
}
ALLOWED: dict[str, Callable[[], Received]] = {
    "empty lists": lambda: received(filled(b"[],", b"[", b"[]]")),
    "empty objects": lambda: received(filled(b"{},", b"[", b"{}]")),
    "small objects": lambda: received(filled(b'{"":0},', b"[", b"{}]")),
    "floats": lambda: received(filled(b"1e1,", b"[", b"0]")),
    "lone surrogates": lambda: received(filled(rb'"\ud83d",', b"[", b'""]')),
    "a text of lone surrogates": lambda: received(filled(rb"\ud83d", b'["', b'"]')),
    "a wide text": lambda: received(filled(b"a", '["\U0001f600'.encode(), b'"]')),
    "escapes of a form": lambda: received(filled(b"%41", b"a="), FORM),
    "a field of a multipart form": lambda: received(filled(b"x", FIELD, b"\r\n--B--"), MULTIPART),
    "lines of a multipart form": lambda: received(filled(b"\r\n", FIELD, b"\r\n--B--"), MULTIPART),
}


def measured(call: Callable[[], object]) -> tuple[float, int]:
    """Makes the call twice. Returns the processor seconds of the first time, and the most bytes
    that it held the second time."""
    before = time.process_time()
    call()
    seconds = time.process_time() - before
    tracemalloc.start()
    try:
        call()
        return seconds, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", REFUSED)
def test_a_bomb_is_refused_within_bounds(name: str) -> None:
    make, error = REFUSED[name]
    request = make()

    def refuse() -> None:
        with pytest.raises(error):
            read(request, most=MOST)

    seconds, memory = measured(refuse)
    assert seconds < MOST_SECONDS
    assert memory < MOST_MEMORY


@pytest.mark.parametrize("name", ALLOWED)
def test_the_most_costly_bodies_are_read_within_bounds(name: str) -> None:
    request = ALLOWED[name]()
    seconds, memory = measured(lambda: read(request, most=MOST))
    assert seconds < MOST_SECONDS
    assert memory < MOST_MEMORY
