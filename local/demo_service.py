"""A small HTTP service for demo automations. It scores, fails, recovers, delays, echoes, or gives
exactly the answer that the request asks for."""

import asyncio
import base64
import hashlib
import json
from collections import Counter
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_MAX_DELAY_MS = 60_000


def score(email: str) -> int:
    """Returns a score from 0 to 99, always the same for the same address."""
    return int.from_bytes(hashlib.sha256(email.strip().lower().encode()).digest()[:4]) % 100


async def _json(request: Request) -> dict[str, Any]:
    try:
        document = json.loads(await request.body() or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


async def _score(request: Request) -> Response:
    email = str((await _json(request)).get("email") or "")
    return JSONResponse({"data": {"score": score(email)}})


async def _fail(request: Request) -> Response:
    return JSONResponse({"error": "the demo service failed on purpose"}, status_code=500)


class _Flaky:
    """Fails the first `failures` calls of each `key`. Later calls return the number of calls so
    far."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()

    async def __call__(self, request: Request) -> Response:
        key = request.query_params.get("key", "")
        text = request.query_params.get("failures", "1")
        self._calls[key] += 1
        if self._calls[key] <= (int(text) if text.isdigit() else 1):
            away = {"error": "the demo service is unavailable for a moment"}
            return JSONResponse(away, status_code=503, headers={"Retry-After": "1"})
        keys = request.headers.get("idempotency-key")
        return JSONResponse({"data": {"calls": self._calls[key], "idempotencyKey": keys}})


async def _slow(request: Request) -> Response:
    text = request.query_params.get("ms", "1000")
    delay = min(int(text), _MAX_DELAY_MS) if text.isdigit() else 1_000
    await asyncio.sleep(delay / 1_000)
    return JSONResponse({"data": {"waitedMs": delay}})


async def _answer(request: Request) -> Response:
    """Returns the answer that the parameter `as` contains, as the URL-safe base64 of the JSON
    {status, headers, body}. The headers are Latin-1, the body is base64."""
    answer = json.loads(base64.urlsafe_b64decode(request.query_params["as"]))
    response = Response(base64.b64decode(answer.get("body", "")), answer.get("status", 200))
    headers = {name.lower(): value for name, value in answer.get("headers", {}).items()}
    length = [pair for pair in response.raw_headers if pair[0] == b"content-length"]
    response.raw_headers = [
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()),
        *(length if answer.get("status", 200) != 204 else []),
    ]
    return response


async def _echo(request: Request) -> Response:
    body = (await request.body()).decode(errors="replace")
    return JSONResponse(
        {
            "method": request.method,
            "path": request.scope["raw_path"].decode("latin-1"),
            "query": dict(request.query_params),
            "headers": dict(request.headers),
            "body": body,
        }
    )


def app() -> Starlette:
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(
        routes=[
            Route("/score", _score, methods=["POST"]),
            Route("/fail", _fail, methods=methods),
            Route("/flaky", _Flaky().__call__, methods=methods),
            Route("/slow", _slow, methods=methods),
            Route("/echo", _echo, methods=methods),
            Route("/echo/{rest:path}", _echo, methods=methods),
            Route("/answer", _answer, methods=methods),
        ]
    )
