"""WhatsApp's receipts name a message only by the provider's id. An item leads from it to the
delivery."""

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from runledger.channels.base import ProviderAnswer, RenderedMessage, UnknownOutcomeError
from runledger.channels.whatsapp import WhatsAppChannel
from runledger.clock import MINUTE, SECOND
from runledger.errors import TransientError
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.feedback import error_after
from runledger.settings import ChannelSettings
from runledger.store import keys
from runledger.store.values import Item

from tests.functional.test_delivery_life import walk_machine
from tests.functional.test_erasing import erased, surroundings
from tests.functional.test_feedback import ADA, delivered_by, sending
from tests.support.engine import Engine
from tests.support.provider_events import whatsapp_event

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["surroundings"]

LATER = ProviderAnswer(accepted=False, code="ThrottledRequestException", is_transient=True)


class ScriptedWhatsApp(WhatsAppChannel):
    """The WhatsApp channel with a simulated provider. The provider gives the answers in `answers`
    to the first messages, one answer to each message. It accepts all later messages. `before` is
    called after the provider has accepted a message and before the provider's answer arrives."""

    def __init__(self, *answers: ProviderAnswer) -> None:
        super().__init__(_no_client, ChannelSettings())
        self.answers = list(answers)
        self.before: Callable[[str], None] = lambda _: None
        self.accepted = 0

    def send(self, message: RenderedMessage) -> ProviderAnswer:
        if self.answers:
            return self.answers.pop(0)
        self.accepted += 1
        provider_id = f"message-{self.accepted}"
        self.before(provider_id)
        return ProviderAnswer(accepted=True, provider_id=provider_id)


def _no_client(service: str) -> Any:
    raise AssertionError("a scripted channel makes no calls")


def scripted(engine: Engine, *answers: ProviderAnswer) -> ScriptedWhatsApp:
    channel = ScriptedWhatsApp(*answers)
    engine.channels["WHATSAPP"] = channel
    return channel


