"""Answers as they arrive from a socket: compressed, cut off, redirected, with any bytes in
Location."""

import gzip
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.errors import NodeError
from runledger.outbound.client import MAX_BODY_BYTES, OutboundClient
from runledger.outbound.unpacking import read_body

from tests.functional.test_outbound_client import (
    Server,
    failure,
    raw_server,
    request,
    server,
    start_server,
)

__all__ = ["raw_server", "server", "start_server"]

DATA = b'{"score": 7}' * 50


def raw(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


PACKED = {
    "gzip": ("gzip", gzip.compress(DATA)),
    "gzip in capitals": ("GZIP", gzip.compress(DATA)),
    "x-gzip": ("x-gzip", gzip.compress(DATA)),
    "several members": ("gzip", b"".join(gzip.compress(part) for part in pieces(DATA, 99))),
    "an empty member": (
        "gzip",
        gzip.compress(DATA[:9]) + gzip.compress(b"") + gzip.compress(DATA[9:]),
    ),
    "padding": ("gzip", gzip.compress(DATA) + b"\0" * 512),
    "zlib": ("deflate", zlib.compress(DATA)),
    "raw deflate": ("deflate", raw(DATA)),
    "nothing": ("identity", DATA),
}


@pytest.mark.parametrize("how", PACKED)
@pytest.mark.parametrize("size", [1, 2, 3, 10, 100_000])
def test_a_compressed_body_is_decompressed_from_pieces_of_any_size(how: str, size: int) -> None:
    encoding, packed = PACKED[how]
    assert read_body(pieces(packed, size), encoding, MAX_BODY_BYTES) == (DATA, False)


@pytest.mark.parametrize("how", [each for each in PACKED if each not in ("nothing", "padding")])
@pytest.mark.parametrize("cut", [1, 4, 9, 15])
def test_a_compressed_body_that_is_cut_off_is_an_error(how: str, cut: int) -> None:
    encoding, packed = PACKED[how]
    with pytest.raises(NodeError) as caught:
        read_body(pieces(packed[:-cut], 7), encoding, MAX_BODY_BYTES)
    assert caught.value.kind == "CONNECTION_FAILED"


@pytest.mark.parametrize(
    ("encoding", "packed", "kind", "words"),
    [
        ("gzip", b"plain", "CONNECTION_FAILED", "damaged"),
        ("gzip", gzip.compress(DATA) + b"more", "CONNECTION_FAILED", "damaged"),
        ("gzip", gzip.compress(DATA)[:-8] + b"\0" * 8, "CONNECTION_FAILED", "damaged"),
        ("deflate", b"\x78\x9cnothing", "CONNECTION_FAILED", "damaged"),
        ("deflate", b"\x78", "CONNECTION_FAILED", "ends too early"),
        ("br", b"\x0b\x02\x80", "INVALID_ANSWER", "content encoding br"),
        ("zstd", b"\x28\xb5", "INVALID_ANSWER", "content encoding zstd"),
        ("gzip, br", b"\x0b", "INVALID_ANSWER", "content encoding gzip, br"),
    ],
)
def test_a_body_that_cannot_be_decompressed_gives_the_reason(
    encoding: str, packed: bytes, kind: str, words: str
) -> None:
    with pytest.raises(NodeError, match=words) as caught:
        read_body(iter([packed]), encoding, MAX_BODY_BYTES)
    assert caught.value.kind == kind


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity", ""])
def test_an_empty_body_with_any_encoding_is_empty(encoding: str) -> None:
    assert read_body(iter([b""]), encoding, MAX_BODY_BYTES) == (b"", False)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", lambda: gzip.compress(b"\0" * (64 * MAX_BODY_BYTES))),
        ("gzip", lambda: gzip.compress(b"\0" * 100_000) * 200),
        ("deflate", lambda: raw(b"\0" * (64 * MAX_BODY_BYTES))),
        ("gzip", lambda: gzip.compress(b"") * 200_000),
    ],
    ids=["one member", "many members", "deflate", "endless, and nothing in it"],
)
def test_a_compression_bomb_is_cut_at_the_limit(encoding: str, pack: Callable[[], bytes]) -> None:
    taken = 0
    packed = pack()

    def sent() -> Iterator[bytes]:
        nonlocal taken
        for piece in pieces(packed, 65_536):
            taken += len(piece)
            yield piece

    body, truncated = read_body(sent(), encoding, MAX_BODY_BYTES)
    assert truncated and len(body) <= MAX_BODY_BYTES
    assert taken <= MAX_BODY_BYTES + 3 * 65_536


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate"]), st.integers(1, 50))
def test_any_bytes_give_a_body_or_our_error(data: bytes, encoding: str, size: int) -> None:
    try:
        read_body(pieces(data, size), encoding, MAX_BODY_BYTES)
    except NodeError as error:
        assert error.kind == "CONNECTION_FAILED"


