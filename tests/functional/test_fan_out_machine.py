"""statemachines/contact_fan_out.asl.json: sound, and walked by interpreters we did not write."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend
from runledger.clock import from_iso
from runledger.compiler.machine_checks import check_machine
from runledger.errors import TransientError
from runledger.models.contact import ContactDocument
from runledger.models.schedule import FireStatus
from runledger.services.schedules import date_fires
from runledger.services.schedules.fire_contract import FireEvent

from tests.support.engine import Engine
from tests.support.environment import FAN_OUT, REGION
from tests.support.local_stepfunctions import LocalStepFunctions
from tests.support.template import load_template

ROOT = Path(__file__).parents[2]
FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:date-trigger"


def definition() -> dict[str, Any]:
    """The machine as CloudFormation would deploy it."""
    resource = load_template()["Resources"]["ContactFanOut"]["Properties"]
    text = (ROOT / resource["DefinitionUri"]).read_text()
    for name in resource["DefinitionSubstitutions"]:
        text = text.replace("${" + name + "}", FUNCTION)
    assert "${" not in text
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def test_the_machine_is_sound() -> None:
    machine = definition()
    check_machine(machine, json.dumps(machine))
    with LocalStepFunctions() as interpreter:
        assert interpreter.validate(machine) == []


def test_a_task_waits_longer_than_its_function_may_take() -> None:
    resources = load_template()["Resources"]
    timeout = resources["DateTrigger"]["Properties"]["Timeout"]
    tasks = [each for each in definition()["States"].values() if each["Type"] == "Task"]
    assert all(task["TimeoutSeconds"] > timeout for task in tasks)


class Walked:
    """The deployed machine over a world; its function is the service itself."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.clock.now = from_iso("2026-01-15T12:00:00Z")
        self.failures: list[Exception] = []
        self.events: list[FireEvent] = []
        self.executions = 0
        created = engine.stepfunctions.create_state_machine(
            name=FAN_OUT.rpartition(":")[2],
            definition=json.dumps(definition()),
            roleArn="arn:aws:iam::123456789012:role/machine",
        )
        self.arn = created["stateMachineArn"]

    def invoke(self, body: str) -> tuple[bytes, bool]:
        event = FireEvent.model_validate(json.loads(body))
        self.events.append(event)
        try:
            if self.failures:
                raise self.failures.pop()
            return self.engine.date_fires.handle(event).model_dump_json().encode(), True
        except Exception as error:
            told = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return json.dumps(told).encode(), False

    def activate(self) -> str:
        return self.engine.activate(
            {
                "name": "Birthday",
                "nodes": [
                    {
                        "id": "start",
                        "type": "TRIGGER",
                        "config": {
                            "triggerType": "DATE",
                            "source": {"kind": "CONTACT_METADATA", "key": "birthday"},
                            "repeat": "YEARLY",
                        },
                    },
                    {"id": "done", "type": "END"},
                ],
                "edges": [{"source": "start", "target": "done"}],
            }
        )

    def execute(self, automation_id: str) -> str:
        """The last status of an execution as Scheduler starts it."""
        moment = "2026-01-16T09:00:00Z"
        self.engine.clock.now = max(self.engine.clock.now, from_iso(moment))
        facts = {
            "workspaceId": self.engine.workspace_id,
            "automationId": automation_id,
            "scheduledTime": moment,
        }
        states = self.engine.stepfunctions
        self.executions += 1
        started = states.start_execution(
            stateMachineArn=self.arn, name=f"fire-{self.executions}", input=json.dumps(facts)
        )
        deadline = time.monotonic() + 60
        while True:
            described = states.describe_execution(executionArn=started["executionArn"])
            if described["status"] != "RUNNING":
                return str(described["status"])
            assert time.monotonic() < deadline, "the execution does not end"
            time.sleep(0.01)


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Walked]:
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
        made = Walked(Engine())

        def invoke(
            backend: Any, name: str, qualifier: str, body: Any, headers: Any, answer: Any
        ) -> bytes:
            result, is_well = made.invoke(body)
            if not is_well:
                answer["x-amz-function-error"] = "Unhandled"
            return result

        monkeypatch.setattr(LambdaSimpleBackend, "invoke", invoke)
        yield made


def test_it_pages_through_the_contacts_due(walked: Walked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(date_fires, "PAGE_CONTACTS", 2)
    automation_id = walked.activate()
    for day in (16, 16, 16, 16, 16, 17):
        document = ContactDocument(metadata={"birthday": f"1990-01-{day}"})
        walked.engine.contacts.create(walked.engine.workspace_id, document)
    # A passing fault on the way is tried again.
    walked.failures = [TransientError("not now")]

    assert walked.execute(automation_id) == "SUCCEEDED"

    (fire,) = walked.engine.stores.fires.newest(automation_id, 10, None)[0]
    # Three pages of those due, and three of all: the first fire looks for dates that are none.
    assert (fire.status, fire.opened, fire.pages) == (FireStatus.COMPLETED, 5, 6)
    operations = [event.operation.value for event in walked.events]
    assert operations == ["BEGIN", "BEGIN", *["PAGE"] * 6]
    assert walked.execute(automation_id) == "SUCCEEDED"
    assert [event.operation.value for event in walked.events[8:]] == ["BEGIN"]


def test_what_nobody_can_mend_fails_it_and_leaves_the_fire_to_the_tick(walked: Walked) -> None:
    automation_id = walked.activate()
    walked.failures = [ValueError("a bug")]
    assert walked.execute(automation_id) == "FAILED"
    assert len(walked.events) == 1
    assert walked.engine.stores.fires.newest(automation_id, 10, None)[0] == []
