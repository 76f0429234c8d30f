"""Callers of the local gateway share its connections to the emulator, but never an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from local.gateway import Gateway
from local.serve import Server
from local.settings import HOST
from tests.support.stack import free_ports

_PATIENCE = 10


@dataclass
class Emulator:
    """Answers each request with its path. Like uvicorn, it first answers 100 if the request expects
    that. A path that ends with "slow" is answered once `go` is set."""

    heads: list[bytes] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            # The gateway has closed its end.
            return
        finally:
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        self.heads.append(head)
        if b"\r\nexpect: 100-continue" in head:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await reader.readexactly(_length(head))
        self.asked.set()
        path = head.split(b" ")[1].rsplit(b"/", 1)[1]
        if path == b"slow":
            await self.go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(path), path))


def _length(head: bytes) -> int:
    lengths = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    return int(lengths[0][15:]) if lengths else 0


def use_gateway(emulator: Emulator, console: Path, use: Callable[[int], Awaitable[None]]) -> None:
    """Calls `use` with the port of a gateway in front of the emulator."""

    async def main() -> None:
        server = await asyncio.start_server(emulator.serve, HOST, 0)
        address = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
        (port,) = free_ports(1)
        with closing(_Gateway(Gateway(address, "api", "client", "key", console), port)):
            async with asyncio.timeout(_PATIENCE):
                await use(port)
        server.close()

    asyncio.run(main())


class _Gateway:
    def __init__(self, gateway: Gateway, port: int) -> None:
        self._server = Server()
        self._server.start(gateway.app(), port)

    def close(self) -> None:
        self._server.stop()


async def ask(port: int, head: str, *parts: bytes, continues: bool = False) -> bytes:
    """Sends a request as it is and returns the whole answer. If `continues`, the body follows only
    after the gateway has asked for it."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(f"{head}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    if continues:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    for part in parts:
        writer.write(part)
    answer = await reader.read()
    writer.close()
    return answer


def body_of(answer: bytes) -> bytes:
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    return answer.partition(b"\r\n\r\n")[2]


def test_a_request_that_expects_100_gets_its_own_answer(tmp_path: Path) -> None:
    emulator = Emulator()
    head = "POST /v1/first HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4"

    async def use(port: int) -> None:
        assert body_of(await ask(port, head, b"body", continues=True)) == b"first"
        assert body_of(await ask(port, "GET /v1/second HTTP/1.1")) == b"second"

    use_gateway(emulator, tmp_path, use)
    assert not any(b"expect:" in sent for sent in emulator.heads)


def test_the_answer_to_a_caller_who_left_goes_to_no_other(tmp_path: Path) -> None:
    emulator = Emulator()

    async def use(port: int) -> None:
        _, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"GET /v1/slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await emulator.asked.wait()
        writer.transport.abort()
        assert body_of(await ask(port, "GET /v1/second HTTP/1.1")) == b"second"
        emulator.go.set()
        for name in ("third", "fourth"):
            assert body_of(await ask(port, f"GET /v1/{name} HTTP/1.1")) == name.encode()

    use_gateway(emulator, tmp_path, use)


def test_chunks_with_a_false_length_are_one_request(tmp_path: Path) -> None:
    emulator = Emulator()
    head = "POST /v1/first HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked"
    inner = b"GET /v1/inner HTTP/1.1\r\nhost: x\r\n\r\n"
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (4 + len(inner), b"body" + inner)

    async def use(port: int) -> None:
        assert body_of(await ask(port, head, chunks)) == b"first"
        assert body_of(await ask(port, "GET /v1/second HTTP/1.1")) == b"second"

    use_gateway(emulator, tmp_path, use)
    paths = [head.split(b" ")[1].rsplit(b"/", 1)[1] for head in emulator.heads]
    assert paths == [b"first", b"second"]
