"""A run that stops moving goes on within minutes, whatever stranded it, with the reason on it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from runledger import composition
from runledger.clock import DAY, HOUR, MINUTE
from runledger.errors import TransientError
from runledger.services.execution.start import MAX_ATTEMPTS
from runledger.services.runs.run_state import health_of
from runledger.store.values import Item

from tests.support.boundary import Call
from tests.support.fakes import client_error
from tests.support.graphs import assign, document, end, integration, merge, message, node, wait
from tests.support.machine import FunctionError
from tests.support.stage import Stage, open_stage
from tests.support.verdicts import error_of

THIRTY_DAYS = 30 * 24 * 60


@pytest.fixture
def stage() -> Iterator[Stage]:
    with open_stage() as stage:
        yield stage


def webhook() -> dict[str, Any]:
    return node("start", "TRIGGER", triggerType="WEBHOOK")


def line(*nodes: dict[str, Any]) -> dict[str, Any]:
    """An automation of these nodes, one after the other."""
    every = [webhook(), *nodes, end()]
    ids = [str(each["id"]) for each in every]
    return {"name": "Line", **document(every, *(f"{a} > {b}" for a, b in pairwise(ids)))}


FORK = {
    "name": "Fork",
    **document(
        [
            webhook(),
            assign("before"),
            assign("quick"),
            assign("after"),
            wait("long", THIRTY_DAYS),
            merge("both"),
            end(),
        ],
        "start > before",
        "before > quick",
        "quick > after",
        "after > both",
        "before > long",
        "long > both",
        "both > done",
    ),
}
NESTED = {
    "name": "Nested",
    **document(
        [
            webhook(),
            assign("outer"),
            assign("left"),
            assign("inner"),
            assign("up"),
            assign("down"),
            merge("close"),
            merge("both"),
            end(),
        ],
        "start > outer",
        "outer > left",
        "outer > inner",
        "inner > up",
        "inner > down",
        "up > close",
        "down > close",
        "close > both",
        "left > both",
        "both > done",
    ),
}


def fire(stage: Stage, automation: dict[str, Any]) -> str:
    """The key of a run that was opened and started."""
    path = stage.webhook_path(stage.activate(automation))
    answer = stage.request("webhook_in", "POST", path, {"a": 1})
    assert answer["status"] == 202, (answer, stage.unforeseen)
    return f"RUN#{answer['body']['runId']}"


def row(stage: Stage, key: str) -> Item:
    return next(each for each in stage.runs() if each["pk"] == key)


def health(stage: Stage, key: str) -> str:
    found = health_of(composition.stores().runs.get(key.removeprefix("RUN#")), stage.clock.now)
    return "" if found is None else found.text


def statuses(stage: Stage, key: str) -> dict[str, str]:
    return {node_id: str(step["status"]) for node_id, step in stage.steps(key).items()}


@dataclass
class Refusing:
    """Refuses the first `times` calls of an operation on a target; `after` it took effect."""

    operation: str
    target: str
    times: int
    after: bool = False
    refused: int = 0

    def __call__(self, call: Call, act: Callable[[], Any]) -> Any:
        if call.operation != self.operation or self.target not in call.target:
            return act()
        if self.refused >= self.times:
            return act()
        self.refused += 1
        if self.after:
            act()
        raise TransientError(f"{call}: throttled")


@dataclass
class Counting:
    """Counts the calls of the tick."""

    stage: Stage
    made: list[Call] = field(default_factory=list)

    def __call__(self, call: Call, act: Callable[[], Any]) -> Any:
        if self.stage.function == "tick":
            self.made.append(call)
        return act()

    def of(self, operation: str, target: str = "") -> int:
        return sum(1 for c in self.made if c.operation == operation and target in c.target)


def stranding(stage: Stage, times: int, *node_ids: str) -> None:
    """The first visits of these nodes end as released, as if the run were another's."""
    left = dict.fromkeys(node_ids, times)
    invoke = stage.step_functions._invoke

    def released(resource: str, payload: dict[str, Any]) -> Any:
        if left.get(payload["nodeId"], 0) > 0:
            left[payload["nodeId"]] -= 1
            raise FunctionError("RunReleasedError", "")
        return invoke(resource, payload)

    stage.step_functions._invoke = released


