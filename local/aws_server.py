"""Runs the patched emulator in this process. Besides the endpoints of AWS, it answers:

- `GET /_local/workers`: the live Lambda workers
- `GET /_local/calls`: the calls of DynamoDB and Lambda (`local/wire_log.py`)
- `/_local/schedules` (`local/schedule_endpoint.py`)
- `/_local/messages` (`local/messages.py`)
- `/_local/feedback` (`local/feedback_endpoint.py`)
- `POST /_local/inbound-sms` (`local/inbound_sms_endpoint.py`)
- `/_local/faults` (`local/faults.py`)
- `POST /_local/accounts/age` (`local/account_endpoint.py`)
"""

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Generator
from typing import Any, NoReturn

import uvicorn
import uvloop
from ministack.app import app as ministack_app
from ministack.core import lambda_runtime

from local import parent_watch, patches
from local.account_endpoint import with_accounts
from local.faults import with_faults
from local.feedback_endpoint import with_feedback
from local.inbound_sms_endpoint import with_inbound_sms
from local.joined_writes import FastProtocol
from local.messages import with_messages
from local.patches import execution_resume
from local.patches.guard import PatchError
from local.patches.table_calls import with_table_calls
from local.schedule_endpoint import with_schedules
from local.settings import WORKERS_PATH
from local.wire_log import with_wire_log

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

# New objects before a collection: those of about twenty requests.
_ALLOCATIONS = 20_000


def workers() -> list[dict[str, Any]]:
    """Returns `{function, pid, inUse}` of each live Lambda worker process."""
    return [
        {"function": worker.func_name, "pid": worker._proc.pid, "inUse": worker.in_use}
        for worker in _pooled()
        if worker._proc is not None and worker._proc.poll() is None
    ]


def _pooled() -> list[Any]:
    with lambda_runtime._lock:
        return [worker for pool in lambda_runtime._workers.values() for worker in pool]


def with_our_own(app: App) -> App:
    """Wraps the app, so that it also answers requests to WORKERS_PATH."""

    async def wrapped(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != WORKERS_PATH:
            await app(scope, receive, send)
            return
        body = json.dumps(workers()).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return wrapped


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts the server, and then resumes executions, whose functions can now reach the
        emulator."""
        await super().startup(sockets)
        execution_resume.resume()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Stops the server at SIGTERM and SIGINT. Uvicorn's own method would raise the signal again
        after the stop, and so end this process before its workers have ended."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self.should_exit = True


async def _serve(app: App) -> NoReturn:
    config = uvicorn.Config(
        app,
        host=os.environ["BIND_HOST"],
        port=int(os.environ["GATEWAY_PORT"]),
        http=FastProtocol,
        ws="none",
        lifespan="on",
        # The emulator has configured logging.
        log_config=None,
        access_log=False,
        # The gateway names the address that the caller used; the emulator passes it on.
        proxy_headers=False,
        # The emulator dates its answers itself.
        date_header=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        # The emulator keeps the account and region of a request in its context. A connection must
        # not take them over to its next request.
        reset_contextvars=True,
    )
    await _Server(config).serve()
    _end()


def _end() -> NoReturn:
    """Ends the process as soon as its state is saved. Ending the event loop instead would wait for
    the threads of unfinished calls, whose functions try for half a minute to reach a closed
    endpoint."""
    lambda_runtime.kill_workers(_pooled())
    sys.stdout.flush()
    os._exit(0)


def _spare_collections() -> None:
    """Collects garbage less often. Each request allocates thousands of objects and drops them
    without cycles, so frequent collections find next to nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, *gc.get_threshold()[1:])


def run() -> int:
    """Serves until SIGTERM or SIGINT, then saves the state. Returns 1 if a patch does not fit the
    emulator."""
    try:
        patches.apply_all()
    except PatchError as error:
        print(f"local emulator: {error}", file=sys.stderr)
        return 1
    parent_watch.watch()
    _spare_collections()
    app = with_accounts(
        with_schedules(with_messages(with_wire_log(with_table_calls(ministack_app))))
    )
    return uvloop.run(_serve(with_our_own(with_faults(with_feedback(with_inbound_sms(app))))))
