"""The local gateway's connections: requests and answers pass unchanged, over few connections."""

import asyncio
import string
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from local.settings import HOST
from local.upstream import Answer, UnsendableError, Upstream, UpstreamError

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@dataclass
class Served:
    """A server that answers each request with the next of `answers`. The parts of a list are sent
    one by one. If the next answer is None, the server closes the connection."""

    answers: list[bytes | list[bytes] | None]
    # Closes the connection after so many requests.
    ends_after: int | None = None
    connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    tasks: list[asyncio.Task[Any] | None] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.tasks.append(asyncio.current_task())
        self.writers.append(writer)
        try:
            await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            # The client has closed its end.
            return
        finally:
            self.ended.set()
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            length = [line for line in head.lower().split(b"\r\n") if b"content-length" in line]
            self.bodies.append(await reader.readexactly(int(length[0][15:]) if length else 0))
            answer = self.answers.pop(0)
            self.asked.set()
            if answer is None:
                return
            for part in [answer] if isinstance(answer, bytes) else answer:
                writer.write(part)
                await writer.drain()
            if len(self.heads) == self.ends_after:
                writer.close()
                await writer.wait_closed()
                return


def run(
    served: Served, use: Callable[[Upstream], Awaitable[Any]], timeout_seconds: float = 10
) -> Any:
    async def main() -> Any:
        server = await asyncio.start_server(served.serve, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        upstream = Upstream(HOST, port, timeout_seconds)
        try:
            return await use(upstream)
        finally:
            upstream.close()
            server.close()
            await asyncio.gather(*filter(None, served.tasks))

    return asyncio.run(main())


def get(upstream: Upstream, target: bytes = b"/") -> Awaitable[Answer]:
    return upstream.request("GET", target, [], b"")


def test_a_request_arrives_as_it_is() -> None:
    served = Served([OK])
    headers = [(b"X-One", b"a"), (b"x-two", b"caf\xe9"), (b"x-two", b"")]
    answer = run(served, lambda up: up.request("POST", b"/a%20b?c=%zz", headers, b"\x00body"))
    assert (answer.status, answer.body) == (200, b"ok")
    first, *lines = served.heads[0].split(b"\r\n")
    assert first == b"POST /a%20b?c=%zz HTTP/1.1"
    assert lines[1:5] == [b"Content-Length: 5", b"X-One: a", b"x-two: caf\xe9", b"x-two: "]
    assert lines[0].startswith(f"Host: {HOST}:".encode())
    assert served.bodies == [b"\x00body"]


@pytest.mark.parametrize(("method", "has_length"), [("POST", True), ("GET", False)])
def test_an_empty_body_has_a_length_if_the_method_needs_one(method: str, has_length: bool) -> None:
    served = Served([OK])
    run(served, lambda up: up.request(method, b"/", [], b""))
    assert (b"Content-Length: 0" in served.heads[0]) is has_length


def test_a_length_that_the_caller_sent_is_sent_once() -> None:
    served = Served([OK])
    run(served, lambda up: up.request("PUT", b"/", [(b"content-length", b"1")], b"x"))
    assert served.heads[0].lower().count(b"content-length") == 1


def test_every_printable_character_of_a_target_is_sent() -> None:
    target = "/" + "".join(sorted(set(string.printable[:94]) - {"#"})) + "#x"
    served = Served([OK])
    run(served, lambda up: get(up, target.encode()))
    assert served.heads[0].split(b" ")[1].decode() == target.replace("#", "%23")


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (b"/a b", []),
        (b"/a\r\nx-evil: 1", []),
        (b"", []),
        (b"/", [(b"x y", b"1")]),
        (b"/", [(b"x", b"1\r\nx-evil: 1")]),
        (b"/", [(b"x", b"1\n")]),
    ],
)
def test_what_would_change_the_message_is_not_sent(target: bytes, headers: list[Any]) -> None:
    served = Served([])
    with pytest.raises(UnsendableError):
        run(served, lambda up: up.request("GET", target, headers, b""))
    assert served.connections == 0


def test_one_connection_serves_many_requests() -> None:
    served = Served([OK] * 5)

    async def use(upstream: Upstream) -> None:
        for _ in range(5):
            assert (await get(upstream)).body == b"ok"

    run(served, use)
    assert served.connections == 1


def test_requests_at_the_same_time_have_connections_of_their_own() -> None:
    served = Served([OK] * 4)

    async def use(upstream: Upstream) -> None:
        await asyncio.gather(*(get(upstream) for _ in range(4)))

    run(served, use)
    assert served.connections == 4


