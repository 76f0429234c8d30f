"""Transient AWS faults on the deployed stack, with IAM enforced: tasks that Lambda did not run or
answer, and calls of ours without an answer."""

import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.emulator.orders import ADMIN, activate, ended, fire, wait_for
from tests.support.stack import Stack

BANNED = ("arn:aws", "Exception", "botocore", "urllib3", "An error occurred", "refused on purpose")


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    with stack.api(ADMIN) as client:
        yield client
    httpx.delete(f"{stack.aws_endpoint}/_local/faults").raise_for_status()


def break_(stack: Stack, **fault: Any) -> None:
    httpx.post(f"{stack.aws_endpoint}/_local/faults", json=fault).raise_for_status()


def break_task(stack: Stack, node_id: str, code: str, **fault: Any) -> None:
    """Breaks the next tasks of this node, whose id no other automation uses."""
    match = f'"nodeId": "{node_id}"'
    break_(stack, service="lambda", operation="Invoke", code=code, match=match, **fault)


def notes(api: httpx.Client) -> tuple[dict[str, Any], str]:
    """Returns an active automation, and the id of its node between TRIGGER and END."""
    node_id = f"note{uuid.uuid4().hex[:12]}"
    assignment = {"target": "vars.a", "value": "b"}
    document = {
        "name": "Notes",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
            {"id": node_id, "type": "SET", "config": {"assignments": [assignment]}},
            {"id": "done", "type": "END"},
        ],
        "edges": [
            {"source": "start", "target": node_id},
            {"source": node_id, "target": "done"},
        ],
    }
    return activate(api, document), node_id


def assert_clean(text: str) -> None:
    for word in BANNED:
        assert word not in text, text


def make_due(stack: Stack, run_id: str) -> None:
    past = int(time.time() * 1_000) - 1_000
    with closing(stack.aws("dynamodb")) as dynamodb:
        dynamodb.update_item(
            TableName=stack.table_name,
            Key={"pk": {"S": f"RUN#{run_id}"}, "sk": {"S": "RUN"}},
            UpdateExpression="SET dueKey = :due",
            ExpressionAttributeValues={":due": {"S": f"{past:013d}#{run_id}"}},
        )


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("Lambda.ClientExecutionTimeoutException", "REFUSE"),
        # The function had done its work, and Step Functions did not hear of it.
        ("Lambda.ClientExecutionTimeoutException", "LOSE"),
        ("Lambda.EC2ThrottledException", "REFUSE"),
        ("Runtime.OutOfMemory", "REFUSE"),
        ("Sandbox.Timedout", "LOSE"),
    ],
)
@pytest.mark.sampled(2)
def test_a_task_that_lambda_did_not_finish_is_retried(
    stack: Stack, api: httpx.Client, code: str, outcome: str
) -> None:
    automation, node_id = notes(api)
    break_task(stack, node_id, code, outcome=outcome)
    told = ended(api, fire(stack, automation, {}))
    assert told["status"] == "COMPLETED", told["error"]
    assert told["attempt"] == 1
    assert [step["status"] for step in told["steps"]] == ["COMPLETED"] * 3


@pytest.mark.parametrize(
    ("code", "tries"),
    [("Lambda.ClientExecutionTimeoutException", 3), ("Lambda.KMSDisabledException", 1)],
)
@pytest.mark.sampled(1)
def test_a_run_whose_task_lambda_cannot_run_is_handed_back_and_continued(
    stack: Stack, api: httpx.Client, code: str, tries: int
) -> None:
    automation, node_id = notes(api)
    break_task(stack, node_id, code, times=tries)
    run_id = fire(stack, automation, {})

    def handed_back() -> Any:
        told = api.get(f"/v1/runs/{run_id}").raise_for_status().json()
        return told if told["attempt"] == 2 else None

    told = wait_for("the hand-back", handed_back)
    assert (told["status"], told["health"]["state"]) == ("RUNNING", "RETRYING")
    assert told["startError"].startswith(f"node {node_id}: ")
    assert_clean(str(told))

    make_due(stack, run_id)
    stack.tick()
    told = ended(api, run_id)
    assert (told["status"], told["attempt"]) == ("COMPLETED", 2)


def test_a_node_whose_function_keeps_crashing_fails_in_our_words(
    stack: Stack, api: httpx.Client
) -> None:
    automation, node_id = notes(api)
    break_task(stack, node_id, "Runtime.OutOfMemory", times=2, message="arn:aws:lambda:x killed")
    told = ended(api, fire(stack, automation, {}))
    assert (told["status"], told["error"]["kind"]) == ("FAILED", "CRASHED")
    assert told["error"]["nodeId"] == node_id
    assert "memory" in told["error"]["message"]
    assert_clean(str(told))


HANGS: dict[str, Any] = {"outcome": "HANG", "seconds": 3, "times": 3}
INTAKE: dict[str, dict[str, Any]] = {
    "a bare 504": {"outcome": "LOSE", "times": 3},
    "it hangs": HANGS,
    "throttled": {"code": "ProvisionedThroughputExceededException", "times": 3},
    "the table is missing": {"code": "ResourceNotFoundException"},
    "not allowed": {"code": "AccessDeniedException"},
}


@pytest.mark.parametrize("fault", INTAKE)
@pytest.mark.sampled(3)
def test_a_sender_gets_503_with_retry_after_on_an_aws_fault(
    stack: Stack, api: httpx.Client, fault: str
) -> None:
    automation, _ = notes(api)
    url = stack.url + automation["webhook"]["path"]
    match = automation["id"]
    break_(stack, service="dynamodb", operation="GetItem", match=match, **INTAKE[fault])
    began = time.monotonic()
    answer = httpx.post(url, json={"a": 1}, timeout=40)
    assert answer.status_code == 503
    assert time.monotonic() - began < 15
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
    assert_clean(answer.text)
    assert stack.table_name not in answer.text
    # Nothing was decided: the same event opens its run when AWS is well.
    httpx.delete(f"{stack.aws_endpoint}/_local/faults").raise_for_status()
    assert httpx.post(url, json={"a": 1}, timeout=40).status_code == 202


def test_a_reader_gets_503_in_our_words_on_an_aws_fault(stack: Stack, api: httpx.Client) -> None:
    automation, _ = notes(api)
    path = f"/v1/automations/{automation['id']}"
    for fault in INTAKE.values():
        if fault is HANGS:
            continue
        match = automation["id"]
        break_(stack, service="dynamodb", operation="GetItem", match=match, **fault)
        answer = api.get(path)
        assert answer.status_code == 503, fault
        assert answer.headers["Retry-After"]
        assert_clean(answer.text)
        httpx.delete(f"{stack.aws_endpoint}/_local/faults").raise_for_status()
    assert api.get(path).status_code == 200
