"""statemachines/delivery_retry.asl.json: sound, and walked by an interpreter we did not write."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend
from runledger.compiler.machine_checks import check_machine
from runledger.errors import TransientError
from runledger.models.attempt_transitions import GIVE_UP_AFTER, WAITS
from runledger.services.messages.retry_contract import RetryAnswer, RetryEvent
from runledger.services.messages.retry_machine import RetryMachine

from tests.support.environment import DELIVERY_RETRY, REGION
from tests.support.local_stepfunctions import LocalStepFunctions
from tests.support.template import load_template

ROOT = Path(__file__).parents[2]
FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:retry-delivery"


def definition() -> dict[str, Any]:
    """The machine as CloudFormation would deploy it."""
    resource = load_template()["Resources"]["DeliveryRetry"]["Properties"]
    text = (ROOT / resource["DefinitionUri"]).read_text()
    for name in resource["DefinitionSubstitutions"]:
        text = text.replace("${" + name + "}", FUNCTION)
    assert "${" not in text
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def test_the_machine_is_sound() -> None:
    machine = definition()
    check_machine(machine, json.dumps(machine), frozenset({"$.workspaceId", "$.deliveryId"}))
    with LocalStepFunctions() as interpreter:
        assert interpreter.validate(machine) == []


def test_it_lives_longer_than_all_its_waits_and_tasks() -> None:
    machine = definition()
    timeout = load_template()["Resources"]["RetryDelivery"]["Properties"]["Timeout"]
    tasks = [each for each in machine["States"].values() if each["Type"] == "Task"]
    assert all(task["TimeoutSeconds"] > timeout for task in tasks)
    assert machine["TimeoutSeconds"] * 1_000 > sum(WAITS) + GIVE_UP_AFTER


class Function:
    """Answers as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[RetryAnswer | Exception] = []
        self.events: list[RetryEvent] = []

    def invoke(self, body: str) -> tuple[bytes, bool]:
        self.events.append(RetryEvent.model_validate(json.loads(body)))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            told = {"errorType": type(answer).__name__, "errorMessage": str(answer)}
            return json.dumps(told).encode(), False
        return answer.model_dump_json(by_alias=True).encode(), True


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    config: Any = {
        "stepfunctions": {"execute_state_machine": True},
        "lambda": {"use_docker": False},
    }
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }
    with patch.dict("os.environ", environment), mock_aws(config=config):
        made = Function()

        def invoke(
            backend: Any, name: str, qualifier: str, body: Any, headers: Any, answer: Any
        ) -> bytes:
            result, is_well = made.invoke(body)
            if not is_well:
                answer["x-amz-function-error"] = "Unhandled"
            return result

        monkeypatch.setattr(LambdaSimpleBackend, "invoke", invoke)
        yield made


class Attempt:
    """As much of an attempt as the machine is started with."""

    id = "dlv_1"
    workspace_id = "ws_demo"
    generation = 3


def execute() -> str:
    """The last status of an execution as it is started for an attempt."""
    states = boto3.client("stepfunctions", region_name=REGION)
    states.create_state_machine(
        name=DELIVERY_RETRY.rpartition(":")[2],
        definition=json.dumps(definition()),
        roleArn="arn:aws:iam::123456789012:role/machine",
    )
    attempt: Any = Attempt()
    RetryMachine(states, DELIVERY_RETRY).start(attempt)
    (started,) = states.list_executions(stateMachineArn=DELIVERY_RETRY)["executions"]
    assert started["name"] == "dlv_1-3"
    deadline = time.monotonic() + 60
    while True:
        status = states.describe_execution(executionArn=started["executionArn"])["status"]
        if status != "RUNNING":
            return str(status)
        assert time.monotonic() < deadline, "the execution does not end"
        time.sleep(0.01)


def further(try_number: int) -> RetryAnswer:
    return RetryAnswer(goes_on=True, try_number=try_number, wait_seconds=0)


def test_it_asks_waits_and_asks_for_each_try_until_there_is_none(function: Function) -> None:
    over = RetryAnswer(goes_on=False)
    function.answers = [further(2), TransientError("not now"), further(3), over]
    assert execute() == "SUCCEEDED"
    assert [event.try_number for event in function.events] == [None, 2, 2, 3]
    assert {(event.workspace_id, event.delivery_id) for event in function.events} == {
        ("ws_demo", "dlv_1")
    }


def test_it_waits_as_long_as_it_is_told(function: Function) -> None:
    waits = RetryAnswer(goes_on=True, try_number=2, wait_seconds=1)
    function.answers = [waits, RetryAnswer(goes_on=False)]
    begun = time.monotonic()
    assert execute() == "SUCCEEDED"
    assert time.monotonic() - begun >= 1


def test_what_nobody_can_mend_leaves_the_delivery_to_the_tick(function: Function) -> None:
    function.answers = [further(2), ValueError("a bug")]
    assert execute() == "FAILED"
    assert len(function.events) == 2
