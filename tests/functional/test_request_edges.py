"""Checks before a request is read, and headers of every answer."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from runledger.http import is_personal, needed_role
from runledger.models.workspace import Role
from runledger.routes.query_routers import include_all_routers

from tests.functional.test_api_handlers import CONTEXT, EDGE_KEY, call, deployed, pool, sample
from tests.functional.test_settle import WAITING
from tests.functional.test_webhooks import hooked, signature
from tests.support.engine import Engine

__all__ = ["deployed", "pool"]

ROOT = Path(__file__).parents[2]
OPENAPI = json.loads((ROOT / "functions" / "query" / "openapi.json").read_text())
GARBAGE: list[dict[str, Any]] = [
    {"raw": b"{"},
    {"raw": b"\xff\xfe"},
    {"raw": b"a=1", "headers": {"content-type": "text/plain"}},
    {"raw": b"", "headers": {"content-type": "application/x-www-form-urlencoded"}},
    {"body": []},
    {"body": {"nothing": "like this"}},
    {"body": {}, "query": "nothing=like&this=1"},
]


def operations() -> list[tuple[str, str, Role, bool]]:
    """Returns every deployed operation that needs a caller: method, path, lowest role, and whether
    every signed-in user may call it."""
    from functions.api.handler import app as api
    from functions.query.handler import app as query

    include_all_routers(query)
    found = []
    for app in (api, query):
        for route in (*app._static_routes, *app._dynamic_routes):
            role = needed_role(route.func)
            if role is not None:
                path = route.path.replace("<", "{").replace(">", "}")
                found.append((route.method, path, role, is_personal(route.func)))
    return found


def test_the_document_has_exactly_the_deployed_operations() -> None:
    documented = {
        (method.upper(), path)
        for path, item in OPENAPI["paths"].items()
        for method in item
        # Its token in the path is all that a sender or a recipient has, and a probe has none.
        if not path.startswith(("/v1/webhooks/in/", "/v1/unsubscribe/")) and path != "/v1/health"
    }
    assert {(method, path) for method, path, *_ in operations()} == documented


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda each: str(sorted(each.items()))[:40])
def test_the_role_is_checked_before_the_request_is_read(
    deployed: Engine, garbage: dict[str, Any]
) -> None:
    checked = 0
    for method, path, needed, personal in operations():
        lesser = [role for role in Role if role.level < needed.level][-1:]
        for role in (None,) if personal else (*lesser, "nobody", None):
            sent = {"raw": None, **garbage}
            filled = path.replace("{", "x").replace("}", "x")
            answer = call(method, filled, role=role and role.lower(), **sent)
            expected = 401 if role is None else 403
            assert answer["status"] == expected, (method, path, role, answer)
            checked += 1
    assert checked > 150


def test_a_caller_with_the_role_learns_what_is_wrong_with_the_body(deployed: Engine) -> None:
    statuses = [call("POST", "/v1/contacts", **each)["status"] for each in GARBAGE]
    assert statuses == [422, 422, 415, 415, 422, 422, 422]


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, deflate, br", "gzip"), ("br", None), (None, None)]
)
def test_a_long_answer_is_compressed_if_the_caller_accepts_it(
    deployed: Engine, accepted: str | None, encoding: str | None
) -> None:
    from functions.query.handler import handler as query

    event = sample("query")
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/v1/openapi.json"
    event["rawQueryString"], event["queryStringParameters"] = "", {}
    event["headers"] = {} if accepted is None else {"Accept-Encoding": accepted}
    answer = query(event, CONTEXT)
    headers, body = answer["headers"], answer["body"]
    assert (headers.get("Content-Encoding"), headers["Vary"]) == (encoding, "Accept-Encoding")
    assert headers["Cache-Control"] == "no-store"
    assert answer["isBase64Encoded"] is (encoding is not None)
    text = gzip.decompress(base64.b64decode(body)).decode() if encoding else body
    assert json.loads(text) == OPENAPI
    assert (len(body) < len(text) / 4) is (encoding is not None)


def test_every_answer_forbids_caching(deployed: Engine, pool: str) -> None:
    from functions.query.handler import handler as query
    from functions.webhook_in.handler import handler as webhook_in

    automation_id = deployed.activate(WAITING)
    answers = [
        call("GET", "/v1/me"),
        call("GET", f"/v1/automations/{automation_id}"),
        call("POST", "/v1/contacts", {"email": "ada@example.com"}),
        call("POST", "/v1/contacts", raw=b"{"),
        call("POST", "/v1/contacts", {}, role="viewer"),
        call("GET", "/v1/runs", role=None),
        call("GET", "/v1/nothing"),
        call("DELETE", "/v1/nothing"),
        call("GET", "/v1/runs/run_01"),
        call("GET", "/v1/runs", query="cursor=xyz"),
    ]
    assert {answer["status"] for answer in answers} >= {200, 201, 400, 401, 403, 404, 422}
    event = sample("query")
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/v1/openapi.json"
    event["requestContext"].pop("authorizer")
    raw = [query(event, CONTEXT)]
    hook = sample("webhook_in")
    for token in ("unknown", hooked(deployed)):
        hook["rawPath"] = hook["requestContext"]["http"]["path"] = f"/v1/webhooks/in/{token}"
        raw.append(webhook_in(hook, CONTEXT))
    assert [each["statusCode"] for each in raw] == [200, 404, 202]
    for answer in (*answers, *raw):
        assert answer["headers"]["Cache-Control"] == "no-store", answer
        assert answer["headers"]["X-Content-Type-Options"] == "nosniff", answer


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({}, "https://abcdef.execute-api.us-east-1.amazonaws.com"),
        (
            {"x-forwarded-host": "evil.example"},
            "https://abcdef.execute-api.us-east-1.amazonaws.com",
        ),
        (
            {
                "x-forwarded-proto": "http",
                "x-forwarded-host": "evil.example",
                "host": "evil.example",
            },
            "https://abcdef.execute-api.us-east-1.amazonaws.com",
        ),
        (
            {"x-forwarded-host": "evil.example", "x-runledger-edge": "a guess"},
            "https://abcdef.execute-api.us-east-1.amazonaws.com",
        ),
        (
            {"x-forwarded-host": "console.example.com", "x-runledger-edge": EDGE_KEY},
            "https://console.example.com",
        ),
        (
            {
                "x-forwarded-host": "127.0.0.1:8080",
                "x-forwarded-proto": "http",
                "x-runledger-edge": EDGE_KEY,
            },
            "http://127.0.0.1:8080",
        ),
    ],
    ids=["direct", "forwarded", "every header", "guessed", "distribution", "local"],
)
def test_only_the_distributions_forwarded_host_is_trusted(
    deployed: Engine, headers: dict[str, str], url: str
) -> None:
    automation_id = deployed.activate(WAITING)
    for method, path in (
        ("GET", f"/v1/automations/{automation_id}"),
        ("POST", f"/v1/automations/{automation_id}/activate"),
    ):
        shown = call(method, path, headers=headers)["body"]["webhook"]
        assert shown["url"] == f"{url}{shown['path']}"


@pytest.mark.parametrize(
    ("sources", "counted"),
    [
        (["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:DB8:1:2::2"], "2001:db8:1:2::/64"),
        (["::ffff:198.51.100.7", "198.51.100.7", "::ffff:c633:6407"], "198.51.100.7"),
        (["fe80::1%eth0", "fe80::2%eth1"], "fe80::/64"),
        (["somewhere", "somewhere"], "somewhere"),
    ],
    ids=["one /64", "IPv4 as IPv6", "zones", "no address"],
)
def test_events_are_counted_by_network(deployed: Engine, sources: list[str], counted: str) -> None:
    from functions.webhook_in.handler import handler

    token = hooked(deployed, rateLimitPerMinute=1)
    event = sample("webhook_in")
    event["rawPath"] = event["requestContext"]["http"]["path"] = f"/v1/webhooks/in/{token}"
    event["headers"]["x-runledger-edge"] = EDGE_KEY
    answers = []
    for source in sources:
        event["headers"]["x-viewer-address"] = source
        answers.append(handler(event, CONTEXT))
    assert [each["statusCode"] for each in answers] == [202] + [429] * (len(sources) - 1)
    assert f"from {counted}" in json.loads(answers[-1]["body"])["detail"]
    rates = [row["pk"] for row in deployed.rows() if row["pk"].startswith("RATE#")]
    assert [rate.rpartition("#")[2] for rate in rates] == [counted]


BYTES = '{"n": "Müller"}'.encode("latin-1")
AS_TEXT = {"body": BYTES.decode(errors="replace"), "isBase64Encoded": False}
AS_BYTES = {"body": base64.b64encode(BYTES).decode(), "isBase64Encoded": True}
OVER_THE_EDGE = {"x-runledger-edge": EDGE_KEY, "content-type": "application/octet-stream"}


@pytest.mark.parametrize(
    ("delivered", "headers", "status", "words"),
    [
        (
            AS_BYTES,
            {**OVER_THE_EDGE, "x-sent-content-type": "application/json; charset=latin1"},
            202,
            "",
        ),
        # The signature is right, so the sender learns what is wrong.
        (
            AS_BYTES,
            {**OVER_THE_EDGE, "x-sent-content-type": "application/json"},
            422,
            "byte 8 (0xFC)",
        ),
        (AS_BYTES, OVER_THE_EDGE, 415, "no content type"),
        # At API Gateway's own address.
        (AS_BYTES, {"content-type": "application/json; charset=latin1"}, 202, ""),
        (AS_TEXT, {"content-type": "application/json"}, 401, "the signature does not match"),
        (
            AS_BYTES,
            {
                "content-type": "application/octet-stream",
                "x-sent-content-type": "application/json; charset=latin1",
            },
            415,
            "octet-stream",
        ),
    ],
    ids=["edge", "edge, UTF-8", "edge, no type", "charset", "text", "no proof"],
)
def test_a_signature_is_about_the_bytes_that_were_sent(
    deployed: Engine, delivered: dict[str, Any], headers: dict[str, str], status: int, words: str
) -> None:
    from functions.webhook_in.handler import handler

    token = hooked(deployed, signed=True)
    event = {**sample("webhook_in"), **delivered}
    event["rawPath"] = event["requestContext"]["http"]["path"] = f"/v1/webhooks/in/{token}"
    event["headers"] = {
        "content-length": str(len(BYTES)),
        "x-runledger-signature": signature(deployed, token, BYTES),
        **headers,
    }
    answer = handler(event, CONTEXT)
    assert (answer["statusCode"], words in answer["body"]) == (status, True), answer["body"]


def test_events_of_different_networks_are_counted_separately(deployed: Engine) -> None:
    from functions.webhook_in.handler import handler

    token = hooked(deployed, rateLimitPerMinute=1)
    event = sample("webhook_in")
    event["rawPath"] = event["requestContext"]["http"]["path"] = f"/v1/webhooks/in/{token}"
    event["headers"]["x-runledger-edge"] = EDGE_KEY
    for source in ("2001:db8:1:2::1", "2001:db8:1:3::1", "198.51.100.7", "198.51.100.8"):
        event["headers"]["x-viewer-address"] = source
        assert handler(event, CONTEXT)["statusCode"] == 202, source
