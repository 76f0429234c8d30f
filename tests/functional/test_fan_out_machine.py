"""statemachines/contact_fan_out.asl.json is valid and works on an independent interpreter."""

import json
from collections.abc import Iterator

import pytest
from runledger.clock import from_iso
from runledger.compiler.machine_checks import check_machine
from runledger.errors import TransientError
from runledger.models.contact import ContactDocument
from runledger.models.schedule import FireStatus
from runledger.services.schedules import date_fires
from runledger.services.schedules.fire_contract import FireEvent, FirePlace

from tests.support.engine import Engine
from tests.support.environment import FAN_OUT
from tests.support.local_stepfunctions import LocalStepFunctions
from tests.support.static_machine import StaticMachine, last_status, walked_by_moto

MACHINE = StaticMachine("ContactFanOut", "DateTrigger", FAN_OUT)


def test_the_machine_is_valid() -> None:
    machine = MACHINE.definition()
    check_machine(machine, json.dumps(machine))
    with LocalStepFunctions() as interpreter:
        assert interpreter.validate(machine) == []


def test_a_task_outlives_its_function() -> None:
    seconds = MACHINE.function_seconds()
    assert all(each > seconds for each in MACHINE.task_seconds())


class Walked:
    """The deployed machine, which moto walks. The tasks of the machine call a service of the test's
    engine in place of the Lambda function."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.clock.now = from_iso("2026-01-15T12:00:00Z")
        self.failures: list[Exception] = []
        self.events: list[FireEvent] = []
        self.executions = 0
        MACHINE.create(engine.stepfunctions)

    def invoke(self, body: str) -> FirePlace:
        event = FireEvent.model_validate(json.loads(body))
        self.events.append(event)
        if self.failures:
            raise self.failures.pop()
        return self.engine.date_fires.handle(event)

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
        """Starts an execution like Scheduler does and returns its final status."""
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
            stateMachineArn=FAN_OUT, name=f"fire-{self.executions}", input=json.dumps(facts)
        )
        return last_status(states, started["executionArn"])


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Walked]:
    with walked_by_moto(monkeypatch) as deploy:
        made = Walked(Engine())
        deploy(made.invoke)
        yield made


def test_the_machine_pages_through_the_due_contacts(
    walked: Walked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(date_fires, "PAGE_CONTACTS", 2)
    automation_id = walked.activate()
    for day in (16, 16, 16, 16, 16, 17):
        document = ContactDocument(metadata={"birthday": f"1990-01-{day}"})
        walked.engine.contacts.create(walked.engine.workspace_id, document)
    # A transient fault on the way is retried.
    walked.failures = [TransientError("not now")]

    assert walked.execute(automation_id) == "SUCCEEDED"

    (fire,) = walked.engine.stores.fires.newest(automation_id, 10, None)[0]
    # Three pages of those due, and three of all: the first fire looks for dates that are none.
    assert (fire.status, fire.opened, fire.pages) == (FireStatus.COMPLETED, 5, 6)
    operations = [event.operation.value for event in walked.events]
    assert operations == ["BEGIN", "BEGIN", *["PAGE"] * 6]
    assert walked.execute(automation_id) == "SUCCEEDED"
    assert [event.operation.value for event in walked.events[8:]] == ["BEGIN"]


def test_a_permanent_error_fails_the_execution_and_leaves_the_fire_to_the_tick(
    walked: Walked,
) -> None:
    automation_id = walked.activate()
    walked.failures = [ValueError("a bug")]
    assert walked.execute(automation_id) == "FAILED"
    assert len(walked.events) == 1
    assert walked.engine.stores.fires.newest(automation_id, 10, None)[0] == []
