"""The webhook intake if AWS does not answer, answers late, or sends an unreadable answer."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions.webhook_in import handler as intake
from tests.support.environment import environment
from tests.support.lambda_processes import forget_clients
from tests.support.wire_server import Behavior, Connection, answer_bytes, wire_server

EVENT = json.loads((Path(__file__).parents[2] / "events" / "webhook_in.json").read_text())
HTML = b"<html><body><h1>504 Gateway Time-out</h1></body></html>"


class Context:
    aws_request_id = "request-1"
    function_name = "webhook_in"


CONTEXT: Any = Context()


@pytest.fixture(autouse=True)
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    forget_clients()
    yield
    forget_clients()


def answer(status: int, body: bytes, content_type: str = "application/x-amz-json-1.0") -> Behavior:
    return lambda connection, request: connection.send(answer_bytes(body, status, content_type))


def refusal(code: str, status: int) -> Behavior:
    told = {"__type": code, "message": "arn:aws:dynamodb:eu:1:table/runledger is gone"}
    return answer(status, json.dumps(told).encode())


def cut(connection: Connection, request: bytes) -> None:
    """Sends half of an answer and then resets the connection."""
    connection.send(answer_bytes(b'{"Item": {}}', 200)[:-6])
    connection.reset()


FAULTS: dict[str, Behavior] = {
    "504 without a body": answer(504, b""),
    "504 with a page": answer(504, HTML, "text/html"),
    "502 with another page": answer(502, b"<!DOCTYPE html>\n<p>Bad gateway", "text/html"),
    "503 in plain text": answer(503, b"no healthy upstream", "text/plain"),
    "500 of the service": refusal("com.amazonaws#InternalServerError", 500),
    "throttled": refusal("com.amazonaws#ThrottlingException", 400),
    "the table is missing": refusal("com.amazonaws#ResourceNotFoundException", 400),
    "not allowed": refusal("com.amazonaws#AccessDeniedException", 400),
    "closed": lambda connection, request: connection.close(),
    "reset": lambda connection, request: connection.reset(),
    "cut off": cut,
}


def sent(monkeypatch: pytest.MonkeyPatch, url: str) -> dict[str, Any]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    return intake.handler(json.loads(json.dumps(EVENT)), CONTEXT)


def assert_put_off(told: dict[str, Any]) -> None:
    assert told["statusCode"] == 503
    headers = {name.lower(): value for name, value in told["headers"].items()}
    assert int(headers["retry-after"]) > 0
    assert headers["content-type"] == "application/problem+json"
    body = json.loads(told["body"])
    assert (body["status"], body["title"]) == (503, "Service unavailable")
    for word in ("arn:aws", "Exception", "runledger", "botocore", "urllib3", "An error occurred"):
        assert word not in body["detail"]


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets clients retry without waiting."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("fault", FAULTS)
def test_the_sender_gets_503_with_retry_after_on_an_aws_fault(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wire_server(FAULTS[fault]) as server:
        assert_put_off(sent(monkeypatch, server.url))
        assert server.requests


@pytest.mark.usefixtures("no_pauses")
def test_the_sender_gets_503_if_aws_refuses_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with wire_server(FAULTS["closed"]) as server:
        gone = server.url
    assert_put_off(sent(monkeypatch, gone))


def test_a_hanging_table_is_given_up_before_api_gateway_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "ANSWER_SECONDS", 1.0)
    over = threading.Event()

    def hang(connection: Connection, request: bytes) -> None:
        over.wait(20)

    with wire_server(hang) as server:
        began = time.monotonic()
        assert_put_off(sent(monkeypatch, server.url))
        took = time.monotonic() - began
        over.set()
    # One call of a second, and the pause before the next, which is not made.
    assert took < 4
    assert len(server.requests) == 1


def test_the_time_of_several_slow_calls_is_limited_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each single call answers within its own time limit."""
    monkeypatch.setattr(intake, "ANSWER_SECONDS", 1.5)

    def slow(connection: Connection, request: bytes) -> None:
        time.sleep(1)
        connection.send(answer_bytes(b"", 503))

    with wire_server(slow) as server:
        began = time.monotonic()
        assert_put_off(sent(monkeypatch, server.url))
        assert time.monotonic() - began < 4
        assert len(server.requests) <= 2


def test_the_time_limit_applies_to_one_request_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "ANSWER_SECONDS", 0.01)
    with wire_server(answer(504, b"")) as server:
        assert_put_off(sent(monkeypatch, server.url))
        assert server.requests == []
        monkeypatch.setattr(intake, "ANSWER_SECONDS", 5.0)
        assert_put_off(sent(monkeypatch, server.url))
        assert server.requests


def test_the_function_answers_before_lambda_and_api_gateway_time_out() -> None:
    from tests.support.template import load_template

    template = load_template()
    timeout = template["Resources"]["WebhookIn"]["Properties"]["Timeout"]
    # The last call may still connect, and the pause before a try that is not made lasts up to 2 s.
    assert intake.ANSWER_SECONDS + 2 + 2 < timeout < 30
