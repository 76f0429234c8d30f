"""The CloudFront distribution: its functions, run as JavaScript, and the headers that it shares
with the API."""

import json
import subprocess
from typing import Any

import pytest
from runledger import http

from local import edge
from local.gateway import API_HEADERS, MESSAGE_FRAME, MESSAGE_FRAME_HEADERS, SECURITY_HEADERS
from local.settings import ROOT
from local.template import load_template
from tests.functional.test_api_handlers import CONTEXT, EDGE_KEY, claims_of, deployed, pool, sample
from tests.support.engine import Engine
from tests.support.lambda_processes import forget_settings

__all__ = ["deployed", "pool"]

RESOURCES = load_template()["Resources"]
# "HTTP 4xx and 5xx status codes that CloudFront caches":
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
KEPT_ERRORS = {404, 414, 500, 501, 502, 503, 504}
# The same page: kept if the origin sends `max-age` or `s-maxage`. So are 412 and 415, for which
# there is no setting; the API sends `no-store` (test_every_answer_forbids_caching).
KEPT_WITH_MAX_AGE = {400, 403, 405}


def run(function: str, event: dict[str, Any]) -> Any:
    """Returns the answer of the template's CloudFront function to this request."""
    code = RESOURCES[function]["Properties"]["FunctionCode"]
    script = f"{code}\nconsole.log(JSON.stringify(handler({json.dumps(event)})));"
    told = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    return json.loads(told.stdout)


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("/", "/index.html"),
        ("/runs", "/index.html"),
        ("/runs/run_01/", "/index.html"),
        ("/v1.2/runs", "/index.html"),
        ("/config.json", "/config.json"),
        ("/assets/index-Ab3.js", "/assets/index-Ab3.js"),
        ("/assets/missing.js", "/assets/missing.js"),
    ],
)
def test_a_path_without_a_file_extension_serves_the_console(path: str, served: str) -> None:
    assert run("DeepLinks", {"request": {"uri": path, "headers": {}}})["uri"] == served


@pytest.mark.parametrize("path", ["/v1", "/v2/runs", "/v2", "/v12/"])
def test_an_unknown_api_version_is_a_404_problem_and_not_a_page(path: str) -> None:
    answer = run("DeepLinks", {"request": {"uri": path, "headers": {}}})
    assert answer["statusCode"] == 404
    assert answer["headers"]["content-type"]["value"] == "application/problem+json"
    body = json.loads(answer["body"]["data"])
    assert (body["status"], path in body["detail"]) == (404, True)


def test_health_is_answered_by_the_api() -> None:
    event = {
        "viewer": {"ip": "::1"},
        "request": {"uri": "/health", "headers": {"host": {"value": "x"}}},
    }
    assert run("Callers", event)["uri"] == "/v1/health"
    behaviors = RESOURCES["Distribution"]["Properties"]["DistributionConfig"]["CacheBehaviors"]
    targets = {each["PathPattern"]: each["TargetOriginId"] for each in behaviors}
    assert (targets["/v1/*"], targets["/health"]) == ("api", "api")


def test_the_viewers_address_replaces_the_callers_headers() -> None:
    headers = {
        "host": {"value": "console.example.com"},
        "x-viewer-address": {"value": "198.51.100.7"},
        "x-forwarded-host": {"value": "evil.example.com"},
    }
    event = {"viewer": {"ip": "2001:db8::1"}, "request": {"uri": "/v1/me", "headers": headers}}
    told = run("Callers", event)["headers"]
    assert told["x-viewer-address"] == {"value": "2001:db8::1"}
    assert told["x-forwarded-host"] == {"value": "console.example.com"}


@pytest.mark.parametrize(
    ("path", "sent", "passed"),
    [
        (
            "/v1/webhooks/in/token",
            {"content-type": "application/json", "x-sent-content-type": "text/forged"},
            {"content-type": "application/octet-stream", "x-sent-content-type": "application/json"},
        ),
        (
            "/v1/webhooks/in/token",
            {"x-sent-content-type": "text/forged"},
            {"content-type": "application/octet-stream"},
        ),
        (
            "/v1/contacts",
            {"content-type": "application/json"},
            {"content-type": "application/json"},
        ),
    ],
)
def test_a_webhook_reaches_the_api_as_binary(
    path: str, sent: dict[str, str], passed: dict[str, str]
) -> None:
    headers = {name: {"value": value} for name, value in {**sent, "host": "x"}.items()}
    event = {"viewer": {"ip": "::1"}, "request": {"uri": path, "headers": headers}}
    told = {name: each["value"] for name, each in run("Callers", event)["headers"].items()}
    own = {"host", "x-viewer-address", "x-forwarded-host"}
    assert {name: value for name, value in told.items() if name not in own} == passed
    if path.startswith("/v1/webhooks/"):
        raw = [(name.encode(), value.encode()) for name, value in sent.items()]
        local = {name.decode(): value.decode() for name, value in edge.webhook_headers(raw)}
        assert local == passed


def test_the_distribution_and_the_api_use_the_same_headers() -> None:
    assert (edge.EDGE_KEY, edge.VIEWER_ADDRESS) == (http.EDGE_KEY, http.VIEWER_ADDRESS)
    assert edge.SENT_CONTENT_TYPE == http.SENT_CONTENT_TYPE
    origins = RESOURCES["Distribution"]["Properties"]["DistributionConfig"]["Origins"]
    api = next(origin for origin in origins if origin["Id"] == "api")
    [header] = api["OriginCustomHeaders"]
    assert header["HeaderName"].lower() == http.EDGE_KEY
    assert f"'{http.VIEWER_ADDRESS}'" in RESOURCES["Callers"]["Properties"]["FunctionCode"]


