"""Serves web applications from a thread of this process."""

import asyncio
import socket
import threading
import time
from typing import Any

import uvicorn
import uvloop

from local.joined_writes import StrictProtocol
from local.settings import HOST, LocalError

_START_SECONDS = 10
# What CloudFront takes is less (`local/refused_requests.py`).
_MAX_HEAD_BYTES = 16_384


class Server:
    """Applications, each on its own loopback port, from `start` until `stop`."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._servers: list[tuple[uvicorn.Server, Any]] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="serve")
        self._thread.start()

    def start(self, app: Any, port: int) -> None:
        """Serves the application, and returns when the port answers. Raises OSError if the port is
        in use, and LocalError if nothing answers on it in time."""
        listener = socket.create_server((HOST, port), backlog=1_024)
        config = uvicorn.Config(
            app,
            # Strict about what it reads: callers of the gateway are not trusted.
            http=StrictProtocol,
            h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
            ws="none",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        served = asyncio.run_coroutine_threadsafe(server.serve([listener]), self._loop)
        self._servers.append((server, served))
        deadline = time.monotonic() + _START_SECONDS
        while not server.started:
            if served.done() or time.monotonic() > deadline:
                raise LocalError(f"nothing answers on port {port}")
            time.sleep(0.01)

    def stop(self) -> None:
        for server, _ in self._servers:
            server.should_exit = True
        for _, served in self._servers:
            served.result(_START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_SECONDS)
        self._loop.close()
