"""Published events of runs on the deployed stack, and the automations that start from them."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from runledger.api.run_events import RunEvent, event_id
from runledger.ids import derived_id

from local.settings import STACK_NAME
from tests.emulator.orders import activate, ended, fire, wait_for, wait_until_rules_are_known
from tests.support.stack import Stack

Event = dict[str, Any]


class Ear:
    """A queue behind a rule of the stack's bus, which gets the published events of each run."""

    def __init__(self, stack: Stack) -> None:
        name = f"ear-{uuid.uuid4().hex[:8]}"
        self._events, self._sqs = stack.aws("events"), stack.aws("sqs")
        self._bus = self._name_of_bus(stack)
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        self._rule = {"EventBusName": self._bus, "Rule": name}
        pattern = json.dumps({"source": ["runledger"]})
        self._events.put_rule(Name=name, EventBusName=self._bus, EventPattern=pattern)
        target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
        self._events.put_targets(**self._rule, Targets=[target])
        wait_until_rules_are_known()
        self._heard: list[Event] = []

    @staticmethod
    def _name_of_bus(stack: Stack) -> str:
        with closing(stack.aws("cloudformation")) as cloudformation:
            (described,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        return str(outputs["EventBusName"])

    def close(self) -> None:
        self._events.remove_targets(**self._rule, Ids=["queue"])
        self._events.delete_rule(Name=self._rule["Rule"], EventBusName=self._bus)
        self._sqs.delete_queue(QueueUrl=self._queue)
        self._events.close()
        self._sqs.close()

    def hear(self, run_id: str) -> list[Event]:
        """Returns all events of a run so far, in the order of their arrival."""
        answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self._heard.append(json.loads(message["Body"]))
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [event for event in self._heard if event["detail"]["runId"] == run_id]

    def until(self, run_id: str, detail_type: str) -> list[Event]:
        def is_told() -> bool:
            return any(event["detail-type"] == detail_type for event in self.hear(run_id))

        wait_for(f"{detail_type} of {run_id}", is_told, 20)
        return self.hear(run_id)


@pytest.fixture(scope="module")
def ear(stack: Stack) -> Iterator[Ear]:
    made = Ear(stack)
    yield made
    made.close()


def paid(name: str = "Paid") -> dict[str, Any]:
    """Returns an automation that fails for a number up to 10; otherwise it stores the number's
    double."""
    trigger = {
        "triggerType": "WEBHOOK",
        "contactLookup": {"by": "email", "path": "email"},
        "createIfMissing": True,
    }
    big = {"kind": "COMPARE", "left": "{{trigger.n}}", "operator": "GREATER_THAN", "right": 10}
    kept = {"target": "vars.double", "value": "{{trigger.n | times: 2}}", "type": "NUMBER"}
    return {
        "name": name,
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": trigger},
            {"id": "big", "type": "CONDITION", "config": big},
            {"id": "keep", "type": "SET", "config": {"assignments": [kept]}},
            {"id": "small", "type": "STOP_ERROR", "config": {"message": "only {{trigger.n}}"}},
            {"id": "done", "type": "END"},
        ],
        "edges": [
            {"source": "start", "target": "big"},
            {"source": "big", "target": "keep", "label": "true"},
            {"source": "big", "target": "small", "label": "false"},
            {"source": "keep", "target": "done"},
        ],
    }


def waiting(upstream_id: str, *on: str, told: str = "{{trigger.run.status}}") -> dict[str, Any]:
    """Returns an automation that starts after another one's runs and stores what they passed on."""
    kept = {"target": "vars.told", "value": told}
    config = {"triggerType": "UPSTREAM", "automationId": upstream_id, "on": [*on]}
    return {
        "name": "Waiting",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": config},
            {"id": "keep", "type": "SET", "config": {"assignments": [kept]}},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "keep"}, {"source": "keep", "target": "done"}],
    }


def person() -> str:
    return f"{uuid.uuid4().hex}@customer.example"


def opened_by(stack: Stack, automation: dict[str, Any], run_id: str) -> str:
    workspace_id = stack.local["workspaces"][0]["id"]
    return derived_id("run", workspace_id, automation["id"], f"upstream:{run_id}")


def opened(api: httpx.Client, run_id: str) -> Callable[[], bool]:
    return lambda: api.get(f"/v1/runs/{run_id}").status_code == 200


def test_each_status_is_published_once_in_order(stack: Stack, api: httpx.Client, ear: Ear) -> None:
    automation = activate(api, paid())
    completed, failed = (fire(stack, automation, {"n": n, "email": person()}) for n in (20, 3))
    told = ended(api, completed)
    for run_id, last in ((completed, "run.completed"), (failed, "run.failed")):
        events = ear.until(run_id, last)
        assert [event["detail-type"] for event in events] == ["run.pending", "run.running", last]
        details = [RunEvent.model_validate(event["detail"]) for event in events]
        assert [detail.sequence for detail in details] == [1, 2, 3]
        assert [detail.id for detail in details] == [event_id(run_id, n) for n in (1, 2, 3)]
        assert {detail.contact_id for detail in details} != {None}
        assert not any(detail.has_downstream for detail in details)
        assert "@customer.example" not in json.dumps(events)
    (last_event,) = [event for event in ear.hear(completed) if event["detail"]["sequence"] == 3]
    assert last_event["detail"]["finishedAt"] == told["finishedAt"]
    assert last_event["source"] == "runledger"


