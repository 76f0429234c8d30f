"""Calls that must not be repeated use fresh connections, since idle ones may break unnoticed. Uses
real sockets."""

import json
import threading
import time
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError
from runledger import aws
from runledger.channels.base import Channel, RenderedMessage, UnknownOutcomeError
from runledger.channels.registry import CHANNEL_NAMES, make_channels
from runledger.settings import ChannelSettings

from tests.support.lambda_processes import new_process
from tests.support.wire_server import Behavior, Connection, answer_bytes, wire_server

__all__ = ["new_process"]
pytestmark = pytest.mark.usefixtures("new_process")

TAKEN = answer_bytes(json.dumps({"MessageId": "m-1", "messageId": "m-1"}).encode())
STARTED = answer_bytes(b'{"executionArn": "arn:aws:states:x", "startDate": 1.0}')
SETTINGS = ChannelSettings.model_validate(
    {
        "RUNLEDGER_SENDER_EMAIL": "no-reply@example.com",
        "RUNLEDGER_SMS_ORIGINATION_IDENTITY": "pool-1",
        "RUNLEDGER_WHATSAPP_PHONE_NUMBER_ID": "phone-number-id-0123456789",
    }
)


def channel(name: str) -> Channel:
    return make_channels(aws.effect_client, SETTINGS)[name]


def message(name: str, number: int = 0) -> RenderedMessage:
    return RenderedMessage(
        delivery_id=f"dlv_{number}",
        workspace_id="ws_1",
        address="ada@example.com" if name == "EMAIL" else "+491701234567",
        subject="Hello" if name == "EMAIL" else None,
        body="Hello",
    )


def purged_when_idle(answer: bytes) -> Behavior:
    """Answers the first request of a connection and reads no later one, like a purged connection:
    the sender gets an RST only after it has sent."""

    def behave(connection: Connection, request: bytes) -> None:
        if connection.number == 1:
            connection.send(answer)
        else:
            connection.reset()

    return behave


def closed_when_idle(answer: bytes) -> Behavior:
    """Closes a connection as soon as it is idle."""

    def behave(connection: Connection, request: bytes) -> None:
        connection.send(answer)
        connection.close()

    return behave


def closed_if_asked(connection: Connection, request: bytes) -> None:
    """Answers the first request of a connection with `Connection: close`, as a server does that was
    asked to close the connection. Resets the connection at a second request."""
    assert b"connection: close\r\n" in request.lower()
    if connection.number == 1:
        head, _, body = TAKEN.partition(b"\r\n\r\n")
        connection.send(head + b"\r\nConnection: close\r\n\r\n" + body)
    else:
        connection.reset()


BREAKS = {"purged": purged_when_idle, "closed": closed_when_idle}


@pytest.mark.parametrize("name", CHANNEL_NAMES)
@pytest.mark.parametrize("break_", BREAKS)
def test_each_message_is_sent_once_and_its_answer_is_known(
    name: str, break_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wire_server(BREAKS[break_](TAKEN)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        sender = channel(name)
        answers = [sender.send(message(name, number)) for number in range(4)]
        assert [answer.accepted for answer in answers] == [True] * 4
        assert len(server.requests) == 4
        # The proof: no connection was used for two of them.
        assert [each.number for each in server.connections] == [1] * 4


def test_threads_share_a_client_but_not_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with wire_server(closed_if_asked) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        sender = channel("EMAIL")
        sender.send(message("EMAIL"))
        answered: list[bool] = []

        def send() -> None:
            for number in range(5):
                time.sleep(0.01)
                answered.append(sender.send(message("EMAIL", number)).accepted)

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answered == [True] * 20
        assert [each.number for each in server.connections] == [1] * 21


def test_a_connection_is_not_used_again_if_its_call_ends_while_another_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A case that close() cannot cover: a call has closed the idle connections, and before it takes
    a connection, another call ends and leaves its own connection idle."""
    with wire_server(closed_if_asked) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        starts = aws.effect_client("sesv2")
        body = {
            "FromEmailAddress": "a@example.com",
            "Destination": {"ToAddresses": ["b@c.example"]},
        }
        body["Content"] = {"Raw": {"Data": b"x"}}

        def between(**_: Any) -> None:
            starts.meta.events.unregister("request-created", between)
            starts.send_email(**body)

        starts.meta.events.register("request-created", between)
        starts.send_email(**body)
        assert [each.number for each in server.connections] == [1, 1]


@pytest.mark.parametrize("break_", BREAKS)
def test_each_start_of_an_execution_is_answered(
    break_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wire_server(BREAKS[break_](STARTED)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        starts = aws.effect_client("stepfunctions")
        for number in range(4):
            starts.start_execution(stateMachineArn="arn:aws:states:m", name=f"run-{number}")
        assert len(server.requests) == len(server.connections) == 4


def test_a_plain_boto3_client_loses_the_answer() -> None:
    """Shows why fresh connections are needed: boto3 itself reuses a connection."""
    with wire_server(purged_when_idle(STARTED)) as server:
        starts: Any = boto3.client(
            "stepfunctions",
            endpoint_url=server.url,
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
        )
        starts.start_execution(stateMachineArn="arn:aws:states:m", name="run-1")
        with pytest.raises(ConnectionClosedError):
            starts.start_execution(stateMachineArn="arn:aws:states:m", name="run-2")


@pytest.mark.parametrize("name", CHANNEL_NAMES)
@pytest.mark.parametrize("end", [Connection.close, Connection.reset])
def test_a_connection_that_breaks_after_sending_leaves_the_outcome_unknown(
    name: str, end: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wire_server(lambda connection, request: end(connection)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(UnknownOutcomeError, match="answer was lost"):
            channel(name).send(message(name))
        assert len(server.requests) == 1


@pytest.mark.parametrize("name", CHANNEL_NAMES)
def test_an_unreachable_provider_is_a_transient_refusal(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wire_server(purged_when_idle(TAKEN)) as server:
        gone = server.url
    monkeypatch.setenv("AWS_ENDPOINT_URL", gone)
    answer = channel(name).send(message(name))
    assert (answer.accepted, answer.is_transient, answer.code) == (False, True, "Unreachable")
    assert answer.message == "the provider could not be reached"


def test_the_cost_of_a_fresh_connection(
    report_figure: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Measures the processor time of a call over TCP; with TLS, reading the certificates comes on
    top (docs/adr)."""
    with wire_server(lambda connection, request: connection.send(STARTED)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        spent = {}
        for kind, starts in (
            ("kept", aws.client("stepfunctions")),
            ("fresh", aws.effect_client("stepfunctions")),
        ):
            starts.start_execution(stateMachineArn="arn:aws:states:m", name="first")
            began = time.thread_time()
            for number in range(50):
                starts.start_execution(stateMachineArn="arn:aws:states:m", name=f"r{number}")
            spent[kind] = (time.thread_time() - began) / 50 * 1_000
        told = ", ".join(f"{kind} {each:.2f} ms" for kind, each in spent.items())
        report_figure(f"processor time of one start over TCP: {told}")
        assert spent["fresh"] < spent["kept"] + 10
