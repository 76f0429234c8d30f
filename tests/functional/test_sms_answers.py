"""STOP and START by SMS: which consents they change, and everything that they do not change."""

import json
from datetime import datetime
from itertools import permutations
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from runledger.api.resends import ResendDocument
from runledger.channels.base import ProviderAnswer, RenderedMessage
from runledger.channels.sms import SmsChannel
from runledger.clock import DAY, MINUTE, SECOND
from runledger.errors import ConflictError
from runledger.models.consent import (
    ConsentChange,
    ConsentChannel,
    ConsentOrigin,
    ConsentPurpose,
    ConsentSource,
)
from runledger.models.contact import ContactDocument
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.template import TemplateDocument
from runledger.observability import logger
from runledger.services.workspaces.workspaces import create_workspace
from runledger.settings import ChannelSettings
from runledger.store import keys
from runledger.store.deliveries import ANSWERABLE, DeliveryStore
from runledger.store.values import Item

from tests.functional.test_api_handlers import CONTEXT, deployed
from tests.functional.test_delivery_life import walk_machine
from tests.functional.test_erasing import erased, surroundings
from tests.support.engine import Engine
from tests.support.provider_events import sms_answer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["deployed", "surroundings"]

PHONE, OTHER_PHONE = "+491701234567", "+491707654321"
MARKETING, SMS = ConsentPurpose.MARKETING, ConsentChannel.SMS
OTHERS = "ws_other"
LATER = ProviderAnswer(accepted=False, code="ThrottlingException", is_transient=True)
# https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords-required.html
AWS_STOP = (
    *("ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD"),
    "UNSUBSCRIBE",
)


class ScriptedSms(SmsChannel):
    """The SMS channel with a simulated provider. The provider gives the answers in `answers` to
    the first messages, one answer to each message. It accepts all later messages. `before` is
    called before each answer."""

    def __init__(self, *answers: ProviderAnswer) -> None:
        super().__init__(_no_client, ChannelSettings())
        self.answers = list(answers)
        self.sent: list[RenderedMessage] = []
        self.before: Callable[[], None] = lambda: None

    def send(self, message: RenderedMessage) -> ProviderAnswer:
        self.before()
        if self.answers:
            return self.answers.pop(0)
        self.sent.append(message)
        return ProviderAnswer(accepted=True, provider_id=f"sms-{len(self.sent)}")


def _no_client(service: str) -> Any:
    raise AssertionError("a scripted channel makes no calls")


@pytest.fixture
def sms(engine: Engine) -> ScriptedSms:
    engine.clock.follow_the_machine()
    channel = ScriptedSms()
    engine.channels["SMS"] = channel
    return channel


@pytest.fixture
def ada(engine: Engine, sms: ScriptedSms) -> str:
    """A contact with the marketing consent on every channel, and a phone."""
    return a_contact(engine)


def a_contact(engine: Engine, workspace_id: str | None = None, **fields: Any) -> str:
    given = {"phone": PHONE, "consents": {"marketing": True}, **fields}
    document = ContactDocument.model_validate(given)
    return engine.contacts.create(workspace_id or engine.workspace_id, document).id


def mailing(engine: Engine, consent: str, channel: str = "SMS") -> str:
    """Activates an automation that sends one message to a webhook's contact."""
    subject = "Hi" if channel == "EMAIL" else None
    body = "News {{unsubscribeUrl}}" if channel == "EMAIL" else "News"
    document = TemplateDocument(name="T", channel=channel, subject=subject, body=body)
    template_id = engine.templates.create(engine.workspace_id, document).id
    lookup = {"by": "phone", "path": "phone"}
    message = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": channel, "templateId": template_id}],
        "consent": consent,
    }
    nodes = [
        {
            "id": "start",
            "type": "TRIGGER",
            "config": {"triggerType": "WEBHOOK", "contactLookup": lookup},
        },
        {"id": "mail", "type": "SEND_MESSAGE", "config": message},
        {"id": "done", "type": "END"},
    ]
    edges = [{"source": "start", "target": "mail"}, {"source": "mail", "target": "done"}]
    return engine.activate({"name": "News", "nodes": nodes, "edges": edges})


