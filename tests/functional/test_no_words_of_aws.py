"""No API answer and no row repeats a text of AWS's errors.

Every call of every API operation fails in every way. So do the calls of starts, messages, steps and
exports of runs. Each error contains a name that only AWS knows, so the tests find it wherever it
appears.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError
from runledger.clock import MINUTE
from runledger.errors import RunledgerError
from runledger.services.bulk.export_contract import ExportEvent, ExportOperation, ExportPlace
from runledger.services.bulk.visits import Caught
from runledger.store import keys
from runledger.store.table import Table

from tests.functional.test_api_handlers import call, deployed, pool
from tests.functional.test_settle import WAITING
from tests.functional.test_tenants import _filled, _operations, as_bytes, ids
from tests.support.api_calls import wrap_calls
from tests.support.depth import sample
from tests.support.engine import Engine

__all__ = ["deployed", "ids", "pool"]

CANARY = "arn:aws:dynamodb:eu-central-1:1:table/canary-5150"
BANNED = ("canary-5150", "Exception", "botocore", "urllib3", "An error occurred (", "arn:aws:dyn")

Raise = Callable[[str], Exception]


def answered(code: str, status: int) -> Raise:
    def error(operation: str) -> Exception:
        message = f"User {CANARY} failed (Service: AmazonDynamoDB; Request ID: canary-5150)"
        response: Any = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        return ClientError(response, operation)

    return error


PASSING: dict[str, Raise] = {
    "throttled": answered("ThrottlingException", 400),
    "at its limit": answered("ProvisionedThroughputExceededException", 400),
    "busy": answered("TooManyRequestsException", 429),
    "broken": answered("InternalServerError", 500),
    "a bare 504": answered("504", 504),
    "away": answered("", 503),
    "no table": answered("ResourceNotFoundException", 400),
    "no bucket": answered("NoSuchBucket", 404),
    "forbidden": answered("AccessDeniedException", 403),
    "closed": lambda operation: ConnectionClosedError(endpoint_url=CANARY),
    "late": lambda operation: ReadTimeoutError(endpoint_url=CANARY),
    "not there": lambda operation: EndpointConnectionError(endpoint_url=CANARY),
    "odd": lambda operation: HTTPClientError(error=f"urllib3 {CANARY}"),
    "TLS": lambda operation: SSLError(endpoint_url=CANARY, error=OSError("urllib3")),
    "unreadable": lambda operation: ResponseParserError(f"invalid XML received: {CANARY}"),
}
LASTING: dict[str, Raise] = {
    "invalid": answered("ValidationException", 400),
    "unheard of": answered("SomethingNewException", 400),
}
SHAPES = {**PASSING, **LASTING}

BODIES: dict[str, Any] = {
    "/v1/automations": {**WAITING, "name": "Another"},
    "/v1/automations/{automation_id}": {**WAITING, "name": "Renamed"},
    "/v1/automations/{automation_id}/hold": {"reason": "test"},
    "/v1/automations/{automation_id}/release": {"ratePerMinute": 60},
    "/v1/automations/{automation_id}/runs": {"payload": {}},
    "/v1/automations/{automation_id}/validate": WAITING,
    "/v1/contacts": {"firstName": "Ada"},
    "/v1/contacts/imports": {"format": "CSV", "fileName": "people.csv"},
    "/v1/contacts/imports/{import_id}/start": {
        "parts": 1,
        "by": "email",
        "columns": [{"column": "mail", "field": "email"}],
    },
    "/v1/contacts/{contact_id}": {"firstName": "Bob"},
    "/v1/deliveries/{delivery_id}/resend": {"force": True},
    "/v1/exports": {"list": "RUNS", "format": "CSV", "filter": {}},
    "/v1/members/{user_id}": {"role": "VIEWER"},
    "/v1/runs/cancel": {"filter": {}, "reason": "test", "dryRun": True},
    "/v1/runs/skip-wait": {"filter": {}, "dryRun": False},
    "/v1/runs/{run_id}/cancel": {"reason": "test"},
    "/v1/runs/{run_id}/rerun": {"from": "START"},
    "/v1/segments": {"name": "s", "rules": [{"kind": "HAS_TAG", "tag": "x"}]},
    "/v1/segments/{segment_id}": {"name": "s", "rules": [{"kind": "HAS_TAG", "tag": "x"}]},
    "/v1/secrets/{name}": {"value": "another secret"},
    "/v1/suppressions": {"address": "eve@customer.example"},
    "/v1/templates": {"name": "t", "channel": "EMAIL", "subject": "x", "body": "x"},
    "/v1/templates/{template_id}": {"name": "t", "channel": "EMAIL", "subject": "x", "body": "x"},
    "/v1/templates/{template_id}/preview": {},
}
# Called last, since they delete what other calls need.
ENDS = ("archive", "erase", "delete")


class Breaker:
    """Counts the calls of all clients and breaks the chosen ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, table: Table) -> None:
        self.operations: list[str] = []
        self.wanted: Callable[[int, str], bool] = lambda number, operation: False
        self.shape: Raise = PASSING["throttled"]

        def call_or_break(operation: str, act: Callable[[], Any]) -> Any:
            number = self.count
            self.operations.append(operation)
            if self.wanted(number, operation):
                raise self.shape(operation)
            return act()

        wrap_calls(monkeypatch, table, call_or_break)

    @property
    def count(self) -> int:
        return len(self.operations)

    def point(self, point: int | None, shape: Raise) -> None:
        self.operations, self.shape = [], shape
        self.wanted = lambda number, operation: number == point

    def operation(self, name: str, shape: Raise) -> None:
        self.operations, self.shape = [], shape
        self.wanted = lambda number, operation: operation == name

    def heal(self) -> None:
        self.wanted = lambda number, operation: False


