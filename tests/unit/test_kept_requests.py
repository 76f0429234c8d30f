"""A kept event holds no credential, in whatever part of the request it came."""

import gzip
import json
from urllib.parse import quote_plus

import pytest
from runledger.http import EDGE_KEY, SENT_CONTENT_TYPE, VIEWER_ADDRESS
from runledger.models.kept_event import KeptEvent
from runledger.services.triggers.kept_requests import MAX_HEADERS, kept_event
from runledger.sources.base import Received

SECRET = 'whsec_"quoted" & sëcret/42'


def kept(
    body: bytes = b"{}",
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    secrets: tuple[str, ...] = (),
) -> KeptEvent:
    url = "https://hooks.example.com/v1/webhooks/in/the-token-of-the-address"
    received = Received("POST", url, headers or {}, query or {}, body, 1_700_000_000_000)
    return kept_event(received, source="203.0.113.9", secrets=secrets)


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "proxy-authorization", "cookie", "x-api-key", "x-shop-key"),
        *("x-hub-signature-256", "stripe-signature", "webhook-signature", "x-slack-signature"),
        *(
            "x-twilio-signature",
            "x-hubspot-signature-v3",
            "x-shopify-hmac-sha256",
            "x-gitlab-token",
            "x-acme-secret",
        ),
    ],
)
def test_a_credential_header_is_only_named(name: str) -> None:
    assert kept(headers={name: "hunter2"}).headers == {name: "[redacted]"}


def test_headers_of_the_way_here_are_left_out() -> None:
    headers = {
        EDGE_KEY: "the distribution's key",
        VIEWER_ADDRESS: "203.0.113.9",
        SENT_CONTENT_TYPE: "text/plain",
        "x-forwarded-for": "203.0.113.9",
        "x-amzn-trace-id": "Root=1",
        "x-amz-cf-id": "x",
        "cloudfront-viewer-country": "DE",
        "via": "2.0 x",
        "host": "hooks.example.com",
        "user-agent": "shop/1",
    }
    assert kept(headers=headers).headers == {"user-agent": "shop/1"}


def test_a_credential_in_the_query_is_only_named() -> None:
    query = {"shop": "one", "access_token": "hunter2", "sig": "hunter2", "token_type": "x"}
    shown = {"shop": "one", "access_token": "[redacted]", "sig": "[redacted]", "token_type": "x"}
    assert kept(query=query).query == shown


def test_a_known_secret_is_struck_under_any_name() -> None:
    event = kept(headers={"x-acme": f"v1 {SECRET}"}, query={"a": SECRET}, secrets=(SECRET,))
    assert (event.headers, event.query) == ({"x-acme": "v1 [redacted]"}, {"a": "[redacted]"})


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"a": SECRET, "b": 1}).encode(),
        json.dumps({"a": SECRET, "b": 1}, ensure_ascii=False).encode(),
        f"a={quote_plus(SECRET)}&b=1".encode(),
        f"a: {SECRET}".encode(),
    ],
)
@pytest.mark.parametrize("is_packed", [False, True])
def test_a_known_secret_is_struck_from_the_body(body: bytes, is_packed: bool) -> None:
    headers = {"content-encoding": "gzip", "content-length": "99"} if is_packed else {}
    event = kept(gzip.compress(body) if is_packed else body, headers, secrets=(SECRET, "abc"))
    assert b"[redacted]" in event.body
    assert b"cret" not in event.body
    # Unpacked, and of another length.
    assert event.headers == {}


def test_a_body_without_a_known_secret_keeps_every_byte() -> None:
    packed = gzip.compress(b'{"password": "of the sender\'s own customer"}')
    headers = {"content-encoding": "gzip"}
    event = kept(packed, headers, secrets=(SECRET,))
    assert (event.body, event.headers) == (packed, headers)


def test_the_address_with_its_token_is_not_kept() -> None:
    assert "the-token-of-the-address" not in kept().model_dump_json()


def test_headers_are_bounded() -> None:
    assert len(kept(headers={f"x-{n}": "1" for n in range(300)}).headers) == MAX_HEADERS