# ── what is throttled ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("after", [False, True], ids=["refused", "unanswered"])
@pytest.mark.parametrize("times", [6, 9, 60])
def test_a_step_whose_recording_is_throttled_is_gone_on_from(
    stage: Stage, times: int, after: bool
) -> None:
    """PutItem of the SET before a wait of 30 days."""
    stage.boundary.around = Refusing("PutItem", "STEP#tag", times, after)
    key = fire(stage, line(assign("tag"), wait("long", THIRTY_DAYS)))
    stage.run_until(stage.clock.now + 6 * MINUTE)
    assert statuses(stage, key) == {"tag": "COMPLETED", "long": "WAITING"}
    assert "waiting until" in health(stage, key)
    stage.run_until(stage.clock.now + 31 * DAY)
    assert row(stage, key)["status"] == "COMPLETED"


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem"])
def test_a_branch_that_is_throttled_is_never_left_out(stage: Stage, operation: str) -> None:
    target = "STEP#quick" if operation == "PutItem" else "RUN#"
    stage.boundary.around = Refusing(operation, target, 0 if operation == "UpdateItem" else 40)
    key = fire(stage, FORK)
    if operation == "UpdateItem":
        stage.run_while(lambda: "before" not in statuses(stage, key))
        stage.boundary.around = Refusing(operation, "RUN#", 40)
    stage.run_until(stage.clock.now + 12 * MINUTE)
    finished = {"before": "COMPLETED", "quick": "COMPLETED", "after": "COMPLETED"}
    assert statuses(stage, key) == {**finished, "long": "WAITING"}
    stage.run_until(stage.clock.now + 31 * DAY)
    assert row(stage, key)["status"] == "COMPLETED"
    assert statuses(stage, key)["both"] == "COMPLETED"


@pytest.mark.parametrize("times", [3, 4])
def test_an_answer_that_is_known_is_recorded_once_dynamodb_answers(
    stage: Stage, times: int
) -> None:
    stage.boundary.around = Refusing("PutItem", "STEP#call", times)
    key = fire(stage, line(integration("call", capture={"score": "data.score"})))
    stage.run_until(stage.clock.now + MINUTE)
    assert len(stage.http.calls) == 1
    assert row(stage, key)["status"] == "COMPLETED"
    assert row(stage, key)["attempt"] == 1


@pytest.mark.parametrize("after", [False, True], ids=["refused", "unanswered"])
@pytest.mark.parametrize("operation", ["TransactWriteItems", "UpdateItem"])
def test_what_is_known_of_a_message_is_told(stage: Stage, operation: str, after: bool) -> None:
    """Its claim, and what the provider answered."""
    made = {"name": "M", "channel": "EMAIL", "subject": "Hi", "body": "Hello"}
    template = stage.request("api", "POST", "/v1/templates", made)["body"]["id"]
    lookup = {"contactLookup": {"by": "email", "path": "email"}, "createIfMissing": True}
    automation = line(message("mail", template))
    automation["nodes"][0]["config"].update(lookup)
    path = stage.webhook_path(stage.activate(automation))
    stage.boundary.around = Refusing(operation, "DELIVERY#", 5, after)
    stage.request("webhook_in", "POST", path, {"email": "ada@example.com"})
    stage.settle()
    (delivery,) = stage.deliveries()
    assert (delivery["status"], len(stage.ses.sent)) == ("SENT", 1)
    assert [each["status"] for each in stage.runs()] == ["COMPLETED"]


def test_a_call_whose_claim_was_not_answered_is_made_all_the_same(stage: Stage) -> None:
    """Nobody else had it, and its process knew that nothing had begun."""
    key = fire(stage, line(integration("call")))
    stage.run_while(lambda: row(stage, key)["status"] == "PENDING")
    stage.boundary.around = Refusing("UpdateItem", key, 1, after=True)
    stage.settle()
    assert (row(stage, key)["status"], len(stage.http.calls)) == ("COMPLETED", 1)


