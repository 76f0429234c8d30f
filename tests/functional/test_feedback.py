"""Provider feedback about attempts of real runs, and the suppression list that it fills."""

from itertools import permutations
from typing import Any
from unittest.mock import patch

import pytest
from runledger.api.suppressions import SuppressionDocument
from runledger.channels.base import ProviderAnswer, RenderedMessage, UnknownOutcomeError
from runledger.channels.registry import make_channels
from runledger.errors import InvalidCursorError, InvalidInputError, NotFoundError
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.feedback import error_after, has_complaint
from runledger.models.suppression import Suppression, SuppressionReason
from runledger.models.template import TemplateDocument
from runledger.settings import ChannelSettings
from runledger.store import keys

from tests.support.engine import Engine
from tests.support.provider_events import email_event, sms_event
from tests.support.provider_stub import ProviderStub

ADA = {"email": "ada@example.com", "phone": "+491701234567"}
DELIVERED, BOUNCED = "Email Delivered", "Email Bounced"
COMPLAINED, DELAYED = "Email Complaint Received", "Email Delivery Delayed"


def sending(engine: Engine, channel: str = "EMAIL") -> str:
    """Activates an automation that sends one message to a webhook's contact."""
    subject = "Hi" if channel == "EMAIL" else None
    template = TemplateDocument(name="T", channel=channel, subject=subject, body="Hello")
    template_id = engine.templates.create(engine.workspace_id, template).id
    lookup = (
        {"by": "email", "path": "email"} if channel == "EMAIL" else {"by": "phone", "path": "phone"}
    )
    trigger = {"triggerType": "WEBHOOK", "contactLookup": lookup, "createIfMissing": True}
    message = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": channel, "templateId": template_id}],
    }
    return engine.activate(
        {
            "name": "Send",
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": trigger},
                {"id": "mail", "type": "SEND_MESSAGE", "config": message},
                {"id": "done", "type": "END"},
            ],
            "edges": [
                {"source": "start", "target": "mail"},
                {"source": "mail", "target": "done"},
            ],
        }
    )


def delivered_by(engine: Engine, automation_id: str) -> DeliveryAttempt:
    """Walks one more run and returns its attempt."""
    run_id = engine.fire(automation_id, ADA)
    engine.walk(run_id)
    (delivery_id,) = [link["id"] for link in engine.detail(run_id)["deliveries"]]
    return engine.stores.deliveries.get(delivery_id)


def listed(engine: Engine, status: str) -> list[str]:
    partition = keys.by_status(engine.workspace_id, keys.Kind.DELIVERY, status, 0)
    page = engine.table.query(partition, index=keys.Index.BY_STATUS)
    return [keys.id_of(item["createdKey"]) for item in page.items]


def test_a_delivered_message_moves_to_the_list_of_delivered_ones(engine: Engine) -> None:
    sent = delivered_by(engine, sending(engine))
    assert sent.status is DeliveryStatus.SENT
    (after,) = engine.feedback.take(email_event(DELIVERED, sent.id))
    assert after.status is DeliveryStatus.DELIVERED
    assert after.sequence == sent.sequence + 1
    assert (listed(engine, "SENT"), listed(engine, "DELIVERED")) == ([], [sent.id])
    assert engine.stores.deliveries.get(sent.id) == after


def test_a_bounced_address_gets_no_further_message(engine: Engine) -> None:
    automation_id = sending(engine)
    first = delivered_by(engine, automation_id)
    engine.feedback.take(email_event(BOUNCED, first.id))
    bounced = engine.stores.deliveries.get(first.id)
    assert bounced.status is DeliveryStatus.FAILED
    error = error_after(bounced.error, bounced.node_id, bounced.reports)
    assert error is not None
    assert (error.kind, error.cause) == (
        "BOUNCED",
        "Permanent/General: smtp; 550 5.1.1 user unknown",
    )
    assert listed(engine, "FAILED") == [first.id]

    second = delivered_by(engine, automation_id)
    assert second.status is DeliveryStatus.SUPPRESSED
    gates = {gate.name: gate for gate in second.gates}
    assert [gate.name for gate in second.gates][:3] == ["consent", "address", "suppression"]
    assert "a message to it bounced" in gates["suppression"].reason
    assert len(engine.mailbox()) == 1


def test_a_soft_bounce_does_not_suppress_the_address(engine: Engine) -> None:
    automation_id = sending(engine)
    first = delivered_by(engine, automation_id)
    engine.feedback.take(email_event(BOUNCED, first.id, bounceType="Transient"))
    assert engine.stores.deliveries.get(first.id).status is DeliveryStatus.FAILED
    assert delivered_by(engine, automation_id).status is DeliveryStatus.SENT