@pytest.fixture
def breaker(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Breaker:
    return Breaker(monkeypatch, engine.table)


def assert_clean(told: Any, where: object) -> None:
    text = json.dumps(told, default=str)
    for word in BANNED:
        assert word not in text, (where, word, text[:2_000])


def operations(*methods: str) -> list[tuple[str, str, list[dict[str, Any]]]]:
    found = [
        (method, path, parameters)
        for method in methods
        for path, parameters in _operations(method)
        if "{token}" not in path
    ]
    return sorted(found, key=lambda each: any(end in f"{each[0]} {each[1]}" for end in ENDS))


@pytest.mark.parametrize("first", [0, pytest.param(1, marks=pytest.mark.deep)])
@pytest.mark.parametrize("methods", [("get",), ("post", "put", "delete")], ids=["reads", "writes"])
def test_no_api_answer_repeats_the_error(
    deployed: Engine,
    ids: dict[str, str],
    breaker: Breaker,
    methods: tuple[str, ...],
    first: int,
) -> None:
    names = sorted(SHAPES)
    turn = first * 8
    broken = 0
    for method, path, parameters in operations(*methods):
        filled = _filled(path, parameters, ids)
        content = as_bytes(b"mail\r\n") if "/parts/" in path else {"body": BODIES.get(path)}
        for point in range(12):
            turn += 1
            name = names[turn % len(names)]
            breaker.point(point, SHAPES[name])
            answer = call(method.upper(), filled, **content)
            where = (method, path, point, name, answer)
            assert_clean(answer, where)
            if breaker.count <= point:
                break
            broken += 1
            if name in PASSING:
                # Never 404 for what is the installation's own trouble, and never its words.
                assert answer["status"] in (503, 200, 201, 202, 204, 409, 410, 429), where
            if answer["status"] == 503:
                assert int(answer["headers"]["Retry-After"]) > 0
    breaker.heal()
    assert broken > 50
    for row in deployed.rows():
        assert_clean(row, row.get("pk"))


MAILING = {
    "name": "Mails",
    "nodes": [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
        {"id": "mail", "type": "SEND_MESSAGE"},
        {"id": "done", "type": "END"},
    ],
    "edges": [{"source": "start", "target": "mail"}, {"source": "mail", "target": "done"}],
}


def mailing(engine: Engine) -> str:
    """Activates an automation that sends an e-mail to one address, and returns its id. First sets
    the engine's clock a second behind the computer's clock, which the handlers use."""
    engine.clock.follow_the_machine()
    template = {"name": "t", "channel": "EMAIL", "subject": "x", "body": "x"}
    template_id = call("POST", "/v1/templates", template)["body"]["id"]
    document = json.loads(json.dumps(MAILING))
    document["nodes"][1]["config"] = {
        "recipients": {"kind": "AD_HOC", "addresses": ["ada@customer.example"]},
        "channels": [{"channel": "EMAIL", "templateId": template_id}],
    }
    return engine.activate(document)


@pytest.mark.parametrize("name", SHAPES)
def test_a_refused_start_is_reported_in_our_words(
    deployed: Engine, breaker: Breaker, name: str
) -> None:
    automation_id = mailing(deployed)
    run_id = deployed.fire(automation_id, {})
    run = deployed.stores.runs.get(run_id)
    breaker.operation("StartExecution", SHAPES[name])
    assert not deployed.starter.start(run)
    breaker.heal()
    told = call("GET", f"/v1/runs/{run.id}")["body"]
    assert told["startError"] and told["health"]["lastError"] == told["startError"]
    assert_clean(told, name)
    for row in deployed.rows():
        assert_clean(row, name)


@pytest.mark.parametrize("name", SHAPES)
def test_a_refused_message_is_reported_in_our_words(
    deployed: Engine, breaker: Breaker, name: str
) -> None:
    automation_id = mailing(deployed)
    run_id = deployed.fire(automation_id, {})
    breaker.operation("SendEmail", SHAPES[name])
    deployed.walk(run_id)
    breaker.heal()
    told = call("GET", f"/v1/runs/{run_id}")["body"]
    assert_clean(told, name)
    [delivery] = call("GET", "/v1/deliveries")["body"]["items"]
    whole = call("GET", f"/v1/deliveries/{delivery['id']}")["body"]
    assert whole["error"]["message"]
    assert_clean(whole, name)
    assert_clean(call("GET", "/v1/failure-groups")["body"], name)


@pytest.mark.parametrize("name", SHAPES)
def test_a_failed_step_is_reported_in_our_words(
    deployed: Engine, breaker: Breaker, name: str
) -> None:
    """Breaks each call of a walk once. The failure is recorded as the machine would record it."""
    automation_id = mailing(deployed)
    ended = set()

    def walk(point: int | None) -> None:
        run_id = deployed.fire(automation_id, {})
        breaker.point(point, SHAPES[name])
        # Where not even the failure can be recorded, the walk raises as the function would.
        with suppress(RunledgerError):
            deployed.walk(run_id)
        made.append(breaker.operations)
        breaker.heal()
        told = call("GET", f"/v1/runs/{run_id}")["body"]
        assert_clean(told, (name, point))
        ended.add(told["error"] and told["error"]["kind"])

    made: list[list[str]] = []
    # The first walk reads what the process keeps.
    walk(None)
    walk(None)
    unbroken = made[-1]
    for point in sample(range(len(unbroken)), lambda point: [unbroken[point]], story=name):
        walk(point)
        assert len(made[-1]) > point
    assert None in ended
    for row in deployed.rows():
        assert_clean(row, name)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.sampled(6)
def test_a_refused_rerun_is_reported_in_our_words(
    deployed: Engine, ids: dict[str, str], breaker: Breaker, name: str
) -> None:
    """Breaks each call of a request that opens a rerun of an older version, whose machine is
    gone."""
    run = deployed.stores.runs.get(ids["run_id"])
    draft = {**WAITING, "name": "Another"}
    call("PUT", f"/v1/automations/{run.automation_id}", draft)
    assert call("POST", f"/v1/automations/{run.automation_id}/activate")["status"] == 200
    deployed.table.delete(keys.machine(run.automation_id, run.version))
    path, body = f"/v1/runs/{run.id}/rerun", {"from": "START", "idempotencyKey": "k"}
    broken: list[str] = []
    answer: dict[str, Any] = {}
    for point in range(60):
        breaker.point(point, SHAPES[name])
        answer = call("POST", path, body)
        assert_clean(answer, (name, point))
        if breaker.count <= point:
            break
        broken.append(breaker.operations[point])
        if name in PASSING:
            assert answer["status"] in (200, 202, 409, 429, 503), (point, answer)
    breaker.heal()
    assert answer["status"] == 202, answer
    assert {"Query", "GetItem", "PutItem", "CreateStateMachine"} <= set(broken), broken
    for row in deployed.rows():
        assert_clean(row, row.get("pk"))


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.sampled(6)
def test_a_failed_export_is_reported_in_our_words(
    deployed: Engine, ids: dict[str, str], breaker: Breaker, name: str
) -> None:
    path = f"/v1/exports/{ids['export_id']}"
    place = ExportPlace(workspace_id=deployed.workspace_id, export_id=ids["export_id"])
    error: Exception = SHAPES[name]("PutObject")
    breaker.point(1, SHAPES[name])
    try:
        deployed.export_pages.handle(
            ExportEvent(operation=ExportOperation.PAGE, export=place), deployed.clock() + MINUTE
        )
    except RunledgerError as raised:
        error = raised
    breaker.heal()
    # The error as the machine catches it, also as raised by boto3 itself.
    for told in (error, SHAPES[name]("PutObject")):
        cause = json.dumps({"errorType": type(told).__name__, "errorMessage": str(told)})
        caught = Caught(Error=type(told).__name__, Cause=cause)
        failing = ExportEvent(operation=ExportOperation.FAIL, export=place, caught=caught)
        deployed.export_pages.handle(failing, 0)
        view = call("GET", path)["body"]
        assert (view["status"], bool(view["error"])) == ("FAILED", True)
        assert_clean(view, name)