# ── what is stranded ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("head", ["quick", "after"])
def test_a_branch_that_is_stranded_goes_on_while_the_other_waits(stage: Stage, head: str) -> None:
    stranding(stage, 1, head)
    key = fire(stage, FORK)
    stage.run_while(lambda: "long" not in statuses(stage, key))
    until = stage.steps(key)["long"]["waitUntil"]
    stage.run_while(lambda: row(stage, key)["attempt"] == 1)
    handed_back_at = stage.clock.now
    text = health(stage, key)
    assert text == f"goes on soon (attempt 2): the run stopped moving at node {head}"
    # Its silence began once a retry of the machine would have come.
    assert handed_back_at - stage.steps(key)["before"]["finishedAt"] <= 5 * MINUTE + 30_000
    stage.run_until(stage.clock.now + MINUTE)
    assert statuses(stage, key)["after"] == "COMPLETED"
    assert (statuses(stage, key)["long"], stage.steps(key)["long"]["waitUntil"]) == (
        "WAITING",
        until,
    )
    # The execution before can do nothing any more.
    before = [each.status for each in stage.step_functions.executions.values()]
    assert before == ["ABORTED", "RUNNING"]
    stage.run_until(stage.clock.now + 31 * DAY)
    assert row(stage, key)["status"] == "COMPLETED"


@pytest.mark.parametrize("missing", ["left", "up", "inner", "close"])
def test_a_merge_does_not_go_on_without_a_branch(stage: Stage, missing: str) -> None:
    stranding(stage, 1, missing)
    key = fire(stage, NESTED)
    stage.run_until(stage.clock.now + 6 * MINUTE)
    assert row(stage, key)["status"] == "COMPLETED"
    nodes = {"outer", "left", "inner", "up", "down", "close", "both"}
    assert statuses(stage, key) == dict.fromkeys(nodes, "COMPLETED")


def test_a_merge_that_is_handed_back_says_why(stage: Stage) -> None:
    stranding(stage, 1, "left")
    key = fire(stage, NESTED)
    stage.run_while(lambda: row(stage, key)["attempt"] == 1)
    why = "before node both, node left had not finished"
    assert health(stage, key) == f"goes on soon (attempt 2): {why}"


@pytest.mark.parametrize("express", [True, False], ids=["express", "standard"])
def test_an_execution_that_is_gone_without_a_word_is_followed_by_another(
    stage: Stage, express: bool
) -> None:
    between = assign("two") if express else wait("two", 60)
    key = fire(stage, line(assign("one"), between, integration("three")))
    stage.run_while(lambda: "one" not in statuses(stage, key))
    began = stage.clock.now
    for arn in list(stage.step_functions.executions):
        stage.step_functions.lose(arn)
    stage.run_while(lambda: row(stage, key)["attempt"] == 1)
    assert stage.clock.now - began <= 5 * MINUTE + 30_000
    stage.settle()
    assert (row(stage, key)["status"], len(stage.http.calls)) == ("COMPLETED", 1)


@pytest.mark.parametrize("status", ["ABORTED", "FAILED", "SUCCEEDED", "TIMED_OUT"])
def test_an_execution_that_ended_in_a_wait_goes_on_when_the_wait_is_over(
    stage: Stage, status: str
) -> None:
    key = fire(stage, line(wait("long", THIRTY_DAYS), integration("call")))
    stage.run_while(lambda: "long" not in statuses(stage, key))
    until = stage.steps(key)["long"]["waitUntil"]
    (execution,) = stage.step_functions.executions.values()
    execution.status = status
    counting = Counting(stage)
    stage.boundary.around = counting
    stage.run_until(until)
    assert row(stage, key)["attempt"] == 1
    # While it waits it is looked at once, and nobody is asked about it.
    assert counting.of("UpdateItem", key) <= 2
    assert counting.of("DescribeExecution") == 0
    stage.run_while(lambda: row(stage, key)["attempt"] == 1)
    assert stage.clock.now - until <= 5 * MINUTE + 30_000
    assert "stopped moving at node call: its execution " in health(stage, key)
    stage.settle()
    assert (row(stage, key)["status"], len(stage.http.calls)) == ("COMPLETED", 1)


