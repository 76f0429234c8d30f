"""An AWS endpoint on loopback whose connections break in the ways of real networks."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


def answer_bytes(body: bytes, status: int = 200, content_type: str = "application/json") -> bytes:
    """Returns an answer after which the connection may be used again."""
    head = f"HTTP/1.1 {status} Any\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


class Connection:
    """One connection that a client opened; `number` counts its requests from 1."""

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self._read = raw.makefile("rb")
        self.number = 0

    def request(self) -> bytes | None:
        """Returns head and body of the next request; None if the client closed the connection."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self._read.readline()
            if not line:
                return None
            head += line
        length = 0
        for each in head.split(b"\r\n"):
            name, _, value = each.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
        self.number += 1
        return head + self._read.read(length)

    def send(self, data: bytes) -> None:
        self._raw.sendall(data)

    def close(self) -> None:
        """Ends the connection as a server does: the client sees the end."""
        self._read.close()
        self._raw.close()

    def hang_up(self) -> None:
        """Ends the connection while another thread may be reading it."""
        self._raw.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Drops the connection as a network does: data sent over it is answered with an RST."""
        self._raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


# Handles each request; it may answer, close, reset, or do nothing.
Behavior = Callable[[Connection, bytes], None]


@dataclass
class WireServer:
    """The server. `requests` are those read completely, `connections` those opened."""

    behave: Behavior
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def wire_server(behave: Behavior) -> Iterator[WireServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = WireServer(behave, listener.getsockname()[1])
    threads: list[threading.Thread] = []

    def serve(connection: Connection) -> None:
        try:
            with suppress(OSError, ValueError):
                while (request := connection.request()) is not None:
                    server.requests.append(request)
                    server.behave(connection, request)
        finally:
            # Also if the client was gone while it was answered.
            with suppress(OSError):
                connection.close()

    def accept() -> None:
        with suppress(OSError):
            while True:
                raw, _ = listener.accept()
                connection = Connection(raw)
                server.connections.append(connection)
                threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                threads[-1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(5)
        for connection in server.connections:
            with suppress(OSError):
                connection.hang_up()
        for thread in threads:
            thread.join(5)
