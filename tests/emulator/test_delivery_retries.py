"""Retries, dead letters and resends on the deployed stack, with IAM enforced and waits
shortened."""

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from typing import Any

import httpx
import pytest

from local.settings import STACK_NAME
from tests.emulator.orders import (
    ADMIN,
    activate,
    ended,
    fire,
    template,
    wait_for,
    wait_until_rules_are_known,
)
from tests.support.stack import Stack

LATER = {"service": "ses", "operation": "SendEmail", "code": "TooManyRequestsException"}
# Six hours pass in four seconds, or in eleven if a test has to act between two tries.
SCALE = 0.0002
LESS = 0.0005


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    with stack.api(ADMIN) as client:
        yield client


@pytest.fixture
def hurry(stack: Stack) -> Iterator[None]:
    """Lets machines wait only a fraction of the time."""
    _scale(stack, SCALE)
    yield
    _scale(stack, 1)
    httpx.delete(f"{stack.aws_endpoint}/_local/faults").raise_for_status()


def _scale(stack: Stack, scale: float) -> None:
    document = {"stepfunctions._SFN_WAIT_SCALE": scale}
    answer = httpx.post(f"{stack.aws_endpoint}/_ministack/config", json=document)
    assert answer.json()["applied"] == document


def refuse(stack: Stack, email: str, times: int, **fault: Any) -> None:
    document = {**LATER, "match": email, "times": times, **fault}
    httpx.post(f"{stack.aws_endpoint}/_local/faults", json=document).raise_for_status()


def mailing(api: httpx.Client, **wait: Any) -> dict[str, Any]:
    """Activates an automation that sends an e-mail and then waits, if `wait` is given."""
    lookup = {"by": "email", "path": "email"}
    trigger = {"triggerType": "WEBHOOK", "contactLookup": lookup, "createIfMissing": True}
    message: dict[str, Any] = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "EMAIL", "templateId": template(api, "Hi {{contact.email}}")}],
    }
    nodes: list[dict[str, Any]] = [
        {"id": "start", "type": "TRIGGER", "config": trigger},
        {"id": "mail", "type": "SEND_MESSAGE", "config": message},
        *([{"id": "pause", "type": "WAIT", "config": wait}] if wait else []),
        {"id": "done", "type": "END"},
    ]
    ids = [str(node["id"]) for node in nodes]
    edges = [{"source": a, "target": b} for a, b in pairwise(ids)]
    return activate(api, {"name": "Mailing", "nodes": nodes, "edges": edges})


def person() -> str:
    return f"{uuid.uuid4().hex}@customer.example"


def detail(api: httpx.Client, delivery_id: str) -> dict[str, Any]:
    told: dict[str, Any] = api.get(f"/v1/deliveries/{delivery_id}").raise_for_status().json()
    return told


def settles(api: httpx.Client, delivery_id: str, status: str) -> dict[str, Any]:
    def look() -> Any:
        told = detail(api, delivery_id)
        return told if told["status"] == status else None

    told: dict[str, Any] = wait_for(f"{delivery_id} {status}", look)
    return told


def taken(stack: Stack, email: str) -> int:
    """Returns the number of messages to that address that SES accepted."""
    return sum(email in json.dumps(message) for message in stack.mailbox())


def only_delivery(run: dict[str, Any]) -> str:
    (link,) = run["deliveries"]
    return str(link["id"])


def test_a_transient_refusal_is_retried_after_the_run_completed(
    stack: Stack, api: httpx.Client, hurry: None
) -> None:
    email = person()
    refuse(stack, email, 3)
    run = ended(api, fire(stack, mailing(api), {"email": email}))
    assert run["status"] == "COMPLETED"
    (step,) = [each for each in run["steps"] if each["nodeId"] == "mail"]
    assert (step["status"], step["output"]["queued"]) == ("COMPLETED", 1)

    sent = settles(api, only_delivery(run), "SENT")

    assert [each["outcome"] for each in sent["triesLog"]] == [*["TRANSIENT"] * 3, "ACCEPTED"]
    assert sent["tries"] == 4 and sent["error"] is None and sent["nextTryAt"] is None
    assert sent["triesLog"][0]["code"] == "TooManyRequests"
    assert taken(stack, email) == 1