def test_a_run_that_no_attempt_gets_any_further_is_ended(stage: Stage) -> None:
    stranding(stage, 99, "two")
    key = fire(stage, line(assign("one"), assign("two"), wait("three", 60)))
    stage.settle()
    found = row(stage, key)
    assert (found["status"], found["attempt"]) == ("FAILED", MAX_ATTEMPTS)
    assert (found["error"]["kind"], found["error"]["node"]) in (
        ("STALLED", "two"),
        ("OVERDUE", "two"),
    )
    assert found["error"]["message"].startswith("The run stopped moving at node two")


# ── what it costs ───────────────────────────────────────────────────────────────────────────────


def test_a_run_that_moves_is_looked_at_every_few_minutes(stage: Stage) -> None:
    hops = [wait(f"w{number}", 1) for number in range(40)]
    key = fire(stage, line(*hops))
    counting = Counting(stage)
    stage.boundary.around = counting
    began = stage.clock.now
    stage.settle()
    assert row(stage, key)["status"] == "COMPLETED"
    walked = (stage.clock.now - began) // MINUTE
    assert 40 <= walked < 60
    assert counting.of("UpdateItem", key) <= walked // 4 + 1
    assert counting.of("DescribeExecution") == 0


def test_a_quick_run_is_not_looked_at(stage: Stage) -> None:
    counting = Counting(stage)
    key = fire(stage, line(assign("one"), assign("two")))
    stage.boundary.around = counting
    stage.settle()
    assert row(stage, key)["status"] == "COMPLETED"
    assert [call for call in counting.made if key in call.target] == []


def test_step_functions_being_throttled_keeps_no_run_from_going_on(stage: Stage) -> None:
    key = fire(stage, line(assign("one"), wait("two", 60)))
    stage.run_while(lambda: "one" not in statuses(stage, key))
    began = stage.clock.now
    for arn in list(stage.step_functions.executions):
        stage.step_functions.lose(arn)

    def throttled(call: Call, act: Callable[[], Any]) -> Any:
        if call.operation in ("DescribeExecution", "StopExecution"):
            raise client_error("ThrottlingException", call.operation)
        return act()

    stage.boundary.around = throttled
    stage.run_while(lambda: row(stage, key)["attempt"] == 1)
    assert stage.clock.now - began <= 6 * MINUTE
    stage.run_until(stage.clock.now + 2 * HOUR)
    assert row(stage, key)["status"] == "COMPLETED"


def test_an_execution_that_could_not_record_its_failure_is_followed_by_another(
    stage: Stage,
) -> None:
    """Neither the node nor the failure state reach the table; Step Functions tells of the end."""
    key = fire(stage, line(assign("one"), wait("two", 60)))
    stage.run_while(lambda: row(stage, key)["status"] == "PENDING")
    stage.boundary.around = Refusing("UpdateItem", key, 14)
    stage.run_until(stage.clock.now + 6 * MINUTE)
    assert statuses(stage, key) == {"one": "COMPLETED", "two": "WAITING"}


def test_a_failure_that_was_recorded_is_told_though_its_run_could_not_be_ended(
    stage: Stage,
) -> None:
    stage.http.answer = {}
    call = integration("call", capture={"score": "data.score"})
    key = fire(stage, line(call, wait("two", 60)))
    stage.run_while(lambda: "call" not in statuses(stage, key))
    stage.boundary.around = Refusing("UpdateItem", key, 8)
    stage.settle()
    assert row(stage, key)["status"] == "FAILED"
    assert row(stage, key)["error"]["kind"] == error_of(stage.steps(key)["call"])["kind"]
