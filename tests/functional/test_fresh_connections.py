"""Calls that are made once, over real sockets whose idle connections go away behind our back."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError
from runledger import aws
from runledger.channels.base import Channel, RenderedMessage, UnknownOutcomeError
from runledger.channels.registry import CHANNEL_NAMES, make_channels
from runledger.settings import ChannelSettings

from tests.support.lambda_processes import forget_clients
from tests.support.wire_server import Behaviour, Connection, answer_bytes, wire_server

TAKEN = answer_bytes(json.dumps({"MessageId": "m-1", "messageId": "m-1"}).encode())
STARTED = answer_bytes(b'{"executionArn": "arn:aws:states:x", "startDate": 1.0}')
SETTINGS = ChannelSettings.model_validate(
    {
        "RUNLEDGER_SENDER_EMAIL": "no-reply@example.com",
        "RUNLEDGER_SMS_ORIGINATION_IDENTITY": "pool-1",
        "RUNLEDGER_WHATSAPP_PHONE_NUMBER_ID": "phone-number-id-0123456789",
    }
)


@pytest.fixture(autouse=True)
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process of its own: its clients are made anew, with credentials that anybody takes."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    forget_clients()
    yield
    forget_clients()


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


def purged_when_idle(answer: bytes) -> Behaviour:
    """The first request of a connection is answered. What comes over it later is not read any
    more, as behind a purged connection: the sender learns by an RST, after it has sent."""

    def behave(connection: Connection, request: bytes) -> None:
        if connection.number == 1:
            connection.send(answer)
        else:
            connection.reset()

    return behave


def closed_when_idle(answer: bytes) -> Behaviour:
    """The server closes a connection as soon as it is idle."""

    def behave(connection: Connection, request: bytes) -> None:
        connection.send(answer)
        connection.close()

    return behave


BREAKS = {"purged": purged_when_idle, "closed": closed_when_idle}


@pytest.mark.parametrize("name", CHANNEL_NAMES)
@pytest.mark.parametrize("break_", BREAKS)
def test_messages_are_sent_once_and_known(
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


def test_threads_share_the_client_and_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with wire_server(purged_when_idle(TAKEN)) as server:
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


@pytest.mark.parametrize("break_", BREAKS)
def test_no_start_is_burnt(break_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with wire_server(BREAKS[break_](STARTED)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        starts = aws.effect_client("stepfunctions")
        for number in range(4):
            starts.start_execution(stateMachineArn="arn:aws:states:m", name=f"run-{number}")
        assert len(server.requests) == len(server.connections) == 4


def test_a_client_that_keeps_its_connections_would_lose_the_answer() -> None:
    """What all of this is for: the same calls, made as boto3 makes them."""
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
def test_a_connection_that_breaks_after_the_message_left_is_unknown(
    name: str, end: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wire_server(lambda connection, request: end(connection)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(UnknownOutcomeError, match="answer was lost"):
            channel(name).send(message(name))
        assert len(server.requests) == 1


@pytest.mark.parametrize("name", CHANNEL_NAMES)
def test_a_provider_that_cannot_be_reached_got_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wire_server(purged_when_idle(TAKEN)) as server:
        gone = server.url
    monkeypatch.setenv("AWS_ENDPOINT_URL", gone)
    answer = channel(name).send(message(name))
    assert (answer.accepted, answer.is_transient, answer.code) == (False, True, "Unreachable")
    assert answer.message == "the provider could not be reached"


def test_what_a_fresh_connection_costs(
    report_figure: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Processor time of a call over TCP; TLS adds the reading of the certificates (docs/adr)."""
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
