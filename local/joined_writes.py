"""Sends the head of an answer together with its body.

uvicorn writes the head and the body separately, and uvloop sends each of them immediately, so the
caller would be woken twice. A server must also keep the head back until the application sends the
first part of the body (ASGI, HTTP specification, "Response Start").
"""

import asyncio
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "
_INFORMATIONAL = b"HTTP/1.1 1"


class JoinedWrites:
    """A transport that keeps the head of an answer until the next write, `send_kept` or `close`.
    Everything else is left to the transport that it wraps."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._kept = b""

    def write(self, data: bytes) -> None:
        if not data:
            return
        if not self._kept and data.startswith(_HEAD) and not data.startswith(_INFORMATIONAL):
            self._kept = data
            return
        kept, self._kept = self._kept, b""
        self._transport.write(kept + data if kept else data)

    def send_kept(self) -> None:
        if self._kept:
            kept, self._kept = self._kept, b""
            self._transport.write(kept)

    def close(self) -> None:
        self.send_kept()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Joining:
    """The part that both protocols below have in common."""

    if TYPE_CHECKING:
        transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        joined = JoinedWrites(cast("asyncio.Transport", transport))
        super().connection_made(joined)  # type: ignore[misc]

    def on_response_complete(self) -> None:
        """Sends the head if it is still kept: an answer to HEAD has no body to send it with."""
        cast("JoinedWrites", self.transport).send_kept()
        super().on_response_complete()  # type: ignore[misc]


class FastProtocol(_Joining, HttpToolsProtocol):
    """Reads requests with httptools."""


class StrictProtocol(_Joining, H11Protocol):
    """Reads requests with h11."""
