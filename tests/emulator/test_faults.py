"""Faults on the deployed stack: killed workers, lost executions, and nodes that raise."""

import json
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.emulator.orders import activate, demo_service, ended, fire, wait_for
from tests.emulator.time_travel import let_pass
from tests.support.stack import Stack

DAY = 86_400_000


def calling(url: str, **config: Any) -> dict[str, Any]:
    call = {"url": url, "timeoutSeconds": 5, "body": {"a": 1}, **config}
    return {
        "name": "Calls",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
            {"id": "call", "type": "INTEGRATION", "config": call},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "call"}, {"source": "call", "target": "done"}],
    }


WAITING = {
    "name": "Waits",
    "nodes": [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
        {"id": "pause", "type": "WAIT", "config": {"delayMinutes": 60}},
        {"id": "done", "type": "END"},
    ],
    "edges": [{"source": "start", "target": "pause"}, {"source": "pause", "target": "done"}],
}


def step(api: httpx.Client, run_id: str, node_id: str, status: str) -> Any:
    """Returns the step of a node as soon as it has this status."""

    def look() -> Any:
        told = api.get(f"/v1/runs/{run_id}").raise_for_status().json()
        assert told["status"] in ("PENDING", "RUNNING"), told
        steps = told["steps"]
        found = [each for each in steps if each["nodeId"] == node_id]
        return found[0] if found and found[0]["status"] == status else None

    return wait_for(f"{status} of {node_id}", look)


def test_a_call_whose_function_was_killed_is_unknown_and_not_repeated(
    stack: Stack, api: httpx.Client
) -> None:
    url = f"{demo_service(api)}/slow?ms=4000"
    run_id = fire(stack, activate(api, calling(url)), {})
    step(api, run_id, "call", "RUNNING")

    assert stack.kill_worker("RunIntegration") > 0

    told = ended(api, run_id)
    assert told["status"] == "FAILED"
    assert told["error"]["nodeId"] == "call"
    assert told["error"]["kind"] == "OUTCOME_UNKNOWN"
    assert "may have been made, so it was not repeated" in told["error"]["message"]


@pytest.mark.deep
def test_an_idempotent_call_is_repeated_after_its_function_was_killed(
    stack: Stack, api: httpx.Client
) -> None:
    url = f"{demo_service(api)}/slow?ms=3000"
    run_id = fire(stack, activate(api, calling(url, idempotent=True)), {})
    step(api, run_id, "call", "RUNNING")

    assert stack.kill_worker("RunIntegration") > 0

    told = ended(api, run_id)
    assert told["status"] == "COMPLETED", told["error"]
    assert [each["nodeId"] for each in told["steps"]] == ["start", "call", "done"]


def test_a_failed_node_shows_its_request_and_its_response(stack: Stack, api: httpx.Client) -> None:
    run_id = fire(stack, activate(api, calling(f"{demo_service(api)}/fail")), {})
    told = ended(api, run_id)
    assert (told["status"], told["error"]["kind"]) == ("FAILED", "HTTP_STATUS")
    assert "answered 500" in told["error"]["message"]
    failed = told["steps"][-1]
    assert failed["response"]["status"] == 500
    assert failed["request"]["method"] == "POST"


def test_a_call_to_a_private_address_is_refused(stack: Stack, api: httpx.Client) -> None:
    run_id = fire(stack, activate(api, calling("http://169.254.169.254/latest/meta-data/")), {})
    told = ended(api, run_id)
    assert (told["status"], told["error"]["kind"]) == ("FAILED", "BLOCKED_ADDRESS")


