"""Serves web applications from a thread of this process."""

import asyncio
import logging
import threading
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from local.settings import HOST, LocalError

_START_SECONDS = 10


class Server:
    """Applications, each on its own loopback port, from `start` until `stop`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_ignore_canceled)
        self._stop = asyncio.Event()
        self._tasks: list[Any] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="serve")
        self._thread.start()

    def start(self, app: Any, port: int) -> None:
        """Returns when the port is bound."""
        logging.getLogger("hypercorn.error").setLevel(logging.WARNING)
        config = Config()
        config.bind = [f"{HOST}:{port}"]
        config.graceful_timeout = 1
        config.loglevel = "WARNING"
        coroutine = serve(app, config, shutdown_trigger=self._stop.wait)
        self._tasks.append(asyncio.run_coroutine_threadsafe(coroutine, self._loop))
        asyncio.run_coroutine_threadsafe(_bound(port), self._loop).result(_START_SECONDS)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        for task in self._tasks:
            task.result(_START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_SECONDS)
        self._loop.close()


def _ignore_canceled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # Connections still open when serving stops are canceled; this is expected.
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


async def _bound(port: int) -> None:
    for _ in range(_START_SECONDS * 20):
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        await writer.wait_closed()
        return
    raise LocalError(f"nothing answers on port {port}")
