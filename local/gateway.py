"""Serves the console and the API at a single address, like the template's distribution on AWS.

- `/v1/*` is passed unchanged to the deployed HTTP API, and `/health` as `/v1/health`.
- `/v1` and `/v2/…` answer 404: they are neither a path of the API nor a page of the console.
- `/cognito` is passed to the emulator's Cognito.
- `/config.json` contains the console's user pool client.
- Everything else is the built console, where a path without a dot is a page.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.caller_limiter import CallerLimiter
from local.console_files import ConsoleFiles
from local.edge import EDGE_KEY, VIEWER_ADDRESS, response_headers, webhook_headers
from local.publish_console import cache_control
from local.refused_requests import refusal_of
from local.settings import REGION
from local.upstream import UnsendableError, Upstream, UpstreamError

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
# Headers of one connection, not of the message (RFC 9110, section 7.6.1).
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OWN_HEADERS = frozenset(
    {
        # This process itself answers 100 Continue.
        b"expect",
        b"host",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        VIEWER_ADDRESS.encode(),
        EDGE_KEY.encode(),
    }
)
SECURITY_HEADERS = response_headers("SecurityHeaders")
API_HEADERS = response_headers("ApiHeaders")
MESSAGE_FRAME = "/message-frame.html"
MESSAGE_FRAME_HEADERS = response_headers("MessageFrameHeaders")
# The same pattern as in the distribution's function.
_NO_API = re.compile(r"v[0-9]+(/|$)")
_COGNITO_TARGET = "AWSCognitoIdentityProviderService."
_WEBHOOKS = "/v1/webhooks/in/"
_TIMEOUT_SECONDS = 35
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Runledger</title>
<h1>The console is not built yet</h1>
<p>Run <code>make run</code>, which builds it, or <code>npm ci &amp;&amp; npm run build</code> in
<code>console/</code>. The API answers under <code>/v1</code> already.</p>
</html>
"""


class _SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Only the path: a caller's Host header may make the whole address unreadable.
                MutableHeaders(scope=message).update(_headers_for(scope["path"]))
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _headers_for(path: str) -> dict[str, str]:
    if path == MESSAGE_FRAME:
        return MESSAGE_FRAME_HEADERS
    is_api = path.startswith("/v1/") or path == "/health"
    return API_HEADERS if is_api else SECURITY_HEADERS


class _Anything(Convertor[str]):
    """Matches any path and passes it on unchanged. Starlette's own pattern ends at a line break,
    which a path may contain as %0A."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anything", _Anything())


class Gateway:
    """Serves one deployed stack. It stores nothing about a request."""

    def __init__(
        self, aws_endpoint: str, api_id: str, client_id: str, edge_key: str, console: Path
    ) -> None:
        endpoint = urlsplit(aws_endpoint)
        assert endpoint.hostname is not None
        assert endpoint.port is not None
        self._upstream = Upstream(endpoint.hostname, endpoint.port, _TIMEOUT_SECONDS)
        self._api_path = f"/_aws/execute-api/{api_id}/$default".encode()
        self._client_id = client_id
        self._edge_key = edge_key
        self._console = console
        self._files = ConsoleFiles(console)
        self._turns = CallerLimiter()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/{path:anything}", self._api, methods=_METHODS),
                Route("/health", self._health, methods=["GET", "HEAD"]),
                Route("/cognito", self._cognito, methods=["POST"]),
                Route("/config.json", self._config),
                Route("/{path:anything}", self._page),
            ],
            middleware=[Middleware(_SecurityHeaders)],
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        self._upstream.close()

    async def _api(self, request: Request) -> Response:
        refused = refusal_of(request.scope)
        if refused is not None:
            return refused
        raw_path: bytes = self._api_path + request.scope["raw_path"].split(b"?")[0]
        if request.scope["query_string"]:
            raw_path += b"?" + request.scope["query_string"]
        caller = request.headers.get("authorization")
        if caller is None:
            # A sender of webhooks; these are not distinguished.
            return await self._forward(request, raw_path)
        self._turns.note(caller)
        if request.method in _READING:
            return await self._forward(request, raw_path)
        async with self._turns.turn(caller):
            return await self._forward(request, raw_path)

    async def _health(self, request: Request) -> Response:
        return await self._forward(request, self._api_path + b"/v1/health")

    async def _cognito(self, request: Request) -> Response:
        if not request.headers.get("x-amz-target", "").startswith(_COGNITO_TARGET):
            return JSONResponse(
                {"message": "the header X-Amz-Target does not name a call to Cognito"},
                status_code=400,
            )
        return await self._forward(request, b"/")

    async def _forward(self, request: Request, raw_path: bytes) -> Response:
        headers = [
            (name, value)
            for name, value in request.headers.raw
            if name not in _OWN_HEADERS and name.decode("latin-1") not in _HOP_BY_HOP
        ]
        if request.scope["path"].startswith(_WEBHOOKS):
            headers = webhook_headers(headers)
        # The address that the caller used, so that the API can name it.
        headers.append((b"x-forwarded-host", _host(request)))
        headers.append((b"x-forwarded-proto", request.scope["scheme"].encode()))
        # The caller's address: the API sees only this process.
        if request.client is not None:
            headers.append((VIEWER_ADDRESS.encode(), request.client.host.encode()))
        headers.append((EDGE_KEY.encode(), self._edge_key.encode()))
        body = await request.body()
        try:
            answer = await self._upstream.request(request.method, raw_path, headers, body)
        except UnsendableError:
            return JSONResponse({"message": "Bad Request"}, 400)
        except UpstreamError as error:
            return JSONResponse({"message": f"the emulator did not answer: {error}"}, 502)
        # The body as it came, so that it keeps the header that names its encoding.
        response = Response(answer.body, answer.status)
        response.raw_headers = [
            (name.lower(), value)
            for name, value in answer.headers
            if name.decode("latin-1").lower() not in {*_HOP_BY_HOP, "date", "server"}
        ]
        return response

    async def _config(self, request: Request) -> Response:
        return JSONResponse(
            {
                "region": REGION,
                "userPoolClientId": self._client_id,
                "cognitoEndpoint": "/cognito",
            },
            headers={"Cache-Control": "no-store"},
        )

    async def _page(self, request: Request) -> Response:
        path = request.path_params["path"]
        if _NO_API.match(path):
            problem = {
                "type": "about:blank",
                "title": "Not found",
                "status": 404,
                "detail": f"there is no API at /{path}; API paths begin with /v1/",
            }
            return JSONResponse(problem, 404, media_type="application/problem+json")
        if not (self._console / "index.html").exists():
            return HTMLResponse(_NOT_BUILT, status_code=503)
        is_page = "." not in path.rsplit("/", 1)[-1]
        response = self._files.answer("index.html" if is_page else path, request)
        response.headers["Cache-Control"] = cache_control(path)
        return response


def _host(request: Request) -> bytes:
    """Returns the host name in the request. A client of HTTP/1.0 may leave it out."""
    named = [value for name, value in request.headers.raw if name == b"host"]
    server = request.scope["server"]
    return named[0] if named else f"{server[0]}:{server[1]}".encode()
