"""Every address that answers without a sign-in: it has safe headers, and no token, method or body
breaks it, changes anything or reveals anything."""

import base64
import importlib
from typing import Any

import pytest
from runledger.services.messages.unsubscribe_links import PATH as UNSUBSCRIBE
from runledger.services.secrets.names import link_secret_id

from tests.functional.test_api_handlers import CONTEXT, deployed, sample
from tests.support.engine import LINK_KEY, Engine
from tests.support.environment import STACK
from tests.support.template import load_template

__all__ = ["deployed"]

WEBHOOKS = "/v1/webhooks/in/"
# Each public address, with its methods.
PUBLIC = {
    f"{WEBHOOKS}{{token}}": {"POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"},
    f"{UNSUBSCRIBE}{{token}}": {"POST", "GET", "HEAD"},
    "/v1/openapi.json": {"GET"},
    "/v1/health": {"GET"},
}
TOKENS = [
    "",
    "x",
    "a" * 8_000,
    "." * 6,
    ".1.00000000.ws_demo.con_1.dlv_1.9999999999",
    f"{'A' * 43}.1.00000000.ws_demo.con_1.dlv_1.{'9' * 5_000}",
    "%00",
    "\x00",
    "a\x00b",
    "%0d%0aX-Evil:%201",
    "a\r\nX-Evil: 1",
    "%ff%fe",
    "é" * 400,
    "\ud83d",
    "../../health",
    "..%2f..%2fhealth",
    "a/b/c",
    "a b",
    "a?b=c",
    "<script>alert(1)</script>",
    "{token}",
]
BODIES = [b"", b"\x00\xff", b"{", b"[" * 20_000, b"List-Unsubscribe=One-Click"]
# What a page may not be without, also at the API's own address.
PAGE = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def functions() -> dict[str, Any]:
    resources = load_template()["Resources"].items()
    return {
        name: each["Properties"]
        for name, each in resources
        if each["Type"] == "AWS::Serverless::Function"
    }


def routes() -> list[tuple[str, str, str]]:
    """Returns the function, the method and the path of every route without an authorizer."""
    return [
        (properties["CodeUri"].rpartition("/")[2], route["Method"], route["Path"])
        for properties in functions().values()
        for event in properties.get("Events", {}).values()
        if (route := event.get("Properties", {})).get("Auth") == {"Authorizer": "NONE"}
    ]


def asked(
    function: str, method: str, path: str, body: bytes = b"", accept: str = "text/html"
) -> dict[str, Any]:
    event = sample("webhook_in" if function == "webhook_in" else "query")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    event["requestContext"].pop("authorizer", None)
    event["rawQueryString"], event["queryStringParameters"] = "", {}
    event["headers"] = {
        "host": "console.example.com",
        "accept": accept,
        "content-type": "application/x-www-form-urlencoded",
    }
    event["body"], event["isBase64Encoded"] = base64.b64encode(body).decode(), True
    handler = importlib.import_module(f"functions.{function}.handler").handler
    answer: dict[str, Any] = handler(event, CONTEXT)
    return answer


@pytest.fixture
def ready(deployed: Engine) -> Engine:
    """The deployed handlers, with the key that signs unsubscribe links."""
    deployed.secrets_manager.create_secret(Name=link_secret_id(STACK), SecretString=LINK_KEY)
    return deployed


def test_these_are_all_public_addresses() -> None:
    found: dict[str, set[str]] = {}
    for _, method, path in routes():
        found.setdefault(path, set()).add(method)
    assert found == PUBLIC
    # Nothing else can be reached from outside, such as a function's own address.
    assert not any("FunctionUrlConfig" in each for each in functions().values())


@pytest.mark.parametrize("token", TOKENS, ids=lambda each: ascii(each)[:30])
def test_no_token_breaks_a_public_address(ready: Engine, token: str) -> None:
    rows = ready.rows()
    for function, method, path in routes():
        if "{token}" not in path:
            continue
        for number, body in enumerate(BODIES):
            accept = ("text/html", "*/*")[number % 2]
            answer = asked(function, method, path.replace("{token}", token), body, accept)
            assert answer["statusCode"] in (404, 405), (method, path, answer)
            assert len(answer["body"]) < 2_000
            assert "<script" not in answer["body"]
            assert "x-evil" not in {name.lower() for name in answer["headers"]}
            assert answer["headers"]["X-Content-Type-Options"] == "nosniff"
            assert answer["headers"]["Cache-Control"] == "no-store"
            assert not answer.get("cookies")
    # Nothing is written for a token that is not ours, so nobody can fill the table.
    assert ready.rows() == rows


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_page_has_safe_headers_at_every_address(ready: Engine, method: str) -> None:
    answer = asked("webhook_in", method, f"{UNSUBSCRIBE}unknown", BODIES[-1])
    headers = answer["headers"]
    assert (answer["statusCode"], headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert PAGE.items() <= headers.items()
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "script-src" not in policy and "unsafe" not in headers["Content-Security-Policy"]
    # The distribution's headers replace these. Its policy lets the page send a referrer to its own
    # style sheet, so the page forbids that itself.
    assert '<meta name="referrer" content="no-referrer">' in answer["body"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_another_method_names_the_ones_of_a_link(ready: Engine, method: str) -> None:
    answer = asked("webhook_in", method, f"{UNSUBSCRIBE}unknown", BODIES[-1])
    assert answer["statusCode"] == 405
    assert answer["headers"]["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("path", ["/v1/openapi.json", "/v1/health"])
def test_what_everybody_may_read_is_the_same_for_everybody(deployed: Engine, path: str) -> None:
    rows = deployed.rows()
    answers = [asked("query", "GET", path, body) for body in BODIES]
    assert {each["statusCode"] for each in answers} == {200}
    assert len({each["body"] for each in answers}) == 1
    for method in ("POST", "PUT", "DELETE"):
        assert asked("query", method, path)["statusCode"] in (404, 405)
    assert deployed.rows() == rows