def test_the_security_headers_are_strict() -> None:
    policy = dict(
        part.strip().split(" ", 1)
        for part in SECURITY_HEADERS["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert "unsafe" not in SECURITY_HEADERS["Content-Security-Policy"]
    assert int(SECURITY_HEADERS["Strict-Transport-Security"].split("=")[1]) >= 31_536_000
    assert SECURITY_HEADERS["X-Content-Type-Options"] == "nosniff"
    assert SECURITY_HEADERS["Referrer-Policy"] == "same-origin"


def test_the_frame_of_a_message_has_an_origin_of_its_own() -> None:
    """A message in the frame cannot access the console. Only the console can embed the frame."""
    config = RESOURCES["Distribution"]["Properties"]["DistributionConfig"]
    (frame,) = [each for each in config["CacheBehaviors"] if each["PathPattern"] == MESSAGE_FRAME]
    assert frame["TargetOriginId"] == "console"
    assert frame["ResponseHeadersPolicyId"]["Ref"] == "MessageFrameHeaders"
    policy = dict(
        part.strip().split(" ", 1)
        for part in MESSAGE_FRAME_HEADERS["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "sandbox": "allow-scripts",
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'unsafe-inline'",
        "img-src": "https: http:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
    }
    assert MESSAGE_FRAME_HEADERS["X-Frame-Options"] == "SAMEORIGIN"
    assert MESSAGE_FRAME_HEADERS["Referrer-Policy"] == "no-referrer"
    assert (ROOT / f"console/public{MESSAGE_FRAME}").is_file()


def test_the_api_is_not_cached_and_errors_are_not_replaced_by_pages() -> None:
    config = RESOURCES["Distribution"]["Properties"]["DistributionConfig"]
    of_api = [each for each in config["CacheBehaviors"] if each["TargetOriginId"] == "api"]
    assert {api["PathPattern"] for api in of_api} == {"/v1/*", "/health"}
    for api in of_api:
        # AWS's own policies: CachingDisabled, AllViewerExceptHostHeader.
        assert api["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        assert api["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
        assert api["ResponseHeadersPolicyId"]["Ref"] == "ApiHeaders"
        # This cache policy disables compression, so the setting would only look like one.
        assert api["Compress"] is False
    assert config["DefaultCacheBehavior"]["Compress"] is True
    assert config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]["Ref"] == "SecurityHeaders"


def test_no_error_is_kept_for_the_next_caller() -> None:
    """By default, CloudFront caches an error for ten seconds, and returns it to every caller of the
    same path."""
    config = RESOURCES["Distribution"]["Properties"]["DistributionConfig"]
    responses = config["CustomErrorResponses"]
    assert {each["ErrorCode"] for each in responses} == KEPT_ERRORS | KEPT_WITH_MAX_AGE
    for each in responses:
        # A page, or another status, would hold for the API too.
        assert each == {"ErrorCode": each["ErrorCode"], "ErrorCachingMinTTL": 0}


def test_api_answers_have_the_security_headers_and_no_store() -> None:
    assert {**SECURITY_HEADERS, "Cache-Control": "no-store"} == API_HEADERS
    # Also over what the API says itself, and on what API Gateway answers without it.
    policy = RESOURCES["ApiHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    overrides = {
        item["Header"]: item["Override"] for item in policy["CustomHeadersConfig"]["Items"]
    }
    assert overrides["Cache-Control"] is True


# ── Calls that go around the distribution ───────────────────────────────────────────────────────
WEBHOOK = "/v1/webhooks/in/whk_unknown"


def sent(path: str, headers: dict[str, str]) -> dict[str, Any]:
    from functions.query.handler import handler as query
    from functions.webhook_in.handler import handler as webhook_in

    event = sample("webhook_in" if path == WEBHOOK else "query")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["rawQueryString"], event["queryStringParameters"] = "", {}
    event["headers"] = {**event["headers"], **headers}
    event["requestContext"]["authorizer"] = {"jwt": {"claims": claims_of("user-owner")}}
    answer = (webhook_in if path == WEBHOOK else query)(event, CONTEXT)
    return {"status": answer["statusCode"], "body": json.loads(answer["body"])}


@pytest.mark.parametrize("path", ["/v1/me", "/v1/health", "/v1/nowhere", WEBHOOK])
def test_a_call_around_the_distribution_is_refused_if_the_owner_wants_that(
    deployed: Engine, pool: str, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    through = {http.EDGE_KEY: EDGE_KEY}
    ordinary = sent(path, {})["status"]
    assert ordinary != 403
    assert sent(path, through)["status"] == ordinary
    monkeypatch.setenv("RUNLEDGER_DIRECT_CALLS", "Refused")
    forget_settings()
    assert sent(path, through)["status"] == ordinary
    for headers in ({}, {http.EDGE_KEY: "guessed"}, {http.EDGE_KEY: ""}):
        refused = sent(path, headers)
        assert (refused["status"], refused["body"]["title"]) == (403, "Forbidden")


def test_every_function_of_the_api_knows_whether_direct_calls_are_refused() -> None:
    behind = {
        name
        for name, each in RESOURCES.items()
        if each["Type"] == "AWS::Serverless::Function"
        and any(
            event["Type"] == "HttpApi" for event in each["Properties"].get("Events", {}).values()
        )
    }
    assert behind == {"WebhookIn", "Api", "Query"}
    for name in behind:
        variables = RESOURCES[name]["Properties"]["Environment"]["Variables"]
        assert variables["RUNLEDGER_DIRECT_CALLS"] == {"Ref": "DirectCalls"}
