"""The HTTP service that both sides call: it scores a customer and takes a mail.

`python -m bench.peers.partner PORT` serves it in a process of its own, so that its processor time
counts for neither side.
"""

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from local.demo_service import score
from local.settings import HOST

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answers POST /score and POST /mail. Any other request is 404."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    status, answer = 200, answer_of(scope["path"], body)
    if answer is None:
        status, answer = 404, {}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


def answer_of(path: str, body: bytes) -> dict[str, Any] | None:
    """Returns the answer to a request; None if there is no such path."""
    document = json.loads(body or b"{}")
    if path == "/score":
        return {"data": {"score": score(str(document["email"]))}}
    return {"id": document["orderId"]} if path == "/mail" else None


def main(arguments: list[str]) -> None:
    uvicorn.run(
        app, host=HOST, port=int(arguments[0]), lifespan="off", log_level="error", access_log=False
    )


if __name__ == "__main__":
    main(sys.argv[1:])