def sent_by(engine: Engine, automation_id: str, phone: str = PHONE) -> DeliveryAttempt:
    run_id = engine.fire(automation_id, {"phone": phone})
    engine.walk(run_id)
    (link,) = engine.detail(run_id)["deliveries"]
    return engine.stores.deliveries.get(link["id"])


def noted_for(engine: Engine, sent: DeliveryAttempt, workspace_id: str) -> str:
    """Moves the clock on by one second, and notes that the workspace `workspace_id` sent a
    marketing SMS to the phone of the delivery `sent`. Returns the id of that workspace's
    delivery."""
    engine.clock.advance(SECOND)
    theirs = sent.changed(id=f"dlv_of_{workspace_id}", workspace_id=workspace_id)
    engine.stores.deliveries.note_texted(theirs, engine.clock())
    return theirs.id


def answer(engine: Engine, body: str, *, phone: str = PHONE, **more: Any) -> int:
    """Simulates that the person with this phone sends an SMS with this body, one second later.
    Returns the time at which AWS received the SMS."""
    engine.clock.advance(SECOND)
    at = engine.clock()
    engine.clock.advance(SECOND)
    engine.sms_answers.take(sms_answer(body, phone, at, f"answer-{at}", **more))
    return at


def accepts_sms(engine: Engine, contact_id: str, workspace_id: str | None = None) -> bool:
    contact = engine.stores.contacts.get(workspace_id or engine.workspace_id, contact_id)
    return contact.consents.allows(MARKETING, SMS)


def record(engine: Engine, contact_id: str) -> tuple[ConsentChange, ...]:
    return engine.stores.contacts.consent_record(engine.workspace_id, contact_id)


def written(caplog: pytest.LogCaptureFixture) -> str:
    """Returns the lines of the log as they are written, with all fields."""
    return "\n".join(logger.registered_handler.format(each) for each in caplog.records)


def notes(engine: Engine) -> list[Item]:
    return [row for row in engine.rows() if row["pk"].startswith("TEXTED#")]


# ── what STOP and START do ──────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "body",
    [
        *AWS_STOP,
        *("stop", "Stop", " stop \n", "STOP.", "Stop!!", "«stop»", "\u201cSTOP\u201d", "'Stop'"),
        *("\uff33\uff34\uff2f\uff30", "Opt out", "opt\u2011out", "arrêt", "stop all"),
        *("StopAll", "revoke", "STOP 🙏"),
    ],
)
def test_stop_withdraws_the_marketing_consent_for_sms_alone(
    engine: Engine, ada: str, body: str
) -> None:
    sent = sent_by(engine, mailing(engine, "MARKETING"))
    before = engine.stores.contacts.get(engine.workspace_id, ada)
    at = answer(engine, body)
    after = engine.stores.contacts.get(engine.workspace_id, ada)
    assert not after.consents.allows(MARKETING, SMS)
    for channel in (None, ConsentChannel.EMAIL, ConsentChannel.WHATSAPP):
        assert after.consents.allows(MARKETING, channel)
    for channel in (None, *ConsentChannel):
        assert after.consents.allows(ConsentPurpose.TRANSACTIONAL, channel)
    assert after.changed(consents=before.consents, updated_at=before.updated_at) == before
    last = record(engine, ada)[-1]
    source = ConsentSource(origin=ConsentOrigin.MESSAGE, detail=sent.id)
    assert last == ConsentChange(
        purpose=MARKETING, channel=SMS, is_given=False, at=at, source=source
    )


@pytest.mark.parametrize(
    "body",
    [
        *("", " ", "HELP", "yes", "Thanks!", "Stop by tomorrow", "please stop", "I quit smoking"),
        *("start the car", "START MARKETING", "un-stop", "S T O P", "🛑", "\u0000", "x" * 1_600),
    ],
)
def test_any_other_text_changes_nothing(engine: Engine, ada: str, body: str) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    answer(engine, "STOP")
    before = engine.rows()
    answer(engine, body)
    assert engine.rows() == before
    assert not accepts_sms(engine, ada)