def test_a_complaint_means_delivered_and_suppresses_the_address(engine: Engine) -> None:
    automation_id = sending(engine)
    first = delivered_by(engine, automation_id)
    engine.feedback.take(email_event(COMPLAINED, first.id))
    complained = engine.stores.deliveries.get(first.id)
    assert complained.status is DeliveryStatus.DELIVERED
    assert has_complaint(complained.reports)
    entry = engine.suppressions.get(engine.workspace_id, "Ada@Example.com ")
    assert (entry.reason, entry.delivery_id) == ("COMPLAINT", first.id)
    assert delivered_by(engine, automation_id).status is DeliveryStatus.SUPPRESSED


@pytest.mark.parametrize("order", list(permutations([DELIVERED, DELAYED, BOUNCED, COMPLAINED])))
@pytest.mark.sampled(6)
def test_order_and_repetition_of_events_do_not_matter(
    engine: Engine, order: tuple[str, ...]
) -> None:
    sent = delivered_by(engine, sending(engine))
    for detail_type in (*order, *reversed(order)):
        engine.feedback.take(email_event(detail_type, sent.id, event_id=detail_type))
    after = engine.stores.deliveries.get(sent.id)
    assert after.status is DeliveryStatus.FAILED
    assert set(after.reports) == set(order)
    assert {status: listed(engine, status) for status in ("SENT", "DELIVERED", "FAILED")} == {
        "SENT": [],
        "DELIVERED": [],
        "FAILED": [sent.id],
    }


def test_an_event_about_another_workspace_or_an_unknown_delivery_changes_nothing(
    engine: Engine,
) -> None:
    sent = delivered_by(engine, sending(engine))
    assert engine.feedback.take(email_event(BOUNCED, sent.id, workspace_id="ws_other")) == []
    assert engine.feedback.take(email_event(BOUNCED, "dlv_none")) == []
    assert engine.feedback.take(sms_event("TEXT_INVALID", sent.id)) == []
    assert engine.feedback.take({"source": "aws.states", "detail-type": "x", "detail": {}}) == []
    assert engine.stores.deliveries.get(sent.id) == sent
    assert engine.stores.suppressions.newest(engine.workspace_id, 10, None) == ([], None)


def test_a_repeated_event_does_not_suppress_a_removed_address_again(engine: Engine) -> None:
    sent = delivered_by(engine, sending(engine))
    bounced = email_event(BOUNCED, sent.id)
    engine.feedback.take(bounced)
    engine.suppressions.remove(engine.workspace_id, "ada@example.com")
    engine.feedback.take(bounced)
    with pytest.raises(NotFoundError):
        engine.suppressions.get(engine.workspace_id, "ada@example.com")


def test_an_event_whose_report_was_not_stored_takes_effect_when_repeated(engine: Engine) -> None:
    sent = delivered_by(engine, sending(engine))
    bounced = email_event(BOUNCED, sent.id)
    with (
        patch.object(type(engine.stores.deliveries), "report", side_effect=RuntimeError("died")),
        pytest.raises(RuntimeError),
    ):
        engine.feedback.take(bounced)
    assert engine.stores.deliveries.get(sent.id).status is DeliveryStatus.SENT
    engine.feedback.take(bounced)
    assert engine.stores.deliveries.get(sent.id).status is DeliveryStatus.FAILED
    assert engine.suppressions.get(engine.workspace_id, "ada@example.com").reason == "BOUNCE"


def test_feedback_may_come_before_the_senders_own_record(engine: Engine) -> None:
    channel = engine.channels["EMAIL"]
    send = channel.send

    def reported_first(message: RenderedMessage) -> ProviderAnswer:
        answer = send(message)
        engine.feedback.take(email_event(DELIVERED, message.delivery_id))
        return answer

    with patch.object(channel, "send", reported_first):
        attempt = delivered_by(engine, sending(engine))
    assert attempt.status is DeliveryStatus.DELIVERED
    assert attempt.provider_id is not None
    assert attempt.tries == 1
    assert listed(engine, "DELIVERED") == [attempt.id]


def test_feedback_settles_an_attempt_whose_answer_was_lost(engine: Engine) -> None:
    def lost(message: RenderedMessage) -> ProviderAnswer:
        raise UnknownOutcomeError("the connection broke")

    with patch.object(engine.channels["EMAIL"], "send", lost):
        attempt = delivered_by(engine, sending(engine))
    assert attempt.status not in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED)
    (after,) = engine.feedback.take(email_event(DELIVERED, attempt.id))
    assert after.status is DeliveryStatus.DELIVERED
    assert error_after(after.error, after.node_id, after.reports) is None
    assert after.provider_id is not None