def event(engine: Engine, kind: str, provider_id: str, **more: Any) -> dict[str, Any]:
    """Returns the event of a message, as if it happened now."""
    return whatsapp_event(kind, provider_id, at=engine.clock.now // SECOND, **more)


def links(engine: Engine) -> list[Item]:
    return [row for row in engine.rows() if row["sk"] == "SENT"]


def again(engine: Engine, attempt: DeliveryAttempt) -> DeliveryAttempt:
    return engine.stores.deliveries.get(attempt.id)


def test_a_receipt_settles_the_delivery_of_its_message(engine: Engine) -> None:
    scripted(engine)
    first, second = (delivered_by(engine, sending(engine, "WHATSAPP")) for _ in range(2))
    assert (first.status, first.provider_id) == (DeliveryStatus.SENT, "message-1")
    (after,) = engine.feedback.take(event(engine, "Delivered", "message-1"))
    assert (after.id, after.status) == (first.id, DeliveryStatus.DELIVERED)
    (read,) = engine.feedback.take(event(engine, "Read", "message-1", event_id="event-2"))
    assert read.status is DeliveryStatus.DELIVERED
    assert [report.code for report in read.reports.values()] == ["delivered", "read"]
    assert again(engine, second) == second


def test_a_failed_message_has_the_reason_and_suppresses_nobody(engine: Engine) -> None:
    scripted(engine)
    automation_id = sending(engine, "WHATSAPP")
    delivered_by(engine, automation_id)
    errors = [{"code": 131026, "title": "Message undeliverable", "message": "m"}]
    (after,) = engine.feedback.take(event(engine, "Failed", "message-1", errors=errors))
    assert after.status is DeliveryStatus.FAILED
    error = error_after(after.error, after.node_id, after.reports)
    assert error is not None
    assert (error.kind, error.cause) == ("GIVEN_UP", "131026: Message undeliverable")
    assert delivered_by(engine, automation_id).status is DeliveryStatus.SENT


def test_the_message_of_a_later_try_is_found_too(engine: Engine) -> None:
    scripted(engine, LATER, LATER)
    attempt = delivered_by(engine, sending(engine, "WHATSAPP"))
    assert attempt.status is DeliveryStatus.RETRYING
    assert links(engine) == []
    walk_machine(engine, attempt)
    (after,) = engine.feedback.take(event(engine, "Delivered", "message-1"))
    assert (after.id, after.status, after.tries) == (attempt.id, DeliveryStatus.DELIVERED, 3)


def test_a_receipt_before_the_senders_record_is_refused_until_it_is_stored(engine: Engine) -> None:
    channel = scripted(engine)
    early: list[dict[str, Any]] = []

    def report(provider_id: str) -> None:
        early.append(event(engine, "Delivered", provider_id))
        with pytest.raises(TransientError, match="message-1"):
            engine.feedback.take(early[0])

    channel.before = report
    attempt = delivered_by(engine, sending(engine, "WHATSAPP"))
    assert attempt.status is DeliveryStatus.SENT
    engine.clock.advance(MINUTE)
    (after,) = engine.feedback.take(early[0])
    assert (after.id, after.status) == (attempt.id, DeliveryStatus.DELIVERED)


def test_a_message_of_another_sender_is_ignored_when_ours_would_be_stored(engine: Engine) -> None:
    """The function asks Lambda to try again while the item of our own message may still be missing.
    At Lambda's last try, three minutes after the first, it ignores the event."""
    foreign = event(engine, "Read", "somebody-elses")
    for wait in (0, MINUTE):
        engine.clock.advance(wait)
        with pytest.raises(TransientError):
            engine.feedback.take(foreign)
    engine.clock.advance(2 * MINUTE)
    assert engine.feedback.take(foreign) == []


def test_a_message_whose_answer_was_lost_has_no_receipt(engine: Engine) -> None:
    def lost(message: RenderedMessage) -> ProviderAnswer:
        raise UnknownOutcomeError("the connection broke")

    with patch.object(scripted(engine), "send", lost):
        attempt = delivered_by(engine, sending(engine, "WHATSAPP"))
    assert attempt.is_unknown
    assert links(engine) == []


def test_a_receipt_settles_a_message_whose_record_was_never_written(engine: Engine) -> None:
    scripted(engine)
    with patch.object(engine.stores.deliveries, "change", side_effect=RuntimeError("died")):
        attempt = delivered_by(engine, sending(engine, "WHATSAPP"))
    assert (attempt.status, attempt.provider_id) == (DeliveryStatus.PROCESSING, None)
    (after,) = engine.feedback.take(event(engine, "Delivered", "message-1"))
    assert (after.id, after.status) == (attempt.id, DeliveryStatus.DELIVERED)
    assert after.provider_id == "message-1"


def test_the_item_holds_nothing_personal_and_expires_with_its_delivery(engine: Engine) -> None:
    scripted(engine)
    attempt = delivered_by(engine, sending(engine, "WHATSAPP"))
    (link,) = links(engine)
    assert link == {
        "pk": "SENT#WHATSAPP#message-1",
        "sk": "SENT",
        "deliveryId": attempt.id,
        "ttl": attempt.expires_at // 1_000,
    }


def test_other_channels_have_no_such_item(engine: Engine) -> None:
    assert delivered_by(engine, sending(engine, "EMAIL")).provider_id is not None
    assert links(engine) == []


def test_an_erasure_removes_the_item_and_a_later_receipt_changes_nothing(engine: Engine) -> None:
    scripted(engine)
    attempt = delivered_by(engine, sending(engine, "WHATSAPP"))
    assert attempt.contact_id is not None
    engine.erasing.erase(engine.workspace_id, attempt.contact_id, None, "admin@shop.example")
    erased(engine, attempt.contact_id)
    assert links(engine) == []
    before = again(engine, attempt)
    assert before.erased_at is not None
    late = event(engine, "Delivered", "message-1")
    engine.clock.advance(3 * MINUTE)
    assert engine.feedback.take(late) == []
    assert again(engine, attempt) == before


def test_a_message_erased_while_it_was_sent_leaves_no_item(engine: Engine) -> None:
    channel = scripted(engine)

    def erase(_: str) -> None:
        (row,) = [row for row in engine.rows() if row["sk"] == "DELIVERY"]
        attempt = engine.stores.deliveries.get(row["pk"].partition("#")[2])
        after = attempt.changed(erased_at=engine.clock(), revision=attempt.revision + 1)
        engine.stores.deliveries.change(attempt, after, 1)

    channel.before = erase
    attempt = delivered_by(engine, sending(engine, "WHATSAPP"))
    assert (attempt.status, attempt.provider_id) == (DeliveryStatus.SENT, None)
    assert links(engine) == []


def test_an_item_without_its_delivery_finds_nothing(engine: Engine) -> None:
    scripted(engine)
    attempt = delivered_by(engine, sending(engine, "WHATSAPP"))
    engine.table.delete(keys.delivery(attempt.id))
    assert engine.stores.deliveries.find_sent("WHATSAPP", "message-1") is None
    assert ADA["phone"] == attempt.address