def test_a_word_that_aws_found_in_a_longer_text_withdraws_and_never_gives(
    engine: Engine, ada: str
) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    answer(engine, "Stop please", messageKeyword="STOP")
    assert not accepts_sms(engine, ada)
    answer(engine, "Start the car", messageKeyword="START")
    assert not accepts_sms(engine, ada)
    answer(engine, "START", messageKeyword=None)
    assert accepts_sms(engine, ada)


def test_stop_suppresses_the_next_marketing_sms_and_nothing_else(
    engine: Engine, sms: ScriptedSms
) -> None:
    a_contact(engine, email="ada@example.com")
    news = mailing(engine, "MARKETING")
    assert sent_by(engine, news).status is DeliveryStatus.SENT
    answer(engine, "STOP")
    stopped = sent_by(engine, news)
    assert stopped.status is DeliveryStatus.SUPPRESSED
    assert [gate.name for gate in stopped.gates if not gate.passed] == ["consent"]
    assert len(sms.sent) == 1
    assert sent_by(engine, mailing(engine, "TRANSACTIONAL")).status is DeliveryStatus.SENT
    mail = sent_by(engine, mailing(engine, "MARKETING", "EMAIL"))
    assert mail.status is DeliveryStatus.SENT
    answer(engine, "START")
    assert sent_by(engine, news).status is DeliveryStatus.SENT


def test_stop_also_ends_a_message_that_waits_for_another_try(
    engine: Engine, ada: str, sms: ScriptedSms
) -> None:
    sms.answers = [LATER]
    waiting = sent_by(engine, mailing(engine, "MARKETING"))
    assert waiting.status is DeliveryStatus.RETRYING
    # The refused try has noted the phone; the person may answer an earlier SMS.
    answer(engine, "STOP")
    walk_machine(engine, waiting)
    assert engine.stores.deliveries.get(waiting.id).status is DeliveryStatus.SUPPRESSED
    assert sms.sent == []


@pytest.mark.parametrize("body", ["START", "start", " Unstop. ", "UNSTOP"])
def test_start_gives_the_consent_again(engine: Engine, ada: str, body: str) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    answer(engine, "STOP")
    at = answer(engine, body)
    assert accepts_sms(engine, ada)
    assert [(each.is_given, each.at) for each in record(engine, ada)[-1:]] == [(True, at)]


# ── order, repetition, and other changes ────────────────────────────────────────────────────────
def test_the_latest_answer_decides_in_whatever_order_and_however_often_they_arrive(
    engine: Engine, ada: str
) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    for words in (("STOP", "START"), ("STOP", "START", "STOP"), ("START", "STOP", "START")):
        begun = engine.clock()
        events = [
            sms_answer(word, PHONE, begun + number * SECOND, f"answer-{begun}-{number}")
            for number, word in enumerate(words)
        ]
        for order in permutations(events):
            engine.clock.advance(DAY)
            # Answers of this round are later than those of the one before.
            shifted = [_later(event, engine.clock() - begun) for event in order]
            engine.clock.advance(MINUTE)
            for event in (*shifted, shifted[0], shifted[-1], *reversed(shifted)):
                engine.sms_answers.take(event)
            assert accepts_sms(engine, ada) is (words[-1] == "START"), order


def _later(event: dict[str, Any], milliseconds: int) -> Any:
    notification = event["Records"][0]["Sns"]
    message = json.loads(notification["Message"])
    at = datetime.fromisoformat(notification["Timestamp"]).timestamp() * 1_000
    return sms_answer(
        message["messageBody"], PHONE, round(at) + milliseconds, notification["MessageId"]
    )


