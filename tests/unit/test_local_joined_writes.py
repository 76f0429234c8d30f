"""The head of an answer leaves together with its body."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from local.joined_writes import FastProtocol, StrictProtocol

Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Send], Awaitable[None]]
_PROTOCOLS = pytest.mark.parametrize("protocol", [FastProtocol, StrictProtocol])


class Wire(asyncio.Transport):
    """A connection that keeps what was written to it."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 1), "peername": ("127.0.0.1", 2)})
        self.sent: list[bytes] = []
        self.is_closed = False

    def write(self, data: Any) -> None:
        assert not self.is_closed
        self.sent.append(bytes(data))

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def answering(*parts: bytes, status: int = 200, head: bool = True) -> App:
    """Returns an app that sends these parts of a body."""

    async def app(_scope: Any, receive: Any, send: Send) -> None:
        message = await receive()
        while message.get("more_body"):
            message = await receive()
        length = str(sum(map(len, parts))).encode()
        headers = [(b"content-length", length)] if head else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for number, part in enumerate(parts, start=1):
            await send(
                {"type": "http.response.body", "body": part, "more_body": number < len(parts)}
            )
            await asyncio.sleep(0)

    return app


def exchange(protocol: Any, app: Any, *requests: bytes) -> Wire:
    """Sends requests over one connection. Returns it when nothing is left to do."""

    async def run() -> Wire:
        config = uvicorn.Config(
            app, http=protocol, ws="none", log_config=None, server_header=False, date_header=False
        )
        config.load()
        served = protocol(config, ServerState(), {})
        wire = Wire()
        served.connection_made(wire)
        for request in requests:
            served.data_received(request)
            for _ in range(20):
                await asyncio.sleep(0)
        served.connection_lost(None)
        return wire

    return asyncio.run(run())


GET = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"


@_PROTOCOLS
def test_head_and_body_leave_together(protocol: Any) -> None:
    wire = exchange(protocol, answering(b"hello"), GET, GET)
    assert wire.sent == [b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"] * 2


@_PROTOCOLS
def test_later_parts_leave_when_they_come(protocol: Any) -> None:
    wire = exchange(protocol, answering(b"one", b"two", b"six"), GET)
    assert wire.sent == [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\none", b"two", b"six"]


@_PROTOCOLS
def test_a_body_of_unknown_length_is_whole(protocol: Any) -> None:
    wire = exchange(protocol, answering(b"hello", head=False), GET)
    [head, _, body] = b"".join(wire.sent).partition(b"\r\n\r\n")
    assert head.lower() == b"http/1.1 200 ok\r\ntransfer-encoding: chunked"
    assert body == b"5\r\nhello\r\n0\r\n\r\n"
    assert b"hello" in wire.sent[0]


@_PROTOCOLS
@pytest.mark.parametrize(("method", "status"), [(b"HEAD", 200), (b"GET", 204), (b"GET", 304)])
def test_an_answer_without_a_body_leaves_too(protocol: Any, method: bytes, status: int) -> None:
    request = GET.replace(b"GET", method)
    wire = exchange(protocol, answering(b"", status=status), request, request)
    answer = b"".join(wire.sent)
    assert answer.count(b"HTTP/1.1 %d " % status) == 2
    assert answer.endswith(b"\r\n\r\n")


@_PROTOCOLS
def test_a_body_that_looks_like_a_head_is_sent(protocol: Any) -> None:
    body = b"HTTP/1.1 is a protocol"
    wire = exchange(protocol, answering(b"first", body), GET)
    assert b"".join(wire.sent).endswith(b"\r\n\r\nfirst" + body)


@_PROTOCOLS
def test_the_answer_before_the_body_of_a_request_is_sent_at_once(protocol: Any) -> None:
    head = (
        b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    )
    first, second = exchange(protocol, answering(b"hello"), head, b"{}").sent
    assert first.startswith(b"HTTP/1.1 100 ")
    assert second.startswith(b"HTTP/1.1 200 ") and second.endswith(b"hello")


@_PROTOCOLS
def test_the_last_answer_of_a_connection_is_sent_before_it_closes(protocol: Any) -> None:
    request = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    wire = exchange(protocol, answering(b"hello"), request)
    assert wire.is_closed
    assert len(wire.sent) == 1 and wire.sent[0].endswith(b"hello")


@_PROTOCOLS
def test_an_app_that_fails_after_its_head_still_ends_the_connection(protocol: Any) -> None:
    async def app(_scope: Any, _receive: Any, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    wire = exchange(protocol, app, GET)
    assert wire.is_closed
    assert b"".join(wire.sent).startswith(b"HTTP/1.1 200 OK\r\n")


@_PROTOCOLS
def test_a_request_that_cannot_be_read_is_answered(protocol: Any) -> None:
    wire = exchange(protocol, answering(b"hello"), b"no request at all\r\n\r\n")
    assert b"".join(wire.sent).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert wire.is_closed
