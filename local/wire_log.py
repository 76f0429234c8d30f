"""The log of calls to the emulator: every request to AWS, and every Lambda invocation.

`GET /_local/calls?since=N` answers `{"next": M, "calls": […]}` with the calls from number N on. A
request is `{kind: "request", service, operation, function, from, to}`. `function` is None for calls
that no function made; `from` and `to` are times in seconds, all from the same clock. A request to
DynamoDB also has `status`, `request` and `response`. An invocation is `{kind: "invocation",
function, from, to}`.

`bench/bill.py` calculates costs from these calls, because the emulator's own figures for reads
differ from AWS's.
"""

import json
import re
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from ministack.core import lambda_runtime

from local.asgi import header
from local.faults import operation_of
from local.function_keys import FUNCTIONS

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

PATH = "/_local/calls"
_KEPT = 20_000
_BODIES = ("request", "response")
# The access key and the service that a request is signed for.
_CREDENTIAL = re.compile(r"Credential=([^/,]+)/[^/,]+/[^/,]+/([^/,]+)/")


class WireLog:
    """The last calls, numbered from 0."""

    def __init__(self) -> None:
        self._calls: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._count = 0
        self._lock = threading.Lock()

    def add(self, call: dict[str, Any]) -> None:
        with self._lock:
            self._calls.append(call)
            self._count += 1

    def since(self, number: int) -> dict[str, Any]:
        with self._lock:
            first = self._count - len(self._calls)
            following, calls = self._count, list(self._calls)[max(0, number - first) :]
        return {"next": following, "calls": [_readable(call) for call in calls]}


def _readable(call: dict[str, Any]) -> dict[str, Any]:
    """Returns the call with its bodies parsed. The log keeps them unparsed, because most calls are
    never asked for."""
    bodies = {name: json.loads(call[name] or b"{}") for name in _BODIES if name in call}
    return {**call, **bodies}


LOG = WireLog()


def apply() -> None:
    """Records every Lambda invocation."""
    # Its original has been checked: lambda_pipes replaced it.
    lambda_runtime.Worker.invoke = _noting(lambda_runtime.Worker.invoke)


def _noting(invoke: Any) -> Any:
    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        begun = time.monotonic()
        try:
            return invoke(self, *args, **kwargs)
        finally:
            LOG.add(
                {
                    "kind": "invocation",
                    "function": self.func_name,
                    "from": begun,
                    "to": time.monotonic(),
                }
            )

    return noted


def with_wire_log(app: App) -> App:
    """Wraps the emulator's app, so that its calls are recorded, and requests to PATH are answered
    with them."""

    async def wrapped(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif scope["path"] == PATH:
            await _answer(scope, send)
        elif (signed := _CREDENTIAL.search(header(scope, b"authorization") or "")) is not None:
            key, service = signed.groups()
            called = operation_of(scope) or (service, f"{scope['method']} {scope['path']}")
            await _note(app, called, key, scope, receive, send)
        else:
            await app(scope, receive, send)

    return wrapped


async def _answer(scope: dict[str, Any], send: Send) -> None:
    query = parse_qs(scope["query_string"].decode())
    body = json.dumps(LOG.since(int(query.get("since", ["0"])[0]))).encode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _note(
    app: App,
    called: tuple[str, str],
    key: str,
    scope: dict[str, Any],
    receive: Receive,
    send: Send,
) -> None:
    service, operation = called
    asked: list[bytes] = []
    answered: list[bytes] = []
    status = 0

    async def listen() -> dict[str, Any]:
        message = await receive()
        asked.append(message.get("body", b""))
        return message

    async def pass_on(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        answered.append(message.get("body", b""))
        await send(message)

    begun = time.monotonic()
    if service == "dynamodb":
        await app(scope, listen, pass_on)
    else:
        await app(scope, receive, send)
    call: dict[str, Any] = {
        "kind": "request",
        "service": service,
        "operation": operation,
        "function": FUNCTIONS.get(key),
        "from": begun,
        "to": time.monotonic(),
    }
    if service == "dynamodb":
        call["status"] = status
        call["request"] = b"".join(asked)
        call["response"] = b"".join(answered)
    LOG.add(call)