def test_a_message_that_is_delivered_again_writes_nothing(engine: Engine, ada: str) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    stop = sms_answer("STOP", PHONE, engine.clock(), "stop")
    engine.clock.advance(SECOND)
    engine.sms_answers.take(stop)
    stopped = engine.rows()
    engine.clock.advance(MINUTE)
    engine.sms_answers.take(stop)
    assert engine.rows() == stopped
    answer(engine, "START")
    started = engine.rows()
    # A newer SMS is the newest of the phone now, but the answer is the old one.
    for _ in range(3):
        engine.clock.advance(DAY)
        engine.sms_answers.take(stop)
    assert engine.rows() == started
    assert accepts_sms(engine, ada)


def test_stop_again_and_again_is_recorded_once_with_the_latest_time(
    engine: Engine, ada: str
) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    times = [answer(engine, "STOP") for _ in range(60)]
    assert [(each.is_given, each.at) for each in record(engine, ada)[1:]] == [(False, times[-1])]


def test_a_stop_counts_before_the_consent_was_ever_given(engine: Engine, sms: ScriptedSms) -> None:
    """After the STOP, an import brings a consent that was given before the STOP, and then one that
    was given after it. Only the second consent counts."""
    ada = a_contact(engine)
    sent_by(engine, mailing(engine, "MARKETING"))
    engine.contacts.patch(engine.workspace_id, ada, {"consents": {"marketing": False}})
    at = answer(engine, "STOP")
    imported = ConsentSource(origin=ConsentOrigin.IMPORT, detail="imp_1", given_at=at - 1)
    given = {"consents": {"channels": {"SMS": {"marketing": True}}}}
    engine.contacts.patch(engine.workspace_id, ada, given, source=imported)
    assert not accepts_sms(engine, ada)
    later = imported.changed(given_at=at + 1)
    engine.contacts.patch(engine.workspace_id, ada, given, source=later)
    assert accepts_sms(engine, ada)


def test_start_does_not_undo_a_withdrawal_that_came_after_it(engine: Engine, ada: str) -> None:
    sent = sent_by(engine, mailing(engine, "MARKETING"))
    started = engine.clock()
    engine.clock.advance(MINUTE)
    by_link = ConsentSource(origin=ConsentOrigin.UNSUBSCRIBE, detail=sent.id)
    engine.contacts.set_consent(engine.workspace_id, ada, MARKETING, None, False, by_link)
    engine.clock.advance(MINUTE)
    before = engine.rows()
    engine.sms_answers.take(sms_answer("START", PHONE, started))
    assert engine.rows() == before and not accepts_sms(engine, ada)
    # A START after the withdrawal is the person's latest word, for SMS alone.
    answer(engine, "START")
    assert accepts_sms(engine, ada)
    consents = engine.stores.contacts.get(engine.workspace_id, ada).consents
    assert not consents.allows(MARKETING, ConsentChannel.EMAIL)


def test_a_late_stop_withdraws_a_consent_that_others_gave_meanwhile(
    engine: Engine, ada: str
) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    stop = sms_answer("STOP", PHONE, engine.clock())
    engine.clock.advance(MINUTE)
    given = {"consents": {"channels": {"SMS": {"marketing": True}}, "marketing": False}}
    engine.contacts.patch(engine.workspace_id, ada, given)
    engine.clock.advance(MINUTE)
    engine.sms_answers.take(stop)
    assert not accepts_sms(engine, ada)


def test_a_time_in_the_future_does_not_win_over_later_answers(engine: Engine, ada: str) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    engine.sms_answers.take(sms_answer("START", PHONE, engine.clock() + DAY))
    answer(engine, "STOP")
    assert not accepts_sms(engine, ada)


# ── whom an answer is about ─────────────────────────────────────────────────────────────────────
@pytest.fixture
def others(engine: Engine, sms: ScriptedSms) -> str:
    """Another workspace with a contact of the same phone."""
    create_workspace(
        engine.stores.workspaces, engine.clock, workspace_id=OTHERS, name="Other", shards=1
    )
    return a_contact(engine, OTHERS)


