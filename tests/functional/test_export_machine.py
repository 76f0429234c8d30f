"""statemachines/export.asl.json: sound, and walked by interpreters we did not write."""

import json
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend
from runledger.compiler.machine_checks import check_machine
from runledger.errors import ServiceError, TransientError
from runledger.models.export import Export, ExportStatus
from runledger.services.bulk import export_pages
from runledger.services.bulk.export_contract import ExportEvent
from runledger.store import bodies

from tests.functional import test_delivery_lists, test_refusal_lists
from tests.functional.test_exports import ask, content, documents, event, stored
from tests.functional.test_walk import PAYLOAD, order_paid
from tests.support.engine import Engine
from tests.support.environment import EXPORT, REGION
from tests.support.local_stepfunctions import LocalStepFunctions
from tests.support.template import load_template

ROOT = Path(__file__).parents[2]
FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:export-page"


def definition() -> dict[str, Any]:
    """The machine as CloudFormation would deploy it."""
    resource = load_template()["Resources"]["Export"]["Properties"]
    text = (ROOT / resource["DefinitionUri"]).read_text()
    for name in resource["DefinitionSubstitutions"]:
        text = text.replace("${" + name + "}", FUNCTION)
    assert "${" not in text
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def test_the_machine_is_sound() -> None:
    machine = definition()
    known = frozenset({"$.workspaceId", "$.exportId", "$.attempt", "$.goesOn"})
    check_machine(machine, json.dumps(machine), known)
    with LocalStepFunctions() as interpreter:
        assert interpreter.validate(machine) == []


def test_it_lives_longer_than_its_function_and_its_export() -> None:
    timeout = load_template()["Resources"]["ExportPage"]["Properties"]["Timeout"]
    machine = definition()
    tasks = [each for each in machine["States"].values() if each["Type"] == "Task"]
    assert all(task["TimeoutSeconds"] > timeout for task in tasks)
    assert machine["TimeoutSeconds"] * 1_000 > export_pages.MAX_TIME
    assert export_pages.STALL > timeout * 1_000


class Walked:
    """The deployed machine over a world; its function is the service itself."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.failures: list[Exception] = []
        self.events: list[ExportEvent] = []
        engine.stepfunctions.create_state_machine(
            name=EXPORT.rpartition(":")[2],
            definition=json.dumps(definition()),
            roleArn="arn:aws:iam::123456789012:role/machine",
        )

    def invoke(self, body: str) -> tuple[bytes, bool]:
        event = ExportEvent.model_validate(json.loads(body))
        self.events.append(event)
        try:
            if self.failures:
                raise self.failures.pop(0)
            place = self.engine.export_pages.handle(event, 0)
            return place.model_dump_json().encode(), True
        except Exception as error:
            told = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return json.dumps(told).encode(), False

    def ended(self, export: Export, attempt: int = 1) -> str:
        """The last status of an execution of the export."""
        arn = f"{EXPORT.replace(':stateMachine:', ':execution:')}:{export.id}-{attempt}"
        deadline = time.monotonic() + 60
        while True:
            described = self.engine.stepfunctions.describe_execution(executionArn=arn)
            if described["status"] != "RUNNING":
                return str(described["status"])
            assert time.monotonic() < deadline, "the execution does not end"
            time.sleep(0.01)


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Walked]:
    monkeypatch.setattr(export_pages, "PAGE_ROWS", 20)
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


def test_it_visits_until_the_file_is_there(walked: Walked) -> None:
    made = test_refusal_lists.fill(walked.engine)
    # A passing fault on the way is tried again.
    walked.failures = [TransientError("not now")]
    export = ask(walked.engine, "REFUSALS")
    assert walked.ended(export) == "SUCCEEDED"
    assert len(documents(content(walked.engine, export))) == len(made)
    assert [event.export.visits for event in walked.events] == [0, 0, 1, 2]


def test_a_full_execution_leaves_the_rest_to_the_next(
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


def test_what_nobody_can_mend_fails_the_export(walked: Walked) -> None:
    # The failure itself is told again where somebody else was faster.
    walked.failures = [ServiceError("S3 refused the file", "AccessDenied")]
    export = ask(walked.engine, "REFUSALS")
    assert walked.ended(export) == "FAILED"
    failed = stored(walked.engine, export)
    assert (failed.status, failed.error) == (ExportStatus.FAILED, "S3 refused the file")
    assert [event.operation.value for event in walked.events] == ["PAGE", "FAIL"]


def test_its_function_may_read_every_body_that_a_list_reads(
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
    run_id = engine.fire(engine.activate(order_paid(engine.template())), PAYLOAD)
    engine.walk(run_id, until="score")
    # As in a process of its own, which has read no version yet.
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
    """The texts of a resource, or of a list of them, of `!Sub`."""
    found = value if isinstance(value, list) else [value]
    return [each.get("Sub", "") if isinstance(each, dict) else each for each in found]
