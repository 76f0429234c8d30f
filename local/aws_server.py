"""Runs the patched emulator in this process. Besides the endpoints of AWS, it answers:

- `GET /_local/workers`: the live Lambda workers
- `GET /_local/calls`: the calls of DynamoDB and Lambda (`local/wire_log.py`)
- `/_local/schedules` (`local/schedule_endpoint.py`)
- `/_local/messages` (`local/messages.py`)
- `/_local/feedback` (`local/feedback_endpoint.py`)
- `/_local/faults` (`local/faults.py`)
- `POST /_local/accounts/age` (`local/account_endpoint.py`)
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app as ministack_app
from ministack.core import lambda_runtime

from local import parent_watch, patches
from local.account_endpoint import with_accounts
from local.faults import with_faults
from local.feedback_endpoint import with_feedback
from local.messages import with_messages
from local.patches import execution_resume
from local.patches.guard import PatchError
from local.schedule_endpoint import with_schedules
from local.settings import WORKERS_PATH
from local.wire_log import with_wire_log

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


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
    """Wraps the app: answers WORKERS_PATH, and resumes executions after the start."""

    async def wrapped(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        async def send_and_resume(message: dict[str, Any]) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                execution_resume.resume()

        if scope["type"] == "lifespan":
            await app(scope, receive, send_and_resume)
            return
        if scope["type"] != "http" or scope["path"] != WORKERS_PATH:
            await app(scope, receive, send)
            return
        body = json.dumps(workers()).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return wrapped


async def _serve(app: App) -> NoReturn:
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = os.environ.get("LOG_LEVEL", "INFO")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(app, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]
    _end()


def _end() -> NoReturn:
    """Ends the process as soon as its state is saved. Ending the event loop instead would wait for
    the threads of unfinished calls, whose functions try for half a minute to reach a closed
    endpoint."""
    lambda_runtime.kill_workers(_pooled())
    sys.stdout.flush()
    os._exit(0)


def run() -> int:
    """Serves until SIGTERM or SIGINT, then saves the state. Returns 1 if a patch does not fit the
    emulator."""
    try:
        patches.apply_all()
    except PatchError as error:
        print(f"local emulator: {error}", file=sys.stderr)
        return 1
    parent_watch.watch()
    app = with_accounts(with_schedules(with_messages(with_wire_log(ministack_app))))
    return asyncio.run(_serve(with_our_own(with_faults(with_feedback(app)))))
