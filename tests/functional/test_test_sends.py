"""People send a template to themselves."""

import json
from typing import Any

import pytest
from runledger.api import resends
from runledger.clock import MINUTE
from runledger.errors import RateLimitedError
from runledger.models.attempt_transitions import MACHINE_GRACE
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.suppression import Suppression, SuppressionReason
from runledger.models.workspace import Membership, Role
from runledger.services.automations.test_sends import TESTS_A_MINUTE
from runledger.services.messages.retry_machine import RetryMachine
from runledger.services.views.deliveries import delivery_view
from runledger.services.workspaces.identity import Caller

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_delivery_life import (
    ADA,
    attempts,
    mailing,
    only,
    settle_due,
    started,
    walk_machine,
)
from tests.functional.test_html_messages import HTML, saved
from tests.support.engine import Engine
from tests.support.environment import ACCOUNT, DELIVERY_RETRY
from tests.support.scripted_channel import TAKEN, script

__all__ = ["deployed"]

# The address of the caller with this role.
MEMBER = "member@example.com"


@pytest.fixture(autouse=True)
def machine(deployed: Engine) -> None:
    deployed.stepfunctions.create_state_machine(
        name=DELIVERY_RETRY.rpartition(":")[2],
        definition=json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine",
    )


def ask(template_id: str, body: Any = None, role: str = "member") -> dict[str, Any]:
    return call("POST", f"/v1/templates/{template_id}/test", body, role=role)


def sent_test(engine: Engine, **changes: Any) -> DeliveryAttempt:
    contact = {"email": ADA["email"]} if "html" not in changes else {}
    answer = ask(saved(**changes)["id"], {"payload": {"note": "<i>"}, **contact})
    assert answer["status"] == 202, answer
    return engine.stores.deliveries.get(answer["body"]["deliveryId"])


def send_as(engine: Engine, user_id: str, template_id: str) -> DeliveryAttempt:
    member = Membership(
        workspace_id=engine.workspace_id,
        user_id=user_id,
        email=f"{user_id}@example.com",
        role=Role.MEMBER,
        created_at=0,
    )
    return engine.test_sends.send(Caller(member), template_id, resends.TestSendDocument()).attempt


@pytest.fixture
def ada(deployed: Engine) -> str:
    answer = call("POST", "/v1/contacts", {**ADA, "firstName": "Ada"}, role="admin")
    contact_id: str = answer["body"]["id"]
    return contact_id


def test_a_test_goes_to_the_caller_and_is_recorded(deployed: Engine, ada: str) -> None:
    channel = script(deployed, TAKEN)
    queued = sent_test(deployed)
    assert (queued.status, queued.address) == (DeliveryStatus.QUEUED, MEMBER)
    assert started(deployed) != []
    walk_machine(deployed, queued)
    (message,) = channel.took
    assert (message.address, message.subject) == (MEMBER, "[Test] Hi")
    assert "Hello <b>ada@example.com</b> &amp; &lt;i&gt;" in (message.html or "")
    assert message.body.startswith("Hello ada@example.com & <i>")
    sent = only(deployed)
    assert sent.status is DeliveryStatus.SENT
    view = delivery_view(sent)
    assert (view.is_test, view.run_id, view.resend_of) == (True, None, None)
    assert view.requested_by == MEMBER
    assert "a test goes to the person who asked" in view.gates[0].reason
    # It goes to no contact, and counts for none.
    assert (sent.contact_id, sent.addressee_id) == (None, None)


def test_a_message_of_a_run_is_no_test(deployed: Engine) -> None:
    deployed.walk(deployed.fire(deployed.activate(mailing(deployed.template())), ADA))
    assert not delivery_view(only(deployed)).is_test


def test_a_test_whose_machine_was_not_started_is_sent_by_the_tick(engine: Engine) -> None:
    script(engine, TAKEN)
    queued = send_as(engine, "ada", engine.template("Hi"))
    before = started(engine)
    settle_due(engine, MACHINE_GRACE)
    assert len(started(engine)) == len(before) + 1
    walk_machine(engine, engine.stores.deliveries.get(queued.id))
    assert only(engine).status is DeliveryStatus.SENT


def test_an_erasure_finds_the_tests_to_the_address_of_a_contact(deployed: Engine) -> None:
    person = call("POST", "/v1/contacts", {"email": MEMBER}, role="admin")["body"]["id"]
    assert sent_test(deployed, html=None, body="Hi", subject="Hi").addressee_id == person