def test_a_dead_letter_shows_its_reason_and_is_resent(
    stack: Stack, api: httpx.Client, hurry: None
) -> None:
    email = person()
    refuse(stack, email, 6)
    run = ended(api, fire(stack, mailing(api), {"email": email}))
    dead = settles(api, only_delivery(run), "DEAD_LETTERED")
    assert dead["tries"] == 6 and dead["error"]["kind"] == "PROVIDER_UNAVAILABLE"
    assert taken(stack, email) == 0

    path = f"/v1/deliveries/{dead['id']}/resend"
    asked = {"idempotencyKey": "once"}
    with stack.api("viewer@demo.example") as viewer:
        assert viewer.post(path, json=asked).status_code == 403
    with stack.api("member@demo.example") as member:
        assert member.post(path, json={"force": True}).status_code == 403
        made = member.post(path, json=asked)
        assert made.status_code == 202, made.text
        again = member.post(path, json=asked)
    assert again.status_code == 200
    assert again.json()["deliveryId"] == made.json()["deliveryId"]

    sent = settles(api, made.json()["deliveryId"], "SENT")
    assert (sent["resendOf"], sent["requestedBy"]) == (dead["id"], "member@demo.example")
    assert (sent["runId"], sent["tries"], sent["address"]) == (None, 1, email)
    assert detail(api, dead["id"])["resends"] == [sent["id"]]
    assert taken(stack, email) == 1


@pytest.mark.deep
def test_canceling_the_run_stops_the_retries_of_its_message(
    stack: Stack, api: httpx.Client, hurry: None
) -> None:
    email = person()
    _scale(stack, LESS)
    refuse(stack, email, 6)
    # At this pace the run waits for 45 seconds, longer than the tries take.
    run_id = fire(stack, mailing(api, delayMinutes=1_500), {"email": email})

    def waiting() -> Any:
        run = api.get(f"/v1/runs/{run_id}").raise_for_status().json()
        return run["deliveries"] and run

    delivery_id = only_delivery(wait_for("the first try", waiting))
    wait_for("the fifth try", lambda: detail(api, delivery_id)["tries"] == 5)
    canceled = api.post(f"/v1/runs/{run_id}/cancel", json={"reason": "wrong list"})
    assert canceled.status_code == 200, canceled.text
    stopped = settles(api, delivery_id, "FAILED")
    assert stopped["error"]["kind"] == "RUN_CANCELED" and stopped["tries"] == 5
    assert taken(stack, email) == 0


def test_a_permanent_refusal_is_not_retried(stack: Stack, api: httpx.Client, hurry: None) -> None:
    email = person()
    refuse(stack, email, 1)
    refuse(stack, email, 1, code="MessageRejected")
    run = ended(api, fire(stack, mailing(api), {"email": email}))
    failed = settles(api, only_delivery(run), "FAILED")
    assert failed["error"]["kind"] == "PROVIDER_REFUSED" and failed["tries"] == 2
    assert taken(stack, email) == 0


def test_the_statuses_of_a_delivery_are_published_on_the_bus(
    stack: Stack, api: httpx.Client, hurry: None
) -> None:
    email = person()
    name = f"deliveries-{uuid.uuid4().hex[:12]}"
    with closing(stack.aws("events")) as events, closing(stack.aws("sqs")) as sqs:
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        bus = STACK_NAME
        pattern = json.dumps({"source": ["runledger"], "detail-type": [{"prefix": "delivery."}]})
        events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
        target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
        events.put_targets(Rule=name, EventBusName=bus, Targets=[target])
        wait_until_rules_are_known()

        refuse(stack, email, 1)
        run = ended(api, fire(stack, mailing(api), {"email": email}))
        delivery_id = only_delivery(run)
        told: dict[int, dict[str, Any]] = {}

        def listen() -> bool:
            found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
            for message in found.get("Messages", []):
                event = json.loads(message["Body"])
                if event["detail"]["deliveryId"] == delivery_id:
                    told[event["detail"]["sequence"]] = event
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return {each["detail-type"] for each in told.values()} >= {
                "delivery.retrying",
                "delivery.sent",
            }

        wait_for("both events", listen)
        events.remove_targets(Rule=name, EventBusName=bus, Ids=["queue"])
        events.delete_rule(Name=name, EventBusName=bus)
        sqs.delete_queue(QueueUrl=queue)
    in_order = [told[each] for each in sorted(told)]
    assert [each["detail-type"] for each in in_order] == ["delivery.retrying", "delivery.sent"]
    assert in_order[0]["detail"]["error"] == {"kind": "PROVIDER_UNAVAILABLE"}
    assert in_order[0]["detail"]["runId"] == run["id"]
    assert email not in json.dumps(in_order)
