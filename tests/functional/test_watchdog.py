"""A stalled run continues within minutes, whatever stopped it, and shows the reason."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from runledger.clock import DAY, HOUR, MINUTE
from runledger.composition import services
from runledger.errors import TransientError
from runledger.services.execution.start import MAX_ATTEMPTS
from runledger.services.runs.run_state import health_of
from runledger.store.values import Item

from tests.support.boundary import Call
from tests.support.fakes import client_error
from tests.support.graphs import assign, document, end, integration, merge, message, node, wait
from tests.support.invariants import error_of
from tests.support.simulation import Simulation
from tests.support.states_language import FunctionError

THIRTY_DAYS = 30 * 24 * 60


def webhook() -> dict[str, Any]:
    return node("start", "TRIGGER", triggerType="WEBHOOK")


def line(*nodes: dict[str, Any]) -> dict[str, Any]:
    """Returns an automation of these nodes, one after the other."""
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


def fire(simulation: Simulation, automation: dict[str, Any]) -> str:
    """Sends an event; returns the key of the run that it opened."""
    path = simulation.webhook_path(simulation.activate(automation))
    answer = simulation.request("webhook_in", "POST", path, {"a": 1})
    assert answer["status"] == 202, (answer, simulation.unforeseen)
    return f"RUN#{answer['body']['runId']}"


def row(simulation: Simulation, key: str) -> Item:
    return next(each for each in simulation.runs() if each["pk"] == key)


def health(simulation: Simulation, key: str) -> str:
    found = health_of(services().stores.runs.get(key.removeprefix("RUN#")), simulation.clock.now)
    return "" if found is None else found.text


def statuses(simulation: Simulation, key: str) -> dict[str, str]:
    return {node_id: str(step["status"]) for node_id, step in simulation.steps(key).items()}


@dataclass
class Refusing:
    """Refuses the first `times` calls of an operation on a target. If `after` is True, the refused
    calls take effect nevertheless."""

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
    """Collects the calls of AWS that the tick makes, and counts them."""

    simulation: Simulation
    made: list[Call] = field(default_factory=list)

    def __call__(self, call: Call, act: Callable[[], Any]) -> Any:
        if self.simulation.function == "tick":
            self.made.append(call)
        return act()

    def of(self, operation: str, target: str = "") -> int:
        return sum(1 for c in self.made if c.operation == operation and target in c.target)


def release_visits(simulation: Simulation, times: int, *node_ids: str) -> None:
    """Lets the first visits of these nodes end as released, as if another attempt owned the run."""
    left = dict.fromkeys(node_ids, times)
    invoke = simulation.step_functions._invoke

    def released(resource: str, payload: dict[str, Any]) -> Any:
        if left.get(payload["nodeId"], 0) > 0:
            left[payload["nodeId"]] -= 1
            raise FunctionError("RunReleasedError", "")
        return invoke(resource, payload)

    simulation.step_functions._invoke = released


# ── what is throttled ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("after", [False, True], ids=["refused", "unanswered"])
@pytest.mark.parametrize("times", [6, 9, 60])
def test_a_run_continues_after_the_recording_of_a_step_was_throttled(
    simulation: Simulation, times: int, after: bool
) -> None:
    """Throttles PutItem for the step of the SET before a wait of 30 days."""
    simulation.boundary.around = Refusing("PutItem", "STEP#tag", times, after)
    key = fire(simulation, line(assign("tag"), wait("long", THIRTY_DAYS)))
    simulation.run_until(simulation.clock.now + 6 * MINUTE)
    assert statuses(simulation, key) == {"tag": "COMPLETED", "long": "WAITING"}
    assert "waiting until" in health(simulation, key)
    simulation.run_until(simulation.clock.now + 31 * DAY)
    assert row(simulation, key)["status"] == "COMPLETED"


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem"])
def test_a_throttled_branch_is_still_walked(simulation: Simulation, operation: str) -> None:
    target = "STEP#quick" if operation == "PutItem" else "RUN#"
    simulation.boundary.around = Refusing(operation, target, 0 if operation == "UpdateItem" else 40)
    key = fire(simulation, FORK)
    if operation == "UpdateItem":
        simulation.run_while(lambda: "before" not in statuses(simulation, key))
        simulation.boundary.around = Refusing(operation, "RUN#", 40)
    simulation.run_until(simulation.clock.now + 12 * MINUTE)
    finished = {"before": "COMPLETED", "quick": "COMPLETED", "after": "COMPLETED"}
    assert statuses(simulation, key) == {**finished, "long": "WAITING"}
    simulation.run_until(simulation.clock.now + 31 * DAY)
    assert row(simulation, key)["status"] == "COMPLETED"
    assert statuses(simulation, key)["both"] == "COMPLETED"


@pytest.mark.parametrize("times", [3, 4])
def test_a_known_answer_is_recorded_when_dynamodb_recovers(
    simulation: Simulation, times: int
) -> None:
    simulation.boundary.around = Refusing("PutItem", "STEP#call", times)
    key = fire(simulation, line(integration("call", capture={"score": "data.score"})))
    simulation.run_until(simulation.clock.now + MINUTE)
    assert len(simulation.http.calls) == 1
    assert row(simulation, key)["status"] == "COMPLETED"
    assert row(simulation, key)["attempt"] == 1


@pytest.mark.parametrize("after", [False, True], ids=["refused", "unanswered"])
@pytest.mark.parametrize("operation", ["TransactWriteItems", "UpdateItem"])
def test_a_sent_message_is_recorded_when_dynamodb_recovers(
    simulation: Simulation, operation: str, after: bool
) -> None:
    """Throttles the write of its claim, or of the provider's answer."""
    made = {"name": "M", "channel": "EMAIL", "subject": "Hi", "body": "Hello"}
    template = simulation.request("api", "POST", "/v1/templates", made)["body"]["id"]
    lookup = {"contactLookup": {"by": "email", "path": "email"}, "createIfMissing": True}
    automation = line(message("mail", template))
    automation["nodes"][0]["config"].update(lookup)
    path = simulation.webhook_path(simulation.activate(automation))
    simulation.boundary.around = Refusing(operation, "DELIVERY#", 5, after)
    simulation.request("webhook_in", "POST", path, {"email": "ada@example.com"})
    simulation.settle()
    (delivery,) = simulation.deliveries()
    assert (delivery["status"], len(simulation.ses.sent)) == ("SENT", 1)
    assert [each["status"] for each in simulation.runs()] == ["COMPLETED"]