def test_a_body_shorter_than_its_content_length_is_an_error(
    raw_server: Callable[[Callable[..., None]], str],
) -> None:
    host = raw_server(
        lambda peer: (
            peer.recv(65_536) and peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}")
        )
    )
    error = failure(OutboundClient(allow_hosts=[host]), request(f"http://{host}/"))
    assert error.kind == "CONNECTION_FAILED"


LOCATIONS = {
    "UTF-8": ("/köln?straße=ö".encode(), "/k%C3%B6ln?stra%C3%9Fe=%C3%B6"),
    "Latin-1": ("/köln".encode("latin-1"), "/k%F6ln"),
    "blanks": (b"/a b/c d?e f=g h", "/a%20b/c%20d?e%20f=g%20h"),
    "escaped already": (b"/k%C3%B6ln%20x?a=%26", "/k%C3%B6ln%20x?a=%26"),
    "relative": (b"next/step?x=1", "/from/next/step?x=1"),
    "up": (b"../up", "/up"),
    "a query alone": (b"?page=2", "/from/here?page=2"),
    "a fragment": (b"/x#part", "/x"),
    "tabs": (b"/a\tb", "/ab"),
    "an emoji": ("/\U0001f600".encode(), "/%F0%9F%98%80"),
}


def redirecting(status: int, location: bytes | None) -> bytes:
    head = b"" if location is None else b"Location: " + location + b"\r\n"
    return b"HTTP/1.1 %d Moved\r\n%sContent-Length: 0\r\n\r\n" % (status, head)


def serving(
    raw_server: Callable[[Callable[..., None]], str], first: bytes
) -> tuple[str, list[bytes]]:
    """Starts a server whose first answer is `first` and whose others are 200. Returns its host, and
    a list that collects the request lines."""
    asked: list[bytes] = []

    def treat(peer: "object") -> None:
        line = peer.recv(65_536).partition(b"\r\n")[0]  # type: ignore[attr-defined]
        asked.append(line)
        answer = first if len(asked) == 1 else b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        peer.sendall(answer)  # type: ignore[attr-defined]

    return raw_server(treat), asked


@pytest.mark.parametrize("how", LOCATIONS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_to_its_location(
    raw_server: Callable[[Callable[..., None]], str], how: str, status: int
) -> None:
    location, path = LOCATIONS[how]
    host, asked = serving(raw_server, redirecting(status, location))
    client = OutboundClient(allow_hosts=[host])
    assert client.call(request(f"http://{host}/from/here")).body == b"ok"
    assert asked == [b"GET /from/here HTTP/1.1", f"GET {path} HTTP/1.1".encode()]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_redirect_of_an_unsafe_method_is_reported_and_not_followed(
    raw_server: Callable[[Callable[..., None]], str], status: int, method: str
) -> None:
    host, asked = serving(raw_server, redirecting(status, "/köln?a=1".encode()))
    response = OutboundClient(allow_hosts=[host]).call(request(f"http://{host}/from", method))
    assert (response.status, response.redirects_to) == (status, f"http://{host}/k%C3%B6ln?a=1")
    assert len(asked) == 1


@pytest.mark.parametrize("location", [None, b"", b" "])
def test_a_redirect_without_location_is_an_answer(
    raw_server: Callable[[Callable[..., None]], str], location: bytes | None
) -> None:
    host, asked = serving(raw_server, redirecting(302, location))
    response = OutboundClient(allow_hosts=[host]).call(request(f"http://{host}/"))
    assert (response.status, response.redirects_to, len(asked)) == (302, None, 1)


def test_the_location_of_another_status_is_not_a_redirect(server: Server) -> None:
    server.answers["/"] = (201, {"Location": "/made/1"}, b"")
    client = OutboundClient(allow_hosts=[server.host])
    assert client.call(request(server.url(), "POST")).redirects_to is None


def test_headers_are_read_as_utf_8_or_else_as_latin_1(
    raw_server: Callable[[Callable[..., None]], str],
) -> None:
    head = b"HTTP/1.1 200 OK\r\nX-A: " + "Köln".encode() + b"\r\nX-B: K\xf6ln\r\n"
    host, _ = serving(raw_server, head + b"X-C: \xed\xa0\xbd\r\nContent-Length: 0\r\n\r\n")
    headers = dict(OutboundClient(allow_hosts=[host]).call(request(f"http://{host}/")).headers)
    assert (headers["X-A"], headers["X-B"], headers["X-C"]) == ("Köln", "Köln", "\ufffd")
