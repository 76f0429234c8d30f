"""The HTTP answers that the sender of an event gets. The tests call the handler of the function
that receives webhooks."""

import json
from typing import Any

import pytest
from runledger.models.contact import ContactDocument

from functions.webhook_in.handler import handler
from tests.functional.test_api_handlers import CONTEXT, deployed, sample
from tests.functional.test_refusals import stop
from tests.functional.test_webhooks import BY_EMAIL, hooked
from tests.support.engine import Engine
from tests.support.template import load_template

__all__ = ["deployed"]

WEBHOOKS = "/v1/webhooks/in/{token}"
WANTED = {"kind": "COMPARE", "left": "{{event.query.env}}", "operator": "EQUALS", "right": "live"}


def send(
    token: str, body: Any = None, *, method: str = "POST", query: str = "", **headers: str
) -> dict[str, Any]:
    event = sample("webhook_in")
    event["rawPath"] = event["requestContext"]["http"]["path"] = f"/v1/webhooks/in/{token}"
    event["requestContext"]["http"]["method"] = method
    event["rawQueryString"] = query
    event["body"] = body if isinstance(body, str) else json.dumps(body)
    event["isBase64Encoded"] = False
    event["headers"].pop("content-length", None)
    event["headers"].update(headers)
    answer: dict[str, Any] = handler(event, CONTEXT)
    return answer


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_not_allowed_and_touch_nothing(deployed: Engine, method: str) -> None:
    token = hooked(deployed)
    before = deployed.rows()
    answer = send(token, {}, method=method)
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "POST")
    assert deployed.rows() == before


def test_each_method_has_a_route_without_the_authorizer() -> None:
    """One route for ANY method is not enough: API Gateway would prefer another function's route
    that names the method."""
    events = load_template()["Resources"]["WebhookIn"]["Properties"]["Events"].values()
    routes = [event["Properties"] for event in events if event["Properties"]["Path"] == WEBHOOKS]
    assert {route["Method"] for route in routes} == {
        *("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
    }
    assert all(route["Auth"] == {"Authorizer": "NONE"} for route in routes)


def test_the_query_is_part_of_the_event(deployed: Engine) -> None:
    token = hooked(deployed, filter=WANTED)
    ignored = send(token, {}, query="env=test")
    assert (ignored["statusCode"], json.loads(ignored["body"])) == (202, {"status": "IGNORED"})
    opened = send(token, {}, query="env=live&tag=a&tag=b&api_key=x&empty=")
    detail = deployed.detail(json.loads(opened["body"])["runId"])
    # Credentials are never kept.
    assert detail["trigger"]["query"] == {"env": "live", "tag": "a,b", "empty": ""}


@pytest.mark.parametrize(
    ("chosen", "body"),
    [(200, '{"status": "REFUSED"}'), (202, '{"status": "REFUSED"}'), (204, "")],
)
def test_a_sender_may_be_spared_refusals(deployed: Engine, chosen: int, body: str) -> None:
    token = hooked(deployed, contactLookup=BY_EMAIL, answerRefused=chosen)
    answer = send(token, {"customer": {"email": "nobody@example.com"}})
    assert (answer["statusCode"], answer["body"]) == (chosen, body)
    for wrong in ("{", "x" * 1_000_001):
        assert send(token, wrong)["statusCode"] == chosen
    assert send(token, {}, **{"content-type": "image/png"})["statusCode"] == chosen
    stop(deployed, token)
    assert send(token, {})["statusCode"] == chosen
    reasons = {row["reason"] for row in deployed.rows() if row["sk"] == "REFUSAL"}
    assert reasons == {"NO_CONTACT", "INVALID_PAYLOAD", "INACTIVE"}


def test_a_conflict_is_answered_as_chosen(deployed: Engine) -> None:
    token = hooked(deployed, answerRefused=200)
    key = {"idempotency-key": "k"}
    assert send(token, {"a": 1}, **key)["statusCode"] == 202
    assert send(token, {"a": 2}, **key)["statusCode"] == 200


def test_a_wrong_signature_and_the_rate_limit_are_never_hidden(deployed: Engine) -> None:
    token = hooked(deployed, signed=True, answerRefused=202, rateLimitPerMinute=1)
    assert send(token, {})["statusCode"] == 401
    limited = send(token, {})
    assert limited["statusCode"] == 429
    assert int(limited["headers"]["Retry-After"]) > 0
    assert send("unknown", {})["statusCode"] == 404


def test_an_answer_is_as_before_without_a_choice(deployed: Engine) -> None:
    token = hooked(deployed, contactLookup=BY_EMAIL)
    deployed.contacts.create(deployed.workspace_id, ContactDocument(email="a@b.de"))
    opened = send(token, {"customer": {"email": "a@b.de"}})
    assert opened["statusCode"] == 202
    assert set(json.loads(opened["body"])) == {"runId", "status", "duplicate"}
    refused = send(token, {})
    assert (refused["statusCode"], json.loads(refused["body"])["field"]) == (
        422,
        "customer.email",
    )
