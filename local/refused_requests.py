"""Requests that CloudFront and API Gateway refuse before they reach a function.

On AWS, these two services answer them. The emulator's HTTP API accepts some of them and crashes on
others.
"""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

# "Maximum length of a URL" (Amazon CloudFront Developer Guide, Quotas).
MAX_URL_BYTES = 8_192
# "Total combined size of request line and header values" (API Gateway Developer Guide, quotas for
# HTTP APIs).
MAX_HEADER_BYTES = 10_240
# A target is a path and a query (RFC 9112, section 3.2): visible ASCII without the number sign,
# which would begin a fragment (RFC 3986, section 3.5). Other characters are refused with 400 (RFC
# 9112, section 3).
_NOT_IN_A_TARGET = frozenset({*range(0x21), ord("#"), *range(0x7F, 0x100)})

# A name or an address, and a port (RFC 3986, section 3.2.2); empty if the caller has none.
_HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]*")


def refusal_of(scope: Mapping[str, Any]) -> Response | None:
    """Returns the answer if the request is refused; None if it is passed on."""
    path, query = scope["raw_path"].split(b"?")[0], scope["query_string"]
    if not _NOT_IN_A_TARGET.isdisjoint(path + query):
        return _answer(400, "Bad Request")
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if not all(_HOST.fullmatch(host) for host in hosts):
        return _answer(400, "Bad Request")
    target = len(path) + len(query) + 1
    if target > MAX_URL_BYTES:
        return _answer(414, "Request-URI Too Long")
    if target + sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
        return _answer(431, "Request Header Fields Too Large")
    return None


def _answer(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status)
