"""Users send a delivery again."""

from typing import Any

import pytest
from runledger.api.resends import ResendDocument
from runledger.clock import DAY, MINUTE
from runledger.errors import ConflictError, InvalidInputError, NotFoundError
from runledger.models.consent import Consents
from runledger.models.contact import ContactDocument
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.suppression import Suppression, SuppressionReason
from runledger.services.messages.requested_messages import RequestedMessage
from runledger.services.messages.resend import MAX_RESENDS, Resends
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
from tests.support.engine import Engine
from tests.support.scripted_channel import LATER, SILENT, TAKEN, script

__all__ = ["automation", "deployed"]

BY = "bob@example.com"


@pytest.fixture
def resends(engine: Engine) -> Resends:
    return engine.resends


def resend(
    engine: Engine, resends: Resends, attempt: DeliveryAttempt, key: str | None = None, **more: Any
) -> RequestedMessage:
    document = ResendDocument(idempotency_key=key, **more)
    return resends.resend(engine.workspace_id, attempt.id, document, BY)


def sent(engine: Engine, automation_id: str) -> DeliveryAttempt:
    engine.walk(engine.fire(automation_id, ADA))
    return only(engine)


def withdraw(engine: Engine, attempt: DeliveryAttempt, **more: Any) -> None:
    """Withdraws the contact's consents, and changes other fields if given."""
    assert attempt.contact_id is not None
    document = {"email": ADA["email"], **more}
    consents = Consents(transactional=False, marketing=False)
    changed = ContactDocument.model_validate({**document, "consents": consents.model_dump()})
    engine.contacts.replace(engine.workspace_id, attempt.contact_id, changed)


def suppress(engine: Engine) -> None:
    engine.stores.suppressions.add(
        Suppression(
            workspace_id=engine.workspace_id,
            kind="EMAIL",
            address=ADA["email"],
            reason=SuppressionReason.BOUNCE,
            note=None,
            delivery_id=None,
            created_by=None,
            created_at=engine.clock(),
        )
    )


def test_a_resend_is_a_separate_delivery_linked_both_ways(
    engine: Engine, automation: str, resends: Resends
) -> None:
    channel = script(engine, TAKEN)
    original = sent(engine, automation)

    made = resend(engine, resends, original).attempt

    assert (made.status, made.run_id, made.node_id) == (DeliveryStatus.QUEUED, None, None)
    assert (made.resend_of, made.requested_by, made.forced) == (original.id, BY, False)
    assert made.automation_id == automation and made.contact_id == original.contact_id
    assert started(engine) == [f"{made.id}-1"]
    check_row(engine, made)
    assert walk_machine(engine, made) == []
    told = delivery_view(engine.stores.deliveries.get(made.id))
    assert (told.status, told.tries, told.resend_of) == (DeliveryStatus.SENT, 1, original.id)
    assert delivery_view(engine.stores.deliveries.get(original.id)).resends == [made.id]
    first, second = channel.took
    assert first.delivery_id != second.delivery_id
    assert (first.subject, first.body) == (second.subject, second.body)


def test_requests_with_the_same_key_resend_once(
    engine: Engine, automation: str, resends: Resends
) -> None:
    channel = script(engine, TAKEN)
    original = sent(engine, automation)
    first = resend(engine, resends, original, "k")
    again = resend(engine, resends, original, "k", force=True)
    assert not first.is_duplicate and again.is_duplicate
    assert first.attempt.id == again.attempt.id and not again.attempt.forced
    walk_machine(engine, first.attempt)
    late = resend(engine, resends, original, "k")
    assert late.is_duplicate and late.attempt.status is DeliveryStatus.SENT
    assert resend(engine, resends, original, "l").attempt.id != first.attempt.id
    assert resend(engine, resends, original).attempt.id != first.attempt.id
    assert len(channel.took) == 2


