"""Sockets of one outbound call: only to checked addresses, and never past its deadline."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from runledger.errors import NodeError, NotSentError
from runledger.outbound.guard import (
    Address,
    AllowList,
    parse_address,
    refused_address,
    refused_name,
)

# Takes a host and a port, returns the host's addresses; raises OSError.
Resolver = Callable[[str, int], list[str]]
SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


def resolve(host: str, port: int) -> list[str]:
    """Returns the addresses of a host, in the order of preference of the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Deadline:
    """The moment by which a whole call must be over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Returns the seconds left, more than 0. Raises NodeError `TIMEOUT` if no time is left."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise self.error()
        return left

    def error(self) -> NodeError:
        return NodeError("TIMEOUT", self._message)

    def not_sent(self) -> NotSentError:
        """Returns the error for a request that could not be sent before the deadline."""
        return NotSentError("TIMEOUT", self._message)

    @property
    def _message(self) -> str:
        return f"the call took longer than {self.seconds:g} s"


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves a name once, refuses it if any of its addresses is not public, and connects to
    exactly the addresses that were checked."""

    def __init__(self, deadline: Deadline, allowed: AllowList, resolver: Resolver) -> None:
        self._deadline = deadline
        self._allowed = allowed
        self._resolver = resolver

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        is_allowed = self._allowed.allows(host, port)
        kind = None if is_allowed else refused_name(host)
        if kind is not None:
            raise _blocked(host, kind)
        addresses = self._addresses(host, port)
        if not is_allowed:
            for address in addresses:
                kind = refused_address(address)
                if kind is not None:
                    raise _blocked(host, kind)
        return _Stream(self._connect(host, addresses, port), self._deadline)

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        raise NodeError("BLOCKED_ADDRESS", "a call to a Unix socket is not allowed")

    def _addresses(self, host: str, port: int) -> list[Address]:
        """Returns the resolver's answer within the deadline. The system's resolver cannot be
        interrupted, so it runs in a thread that is abandoned if it takes too long."""
        answer: list[list[str]] = []
        failure: list[Exception] = []

        def ask() -> None:
            try:
                answer.append(self._resolver(host, port))
            except (OSError, UnicodeError) as error:
                failure.append(error)

        thread = threading.Thread(target=ask, name="resolver", daemon=True)
        thread.start()
        thread.join(self._deadline.remaining())
        if failure:
            raise NotSentError(
                "CONNECTION_FAILED", f"the host {host} was not found", cause=str(failure[0])
            )
        if not answer:
            raise self._deadline.not_sent()
        if not answer[0]:
            raise NotSentError("CONNECTION_FAILED", f"the host {host} has no address")
        return [parse_address(text) for text in answer[0]]

    def _connect(self, host: str, addresses: list[Address], port: int) -> socket.socket:
        failure: OSError | None = None
        for address in addresses:
            try:
                return socket.create_connection(
                    (str(address), port), timeout=self._deadline.remaining()
                )
            except TimeoutError:
                raise self._deadline.not_sent() from None
            except OSError as error:
                failure = error
        raise NotSentError(
            "CONNECTION_FAILED", f"{host} did not accept the connection", cause=str(failure)
        )


class _Stream(httpcore.NetworkStream):
    """A socket on which no operation lasts longer than the call's deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(self._deadline.remaining())
        try:
            return self._socket.recv(max_bytes)
        except TimeoutError:
            raise self._deadline.error() from None
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._socket.settimeout(self._deadline.remaining())
        try:
            self._socket.sendall(buffer)
        except TimeoutError:
            raise self._deadline.error() from None
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        self._socket.settimeout(self._deadline.remaining())
        try:
            secured = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except TimeoutError:
            self.close()
            raise self._deadline.not_sent() from None
        except OSError as error:
            self.close()
            raise NotSentError(
                "CONNECTION_FAILED",
                f"no TLS connection to {server_hostname} was possible",
                cause=str(error),
            ) from error
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
        if info == "socket":
            return self._socket
        return None


def _blocked(host: str, kind: str) -> NodeError:
    return NodeError(
        "BLOCKED_ADDRESS",
        f"{host} resolves to {kind} address; only public addresses may be called",
    )
