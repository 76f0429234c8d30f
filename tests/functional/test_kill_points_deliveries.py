"""If any AWS call in the life of a message fails, or the process dies at that call, no address gets
the message twice, and every attempt ends with a status and the reason for the status."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from runledger.clock import DAY, HOUR, MINUTE
from runledger.store.values import Item

from tests.support.environment import DELIVERY_RETRY
from tests.support.kill_points import Scenario, break_everything
from tests.support.provider_events import email_event
from tests.support.simulation import Simulation, open_simulation

ADA = {"email": "ada@example.com"}
LATER = "TooManyRequestsException"


@dataclass(frozen=True)
class Ready:
    simulation: Simulation
    express: str
    standard: str
    webhooks: dict[str, str]
    template_id: str
    restore: Callable[[], None]

    def fire(self, automation_id: str) -> str:
        """Sends the event, and repeats it until it gets an answer. Returns the id of the run."""
        answer = self.simulation.request("webhook_in", "POST", self.webhooks[automation_id], ADA)
        assert answer["status"] in (200, 202), answer
        return str(answer["body"]["runId"])

    def deliveries(self, *statuses: str) -> list[Item]:
        return [row for row in self.simulation.deliveries() if row["status"] in statuses]

    def resend(self, delivery_key: str, **document: Any) -> dict[str, Any]:
        delivery_id = delivery_key.removeprefix("DELIVERY#")
        path = f"/v1/deliveries/{delivery_id}/resend"
        return self.simulation.request("api", "POST", path, document)

    def test(self) -> dict[str, Any]:
        """Requests a test message of the template, and repeats the request until it gets an answer.
        Returns the answer's body."""
        path = f"/v1/templates/{self.template_id}/test"
        answer = self.simulation.request("api", "POST", path, {"idempotencyKey": "k"})
        assert answer["status"] in (200, 202), (answer, self.simulation.unforeseen)
        return dict(answer["body"])


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
    with open_simulation() as simulation:
        document = {
            "name": "M",
            "channel": "EMAIL",
            "subject": "Hi",
            "body": "To {{contact.email}}",
        }
        made = simulation.request("api", "POST", "/v1/templates", document)
        assert made["status"] == 201, made
        template_id = made["body"]["id"]
        plain = {**document, "body": "To nobody in particular"}
        tested = simulation.request("api", "POST", "/v1/templates", plain)["body"]["id"]
        express = simulation.activate(mailing(template_id, waits=False))
        standard = simulation.activate(mailing(template_id, waits=True))
        webhooks = {each: simulation.webhook_path(each) for each in (express, standard)}
        simulation.records.clear()
        yield Ready(simulation, express, standard, webhooks, tested, simulation.snapshot())


# ── the stories ─────────────────────────────────────────────────────────────────────────────────


def is_sent_on_the_third_try(ready: Ready) -> None:
    ready.simulation.ses.refusals = [LATER, LATER]
    ready.fire(ready.express)
    ready.simulation.settle()


def is_refused_for_good_on_the_second_try(ready: Ready) -> None:
    ready.simulation.ses.refusals = [LATER, "MessageRejected"]
    ready.fire(ready.express)
    ready.simulation.settle()


def is_dead_lettered_and_sent_again(ready: Ready) -> None:
    simulation = ready.simulation
    simulation.ses.refusals = [LATER] * 6
    ready.fire(ready.express)
    simulation.settle()
    for row in ready.deliveries("DEAD_LETTERED"):
        # An operator who is not sure, or whose answer was lost, asks twice.
        for _ in range(2):
            assert ready.resend(row["pk"], idempotencyKey="k")["status"] in (200, 202)
    simulation.settle()
    assert len(simulation.deliveries()) <= 2


def loses_the_retry_machine(ready: Ready) -> None:
    simulation = ready.simulation
    simulation.ses.refusals = [LATER, LATER]
    ready.fire(ready.express)
    simulation.run_until(simulation.clock.now + 20_000)
    for arn in list(simulation.step_functions.executions):
        simulation.step_functions.lose(arn)
    simulation.settle()


def is_walked_by_two_retry_machines(ready: Ready) -> None:
    simulation = ready.simulation
    simulation.ses.refusals = [LATER, LATER, LATER]
    ready.fire(ready.express)
    simulation.run_until(simulation.clock.now + 20_000)

    for row in simulation.deliveries():
        claim_check = {"contract": 1, "workspaceId": "ws_demo", "deliveryId": row["pk"][9:]}
        simulation.step_functions.start_execution(
            stateMachineArn=DELIVERY_RETRY, name="by-hand", input=json.dumps(claim_check)
        )
    simulation.settle()


def is_canceled_between_two_tries(ready: Ready) -> None:
    simulation = ready.simulation
    simulation.ses.refusals = [LATER] * 3
    run_id = ready.fire(ready.standard)
    simulation.run_until(simulation.clock.now + 4 * MINUTE)
    simulation.request("api", "POST", f"/v1/runs/{run_id}/cancel", {"reason": "wrong list"})
    simulation.settle()


def is_canceled_while_it_is_sent(ready: Ready) -> None:
    simulation = ready.simulation
    run_id = ready.fire(ready.standard)
    simulation.run_until(simulation.clock.now + 30_000)
    simulation.request("api", "POST", f"/v1/runs/{run_id}/cancel", {"reason": "wrong list"})
    simulation.settle()


def is_reported_twice_and_out_of_order(ready: Ready) -> None:
    simulation = ready.simulation
    ready.fire(ready.express)
    simulation.run_until(simulation.clock.now + 30 * MINUTE)
    for delivery_id in list(simulation.ses.sent):
        for detail_type in ("Email Complaint Received", "Email Delivered", "Email Delivered"):
            event = email_event(detail_type, delivery_id, event_id=detail_type)
            simulation.asynchronously("delivery_feedback", event)
    simulation.settle()


def is_sent_again_by_hand(ready: Ready) -> None:
    simulation = ready.simulation
    ready.fire(ready.express)
    simulation.run_until(simulation.clock.now + 2 * HOUR)
    for row in simulation.deliveries():
        answer = ready.resend(row["pk"], idempotencyKey="k", force=True)
        assert answer["status"] in (200, 202), (answer, simulation.unforeseen)
    simulation.settle()
    simulation.run_until(simulation.clock.now + DAY)


def is_a_test_that_is_requested_again(ready: Ready) -> None:
    """Somebody who is not sure, or who got no answer, repeats the request for the test, at once and
    later."""
    simulation = ready.simulation
    simulation.ses.refusals = [LATER]
    requested = ready.test()
    assert ready.test()["deliveryId"] == requested["deliveryId"]
    simulation.settle()
    (row,) = simulation.deliveries()
    late = ready.test()
    assert late["duplicate"] and late["status"] == row["status"]
    # What is not known is said: the message may have left.
    assert (late["reason"] is None) == (row["status"] == "SENT")
    simulation.settle()


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
    Scenario(is_a_test_that_is_requested_again, (), ("api", "retry_delivery"), ("SENT",)),
    Scenario(is_sent_again_by_hand, DONE, ("api", "retry_delivery"), ("SENT", "SENT")),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.play.__name__)
def test_after_any_fault_no_message_is_sent_twice_and_each_attempt_ends(
    ready: Ready, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(str(break_everything(ready, scenario)))