def test_a_call_is_made_once_if_the_answer_to_its_claim_was_lost(simulation: Simulation) -> None:
    """No other process had the claim, and the process that had it knew that it had not begun the
    call."""
    key = fire(simulation, line(integration("call")))
    simulation.run_while(lambda: row(simulation, key)["status"] == "PENDING")
    simulation.boundary.around = Refusing("UpdateItem", key, 1, after=True)
    simulation.settle()
    assert (row(simulation, key)["status"], len(simulation.http.calls)) == ("COMPLETED", 1)


# ── what is stranded ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("head", ["quick", "after"])
def test_a_stalled_branch_continues_while_the_other_waits(
    simulation: Simulation, head: str
) -> None:
    release_visits(simulation, 1, head)
    key = fire(simulation, FORK)
    simulation.run_while(lambda: "long" not in statuses(simulation, key))
    until = simulation.steps(key)["long"]["waitUntil"]
    simulation.run_while(lambda: row(simulation, key)["attempt"] == 1)
    handed_back_at = simulation.clock.now
    text = health(simulation, key)
    assert text == f"continues soon (attempt 2): the run stopped at node {head}"
    # Its silence began once a retry of the machine would have come.
    assert handed_back_at - simulation.steps(key)["before"]["finishedAt"] <= 5 * MINUTE + 30_000
    simulation.run_until(simulation.clock.now + MINUTE)
    assert statuses(simulation, key)["after"] == "COMPLETED"
    assert (statuses(simulation, key)["long"], simulation.steps(key)["long"]["waitUntil"]) == (
        "WAITING",
        until,
    )
    # The previous execution can no longer do anything.
    before = [each.status for each in simulation.step_functions.executions.values()]
    assert before == ["ABORTED", "RUNNING"]
    simulation.run_until(simulation.clock.now + 31 * DAY)
    assert row(simulation, key)["status"] == "COMPLETED"


@pytest.mark.parametrize("missing", ["left", "up", "inner", "close"])
def test_a_merge_waits_for_all_branches(simulation: Simulation, missing: str) -> None:
    release_visits(simulation, 1, missing)
    key = fire(simulation, NESTED)
    simulation.run_until(simulation.clock.now + 6 * MINUTE)
    assert row(simulation, key)["status"] == "COMPLETED"
    nodes = {"outer", "left", "inner", "up", "down", "close", "both"}
    assert statuses(simulation, key) == dict.fromkeys(nodes, "COMPLETED")


def test_a_merge_that_hands_the_run_back_gives_the_reason(simulation: Simulation) -> None:
    release_visits(simulation, 1, "left")
    key = fire(simulation, NESTED)
    simulation.run_while(lambda: row(simulation, key)["attempt"] == 1)
    why = "node both cannot begin: the earlier node left has not finished"
    assert health(simulation, key) == f"continues soon (attempt 2): {why}"


@pytest.mark.parametrize("express", [True, False], ids=["express", "standard"])
def test_another_execution_follows_one_that_disappeared(
    simulation: Simulation, express: bool
) -> None:
    between = assign("two") if express else wait("two", 60)
    key = fire(simulation, line(assign("one"), between, integration("three")))
    simulation.run_while(lambda: "one" not in statuses(simulation, key))
    began = simulation.clock.now
    for arn in list(simulation.step_functions.executions):
        simulation.step_functions.lose(arn)
    simulation.run_while(lambda: row(simulation, key)["attempt"] == 1)
    assert simulation.clock.now - began <= 5 * MINUTE + 30_000
    simulation.settle()
    assert (row(simulation, key)["status"], len(simulation.http.calls)) == ("COMPLETED", 1)