def test_the_end_of_a_run_opens_a_downstream_run_that_completes(
    stack: Stack, api: httpx.Client, ear: Ear
) -> None:
    first = activate(api, paid())
    told = "{{trigger.run.status}} {{trigger.vars.double}} for {{contact.email}}"
    second = activate(api, waiting(first["id"], "COMPLETED", told=told))
    third = activate(api, waiting(second["id"], "COMPLETED", "FAILED"))
    email = person()

    run_id = fire(stack, first, {"n": 21, "email": email})

    ids = [run_id]
    for automation in (second, third):
        ids.append(opened_by(stack, automation, ids[-1]))
        wait_for(f"the run after {ids[-2]}", opened(api, ids[-1]))
    stories = [ended(api, each) for each in ids]
    assert [story["status"] for story in stories] == ["COMPLETED"] * 3
    assert {story["contact"]["id"] for story in stories} == {stories[0]["contact"]["id"]}
    assert stories[1]["trigger"] == {
        "type": "UPSTREAM",
        "upstreamRunId": run_id,
        "upstreamAutomationId": first["id"],
        "depth": 1,
    }
    assert stories[2]["trigger"]["depth"] == 2
    (kept,) = [step for step in stories[1]["steps"] if step["nodeId"] == "keep"]
    assert kept["output"] == {"told": f"COMPLETED 42 for {email}"}
    assert stories[2]["payload"]["vars"] == kept["output"]
    assert stories[2]["payload"]["trigger"]["run"]["id"] == run_id
    assert ear.until(ids[1], "run.completed")[-1]["detail"]["trigger"] == {"type": "UPSTREAM"}
    assert not any(event["detail"]["hasDownstream"] for event in ear.until(ids[2], "run.completed"))


def test_only_the_chosen_status_opens_a_run(stack: Stack, api: httpx.Client) -> None:
    first = activate(api, paid())
    on_failure = activate(api, waiting(first["id"], "FAILED"))
    on_success = activate(api, waiting(first["id"], "COMPLETED"))
    failed = fire(stack, first, {"n": 3, "email": person()})
    run_id = opened_by(stack, on_failure, failed)
    wait_for("the run after a failure", opened(api, run_id))
    story = ended(api, run_id)
    assert story["status"] == "COMPLETED"
    assert story["payload"]["run"]["error"] == {
        "nodeId": "small",
        "kind": "STOP_ERROR",
        "message": "only 3",
    }
    assert api.get(f"/v1/runs/{opened_by(stack, on_success, failed)}").status_code == 404


def refused(api: httpx.Client, automation: dict[str, Any], run_id: str) -> list[dict[str, Any]]:
    """Returns the automation's refusals that this run's end caused."""
    answer = api.get("/v1/refusals", params={"automationId": automation["id"]}).raise_for_status()
    return [each for each in answer.json()["items"] if each["source"] == run_id]


def test_large_payloads_are_passed_on_and_refusals_are_recorded(
    stack: Stack, api: httpx.Client
) -> None:
    first = activate(api, paid())
    second = activate(api, waiting(first["id"], "COMPLETED") | {"reentry": "ONCE"})
    # It cannot be compressed, so it is stored in the bucket.
    body = {
        "n": 20,
        "email": person(),
        "padding": "".join(uuid.uuid4().hex for _ in range(9_000)),
    }
    run_id = fire(stack, first, body)
    opened_id = opened_by(stack, second, run_id)
    wait_for("the run after the large one", opened(api, opened_id))
    assert ended(api, opened_id)["payload"]["trigger"] == body
    assert [each["runId"] for each in ended(api, run_id)["downstream"]] == [opened_id]

    again = fire(stack, first, body)
    (blocked,) = wait_for("a refusal", lambda: refused(api, second, again))
    assert (blocked["reason"], blocked["runId"]) == ("REENTRY_BLOCKED", opened_id)
    assert blocked["trigger"] == {"type": "UPSTREAM"}

    api.post(f"/v1/automations/{second['id']}/pause").raise_for_status()
    late = fire(stack, first, {"n": 20, "email": person()})
    (inactive,) = wait_for("a refusal", lambda: refused(api, second, late))
    assert inactive["reason"] == "INACTIVE"


def test_a_cycle_is_refused_over_http(stack: Stack, api: httpx.Client) -> None:
    first = activate(api, paid("First"))
    second = activate(api, waiting(first["id"], "COMPLETED"))
    path = f"/v1/automations/{first['id']}"
    closed = waiting(second["id"], "COMPLETED") | {"name": "First"}
    api.put(path, json=closed).raise_for_status()
    answer = api.post(f"{path}/activate")
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert (problem["code"], problem["nodeId"], problem["field"]) == (
        "UPSTREAM_CYCLE",
        "start",
        "automationId",
    )
    assert problem["message"].endswith("First ← Waiting ← First")
