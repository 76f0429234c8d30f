"""Stalled runs continue within minutes on the deployed stack.

Time passes for one run only: the test moves the times in its rows back. It invokes the tick like
its schedule would.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx
import pytest

from local.faults import PATH as FAULTS
from tests.emulator.orders import activate, demo_service, ended, fire, wait_for
from tests.emulator.time_travel import let_pass
from tests.support.stack import Stack

MINUTE = 60_000
THROTTLED = "ProvisionedThroughputExceededException"
TRIGGER = {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}}
SET = {"assignments": [{"target": "vars.tag", "value": "gold"}]}


def wait_node(node_id: str, minutes: int) -> dict[str, Any]:
    return {"id": node_id, "type": "WAIT", "config": {"delayMinutes": minutes}}


def automation(nodes: list[dict[str, Any]], *edges: tuple[str, str]) -> dict[str, Any]:
    return {
        "name": "Stranded",
        "nodes": [TRIGGER, *nodes, {"id": "done", "type": "END"}],
        "edges": [{"source": source, "target": target} for source, target in edges],
    }


LONG = automation(
    [{"id": "tag", "type": "SET", "config": SET}, wait_node("long", 30 * 24 * 60)],
    ("start", "tag"),
    ("tag", "long"),
    ("long", "done"),
)


def fork(url: str) -> dict[str, Any]:
    """Returns an automation with a call and a SET in one branch, and a long wait in the other."""
    return automation(
        [
            {"id": "top", "type": "SET", "config": SET},
            {"id": "call", "type": "INTEGRATION", "config": {"url": url}},
            {"id": "afterwards", "type": "SET", "config": SET},
            wait_node("long", 30 * 24 * 60),
            {"id": "both", "type": "MERGE"},
        ],
        ("start", "top"),
        ("top", "call"),
        ("call", "afterwards"),
        ("afterwards", "both"),
        ("top", "long"),
        ("long", "both"),
        ("both", "done"),
    )


@contextmanager
def fault(stack: Stack, **what: Any) -> Iterator[None]:
    httpx.post(stack.aws_endpoint + FAULTS, json=what).raise_for_status()
    try:
        yield
    finally:
        httpx.delete(stack.aws_endpoint + FAULTS).raise_for_status()


def faults_left(stack: Stack) -> list[Any]:
    left: list[Any] = httpx.get(stack.aws_endpoint + FAULTS).raise_for_status().json()["items"]
    return left


def detail(api: httpx.Client, run_id: str) -> dict[str, Any]:
    told: dict[str, Any] = api.get(f"/v1/runs/{run_id}").raise_for_status().json()
    return told


def statuses(api: httpx.Client, run_id: str) -> dict[str, str]:
    return {step["nodeId"]: step["status"] for step in detail(api, run_id)["steps"]}


def executions(stepfunctions: Any, automation_id: str) -> dict[str, str]:
    """Returns the ARNs of an automation's executions, oldest first, with their statuses."""
    machines = stepfunctions.list_state_machines()["stateMachines"]
    (machine,) = [each for each in machines if automation_id in each["name"]]
    found = stepfunctions.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    found.sort(key=lambda each: each["name"])
    return {each["executionArn"]: each["status"] for each in found}


@contextmanager
def no_status_events(stack: Stack) -> Iterator[None]:
    """Drops all of Step Functions' status events."""
    with closing(stack.aws("events")) as events:
        names = [
            rule["Name"]
            for rule in events.list_rules()["Rules"]
            if "Step Functions Execution Status Change" in rule.get("EventPattern", "")
        ]
        assert names
        for name in names:
            events.disable_rule(Name=name)
        try:
            yield
        finally:
            for name in names:
                events.enable_rule(Name=name)


