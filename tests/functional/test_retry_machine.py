"""statemachines/delivery_retry.asl.json is valid and works on an independent interpreter."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from runledger.compiler.machine_checks import check_machine
from runledger.errors import TransientError
from runledger.models.attempt_transitions import GIVE_UP_AFTER, WAITS
from runledger.services.messages.retry_contract import RetryAnswer, RetryEvent
from runledger.services.messages.retry_machine import RetryMachine

from tests.support.engine import client_of
from tests.support.environment import DELIVERY_RETRY
from tests.support.local_stepfunctions import LocalStepFunctions
from tests.support.static_machine import StaticMachine, last_status, walked_by_moto

MACHINE = StaticMachine("DeliveryRetry", "RetryDelivery", DELIVERY_RETRY)


def test_the_machine_is_valid() -> None:
    machine = MACHINE.definition()
    check_machine(machine, json.dumps(machine), frozenset({"$.workspaceId", "$.deliveryId"}))
    with LocalStepFunctions() as interpreter:
        assert interpreter.validate(machine) == []


def test_the_machine_outlives_all_its_waits_and_tasks() -> None:
    seconds = MACHINE.function_seconds()
    assert all(each > seconds for each in MACHINE.task_seconds())
    assert MACHINE.definition()["TimeoutSeconds"] * 1_000 > sum(WAITS) + GIVE_UP_AFTER


class Function:
    """Gives the prepared answers and remembers its events."""

    def __init__(self) -> None:
        self.answers: list[RetryAnswer | Exception] = []
        self.events: list[RetryEvent] = []

    def invoke(self, body: str) -> RetryAnswer:
        self.events.append(RetryEvent.model_validate(json.loads(body)))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    with walked_by_moto(monkeypatch) as deploy:
        made = Function()
        deploy(made.invoke)
        yield made


class Attempt:
    """The fields of an attempt that the machine's input needs."""

    id = "dlv_1"
    workspace_id = "ws_demo"
    generation = 3


def execute() -> str:
    """Starts an execution for an attempt and returns its final status."""
    states = client_of("stepfunctions")
    MACHINE.create(states)
    attempt: Any = Attempt()
    RetryMachine(states, DELIVERY_RETRY).start(attempt)
    (started,) = states.list_executions(stateMachineArn=DELIVERY_RETRY)["executions"]
    assert started["name"] == "dlv_1-3"
    return last_status(states, started["executionArn"])


def further(try_number: int) -> RetryAnswer:
    return RetryAnswer(goes_on=True, try_number=try_number, wait_seconds=0)


def test_the_machine_waits_and_calls_for_each_try_until_the_last(function: Function) -> None:
    over = RetryAnswer(goes_on=False)
    function.answers = [further(2), TransientError("not now"), further(3), over]
    assert execute() == "SUCCEEDED"
    assert [event.try_number for event in function.events] == [None, 2, 2, 3]
    assert {(event.workspace_id, event.delivery_id) for event in function.events} == {
        ("ws_demo", "dlv_1")
    }


def test_the_machine_waits_the_given_seconds(function: Function) -> None:
    waits = RetryAnswer(goes_on=True, try_number=2, wait_seconds=1)
    function.answers = [waits, RetryAnswer(goes_on=False)]
    begun = time.monotonic()
    assert execute() == "SUCCEEDED"
    assert time.monotonic() - begun >= 1


def test_a_permanent_error_leaves_the_delivery_to_the_tick(function: Function) -> None:
    function.answers = [further(2), ValueError("a bug")]
    assert execute() == "FAILED"
    assert len(function.events) == 2
