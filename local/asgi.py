"""Helpers of the emulator's extra endpoints: read a request, answer with JSON, pass a request
on."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
# Status, headers, body.
Answer = tuple[int, dict[str, str], bytes]


async def read_body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def headers_of(scope: Scope) -> dict[str, str]:
    """Returns the headers with names in lower case. A value that is not UTF-8 is read as Latin-1,
    as HTTP once specified (RFC 9110, section 5.5) and as the emulator does."""
    return {name.decode("latin-1").lower(): _text(value) for name, value in scope["headers"]}


def header(scope: Scope, name: bytes) -> str | None:
    """Returns the last value of a header, whose name is in lower case; None if there is none. The
    server gives all names in lower case (ASGI, HTTP connection scope)."""
    values = [value for found, value in scope["headers"] if found == name]
    return _text(values[-1]) if values else None


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def json_answer(status: int, document: Any) -> Answer:
    return status, {"content-type": "application/json"}, json.dumps(document).encode()


async def send_answer(send: Send, answer: Answer) -> None:
    status, headers, body = answer
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def pass_on(app: App, scope: Scope, body: bytes) -> Answer:
    """Lets the app answer a request whose body was already read."""
    status, headers, answered = 500, {}, bytearray()
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = {name.decode(): value.decode() for name, value in message["headers"]}
        answered.extend(message.get("body", b""))

    await app(scope, receive, send)
    return status, headers, bytes(answered)
