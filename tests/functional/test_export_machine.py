"""statemachines/export.asl.json is valid and works on an independent interpreter."""

import json
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import pytest
from runledger.compiler.machine_checks import check_machine
from runledger.errors import ServiceError, TransientError
from runledger.models.export import Export, ExportStatus
from runledger.services.bulk import export_pages, visits
from runledger.services.bulk.export_contract import ExportEvent, ExportPlace
from runledger.store import bodies

from tests.functional import test_delivery_lists, test_refusal_lists
from tests.functional.test_exports import ask, content, documents, event, stored
from tests.functional.test_walk import PAYLOAD, order_paid
from tests.support.engine import Engine
from tests.support.environment import EXPORT
from tests.support.local_stepfunctions import LocalStepFunctions
from tests.support.static_machine import StaticMachine, last_status, walked_by_moto
from tests.support.template import load_template

MACHINE = StaticMachine("Export", "ExportPage", EXPORT)


def test_the_machine_is_valid() -> None:
    machine = MACHINE.definition()
    known = frozenset({"$.workspaceId", "$.exportId", "$.attempt", "$.goesOn"})
    check_machine(machine, json.dumps(machine), known)
    with LocalStepFunctions() as interpreter:
        assert interpreter.validate(machine) == []


def test_the_machine_outlives_its_function_and_its_export() -> None:
    seconds = MACHINE.function_seconds()
    assert all(each > seconds for each in MACHINE.task_seconds())
    assert MACHINE.definition()["TimeoutSeconds"] * 1_000 > export_pages.MAX_TIME
    assert visits.STALL > seconds * 1_000


class Walked:
    """The deployed machine, which moto walks. The tasks of the machine call a service of the test's
    engine in place of the Lambda function."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.failures: list[Exception] = []
        self.events: list[ExportEvent] = []
        MACHINE.create(engine.stepfunctions)

    def invoke(self, body: str) -> ExportPlace:
        event = ExportEvent.model_validate(json.loads(body))
        self.events.append(event)
        if self.failures:
            raise self.failures.pop(0)
        return self.engine.export_pages.handle(event, 0)

    def ended(self, export: Export, attempt: int = 1) -> str:
        """Returns the final status of an execution of the export."""
        arn = f"{EXPORT.replace(':stateMachine:', ':execution:')}:{export.id}-{attempt}"
        return last_status(self.engine.stepfunctions, arn)


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Walked]:
    monkeypatch.setattr(export_pages, "PAGE_ROWS", 20)
    with walked_by_moto(monkeypatch) as deploy:
        made = Walked(Engine())
        deploy(made.invoke)
        yield made


def test_the_machine_makes_visits_until_the_file_is_complete(walked: Walked) -> None:
    made = test_refusal_lists.fill(walked.engine)
    # A transient fault on the way is retried.
    walked.failures = [TransientError("not now")]
    export = ask(walked.engine, "REFUSALS")
    assert walked.ended(export) == "SUCCEEDED"
    assert len(documents(content(walked.engine, export))) == len(made)
    assert [event.export.visits for event in walked.events] == [0, 0, 1, 2]


def test_an_execution_at_its_limit_leaves_the_rest_to_the_next(
    walked: Walked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_pages, "EXECUTION_VISITS", 2)
    made = test_refusal_lists.fill(walked.engine)
    export = ask(walked.engine, "REFUSALS")
    assert walked.ended(export) == "SUCCEEDED"
    assert stored(walked.engine, export).status is ExportStatus.RUNNING
    walked.engine.due_work.settle_due(10)
    assert walked.ended(export, 2) == "SUCCEEDED"
    assert len(documents(content(walked.engine, export))) == len(made)


def test_a_permanent_error_fails_the_export(walked: Walked) -> None:
    # The error is reported again if another visit was faster.
    walked.failures = [ServiceError("S3 refused the file", "AccessDenied")]
    export = ask(walked.engine, "REFUSALS")
    assert walked.ended(export) == "FAILED"
    failed = stored(walked.engine, export)
    assert (failed.status, failed.error) == (ExportStatus.FAILED, "S3 refused the file")
    assert [event.operation.value for event in walked.events] == ["PAGE", "FAIL"]


def test_the_function_may_read_every_stored_body_of_a_list(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "INLINE_BYTES", 0)
    policy = load_template()["Resources"]["ExportPage"]["Properties"]["Policies"][0]
    granted = [
        resource.partition("${BodyBucket.Arn}/")[2]
        for statement in policy["Statement"]
        if "s3:GetObject" in (statement["Action"], *statement["Action"])
        for resource in _texts(statement["Resource"])
    ]
    test_delivery_lists.fill(engine)
    engine.http.answer = {"data": {"score": 1}}
    engine.secrets.put(engine.workspace_id, "SCORE_KEY", "k" * 9)
    run_id = engine.fire(engine.activate(order_paid(engine.template())), PAYLOAD)
    # The list shows the claimed node, which it finds by the version's graph.
    engine.walk(run_id, until="mail")
    # As in a new process, which has read no version yet.
    engine.stores.automations._cached_version.cache_clear()
    engine.export_pages.lists.queries.contexts._graph.cache_clear()
    read: list[str] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        read.append(params["Key"])

    s3 = engine.export_files._s3
    s3.meta.events.register("provide-client-params.s3.GetObject", note)
    for name in ("RUNS", "DELIVERIES"):
        export = ask(engine, name)
        engine.export_pages.handle(event(export), engine.clock.now + 10**6)
        assert stored(engine, export).rows > 0
    assert {key.partition("/")[0] for key in read} == {"automations", "deliveries"}
    assert [key for key in read if not any(fnmatch(key, each) for each in granted)] == []


def _texts(value: Any) -> list[str]:
    """Returns the `!Sub` texts of a resource or of a list of resources."""
    found = value if isinstance(value, list) else [value]
    return [each.get("Sub", "") if isinstance(each, dict) else each for each in found]