def test_the_tick_sends_a_resend_whose_machine_never_started(
    engine: Engine, automation: str, resends: Resends, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(engine, TAKEN)
    original = sent(engine, automation)
    monkeypatch.setattr(type(engine.retry_machine), "start", lambda self, attempt: None)
    made = resend(engine, resends, original).attempt
    monkeypatch.undo()
    assert started(engine) == []
    assert settle_due(engine, 3 * MINUTE) == 1
    assert started(engine) == [f"{made.id}-2"]
    assert not ask(engine, made).goes_on
    assert engine.stores.deliveries.get(made.id).status is DeliveryStatus.SENT
    assert settle_due(engine, DAY) == 0


def test_a_resend_is_retried_like_any_delivery(
    engine: Engine, automation: str, resends: Resends
) -> None:
    script(engine, TAKEN, LATER, LATER, TAKEN)
    made = resend(engine, resends, sent(engine, automation)).attempt
    assert walk_machine(engine, made) == [30, 120]
    assert engine.stores.deliveries.get(made.id).status is DeliveryStatus.SENT


def test_a_resend_checks_the_gates_again(engine: Engine, automation: str, resends: Resends) -> None:
    channel = script(engine, TAKEN)
    original = sent(engine, automation)
    suppress(engine)
    refused = resend(engine, resends, original).attempt
    assert refused.status is DeliveryStatus.SUPPRESSED
    assert refused.gates[-1].name == "suppression" and not refused.gates[-1].passed
    assert refused.error is not None and refused.resend_of == original.id
    check_row(engine, refused)
    assert not ask(engine, refused).goes_on
    assert len(channel.took) == 1
    assert started(engine) == []


def test_the_gates_are_checked_again_when_a_queued_resend_is_sent(
    engine: Engine, automation: str, resends: Resends
) -> None:
    channel = script(engine, TAKEN)
    made = resend(engine, resends, sent(engine, automation)).attempt
    suppress(engine)
    assert not ask(engine, made).goes_on
    refused = engine.stores.deliveries.get(made.id)
    assert refused.status is DeliveryStatus.SUPPRESSED
    assert not refused.gates[-1].passed and len(channel.took) == 1
    check_row(engine, refused)


def test_force_overrules_the_gates_and_is_recorded(
    engine: Engine, automation: str, resends: Resends
) -> None:
    channel = script(engine, TAKEN)
    original = sent(engine, automation)
    suppress(engine)
    withdraw(engine, original)
    forced = resend(engine, resends, original, force=True).attempt
    assert forced.status is DeliveryStatus.QUEUED and forced.forced
    overruled = {gate.name: gate.forced_by for gate in forced.gates if not gate.passed}
    assert overruled == {"consent": BY, "suppression": BY}
    told = delivery_view(forced)
    assert told.forced and told.requested_by == BY
    walk_machine(engine, forced)
    assert len(channel.took) == 2


def test_a_resend_has_the_frequency_cap_of_its_original(engine: Engine, resends: Resends) -> None:
    script(engine, TAKEN)
    cap = {"messages": 1, "hours": 24}
    original = sent(engine, engine.activate(mailing(engine.template(), frequencyCap=cap)))
    assert original.status is DeliveryStatus.SENT
    refused = resend(engine, resends, original).attempt
    assert refused.status is DeliveryStatus.SUPPRESSED
    assert refused.gates[-1].name == "frequency"
    engine.clock.advance(25 * 60 * MINUTE)
    assert resend(engine, resends, original).attempt.status is DeliveryStatus.QUEUED


def test_a_resend_goes_to_the_contacts_current_address(
    engine: Engine, automation: str, resends: Resends
) -> None:
    channel = script(engine, TAKEN)
    original = sent(engine, automation)
    withdraw(engine, original, email="ada@new.example")
    walk_machine(engine, resend(engine, resends, original, force=True).attempt)
    assert [message.address for message in channel.took] == ["ada@example.com", "ada@new.example"]


def test_a_resend_without_an_address_or_a_contact_is_refused(
    engine: Engine, automation: str, resends: Resends
) -> None:
    script(engine, TAKEN)
    original = sent(engine, automation)
    withdraw(engine, original, email=None, phone="+442079460001")
    with pytest.raises(InvalidInputError, match="no longer has an address for EMAIL"):
        resend(engine, resends, original, force=True)
    assert original.contact_id is not None
    engine.table.delete(keys.contact(engine.workspace_id, original.contact_id))
    with pytest.raises(ConflictError, match="erased"):
        resend(engine, resends, original, force=True)
    assert len(attempts(engine)) == 1


@pytest.mark.parametrize("answer", [LATER, SILENT])
def test_a_delivery_that_may_still_be_sent_cannot_be_resent(
    engine: Engine, automation: str, resends: Resends, answer: str
) -> None:
    script(engine, answer)
    original = sent(engine, automation)
    with pytest.raises(ConflictError, match="may still be sent") as caught:
        resend(engine, resends, original, force=True)
    assert caught.value.status == original.status.value
    settle_due(engine, 2 * DAY)
    assert resend(engine, resends, original).attempt.status is DeliveryStatus.QUEUED


@pytest.mark.deep
def test_the_number_of_resends_is_limited(
    engine: Engine, automation: str, resends: Resends
) -> None:
    script(engine, TAKEN)
    original = sent(engine, automation)
    for number in range(MAX_RESENDS):
        resend(engine, resends, original, str(number))
    with pytest.raises(ConflictError, match="100 times"):
        resend(engine, resends, original, "one more")
    assert resend(engine, resends, original, "7").is_duplicate


def test_a_delivery_of_another_workspace_is_not_found(
    engine: Engine, automation: str, resends: Resends
) -> None:
    script(engine, TAKEN)
    original = sent(engine, automation)
    with pytest.raises(NotFoundError):
        resends.resend("ws_other", original.id, ResendDocument(), BY)
    with pytest.raises(NotFoundError):
        resends.resend(engine.workspace_id, "dlv_none", ResendDocument(), BY)


# ── over HTTP ───────────────────────────────────────────────────────────────────────────────────


def test_members_may_resend_and_only_admins_may_force(deployed: Engine, automation: str) -> None:
    # The handlers go by the real clock.
    deployed.clock.follow_the_machine()
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
