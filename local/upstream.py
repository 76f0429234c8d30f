"""The gateway's connections to the emulator: HTTP/1.1 over loopback, kept open between requests.

A general HTTP client takes twice the time of everything else that the gateway does with a request:
it handles redirects, cookies, proxies and encodings. Here a message is passed on as it is.
"""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import httptools

# The server keeps an idle connection for longer.
_IDLE_SECONDS = 5.0
# Reading changes nothing, so it may be repeated (RFC 9110, section 9.2.2).
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_FIRST_FINAL_STATUS = 200
_TARGET = re.compile(rb"[!-~]+")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[^\x00\r\n]*")

Headers = Sequence[tuple[bytes, bytes]]


class UpstreamError(Exception):
    """The answer did not arrive, or not completely."""


class UnsendableError(ValueError):
    """A part of the request cannot be written as HTTP/1.1."""


class _NotAnsweredError(ConnectionError):
    """The server closed a kept connection before it sent a byte of the answer."""


@dataclass(slots=True)
class Answer:
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


class Upstream:
    """The connections to one server. Used in one event loop."""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self._host, self._port, self._timeout = host, port, timeout
        # The latest used is the last one.
        self._idle: list[_Connection] = []

    async def request(self, method: str, target: bytes, headers: Headers, body: bytes) -> Answer:
        """Sends a request and returns its answer, whose body is not decoded. Adds the headers Host,
        and Content-Length if the request needs one. A "#" is sent encoded, because a target has no
        fragment. If the server closes a kept connection without an answer, a request that only
        reads is sent once more. Raises UnsendableError or UpstreamError."""
        message = self._head(method, target.replace(b"#", b"%23"), headers, body) + body
        is_head = method == "HEAD"
        try:
            async with asyncio.timeout(self._timeout):
                kept = self._reused()
                if kept is not None:
                    try:
                        return await self._exchange(kept, message, is_head=is_head)
                    except _NotAnsweredError:
                        if method not in _READING:
                            raise
                return await self._exchange(await self._opened(), message, is_head=is_head)
        except (OSError, TimeoutError, httptools.HttpParserError) as error:
            raise UpstreamError(str(error) or type(error).__name__) from error

    async def _exchange(
        self, connection: "_Connection", message: bytes, *, is_head: bool
    ) -> Answer:
        try:
            answer = await connection.exchange(message, is_head=is_head)
        except BaseException:
            # An answer may still come, and belongs to nobody.
            connection.close()
            raise
        if connection.is_reusable:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def _head(self, method: str, target: bytes, headers: Headers, body: bytes) -> bytes:
        own = [(b"Host", f"{self._host}:{self._port}".encode())]
        # A caller who sends chunks may name another length. The server would read the rest of the
        # body as the next request.
        passed = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        if body or method in ("POST", "PUT", "PATCH") or len(passed) < len(headers):
            own.append((b"Content-Length", str(len(body)).encode()))
        lines = [method.encode() + b" " + target + b" HTTP/1.1"]
        is_sendable = _TARGET.fullmatch(target) is not None
        for name, value in (*own, *passed):
            is_sendable = is_sendable and bool(_NAME.fullmatch(name) and _VALUE.fullmatch(value))
            lines.append(name + b": " + value)
        if not is_sendable:
            raise UnsendableError
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _reused(self) -> "_Connection | None":
        now = time.monotonic()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_reusable and now - connection.used_at < _IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _opened(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port)
        return connection


class _Connection(asyncio.Protocol):
    """One connection, with at most one request at a time."""

    def __init__(self) -> None:
        self.used_at = time.monotonic()
        self.is_reusable = False
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._waiting: asyncio.Future[Answer] | None = None
        self._answer = Answer()
        self._parts: list[bytes] = []
        self._is_head = False
        self._are_headers_complete = False
        # Whether a byte came since the request was sent.
        self._is_answered = False

    async def exchange(self, request: bytes, *, is_head: bool) -> Answer:
        assert self._transport is not None
        self.is_reusable = self._is_answered = False
        self._is_head = is_head
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        self.is_reusable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own transports have another base class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._is_waiting():
            # It answers no request. The next caller must not get it.
            self.close()
            return
        self._is_answered = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(error)
        except httptools.HttpParserUpgrade:
            self._fail(ConnectionError("the server switched to another protocol"))

    def connection_lost(self, error: Exception | None) -> None:
        if self._is_answered:
            self._fail(error or ConnectionResetError("the connection was closed"))
        else:
            self._fail(_NotAnsweredError("the connection was closed before an answer came"))

    # The parser calls these.
    def on_message_begin(self) -> None:
        if not self._is_waiting():
            # More than the answer came.
            self.close()
        self._answer, self._parts, self._are_headers_complete = Answer(), [], False

    def on_header(self, name: bytes, value: bytes) -> None:
        # Those that follow a body are no headers of the message (RFC 9110, section 6.5.1).
        if not self._are_headers_complete:
            self._answer.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._are_headers_complete = True
        if self._is_head and self._is_final():
            # The parser would wait for a body.
            self._complete(is_reusable=False)

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        # Answers like 100 Continue come before the answer itself (RFC 9110, section 15.2).
        if self._is_final():
            self._complete(is_reusable=self._parser.should_keep_alive())

    def _is_waiting(self) -> bool:
        return self._waiting is not None and not self._waiting.done()

    def _is_final(self) -> bool:
        status: int = self._parser.get_status_code()
        return status >= _FIRST_FINAL_STATUS

    def _complete(self, *, is_reusable: bool) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._answer.status = self._parser.get_status_code()
            self._answer.body = b"".join(self._parts)
            self.is_reusable = is_reusable
            self.used_at = time.monotonic()
            self._waiting.set_result(self._answer)

    def _fail(self, error: Exception) -> None:
        self.close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)
