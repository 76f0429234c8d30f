"""The calls to the emulator: every DynamoDB call and every Lambda invocation.

`GET /_local/calls?since=N` answers `{"next": M, "calls": […]}` with the calls from number N on. A
DynamoDB call is `{kind, operation, accessKey, status, request, response}`, an invocation
`{kind, function}`. `bench/bill.py` counts costs from these, because the emulator's own figures for
reads differ from AWS's.
"""

import json
import re
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from ministack.core import lambda_runtime

from local.patches import guard

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

PATH = "/_local/calls"
_KEPT = 20_000
_TARGET = b"DynamoDB_20120810."
_CREDENTIAL = re.compile(rb"Credential=([^/,]+)/")


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
            return {"next": self._count, "calls": list(self._calls)[max(0, number - first) :]}


LOG = WireLog()


def apply() -> None:
    """Records every Lambda invocation."""
    guard.wrap(lambda_runtime.Worker, "invoke", "96751a75471021ec", _noting)


def _noting(invoke: Any) -> Any:
    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        LOG.add({"kind": "lambda", "function": self.func_name})
        return invoke(self, *args, **kwargs)

    return noted


def with_wire_log(app: App) -> App:
    """Wraps the app: records its DynamoDB calls and answers PATH."""

    async def wrapped(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif scope["path"] == PATH:
            await _answer(scope, send)
        elif (operation := _operation(scope)) is not None:
            await _note(app, operation, scope, receive, send)
        else:
            await app(scope, receive, send)

    return wrapped


def _operation(scope: dict[str, Any]) -> str | None:
    target: bytes = dict(scope["headers"]).get(b"x-amz-target", b"")
    return target.removeprefix(_TARGET).decode() if target.startswith(_TARGET) else None


async def _answer(scope: dict[str, Any], send: Send) -> None:
    query = parse_qs(scope["query_string"].decode())
    body = json.dumps(LOG.since(int(query.get("since", ["0"])[0]))).encode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _note(
    app: App, operation: str, scope: dict[str, Any], receive: Receive, send: Send
) -> None:
    asked, answered = bytearray(), bytearray()
    status = 0

    async def listen() -> dict[str, Any]:
        message = await receive()
        asked.extend(message.get("body", b""))
        return message

    async def pass_on(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        answered.extend(message.get("body", b""))
        await send(message)

    await app(scope, listen, pass_on)
    credential = _CREDENTIAL.search(dict(scope["headers"]).get(b"authorization", b""))
    LOG.add(
        {
            "kind": "dynamodb",
            "operation": operation,
            "accessKey": credential.group(1).decode() if credential else None,
            "status": status,
            "request": json.loads(asked or b"{}"),
            "response": json.loads(answered or b"{}"),
        }
    )