def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    served = Served([OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"), OK])

    async def use(upstream: Upstream) -> None:
        assert (await get(upstream)).body == b"ok"
        assert (await get(upstream)).body == b"ok"

    run(served, use)
    assert served.connections == 2


def test_answers_are_passed_on_as_they_come() -> None:
    chunked = (
        b"HTTP/1.1 201 Created\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Encoding: gzip\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n3\r\n\x1f\x8b\x00\r\n2\r\nxy\r\n0\r\n\r\n"
    )
    served = Served([chunked, b"HTTP/1.1 204 No Content\r\n\r\n"])

    async def use(upstream: Upstream) -> tuple[Answer, Answer]:
        return await get(upstream), await get(upstream)

    first, second = run(served, use)
    assert (first.status, first.body) == (201, b"\x1f\x8b\x00xy")
    assert first.headers[:2] == [(b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2")]
    assert (second.status, second.body) == (204, b"")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("is_split", [True, False])
def test_an_interim_answer_is_not_the_answer(method: str, is_split: bool) -> None:
    interim = [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"]
    final = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n" + b"ok" * (method == "GET")
    parts = [*interim, final]
    served = Served([parts if is_split else b"".join(parts), OK])

    async def use(upstream: Upstream) -> tuple[Answer, Answer]:
        return await upstream.request(method, b"/", [], b""), await get(upstream)

    first, second = run(served, use)
    assert (first.status, first.body) == (201, b"ok" * (method == "GET"))
    assert first.headers == [(b"content-length", b"2")]
    assert (second.status, second.body) == (200, b"ok")


def test_another_protocol_is_an_error() -> None:
    served = Served(
        [b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"]
    )
    with pytest.raises(UpstreamError):
        run(served, get, timeout_seconds=0.5)


STRAY = b"HTTP/1.1 200 OK\r\nx-stray: yes\r\ncontent-length: 5\r\n\r\nstray"


@pytest.mark.parametrize("stray", [STRAY, STRAY[:20], b"no HTTP"])
def test_bytes_after_an_answer_are_not_the_next_one(stray: bytes) -> None:
    served = Served([OK + stray, OK])

    async def use(upstream: Upstream) -> tuple[Answer, Answer]:
        return await get(upstream), await get(upstream)

    for answer in run(served, use):
        assert (answer.status, answer.headers, answer.body) == (
            200,
            [(b"content-length", b"2")],
            b"ok",
        )
    assert served.connections == 2


@pytest.mark.parametrize("stray", [STRAY, b"\r\n"])
def test_bytes_on_an_idle_connection_close_it(stray: bytes) -> None:
    served = Served([OK, OK])

    async def use(upstream: Upstream) -> Answer:
        await get(upstream)
        served.writers[0].write(stray)
        # The server sees the end of the connection.
        await asyncio.wait_for(served.ended.wait(), 10)
        return await get(upstream)

    assert run(served, use).body == b"ok"
    assert served.connections == 2


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_an_answer_without_a_body_keeps_its_connection(status: bytes) -> None:
    served = Served([b"HTTP/1.1 " + status + b"\r\netag: x\r\n\r\n", OK])

    async def use(upstream: Upstream) -> tuple[Answer, Answer]:
        return await get(upstream), await get(upstream)

    first, second = run(served, use)
    assert (first.status, first.body, second.body) == (int(status[:3]), b"", b"ok")
    assert served.connections == 1


def test_a_trailer_is_no_header() -> None:
    chunked = (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-late: 1\r\n\r\n"
    )
    answer = run(Served([chunked]), get)
    assert (answer.body, answer.headers) == (b"ok", [(b"transfer-encoding", b"chunked")])


@pytest.mark.parametrize("length", [b"0", b"1", b"9"])
def test_a_length_that_is_not_the_bodys_is_corrected(length: bytes) -> None:
    """If the length were too short, the server would read the rest of the body as a new request."""
    served = Served([OK])
    headers = [(b"content-length", length)]
    run(served, lambda up: up.request("POST", b"/", headers, b"body"))
    assert served.bodies == [b"body"]


def test_a_read_is_repeated_if_the_server_closes_a_kept_connection() -> None:
    served = Served([OK, None, OK])

    async def use(upstream: Upstream) -> Answer:
        await get(upstream)
        return await get(upstream)

    assert run(served, use).body == b"ok"
    assert (served.connections, len(served.heads)) == (2, 3)


@pytest.mark.parametrize(
    ("method", "answer"),
    [("POST", None), ("DELETE", None), ("GET", OK[:20]), ("GET", b"HTTP/1.1 100 Continue\r\n\r\n")],
)
def test_a_change_or_an_answer_that_has_begun_is_not_repeated(
    method: str, answer: bytes | None
) -> None:
    served = Served([OK, answer, None])

    async def use(upstream: Upstream) -> None:
        await get(upstream)
        await upstream.request(method, b"/", [], b"")

    served.ends_after = 2
    with pytest.raises(UpstreamError):
        run(served, use)
    assert len(served.heads) == 2


def test_the_connection_of_a_cancelled_request_is_not_used_again() -> None:
    """The answer to the canceled request may still arrive on its connection."""
    served = Served([b"", OK])

    async def use(upstream: Upstream) -> Answer:
        left = asyncio.ensure_future(get(upstream))
        await asyncio.wait_for(served.asked.wait(), 10)
        left.cancel()
        await asyncio.wait([left])
        return await get(upstream)

    assert run(served, use).body == b"ok"
    assert served.connections == 2


def test_an_answer_to_head_has_a_length_but_no_body() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"
    served = Served([head, OK])

    async def use(upstream: Upstream) -> tuple[Answer, Answer]:
        return await upstream.request("HEAD", b"/", [], b""), await get(upstream)

    first, second = run(served, use)
    assert (first.status, first.body, second.body) == (200, b"", b"ok")
    assert first.headers == [(b"content-length", b"500")]


@pytest.mark.parametrize(
    "answer", [None, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok", b"no HTTP\r\n\r\n"]
)
def test_an_answer_that_is_not_whole_is_an_error(answer: bytes | None) -> None:
    served = Served([answer, None])
    with pytest.raises(UpstreamError):
        run(served, get, timeout_seconds=0.2)


def test_nobody_listening_is_an_error() -> None:
    async def use(upstream: Upstream) -> None:
        await Upstream(HOST, 1, 1.0).request("GET", b"/", [], b"")

    with pytest.raises(UpstreamError):
        run(Served([]), use)
