"""Sending a delivery again by hand."""

from typing import Any

import pytest
from runledger.api.resends import ResendDocument
from runledger.channels.registry import describe_channels
from runledger.clock import DAY, MINUTE, now_ms
from runledger.composition import gatekeeper_over
from runledger.errors import ConflictError, InvalidInputError, NotFoundError
from runledger.models.contact import Consents, ContactDocument
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.suppression import Suppression, SuppressionReason
from runledger.services.messages.resend import MAX_RESENDS, Resends, Resent
from runledger.services.views.deliveries import delivery_view
from runledger.store import keys

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_delivery_life import (
    ADA,
    ask,
    attempts,
    automation,
    check_row,
    mailing,
    only,
    settle_due,
    started,
    walk_machine,
)
from tests.support.scripted_channel import LATER, SILENT, TAKEN, script
from tests.support.world import World

__all__ = ["automation", "deployed"]

BY = "bob@example.com"


@pytest.fixture
def resends(world: World) -> Resends:
    return Resends(
        world.stores.deliveries,
        world.stores.contacts,
        world.stores.templates,
        world.stores.workspaces,
        describe_channels(),
        gatekeeper_over(world.stores, world.clock),
        world.retries,
        world.clock,
    )


def resend(
    world: World, resends: Resends, attempt: DeliveryAttempt, key: str | None = None, **more: Any
) -> Resent:
    document = ResendDocument(idempotency_key=key, **more)
    return resends.resend(world.workspace_id, attempt.id, document, BY)


def sent(world: World, automation_id: str) -> DeliveryAttempt:
    world.walk(world.fire(automation_id, ADA))
    return only(world)


def withdraw(world: World, attempt: DeliveryAttempt, **more: Any) -> None:
    """The contact as a person changed it since."""
    assert attempt.contact_id is not None
    document = {"email": ADA["email"], **more}
    consents = Consents(transactional=False, marketing=False)
    changed = ContactDocument.model_validate({**document, "consents": consents.model_dump()})
    world.contacts.replace(world.workspace_id, attempt.contact_id, changed)


def suppress(world: World) -> None:
    world.stores.suppressions.add(
        Suppression(
            workspace_id=world.workspace_id,
            kind="EMAIL",
            address=ADA["email"],
            reason=SuppressionReason.BOUNCE,
            note=None,
            delivery_id=None,
            created_by=None,
            created_at=world.clock(),
        )
    )


def test_a_resend_is_a_delivery_of_its_own_and_linked_both_ways(
    world: World, automation: str, resends: Resends
) -> None:
    channel = script(world, TAKEN)
    original = sent(world, automation)

    made = resend(world, resends, original).attempt

    assert (made.status, made.run_id, made.node_id) == (DeliveryStatus.QUEUED, None, None)
    assert (made.resend_of, made.requested_by, made.forced) == (original.id, BY, False)
    assert made.automation_id == automation and made.contact_id == original.contact_id
    assert started(world) == [f"{made.id}-1"]
    check_row(world, made)
    assert walk_machine(world, made) == []
    told = delivery_view(world.stores.deliveries.get(made.id))
    assert (told.status, told.tries, told.resend_of) == (DeliveryStatus.SENT, 1, original.id)
    assert delivery_view(world.stores.deliveries.get(original.id)).resends == [made.id]
    first, second = channel.took
    assert first.delivery_id != second.delivery_id
    assert (first.subject, first.body) == (second.subject, second.body)


def test_the_same_key_sends_once(world: World, automation: str, resends: Resends) -> None:
    channel = script(world, TAKEN)
    original = sent(world, automation)
    first = resend(world, resends, original, "k")
    again = resend(world, resends, original, "k", force=True)
    assert not first.is_duplicate and again.is_duplicate
    assert first.attempt.id == again.attempt.id and not again.attempt.forced
    walk_machine(world, first.attempt)
    late = resend(world, resends, original, "k")
    assert late.is_duplicate and late.attempt.status is DeliveryStatus.SENT
    assert resend(world, resends, original, "l").attempt.id != first.attempt.id
    assert resend(world, resends, original).attempt.id != first.attempt.id
    assert len(channel.took) == 2


