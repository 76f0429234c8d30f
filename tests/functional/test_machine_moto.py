"""Golden machines on moto's interpreter, which is strict about typed errors and timeouts."""

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend

from tests.support.example_machines import EXAMPLES, Example, machine_of
from tests.support.local_stepfunctions import INPUT

ROLE = "arn:aws:iam::123456789012:role/machine"
# In the past, so that a Wait is over at once.
WAIT_UNTIL = "2020-01-01T00:00:00Z"


class Moto:
    """Executes machines; Lambda is a stub that notes its calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = boto3.client("stepfunctions", region_name="us-east-1")
        self.outcomes: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        self.more: dict[str, int] = {}
        self.calls: list[dict[str, Any]] = []
        self.machines = 0
        monkeypatch.setattr(LambdaSimpleBackend, "invoke", self._stub())

    def execute(
        self, machine: dict[str, Any], outcomes: dict[str, str], failures: dict[str, str]
    ) -> dict[str, Any]:
        """Returns the description of the ended execution; `failures` are errors by node."""
        self.outcomes, self.failures, self.calls = outcomes, failures, []
        self.machines += 1
        created = self.client.create_state_machine(
            name=f"machine-{self.machines}", definition=json.dumps(machine), roleArn=ROLE
        )
        started = self.client.start_execution(
            stateMachineArn=created["stateMachineArn"], name="run_1-1", input=json.dumps(INPUT)
        )
        deadline = time.monotonic() + 30
        while True:
            described = self.client.describe_execution(executionArn=started["executionArn"])
            if described["status"] != "RUNNING":
                return dict(described)
            assert time.monotonic() < deadline, "the execution does not end"
            time.sleep(0.01)

    def visited(self) -> list[str]:
        return [call["nodeId"] for call in self.calls if call["operation"] != "FAIL"]

    def recorded(self) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["operation"] == "FAIL"]

    def _stub(self) -> Any:
        def invoke(
            backend: Any, name: str, qualifier: str, body: Any, headers: Any, answer: Any
        ) -> bytes:
            call = json.loads(body)
            self.calls.append(call)
            node_id = call["nodeId"]
            if call["operation"] != "FAIL" and node_id in self.failures:
                answer["x-amz-function-error"] = "Unhandled"
                error = {"errorType": self.failures[node_id], "errorMessage": "told to fail"}
                return json.dumps(error).encode()
            outcome = self.outcomes.get(node_id)
            more = self.more.get(node_id, 0) > 0
            self.more[node_id] = self.more.get(node_id, 0) - 1
            result = {
                "nodeId": node_id,
                "outcome": outcome,
                "waitUntil": WAIT_UNTIL,
                "more": more,
            }
            return json.dumps(result).encode()

        return invoke


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Moto]:
    config = {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}
    with mock_aws(config=config):
        yield Moto(monkeypatch)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
@pytest.mark.sampled(8)
def test_an_example_takes_its_path(moto: Moto, example: Example) -> None:
    failures = {state: errors[0] for state, errors in example.failures.items()}
    moto.more = dict(example.more)
    execution = moto.execute(machine_of(example), dict(example.outcomes), failures)
    assert execution["status"] == example.status
    assert sorted(moto.visited()) == sorted(example.path)
    assert [call["nodeId"] for call in moto.recorded()] == list(example.failed_branches)
    if example.status == "FAILED":
        assert execution["error"] == "RunFailed"


def test_a_task_gets_the_run_and_the_execution(moto: Moto) -> None:
    execution = moto.execute(machine_of("linear"), {}, {})
    assert moto.calls[0] == {
        **INPUT,
        "execution": execution["executionArn"],
        "operation": "OWN",
        "nodeId": "start",
    }


def test_a_failing_node_leads_to_the_failure_state(moto: Moto) -> None:
    execution = moto.execute(
        machine_of("five_nodes"), {"big": "true"}, {"score": "NodeFailedError"}
    )
    assert execution["status"] == "FAILED"
    assert moto.visited() == ["start", "big", "score"]
    (recorded,) = moto.recorded()
    assert recorded["nodeId"] == "start"
    assert recorded["state"]["last"]["nodeId"] == "big"
    assert recorded["state"]["error"]["Error"] == "NodeFailedError"


def test_a_failing_branch_records_its_own_failure(moto: Moto) -> None:
    execution = moto.execute(machine_of("fork"), {"vip": "true"}, {"gold": "NodeFailedError"})
    assert execution["status"] == "FAILED"
    assert "together" not in moto.visited()
    (recorded,) = moto.recorded()
    assert recorded["nodeId"] == "vip"
    assert recorded["state"]["last"] == {
        "nodeId": "vip",
        "outcome": "true",
        "waitUntil": WAIT_UNTIL,
        "more": False,
    }


def test_a_released_walk_succeeds_and_records_nothing(moto: Moto) -> None:
    execution = moto.execute(machine_of("linear"), {}, {"tier": "RunReleasedError"})
    assert execution["status"] == "SUCCEEDED"
    assert moto.visited() == ["start", "tier"]
    assert moto.recorded() == []


def test_a_transient_error_is_retried(moto: Moto) -> None:
    execution = moto.execute(machine_of("linear"), {}, {"tier": "TransientError"})
    assert execution["status"] == "FAILED"
    assert moto.visited() == ["start", "tier", "tier", "tier"]
    assert [call["nodeId"] for call in moto.recorded()] == ["start"]