def test_stopping_the_execution_by_hand_fails_its_run(stack: Stack, api: httpx.Client) -> None:
    automation = activate(api, WAITING)
    run_id = fire(stack, automation, {})
    step(api, run_id, "pause", "WAITING")
    with closing(stack.aws("stepfunctions")) as stepfunctions:
        machines = stepfunctions.list_state_machines()["stateMachines"]
        (machine,) = [each for each in machines if automation["id"] in each["name"]]
        arn = machine["stateMachineArn"]
        (execution,) = stepfunctions.list_executions(stateMachineArn=arn)["executions"]
        stepfunctions.stop_execution(executionArn=execution["executionArn"])

    told = ended(api, run_id)

    assert (told["status"], told["error"]["kind"]) == ("FAILED", "EXECUTION_ABORTED")
    assert told["error"]["nodeId"] == "pause"
    assert [each["status"] for each in told["steps"]] == ["COMPLETED", "CANCELED"]


def test_the_tick_continues_a_run_past_its_deadline(stack: Stack, api: httpx.Client) -> None:
    run_id = fire(stack, activate(api, WAITING), {})
    step(api, run_id, "pause", "WAITING")
    let_pass(stack, run_id, 2 * DAY)

    stack.tick()

    told = ended(api, run_id)
    assert (told["status"], told["attempt"]) == ("COMPLETED", 2)
    assert told["startError"] == "the run stopped at node done"


def test_the_tick_ends_a_run_whose_handlers_raise(stack: Stack, api: httpx.Client) -> None:
    """The payload is deleted, so every handler raises and cannot even record the failure. Only the
    deadline is left."""
    url = f"{demo_service(api)}/slow?ms=1500"
    document = calling(url)
    document["nodes"].insert(2, {"id": "again", "type": "INTEGRATION", "config": {"url": url}})
    document["edges"] = [
        {"source": "start", "target": "call"},
        {"source": "call", "target": "again"},
        {"source": "again", "target": "done"},
    ]
    run_id = fire(stack, activate(api, document), {})
    step(api, run_id, "call", "RUNNING")
    key = {"pk": {"S": f"RUN#{run_id}"}, "sk": {"S": "PAYLOAD"}}
    with closing(stack.aws("dynamodb")) as dynamodb:
        kept = dynamodb.get_item(TableName=stack.table_name, Key=key)["Item"]
        dynamodb.delete_item(TableName=stack.table_name, Key=key)

        def recorded() -> bool:
            step_key = {"pk": key["pk"], "sk": {"S": "STEP#call"}}
            return "Item" in dynamodb.get_item(TableName=stack.table_name, Key=step_key)

        wait_for("the record of the call", recorded)

        def settled() -> bool:
            row = dynamodb.get_item(
                TableName=stack.table_name, Key={"pk": key["pk"], "sk": {"S": "RUN"}}
            )
            if row["Item"]["status"]["S"] == "FAILED":
                return True
            # Each attempt stops moving as the first did, until there are no more.
            let_pass(stack, run_id, 2 * DAY)
            stack.tick()
            return False

        wait_for("the end by the tick", settled)
        dynamodb.put_item(TableName=stack.table_name, Item=kept)
    told = api.get(f"/v1/runs/{run_id}").json()
    assert told["error"]["kind"] in ("OVERDUE", "EXECUTION_FAILED")
    assert [each["nodeId"] for each in told["steps"]][:2] == ["start", "call"]


def test_malformed_and_oversized_webhooks_are_refused_by_reason(
    stack: Stack, api: httpx.Client
) -> None:
    url = stack.url + activate(api, WAITING)["webhook"]["path"]
    headers = {"Content-Type": "application/json"}
    damaged = httpx.post(url, content=b'{"a": }', headers=headers)
    assert damaged.status_code == 422
    assert "line 1, column 7" in damaged.json()["detail"]
    large = json.dumps({"a": "x" * 1_000_001}).encode()
    assert httpx.post(url, content=large, headers=headers, timeout=30).status_code == 413
    pdf = httpx.post(url, content=b"%PDF-1.7", headers={"Content-Type": "application/pdf"})
    assert pdf.status_code == 415
    assert httpx.post(url[:-3] + "xyz", json={}).status_code == 404