def test_an_unknown_phone_changes_nothing_and_is_not_logged(
    engine: Engine, ada: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    before = engine.rows()
    caplog.clear()
    for phone in (OTHER_PHONE, "12345", "not a number", "", "+1", "anonymous"):
        for body in ("STOP", "START", "hello"):
            answer(engine, body, phone=phone)
    assert engine.rows() == before
    log = written(caplog)
    assert "an SMS answer came from a phone that got no marketing SMS" in log
    assert OTHER_PHONE[1:] not in log and "12345" not in log


def test_a_workspace_that_sent_no_marketing_sms_is_left_alone(
    engine: Engine, ada: str, others: str
) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    answer(engine, "STOP")
    assert not accepts_sms(engine, ada)
    assert accepts_sms(engine, others, OTHERS)
    assert engine.stores.contacts.consent_record(OTHERS, others)[1:] == ()


def test_stop_counts_in_every_workspace_that_sent_marketing_and_start_in_the_newest(
    engine: Engine, ada: str, others: str
) -> None:
    sent = sent_by(engine, mailing(engine, "MARKETING"))
    theirs = noted_for(engine, sent, OTHERS)
    answer(engine, "STOP")
    assert not accepts_sms(engine, ada) and not accepts_sms(engine, others, OTHERS)
    # Each record names a message of its own workspace.
    assert record(engine, ada)[-1].source.detail == sent.id
    their_record = engine.stores.contacts.consent_record(OTHERS, others)
    assert their_record[-1].source.detail == theirs
    answer(engine, "START")
    assert (accepts_sms(engine, ada), accepts_sms(engine, others, OTHERS)) == (False, True)


def test_a_fault_in_one_workspace_does_not_keep_a_stop_from_the_others(
    engine: Engine, ada: str, others: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted_for(engine, sent_by(engine, mailing(engine, "MARKETING")), OTHERS)
    original = engine.contacts.set_consent

    def fails(_: object, workspace_id: str, *given: Any) -> Any:
        if workspace_id == OTHERS:
            raise ConflictError("the contact changed too often")
        return original(workspace_id, *given)

    with monkeypatch.context() as patched:
        patched.setattr(type(engine.contacts), "set_consent", fails)
        with pytest.raises(ConflictError):
            answer(engine, "STOP")
    assert not accepts_sms(engine, ada) and accepts_sms(engine, others, OTHERS)
    answer(engine, "STOP")
    assert not accepts_sms(engine, others, OTHERS)


@pytest.mark.parametrize("part", ["deliveryId", "sentAt"])
def test_a_damaged_note_of_one_workspace_does_not_keep_a_stop_from_any(
    engine: Engine, ada: str, others: str, part: str
) -> None:
    noted_for(engine, sent_by(engine, mailing(engine, "MARKETING")), OTHERS)
    row = engine.table.get(keys.texted_by(PHONE, OTHERS), consistent=True)
    assert row is not None
    engine.table.put({name: value for name, value in row.items() if name != part})
    answer(engine, "STOP")
    assert not accepts_sms(engine, ada)
    assert not accepts_sms(engine, others, OTHERS)


def test_a_message_whose_clock_is_a_little_ahead_changes_nothing_when_it_comes_again(
    engine: Engine, ada: str
) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    stop = sms_answer("STOP", PHONE, engine.clock() + SECOND)
    engine.sms_answers.take(stop)
    given = {"consents": {"channels": {"SMS": {"marketing": True}}}}
    engine.contacts.patch(engine.workspace_id, ada, given)
    engine.clock.advance(MINUTE)
    engine.sms_answers.take(stop)
    assert accepts_sms(engine, ada)


def test_a_transactional_sms_makes_no_answer_possible(engine: Engine, ada: str) -> None:
    assert sent_by(engine, mailing(engine, "TRANSACTIONAL")).status is DeliveryStatus.SENT
    assert notes(engine) == []
    answer(engine, "STOP")
    assert accepts_sms(engine, ada)


def test_a_stop_after_a_transactional_sms_is_about_the_marketing_before_it(
    engine: Engine, ada: str
) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    sent_by(engine, mailing(engine, "TRANSACTIONAL"))
    answer(engine, "STOP", previousPublishedMessageId="sms-2")
    assert not accepts_sms(engine, ada)


@pytest.mark.parametrize("previous", [None, "sms-of-another-sender", "", 7])
def test_what_aws_says_about_the_previous_message_does_not_matter(
    engine: Engine, ada: str, previous: Any
) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    answer(engine, "STOP", previousPublishedMessageId=previous)
    assert not accepts_sms(engine, ada)


def test_the_phone_decides_and_not_who_had_it_before(engine: Engine, ada: str) -> None:
    """A contact's number is corrected. After that, an answer from the old number changes only a
    contact that has the old number now, if there is one."""
    sent_by(engine, mailing(engine, "MARKETING"))
    engine.contacts.patch(engine.workspace_id, ada, {"phone": OTHER_PHONE})
    before = engine.rows()
    answer(engine, "STOP")
    assert engine.rows() == before
    bob = a_contact(engine)
    answer(engine, "STOP")
    assert (accepts_sms(engine, ada), accepts_sms(engine, bob)) == (True, False)


def test_an_answer_of_an_erased_contact_changes_nothing(
    engine: Engine, ada: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    engine.contacts.patch(engine.workspace_id, ada, {"phone": OTHER_PHONE})
    sent_by(engine, mailing(engine, "MARKETING"), OTHER_PHONE)
    assert len(notes(engine)) == 2
    erased(engine, ada)
    # Both phones, the former one too.
    assert notes(engine) == []
    before = engine.rows()
    for phone in (PHONE, OTHER_PHONE):
        answer(engine, "STOP", phone=phone)
    assert engine.rows() == before
    assert PHONE[1:] not in written(caplog)


def test_an_answer_during_an_erasure_changes_nothing(
    engine: Engine, ada: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent = sent_by(engine, mailing(engine, "MARKETING"))
    with patch.object(type(engine.stores.contacts), "find_address", lambda *_: ada):
        engine.erasing.erase(engine.workspace_id, ada, None, "owner@example.com")
        before = engine.rows()
        engine.stores.deliveries.note_texted(sent, engine.clock())
        noted = engine.rows()
        answer(engine, "STOP")
    assert engine.rows() == noted and len(noted) >= len(before)
    log = written(caplog)
    assert "a contact that was erased" in log and PHONE[1:] not in log


def test_the_note_of_a_phone_that_belongs_to_another_contact_now_stays(
    engine: Engine, ada: str
) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    engine.contacts.patch(engine.workspace_id, ada, {"phone": OTHER_PHONE})
    bob = a_contact(engine)
    erased(engine, ada)
    answer(engine, "STOP")
    assert not accepts_sms(engine, bob)


# ── what is not AWS's message ───────────────────────────────────────────────────────────────────
def forgeries() -> dict[str, Any]:
    good = sms_answer("STOP", PHONE, 1_795_338_221_512)

    def changed(**fields: Any) -> dict[str, Any]:
        sns = {**good["Records"][0]["Sns"], **fields}
        kept = {name: value for name, value in sns.items() if value is not None}
        return {"Records": [{"Sns": kept}]}

    return {
        "no record": {"Records": [{}]},
        "no list": {"Records": PHONE},
        "a queue's record": {"Records": [{"body": json.dumps({"messageBody": "STOP"})}]},
        "text": changed(Message=f"STOP from {PHONE}"),
        "list": changed(Message=json.dumps([PHONE, "STOP"])),
        "no phone": changed(Message=json.dumps({"messageBody": "STOP"})),
        "no body": changed(Message=json.dumps({"originationNumber": PHONE})),
        "numbers": changed(Message=json.dumps({"originationNumber": PHONE, "messageBody": 1})),
        "no time": changed(Timestamp=None),
        "no date": changed(Timestamp=PHONE),
        "no id": changed(MessageId=None),
        "deep": changed(Message="[" * 100_000),
    }


@pytest.mark.parametrize("name", forgeries())
def test_a_forged_message_changes_nothing_and_no_error_quotes_it(
    engine: Engine, ada: str, name: str
) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    before = engine.rows()
    with pytest.raises(ValueError, match="not an inbound SMS as AWS documents it") as caught:
        engine.sms_answers.take(forgeries()[name])
    assert engine.rows() == before
    shown = f"{caught.value} {caught.value.__cause__}"
    assert PHONE[1:] not in shown and caught.value.__suppress_context__


def test_a_lone_surrogate_in_a_text_is_no_error(engine: Engine, ada: str) -> None:
    sent_by(engine, mailing(engine, "MARKETING"))
    event = sms_answer("x", PHONE, engine.clock())
    notification = event["Records"][0]["Sns"]
    notification["Message"] = notification["Message"].replace('"x"', r'"\ud83d stop"')
    engine.sms_answers.take(event)
    assert not accepts_sms(engine, ada)


# ── the note of a marketing SMS ─────────────────────────────────────────────────────────────────
def test_a_marketing_sms_is_noted_before_it_leaves_and_shows_no_number(
    engine: Engine, ada: str, sms: ScriptedSms
) -> None:
    seen: list[int] = []
    sms.before = lambda: seen.append(len(notes(engine)))
    news = mailing(engine, "MARKETING")
    first, second = sent_by(engine, news), sent_by(engine, news)
    assert seen == [1, 1]
    (note,) = notes(engine)
    assert first.id != second.id == note["deliveryId"]
    assert note["sk"] == engine.workspace_id
    assert PHONE[1:] not in str(note)
    assert note["ttl"] == (note["sentAt"] + ANSWERABLE) // SECOND
    assert keys.texted(PHONE) == note["pk"]


def test_a_marketing_sms_that_cannot_be_noted_is_not_sent_and_tried_again(
    engine: Engine, ada: str, sms: ScriptedSms
) -> None:
    with patch.object(DeliveryStore, "note_texted", side_effect=OSError("no table")):
        waiting = sent_by(engine, mailing(engine, "MARKETING"))
    assert (waiting.status, sms.sent) == (DeliveryStatus.RETRYING, [])
    (made,) = waiting.tries_log
    assert (made.code, made.message) == ("UnsubscribeLink", "a STOP could not be prepared")
    walk_machine(engine, waiting)
    assert engine.stores.deliveries.get(waiting.id).status is DeliveryStatus.SENT
    assert len(sms.sent) == len(notes(engine)) == 1


def test_a_marketing_sms_sent_again_is_noted_again(engine: Engine, ada: str) -> None:
    sent = sent_by(engine, mailing(engine, "MARKETING"))
    by = "ada@example.com"
    made = engine.resends.resend(engine.workspace_id, sent.id, ResendDocument(), by).attempt
    walk_machine(engine, made)
    (note,) = notes(engine)
    assert note["deliveryId"] == made.id != sent.id


def test_a_marketing_sms_costs_one_write_more_than_another(engine: Engine, ada: str) -> None:
    costs = {}
    for consent in ("MARKETING", "TRANSACTIONAL"):
        automation_id = mailing(engine, consent)
        run_id = engine.fire(automation_id, {"phone": PHONE})
        with patch.object(
            type(engine.table), "put", autospec=True, side_effect=type(engine.table).put
        ) as put:
            engine.walk(run_id)
        costs[consent] = put.call_count
    assert costs["MARKETING"] == costs["TRANSACTIONAL"] + 1


# ── through the function ────────────────────────────────────────────────────────────────────────
def test_the_function_takes_what_sns_delivers(deployed: Engine, ada: str) -> None:
    from functions.delivery_feedback.handler import handler

    sent_by(deployed, mailing(deployed, "MARKETING"))
    handler(sms_answer("Stop", PHONE, deployed.clock()), CONTEXT)
    assert not accepts_sms(deployed, ada)
    change = record(deployed, ada)[-1]
    assert change.source.origin is ConsentOrigin.MESSAGE