def test_a_suppressed_address_gets_no_test(deployed: Engine) -> None:
    deployed.stores.suppressions.add(
        Suppression(
            workspace_id="ws_demo",
            kind="EMAIL",
            address=MEMBER,
            reason=SuppressionReason.BOUNCE,
            note=None,
            delivery_id=None,
            created_by=None,
            created_at=deployed.clock(),
        )
    )
    answer = ask(saved(html="<p>Hi</p>")["id"])
    assert (answer["status"], answer["body"]["status"]) == (202, "SUPPRESSED")
    assert "suppression list" in answer["body"]["reason"]
    assert only(deployed).status is DeliveryStatus.SUPPRESSED


@pytest.mark.parametrize(
    ("changes", "body", "field"),
    [
        ({}, {}, "html"),
        ({"subject": "{{ vars.x }}"}, {"payload": {"note": 1}}, "subject"),
        ({"channel": "SMS", "subject": None, "html": None, "body": "Hi"}, {}, "channel"),
        ({}, {"address": "someone@example.com"}, "address"),
    ],
)
def test_a_test_that_cannot_be_sent_is_refused(
    deployed: Engine, changes: dict[str, Any], body: dict[str, Any], field: str
) -> None:
    answer = ask(saved(**changes)["id"], body)
    assert (answer["status"], answer["body"]["field"]) == (422, field)
    assert attempts(deployed) == []


def test_viewers_and_other_workspaces_send_no_test(deployed: Engine) -> None:
    template_id = saved(html="<p>Hi</p>")["id"]
    assert ask(template_id, role="viewer")["status"] == 403
    assert ask("tpl_other")["status"] == 404
    assert attempts(deployed) == []


def test_a_person_sends_few_tests_a_minute(engine: Engine) -> None:
    template_id = engine.template("Hi")

    for _ in range(TESTS_A_MINUTE):
        send_as(engine, "ada", template_id)
    with pytest.raises(RateLimitedError, match="in a minute") as refused:
        send_as(engine, "ada", template_id)
    assert 0 < refused.value.retry_after <= 60
    assert len(attempts(engine)) == TESTS_A_MINUTE
    send_as(engine, "bob", template_id)
    engine.clock.advance(MINUTE)
    send_as(engine, "ada", template_id)


def test_requests_with_the_same_key_send_one_test(deployed: Engine) -> None:
    channel = script(deployed, TAKEN)
    template_id = saved(html="<p>Hi</p>")["id"]
    first = ask(template_id, {"idempotencyKey": "k"})
    assert (first["status"], first["body"]["duplicate"]) == (202, False)
    # Even if the template cannot be rendered any more, and beyond the limit of one minute.
    changed = {"name": "T", "channel": "EMAIL", "subject": "{{ vars.x }}", "html": "<p>Hi</p>"}
    assert call("PUT", f"/v1/templates/{template_id}", changed)["status"] == 200
    for _ in range(TESTS_A_MINUTE + 1):
        again = ask(template_id, {"idempotencyKey": "k"})
        assert (again["status"], again["body"]) == (200, {**first["body"], "duplicate": True})
    walk_machine(deployed, only(deployed))
    late = ask(template_id, {"idempotencyKey": "k"})["body"]
    assert (late["deliveryId"], late["status"]) == (first["body"]["deliveryId"], "SENT")
    assert len(channel.took) == 1


def test_a_key_is_of_one_person_and_one_template(deployed: Engine) -> None:
    ids = {
        ask(saved(html="<p>Hi</p>")["id"], {"idempotencyKey": "k"}, role)["body"]["deliveryId"]
        for role in ("member", "admin")
        for _ in range(2)
    }
    assert len(ids) == len(attempts(deployed)) == 4


def test_a_repeated_request_starts_the_machine_of_a_test_that_waits(
    deployed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    template_id = saved(html="<p>Hi</p>")["id"]
    key = {"idempotencyKey": "k"}
    with monkeypatch.context() as patched:
        patched.setattr(RetryMachine, "start", lambda self, attempt: None)
        ask(template_id, key)
    before = started(deployed)
    assert ask(template_id, key)["body"]["duplicate"]
    assert len(started(deployed)) == len(before) + 1


def test_the_html_of_a_test_is_that_of_its_preview(deployed: Engine, ada: str) -> None:
    body = {"payload": {"note": "x"}, "email": ADA["email"]}
    template_id = saved(html=HTML)["id"]
    shown = call("POST", f"/v1/templates/{template_id}/preview", body)["body"]
    delivery_id = ask(template_id, body)["body"]["deliveryId"]
    attempt = deployed.stores.deliveries.get(delivery_id)
    assert (attempt.html, attempt.body) == (shown["html"], shown["body"])
