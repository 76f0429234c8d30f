"""statemachines/contact_import.asl.json is valid and works on an independent interpreter."""

import json
from collections.abc import Iterator

import pytest
from runledger.compiler.machine_checks import check_machine
from runledger.errors import ServiceError, TransientError
from runledger.models.contact_import import ContactImport, ImportStatus, RowOutcome
from runledger.services.bulk import import_visits, visits
from runledger.services.bulk.import_contract import ImportEvent, ImportPlace

from tests.functional.test_imports import many, start, stored, upload
from tests.support.engine import Engine
from tests.support.environment import IMPORT
from tests.support.local_stepfunctions import LocalStepFunctions
from tests.support.static_machine import StaticMachine, last_status, walked_by_moto

MACHINE = StaticMachine("ContactImport", "ImportContacts", IMPORT)


def test_the_machine_is_valid() -> None:
    machine = MACHINE.definition()
    known = frozenset({"$.workspaceId", "$.importId", "$.attempt", "$.goesOn"})
    check_machine(machine, json.dumps(machine), known)
    with LocalStepFunctions() as interpreter:
        assert interpreter.validate(machine) == []


def test_the_machine_outlives_its_function_and_its_import() -> None:
    seconds = MACHINE.function_seconds()
    assert all(each > seconds for each in MACHINE.task_seconds())
    assert MACHINE.definition()["TimeoutSeconds"] * 1_000 > import_visits.MAX_TIME
    assert visits.STALL > seconds * 1_000


class Walked:
    """The deployed machine, which moto walks. The tasks of the machine call a service of the test's
    engine in place of the Lambda function."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.failures: list[Exception] = []
        self.events: list[ImportEvent] = []
        MACHINE.create(engine.stepfunctions)

    def invoke(self, body: str) -> ImportPlace:
        event = ImportEvent.model_validate(json.loads(body))
        self.events.append(event)
        if self.failures:
            raise self.failures.pop(0)
        return self.engine.import_visits.handle(event, 0)

    def ended(self, made: ContactImport) -> str:
        """Returns the final status of an execution of the import."""
        arn = f"{IMPORT.replace(':stateMachine:', ':execution:')}:{made.id}-{made.attempt}"
        return last_status(self.engine.stepfunctions, arn)


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Walked]:
    monkeypatch.setattr(import_visits, "CHUNK_ROWS", 10)
    with walked_by_moto(monkeypatch) as deploy:
        made = Walked(Engine())
        deploy(made.invoke)
        yield made


def test_the_machine_makes_visits_until_every_row_is_done(walked: Walked) -> None:
    # A transient fault on the way is retried.
    walked.failures = [TransientError("not now")]
    made = start(walked.engine, upload(walked.engine, many(25)))
    assert walked.ended(made) == "SUCCEEDED"
    done = stored(walked.engine, made)
    assert (done.status, done.counts) == (ImportStatus.COMPLETED, {RowOutcome.CREATED: 25})
    assert [event.place.visits for event in walked.events] == [0, 0, 1, 2]


def test_an_execution_at_its_limit_leaves_the_rest_to_the_next(
    walked: Walked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_visits, "EXECUTION_VISITS", 2)
    made = start(walked.engine, upload(walked.engine, many(35)))
    assert walked.ended(made) == "SUCCEEDED"
    assert stored(walked.engine, made).done == 20
    walked.engine.due_work.settle_due(10)
    following = stored(walked.engine, made)
    assert walked.ended(following) == "SUCCEEDED"
    assert stored(walked.engine, made).counts == {RowOutcome.CREATED: 35}


def test_a_permanent_error_fails_the_import(walked: Walked) -> None:
    walked.failures = [ServiceError("S3 refused the file", "AccessDenied")]
    made = start(walked.engine, upload(walked.engine, many(3)))
    assert walked.ended(made) == "FAILED"
    failed = stored(walked.engine, made)
    assert (failed.status, failed.error) == (ImportStatus.FAILED, "S3 refused the file")
    assert [event.operation.value for event in walked.events] == ["ROWS", "FAIL"]