def test_an_invalid_number_is_suppressed_on_every_phone_channel(
    engine: Engine,
) -> None:
    number = "arn:aws:social-messaging:us-east-1:123456789012:phone-number-id/1"
    settings: dict[str, Any] = {
        "RUNLEDGER_SMS_ORIGINATION_IDENTITY": "arn:aws:sms-voice:us-east-1:1:pool/p",
        "RUNLEDGER_WHATSAPP_PHONE_NUMBER_ID": number,
    }
    provider = ProviderStub(document={"MessageId": "sms-1", "messageId": "wa-1"})
    made = make_channels(provider.client, ChannelSettings.model_validate(settings))
    with patch.dict(engine.channels, {name: made[name] for name in ("SMS", "WHATSAPP")}):
        automation_id = sending(engine, "SMS")
        sent = delivered_by(engine, automation_id)
        assert (sent.status, sent.address) == (DeliveryStatus.SENT, "+491701234567")
        assert provider.sent()["Context"]["deliveryId"] == sent.id
        engine.feedback.take(sms_event("TEXT_INVALID", sent.id))
        assert engine.stores.deliveries.get(sent.id).status is DeliveryStatus.FAILED
        assert delivered_by(engine, automation_id).status is DeliveryStatus.SUPPRESSED
        assert delivered_by(engine, sending(engine, "WHATSAPP")).status is DeliveryStatus.SUPPRESSED
    assert len(provider.requests) == 1


def test_the_suppression_list_is_filtered_by_reason(engine: Engine) -> None:
    store, lists = engine.stores.suppressions, engine.resource_lists
    for number in range(9):
        engine.clock.advance(1)
        is_complaint = number in (0, 1)
        entry = Suppression(
            workspace_id="ws_demo",
            kind="EMAIL",
            address=f"c{number}@customer.example",
            reason=SuppressionReason.COMPLAINT if is_complaint else SuppressionReason.BOUNCE,
            note=None,
            delivery_id=None,
            created_by=None,
            created_at=engine.clock.now,
        )
        assert store.add(entry) is None
    found: list[str | None] = []
    cursor: str | None = None
    for _ in range(9):
        page = lists.suppressions("ws_demo", 2, cursor, SuppressionReason.COMPLAINT)
        assert len(page.items) <= 2
        found += [each.address for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert (found, cursor) == (["c1@customer.example", "c0@customer.example"], None)
    # A cursor belongs to the list with its filter.
    first = lists.suppressions("ws_demo", 2, None, SuppressionReason.BOUNCE).next_cursor
    with pytest.raises(InvalidCursorError):
        lists.suppressions("ws_demo", 2, first)
    one = engine.suppressions.one("ws_demo", "c0@customer.example", SuppressionReason.BOUNCE)
    assert one.items == []


def test_the_suppression_list_has_pages_newest_first(engine: Engine) -> None:
    service = engine.suppressions
    addresses = [f"person{number}@example.com" for number in range(7)]
    for address in addresses:
        service.add(engine.workspace_id, SuppressionDocument(address=address), "ada@example.com")
    seen, cursor = [], None
    sizes = []
    while True:
        page = engine.resource_lists.suppressions(engine.workspace_id, 3, cursor)
        sizes.append(len(page.items))
        seen += [item.address for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == addresses[::-1]
    assert sizes == [3, 3, 1]
    assert engine.resource_lists.suppressions("ws_other", 3, None).items == []


def test_all_spellings_of_an_address_are_one_entry(engine: Engine) -> None:
    service = engine.suppressions
    first, is_new = service.add(
        engine.workspace_id,
        SuppressionDocument(address="+49 170 1234567", note="asked"),
        "ada@x.io",
    )
    assert (first.kind, first.address, is_new) == ("PHONE", "+491701234567", True)
    again, is_new = service.add(
        engine.workspace_id, SuppressionDocument(address="+491701234567"), "bob@x.io"
    )
    assert (again, is_new) == (first, False)
    service.remove(engine.workspace_id, "+49 (170) 1234567")
    with pytest.raises(NotFoundError):
        service.remove(engine.workspace_id, "+491701234567")
    with pytest.raises(InvalidInputError):
        service.add(engine.workspace_id, SuppressionDocument(address="nobody"), "ada@x.io")
