"""Compresses the API's answers.

Nothing between a function and the client compresses them. API Gateway's HTTP APIs have no
compression. CloudFront compresses only answers that it may cache, and it may not cache the API's
answers
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html,
CachingDisabled: "Cache compressed objects setting: Disabled").

Other sites cannot guess secrets from the length of a compressed answer (BREACH). They would have to
make the browser send requests for the caller, but a browser never attaches the caller's token by
itself.
"""

import base64
import gzip
import re
from collections.abc import Mapping
from typing import Any

# CloudFront compresses objects from this length on; below it little is saved. In bytes.
SHORTEST = 1_000
# A page of 100 runs shrinks from 35 KB to 8.6 KB at this level. Level 6 makes 7.7 KB of it, but
# takes twice the time.
_LEVEL = 3
_CODING = re.compile(r"\s*([^\s;]+)\s*(?:;\s*q\s*=\s*([0-9.]+))?\s*", re.IGNORECASE)


def compressed(answer: dict[str, Any], accept_encoding: str) -> dict[str, Any]:
    """Returns a function's answer to API Gateway, compressed with gzip if its body is long and the
    request's header Accept-Encoding allows it."""
    body = answer.get("body") or ""
    if answer.get("isBase64Encoded") or len(body) < SHORTEST:
        return answer
    headers = {**answer.get("headers", {}), "Vary": "Accept-Encoding"}
    if not _takes_gzip(accept_encoding):
        return {**answer, "headers": headers}
    packed = gzip.compress(body.encode(), _LEVEL, mtime=0)
    return {
        **answer,
        "headers": {**headers, **_weak_tag(headers), "Content-Encoding": "gzip"},
        "body": base64.b64encode(packed).decode(),
        "isBase64Encoded": True,
    }


def _takes_gzip(accept_encoding: str) -> bool:
    """Whether the header Accept-Encoding allows gzip (RFC 9110, section 12.5.3)."""
    weights: dict[str, bool] = {}
    for part in accept_encoding.split(","):
        if match := _CODING.fullmatch(part):
            weights[match[1].lower()] = match[2] is None or match[2].strip("0.") != ""
    return weights.get("gzip", weights.get("*", False))


def _weak_tag(headers: Mapping[str, str]) -> dict[str, str]:
    """Returns the ETag header of a compressed answer: a strong ETag becomes weak, because the
    compressed bytes are not the original bytes (RFC 9110, section 8.8.1). Empty if there is no
    strong ETag. CloudFront weakens ETags too when it compresses."""
    tag = headers.get("ETag", "")
    return {"ETag": f"W/{tag}"} if tag.startswith('"') else {}