def test_a_resend_whose_machine_was_never_started_is_sent_by_the_tick(
    world: World, automation: str, resends: Resends, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(world, TAKEN)
    original = sent(world, automation)
    monkeypatch.setattr(type(world.retries), "start", lambda self, attempt: None)
    made = resend(world, resends, original).attempt
    monkeypatch.undo()
    assert started(world) == []
    assert settle_due(world, 3 * MINUTE) == 1
    assert started(world) == [f"{made.id}-2"]
    assert not ask(world, made).goes_on
    assert world.stores.deliveries.get(made.id).status is DeliveryStatus.SENT
    assert settle_due(world, DAY) == 0


def test_a_resend_is_retried_as_any_other(world: World, automation: str, resends: Resends) -> None:
    script(world, TAKEN, LATER, LATER, TAKEN)
    made = resend(world, resends, sent(world, automation)).attempt
    assert walk_machine(world, made) == [30, 120]
    assert world.stores.deliveries.get(made.id).status is DeliveryStatus.SENT


def test_gates_are_asked_anew(world: World, automation: str, resends: Resends) -> None:
    channel = script(world, TAKEN)
    original = sent(world, automation)
    suppress(world)
    refused = resend(world, resends, original).attempt
    assert refused.status is DeliveryStatus.SUPPRESSED
    assert refused.gates[-1].name == "suppression" and not refused.gates[-1].passed
    assert refused.error is not None and refused.resend_of == original.id
    check_row(world, refused)
    assert not ask(world, refused).goes_on
    assert len(channel.took) == 1
    assert started(world) == []


def test_a_resend_that_waited_asks_the_gates_again(
    world: World, automation: str, resends: Resends
) -> None:
    channel = script(world, TAKEN)
    made = resend(world, resends, sent(world, automation)).attempt
    suppress(world)
    assert not ask(world, made).goes_on
    refused = world.stores.deliveries.get(made.id)
    assert refused.status is DeliveryStatus.SUPPRESSED
    assert not refused.gates[-1].passed and len(channel.took) == 1
    check_row(world, refused)


def test_force_overrules_the_gates_and_is_recorded(
    world: World, automation: str, resends: Resends
) -> None:
    channel = script(world, TAKEN)
    original = sent(world, automation)
    suppress(world)
    withdraw(world, original)
    forced = resend(world, resends, original, force=True).attempt
    assert forced.status is DeliveryStatus.QUEUED and forced.forced
    overruled = {gate.name: gate.forced_by for gate in forced.gates if not gate.passed}
    assert overruled == {"consent": BY, "suppression": BY}
    told = delivery_view(forced)
    assert told.forced and told.requested_by == BY
    walk_machine(world, forced)
    assert len(channel.took) == 2


def test_quiet_hours_and_caps_are_those_of_the_first(world: World, resends: Resends) -> None:
    script(world, TAKEN)
    cap = {"messages": 1, "hours": 24}
    original = sent(world, world.activate(mailing(world.template(), frequencyCap=cap)))
    assert original.status is DeliveryStatus.SENT
    refused = resend(world, resends, original).attempt
    assert refused.status is DeliveryStatus.SUPPRESSED
    assert refused.gates[-1].name == "frequency"
    world.clock.advance(25 * 60 * MINUTE)
    assert resend(world, resends, original).attempt.status is DeliveryStatus.QUEUED


def test_it_goes_to_where_the_contact_is_reached_now(
    world: World, automation: str, resends: Resends
) -> None:
    channel = script(world, TAKEN)
    original = sent(world, automation)
    withdraw(world, original, email="ada@new.example")
    walk_machine(world, resend(world, resends, original, force=True).attempt)
    assert [message.address for message in channel.took] == ["ada@example.com", "ada@new.example"]


def test_without_an_address_or_a_contact_nothing_is_sent(
    world: World, automation: str, resends: Resends
) -> None:
    script(world, TAKEN)
    original = sent(world, automation)
    withdraw(world, original, email=None, phone="+442079460001")
    with pytest.raises(InvalidInputError, match="no address for EMAIL"):
        resend(world, resends, original, force=True)
    assert original.contact_id is not None
    world.table.delete(keys.contact(world.workspace_id, original.contact_id))
    with pytest.raises(ConflictError, match="erased"):
        resend(world, resends, original, force=True)
    assert len(attempts(world)) == 1


@pytest.mark.parametrize("answer", [LATER, SILENT])
def test_what_may_yet_be_sent_is_not_sent_again(
    world: World, automation: str, resends: Resends, answer: str
) -> None:
    script(world, answer)
    original = sent(world, automation)
    with pytest.raises(ConflictError, match="may yet be sent") as caught:
        resend(world, resends, original, force=True)
    assert caught.value.status == original.status.value
    settle_due(world, 2 * DAY)
    assert resend(world, resends, original).attempt.status is DeliveryStatus.QUEUED


def test_a_delivery_is_sent_again_so_often_and_no_more(
    world: World, automation: str, resends: Resends
) -> None:
    script(world, TAKEN)
    original = sent(world, automation)
    for number in range(MAX_RESENDS):
        resend(world, resends, original, str(number))
    with pytest.raises(ConflictError, match="100 times"):
        resend(world, resends, original, "one more")
    assert resend(world, resends, original, "7").is_duplicate


def test_another_workspaces_delivery_does_not_exist(
    world: World, automation: str, resends: Resends
) -> None:
    script(world, TAKEN)
    original = sent(world, automation)
    with pytest.raises(NotFoundError):
        resends.resend("ws_other", original.id, ResendDocument(), BY)
    with pytest.raises(NotFoundError):
        resends.resend(world.workspace_id, "dlv_none", ResendDocument(), BY)


# ── over HTTP ───────────────────────────────────────────────────────────────────────────────────


def test_who_may_send_again_and_who_may_force(deployed: World, automation: str) -> None:
    # The handlers go by the real clock.
    deployed.clock.now = now_ms()
    script(deployed, TAKEN)
    original = sent(deployed, automation)
    path = f"/v1/deliveries/{original.id}/resend"
    assert call("POST", path, {}, role="viewer")["status"] == 403
    assert call("POST", path, {"force": True}, role="member")["status"] == 403
    made = call("POST", path, {"idempotencyKey": "k"}, role="member")
    assert made["status"] == 202 and made["body"]["status"] == "QUEUED"
    again = call("POST", path, {"idempotencyKey": "k"}, role="member")
    assert again["status"] == 200
    assert again["body"] == {**made["body"], "duplicate": True}
    forced = call("POST", path, {"force": True}, role="admin")
    assert forced["status"] == 202
    detail = call("GET", f"/v1/deliveries/{forced['body']['deliveryId']}", role="viewer")["body"]
    assert detail["resendOf"] == original.id
    assert (detail["requestedBy"], detail["forced"]) == ("admin@example.com", True)
    ids = {made["body"]["deliveryId"], forced["body"]["deliveryId"]}
    detail = call("GET", f"/v1/deliveries/{original.id}", role="viewer")["body"]
    assert set(detail["resends"]) == ids
    assert call("POST", path, None, role="member")["status"] == 202
    assert call("POST", "/v1/deliveries/dlv_none/resend", {}, role="member")["status"] == 404
    late = call("POST", f"/v1/deliveries/{made['body']['deliveryId']}/resend", {}, role="member")
    assert late["status"] == 409 and late["body"]["state"] == "QUEUED"
