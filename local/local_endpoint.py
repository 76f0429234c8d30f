"""Adds an address of our own to the emulator."""

from collections.abc import Callable

from ministack.core.concurrency import run_reentrant

from local.asgi import Answer, App, Receive, Scope, Send, read_body, send_answer


def with_endpoint(app: App, method: str, path: str, act: Callable[[bytes], Answer]) -> App:
    """Wraps the app, so that `act` answers the requests with this method and path. `act` gets the
    request's body. It runs in a separate thread, because it may cause calls to this same server."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) == (method, path):
            body = await read_body(receive)
            await send_answer(send, await run_reentrant(act, body, thread_name=path))
        else:
            await app(scope, receive, send)

    return wrapped