@pytest.mark.parametrize("status", ["ABORTED", "FAILED", "SUCCEEDED", "TIMED_OUT"])
def test_a_run_whose_execution_ended_during_a_wait_continues_after_the_wait(
    simulation: Simulation, status: str
) -> None:
    key = fire(simulation, line(wait("long", THIRTY_DAYS), integration("call")))
    simulation.run_while(lambda: "long" not in statuses(simulation, key))
    until = simulation.steps(key)["long"]["waitUntil"]
    (execution,) = simulation.step_functions.executions.values()
    execution.status = status
    counting = Counting(simulation)
    simulation.boundary.around = counting
    simulation.run_until(until)
    assert row(simulation, key)["attempt"] == 1
    # During the wait it is checked once, without asking Step Functions.
    assert counting.of("UpdateItem", key) <= 2
    assert counting.of("DescribeExecution") == 0
    simulation.run_while(lambda: row(simulation, key)["attempt"] == 1)
    assert simulation.clock.now - until <= 5 * MINUTE + 30_000
    assert "stopped at node call: its execution " in health(simulation, key)
    simulation.settle()
    assert (row(simulation, key)["status"], len(simulation.http.calls)) == ("COMPLETED", 1)


def test_a_run_that_no_attempt_can_continue_fails(simulation: Simulation) -> None:
    release_visits(simulation, 99, "two")
    key = fire(simulation, line(assign("one"), assign("two"), wait("three", 60)))
    simulation.settle()
    found = row(simulation, key)
    assert (found["status"], found["attempt"]) == ("FAILED", MAX_ATTEMPTS)
    assert (found["error"]["kind"], found["error"]["node"]) in (
        ("STALLED", "two"),
        ("OVERDUE", "two"),
    )
    assert found["error"]["message"].startswith("The run stopped at node two")


# ── what it costs ───────────────────────────────────────────────────────────────────────────────


def test_a_moving_run_is_checked_only_every_few_minutes(simulation: Simulation) -> None:
    hops = [wait(f"w{number}", 1) for number in range(40)]
    key = fire(simulation, line(*hops))
    counting = Counting(simulation)
    simulation.boundary.around = counting
    began = simulation.clock.now
    simulation.settle()
    assert row(simulation, key)["status"] == "COMPLETED"
    walked = (simulation.clock.now - began) // MINUTE
    assert 40 <= walked < 60
    assert counting.of("UpdateItem", key) <= walked // 4 + 1
    assert counting.of("DescribeExecution") == 0


def test_a_quick_run_is_never_checked(simulation: Simulation) -> None:
    counting = Counting(simulation)
    key = fire(simulation, line(assign("one"), assign("two")))
    simulation.boundary.around = counting
    simulation.settle()
    assert row(simulation, key)["status"] == "COMPLETED"
    assert [call for call in counting.made if key in call.target] == []


def test_a_stalled_run_continues_even_if_step_functions_is_throttled(
    simulation: Simulation,
) -> None:
    key = fire(simulation, line(assign("one"), wait("two", 60)))
    simulation.run_while(lambda: "one" not in statuses(simulation, key))
    began = simulation.clock.now
    for arn in list(simulation.step_functions.executions):
        simulation.step_functions.lose(arn)

    def throttled(call: Call, act: Callable[[], Any]) -> Any:
        if call.operation in ("DescribeExecution", "StopExecution"):
            raise client_error("ThrottlingException", call.operation)
        return act()

    simulation.boundary.around = throttled
    simulation.run_while(lambda: row(simulation, key)["attempt"] == 1)
    assert simulation.clock.now - began <= 6 * MINUTE
    simulation.run_until(simulation.clock.now + 2 * HOUR)
    assert row(simulation, key)["status"] == "COMPLETED"


def test_another_execution_follows_one_that_could_not_record_its_failure(
    simulation: Simulation,
) -> None:
    """Neither the node nor the failure state can write to the table; Step Functions reports the
    execution's end."""
    key = fire(simulation, line(assign("one"), wait("two", 60)))
    simulation.run_while(lambda: row(simulation, key)["status"] == "PENDING")
    simulation.boundary.around = Refusing("UpdateItem", key, 14)
    simulation.run_until(simulation.clock.now + 6 * MINUTE)
    assert statuses(simulation, key) == {"one": "COMPLETED", "two": "WAITING"}


def test_a_recorded_failure_ends_the_run_even_if_ending_it_first_failed(
    simulation: Simulation,
) -> None:
    simulation.http.answer = {}
    call = integration("call", capture={"score": "data.score"})
    key = fire(simulation, line(call, wait("two", 60)))
    simulation.run_while(lambda: "call" not in statuses(simulation, key))
    simulation.boundary.around = Refusing("UpdateItem", key, 8)
    simulation.settle()
    assert row(simulation, key)["status"] == "FAILED"
    assert row(simulation, key)["error"]["kind"] == error_of(simulation.steps(key)["call"])["kind"]
