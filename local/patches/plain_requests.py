"""HTTP: a call of an AWS API is recognized at once, and its answer has fewer headers.

Besides calls of AWS APIs, the emulator answers many other requests: those to load balancers,
distributions, buckets, functions and deployed APIs, which have host names or paths of their own,
and those for pages about itself. It compares each request with all of these, three times. But a
POST to `/` of the emulator's own address can only be a call of an AWS API.

The emulator also adds headers for browsers to each answer, and the request's id in three headers.
The AWS client of each function would have to read them all.
"""

import re
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from ministack import app

from local.patches import guard
from local.settings import HOST

_OWN_HOST = re.compile(re.escape(HOST) + r":[0-9]+")

# x-amzn-requestid is the one that the JSON and Query protocols have.
_NEEDLESS = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "x-amz-request-id",
    "x-amz-id-2",
)

Handler = Callable[..., Awaitable[Any]]


def apply() -> None:
    guard.wrap(app, "_handle_pre_body_request", "827a7ae1d52694b6", _before_body)
    guard.wrap(app, "_handle_post_body_shortcuts", "950ae5cb53a4d007", _after_body)
    guard.wrap(app, "_handle_special_data_plane_request", "011e0dfba6d86597", _after_body)
    guard.wrap(app, "_dispatch_service_request", "17e5ef6dcfa0d4e6", _with_few_headers)
    guard.expect(app, "_with_date_header", "d5e0f710aa4c155e")
    app.formatdate = date_of_now


def is_plain(method: str, path: str, headers: dict[str, str]) -> bool:
    """Whether a request can only be a call of an AWS API."""
    return method == "POST" and path == "/" and bool(_OWN_HOST.fullmatch(headers.get("host", "")))


def _before_body(handle: Handler) -> Handler:
    async def handle_others(
        method: str, path: str, headers: dict[str, str], query_params: Any, request_id: str
    ) -> Any:
        if is_plain(method, path, headers):
            return None
        return await handle(method, path, headers, query_params, request_id)

    return handle_others


def _after_body(handle: Handler) -> Handler:
    async def handle_others(
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: Any,
        request_id: str,
        **rest: Any,
    ) -> Any:
        if is_plain(method, path, headers):
            return None
        return await handle(method, path, headers, body, query_params, request_id, **rest)

    return handle_others


def _with_few_headers(dispatch: Handler) -> Handler:
    async def dispatch_with_few_headers(
        method: str, path: str, headers: dict[str, str], *rest: Any
    ) -> tuple[int, dict[str, str], Any]:
        answer: tuple[int, dict[str, str], Any] = await dispatch(method, path, headers, *rest)
        if is_plain(method, path, headers) and "origin" not in headers:
            for name in _NEEDLESS:
                answer[1].pop(name, None)
        return answer

    return dispatch_with_few_headers


def date_of_now(*, usegmt: bool) -> str:
    """Returns the current date for an answer's Date header. It is formatted once a second."""
    assert usegmt
    return _date_of(int(time.time()))


@lru_cache(1)
def _date_of(second: int) -> str:
    return formatdate(second, usegmt=True)