@pytest.mark.parametrize("times", [6, 15])
@pytest.mark.sampled(1)
def test_a_run_continues_after_the_recording_of_a_step_was_throttled(
    stack: Stack, api: httpx.Client, times: int
) -> None:
    made = activate(api, LONG)
    throttled = {"service": "dynamodb", "operation": "PutItem", "match": "STEP#tag"}
    with fault(stack, **throttled, times=times, code=THROTTLED):
        run_id = fire(stack, made, {})
        wait_for(
            "the wait behind the throttled step",
            lambda: statuses(api, run_id).get("long") == "WAITING",
        )
    assert statuses(api, run_id)["tag"] == "COMPLETED"
    assert detail(api, run_id)["health"]["state"] == "WAITING"


def test_a_known_answer_is_recorded_when_dynamodb_recovers(stack: Stack, api: httpx.Client) -> None:
    url = f"{demo_service(api)}/score"
    calling = automation(
        [{"id": "call", "type": "INTEGRATION", "config": {"url": url, "body": {"a": 1}}}],
        ("start", "call"),
        ("call", "done"),
    )
    throttled = {"service": "dynamodb", "operation": "PutItem", "match": "STEP#call"}
    with fault(stack, **throttled, times=9, code=THROTTLED):
        told = ended(api, fire(stack, activate(api, calling), {}))
    assert (told["status"], told["attempt"]) == ("COMPLETED", 1), told["error"]
    assert told["steps"][1]["response"]["status"] == 200


def test_another_execution_follows_one_that_was_stopped_without_an_event(
    stack: Stack, api: httpx.Client
) -> None:
    waiting = automation([wait_node("pause", 60)], ("start", "pause"), ("pause", "done"))
    made = activate(api, waiting)
    run_id = fire(stack, made, {})
    wait_for("the wait", lambda: statuses(api, run_id).get("pause") == "WAITING")
    with no_status_events(stack), closing(stack.aws("stepfunctions")) as stepfunctions:
        (arn,) = executions(stepfunctions, made["id"])
        stepfunctions.stop_execution(executionArn=arn)
        # It waits for an hour, which nothing is wrong with; then it should have moved.
        let_pass(stack, run_id, 60 * MINUTE)
        stack.tick()
        assert detail(api, run_id)["attempt"] == 1
        let_pass(stack, run_id, 5 * MINUTE)
        stack.tick()
        told = ended(api, run_id)
    assert (told["status"], told["attempt"]) == ("COMPLETED", 2), told["error"]
    reason = "the run stopped at node done: its execution was stopped in AWS"
    assert told["startError"] == reason


def test_a_stalled_branch_continues_while_the_other_waits(stack: Stack, api: httpx.Client) -> None:
    made = activate(api, fork(f"{demo_service(api)}/score"))
    # The branch is released at this node, as if another execution owned the run.
    released = {"service": "lambda", "operation": "Invoke", "code": "RunReleasedError"}
    with fault(stack, **released, match="afterwards"):
        run_id = fire(stack, made, {})
        wait_for("the release", lambda: faults_left(stack) == [])
    wait_for("the wait beside it", lambda: statuses(api, run_id).get("long") == "WAITING")
    with closing(stack.aws("stepfunctions")) as stepfunctions:
        (arn,) = executions(stepfunctions, made["id"])
        assert (statuses(api, run_id)["call"], detail(api, run_id)["attempt"]) == ("COMPLETED", 1)
        let_pass(stack, run_id, 5 * MINUTE)
        began = time.monotonic()
        stack.tick()
        wait_for("the branch", lambda: statuses(api, run_id).get("afterwards") == "COMPLETED")
        assert time.monotonic() - began < 60
        told = detail(api, run_id)
        assert told["attempt"] == 2
        assert told["startError"] == "the run stopped at node afterwards"
        assert statuses(api, run_id)["long"] == "WAITING"
        # Once the lease of the branch's last node is over.
        wait_for("its wait", lambda: detail(api, run_id)["health"]["state"] == "WAITING")
        wait_for("the end of the first execution", lambda: _ended(stepfunctions, made["id"], arn))
    assert api.post(f"/v1/runs/{run_id}/cancel", json={"reason": "seen"}).status_code == 200


def _ended(stepfunctions: Any, automation_id: str, arn: str) -> bool:
    return executions(stepfunctions, automation_id)[arn] == "ABORTED"
