"""Every AWS call of a message's life is broken in turn: no address gets it twice from one effect,
and every attempt ends in a status that says why."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from runledger.clock import DAY, HOUR, MINUTE
from runledger.store.values import Item

from tests.support.kill_points import Scenario, break_everything
from tests.support.provider_events import email_event
from tests.support.stage import Stage, open_stage
from tests.support.world import DELIVERY_RETRY

ADA = {"email": "ada@example.com"}
LATER = "TooManyRequestsException"


@dataclass(frozen=True)
class Ready:
    stage: Stage
    express: str
    standard: str
    webhooks: dict[str, str]
    restore: Callable[[], None]

    def fire(self, automation_id: str) -> str:
        """The id of the run that the caller was told of."""
        answer = self.stage.request("webhook_in", "POST", self.webhooks[automation_id], ADA)
        assert answer["status"] in (200, 202), answer
        return str(answer["body"]["runId"])

    def deliveries(self, *statuses: str) -> list[Item]:
        return [row for row in self.stage.deliveries() if row["status"] in statuses]

    def resend(self, delivery_key: str, **document: Any) -> dict[str, Any]:
        delivery_id = delivery_key.removeprefix("DELIVERY#")
        path = f"/v1/deliveries/{delivery_id}/resend"
        return self.stage.request("api", "POST", path, document)


def mailing(template_id: str, *, waits: bool) -> dict[str, Any]:
    trigger = {
        "triggerType": "WEBHOOK",
        "contactLookup": {"by": "email", "path": "email"},
        "createIfMissing": True,
        "dedupePath": "email",
    }
    mail = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "EMAIL", "templateId": template_id}],
    }
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": trigger},
        {"id": "mail", "type": "SEND_MESSAGE", "config": mail},
        {"id": "pause", "type": "WAIT", "config": {"delayMinutes": 60}},
        {"id": "done", "type": "END", "config": {}},
    ]
    if not waits:
        del nodes[2]
    ids = [str(node["id"]) for node in nodes]
    pairs = pairwise(ids)
    edges = [{"source": source, "target": target} for source, target in pairs]
    return {"name": "Waiting" if waits else "Mailing", "nodes": nodes, "edges": edges}


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with open_stage() as stage:
        document = {
            "name": "M",
            "channel": "EMAIL",
            "subject": "Hi",
            "body": "To {{contact.email}}",
        }
        made = stage.request("api", "POST", "/v1/templates", document)
        assert made["status"] == 201, made
        template_id = made["body"]["id"]
        express = stage.activate(mailing(template_id, waits=False))
        standard = stage.activate(mailing(template_id, waits=True))
        webhooks = {each: stage.webhook_path(each) for each in (express, standard)}
        stage.records.clear()
        yield Ready(stage, express, standard, webhooks, stage.snapshot())


# ── the stories ─────────────────────────────────────────────────────────────────────────────────


def is_sent_on_the_third_try(ready: Ready) -> None:
    ready.stage.ses.refusals = [LATER, LATER]
    ready.fire(ready.express)
    ready.stage.settle()


def is_refused_for_good_on_the_second_try(ready: Ready) -> None:
    ready.stage.ses.refusals = [LATER, "MessageRejected"]
    ready.fire(ready.express)
    ready.stage.settle()


def is_dead_lettered_and_sent_again(ready: Ready) -> None:
    stage = ready.stage
    stage.ses.refusals = [LATER] * 6
    ready.fire(ready.express)
    stage.settle()
    for row in ready.deliveries("DEAD_LETTERED"):
        # An operator who is not sure, or whose answer was lost, asks twice.
        for _ in range(2):
            assert ready.resend(row["pk"], idempotencyKey="k")["status"] in (200, 202)
    stage.settle()
    assert len(stage.deliveries()) <= 2


def loses_the_retry_machine(ready: Ready) -> None:
    stage = ready.stage
    stage.ses.refusals = [LATER, LATER]
    ready.fire(ready.express)
    stage.run_until(stage.clock.now + 20_000)
    for arn in list(stage.step_functions.executions):
        stage.step_functions.lose(arn)
    stage.settle()


def is_walked_by_two_retry_machines(ready: Ready) -> None:
    stage = ready.stage
    stage.ses.refusals = [LATER, LATER, LATER]
    ready.fire(ready.express)
    stage.run_until(stage.clock.now + 20_000)

    for row in stage.deliveries():
        claim_check = {"contract": 1, "workspaceId": "ws_demo", "deliveryId": row["pk"][9:]}
        stage.step_functions.start_execution(
            stateMachineArn=DELIVERY_RETRY, name="by-hand", input=json.dumps(claim_check)
        )
    stage.settle()


def is_canceled_between_two_tries(ready: Ready) -> None:
    stage = ready.stage
    stage.ses.refusals = [LATER] * 3
    run_id = ready.fire(ready.standard)
    stage.run_until(stage.clock.now + 4 * MINUTE)
    stage.request("api", "POST", f"/v1/runs/{run_id}/cancel", {"reason": "wrong list"})
    stage.settle()


def is_canceled_while_it_is_sent(ready: Ready) -> None:
    stage = ready.stage
    run_id = ready.fire(ready.standard)
    stage.run_until(stage.clock.now + 30_000)
    stage.request("api", "POST", f"/v1/runs/{run_id}/cancel", {"reason": "wrong list"})
    stage.settle()


def is_reported_twice_and_out_of_order(ready: Ready) -> None:
    stage = ready.stage
    ready.fire(ready.express)
    stage.run_until(stage.clock.now + 30 * MINUTE)
    for delivery_id in list(stage.ses.sent):
        for detail_type in ("Email Complaint Received", "Email Delivered", "Email Delivered"):
            event = email_event(detail_type, delivery_id, event_id=detail_type)
            stage.asynchronously("delivery_feedback", event)
    stage.settle()


def is_sent_again_by_hand(ready: Ready) -> None:
    stage = ready.stage
    ready.fire(ready.express)
    stage.run_until(stage.clock.now + 2 * HOUR)
    for row in stage.deliveries():
        answer = ready.resend(row["pk"], idempotencyKey="k", force=True)
        assert answer["status"] in (200, 202), (answer, stage.unforeseen)
    stage.settle()
    stage.run_until(stage.clock.now + DAY)


DONE, CANCELED = ("COMPLETED",), ("CANCELED",)
SCENARIOS = (
    Scenario(
        is_sent_on_the_third_try,
        DONE,
        ("run_message", "retry_delivery", "follow_changes"),
        ("SENT",),
    ),
    Scenario(is_refused_for_good_on_the_second_try, DONE, ("retry_delivery",), ("FAILED",)),
    Scenario(
        is_dead_lettered_and_sent_again, DONE, ("retry_delivery", "api"), ("DEAD_LETTERED", "SENT")
    ),
    Scenario(loses_the_retry_machine, DONE, ("tick", "retry_delivery"), ("SENT",)),
    Scenario(is_walked_by_two_retry_machines, DONE, ("retry_delivery",), ("SENT",)),
    Scenario(is_canceled_between_two_tries, CANCELED, ("api", "retry_delivery"), ("FAILED",)),
    Scenario(is_canceled_while_it_is_sent, CANCELED, ("api", "run_message"), ("SENT",)),
    Scenario(is_reported_twice_and_out_of_order, DONE, ("delivery_feedback",), ("DELIVERED",)),
    Scenario(is_sent_again_by_hand, DONE, ("api", "retry_delivery"), ("SENT", "SENT")),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.play.__name__)
def test_whatever_breaks_nobody_gets_a_message_twice_and_each_attempt_ends(
    ready: Ready, scenario: Scenario, tell: Callable[[str], None]
) -> None:
    tell(str(break_everything(ready, scenario)))
