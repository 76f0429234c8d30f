"""The gates in their order, and the frequency cap under concurrency."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from runledger.channels.registry import make_channels
from runledger.clock import HOUR
from runledger.models.automation import TemplateSnapshot
from runledger.models.consent import Consents
from runledger.models.contact import Contact
from runledger.models.suppression import Suppression, SuppressionReason
from runledger.nodes.message_rules import FrequencyCap, QuietHours
from runledger.nodes.tools import OutboundMessage
from runledger.services.messages.gatekeeper import Gatekeeper, PreparedMessage, refused
from runledger.services.messages.rendering import RenderedParts
from runledger.settings import ChannelSettings
from runledger.store import keys
from runledger.store.frequencies import FrequencyStore
from runledger.store.suppressions import SuppressionStore

from tests.support.boundary import Call
from tests.support.memory_table import MemoryTable
from tests.support.visits import CONTACT, NOW

T = TypeVar("T")

CHANNELS = make_channels(
    lambda service: None,
    ChannelSettings.model_validate({"RUNLEDGER_SENDER_EMAIL": "no-reply@example.com"}),
)
TEMPLATE = TemplateSnapshot(id="tpl_1", name="Mail", channel="EMAIL", subject="Hi", body="Hello")
CAP = FrequencyCap(messages=2, hours=24)
KEY = keys.frequency("ws_1", "EMAIL", "con_1")
# At noon in UTC.
QUIET = QuietHours.model_validate({"from": "11:00", "to": "13:00"})


class Hall:
    """A gatekeeper with a table in memory."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.now = NOW
        self.suppressions = SuppressionStore(self.table)
        self.frequencies = FrequencyStore(self.table)
        self.keeper = Gatekeeper(self.suppressions, self.frequencies, lambda: self.now)

    def check(
        self,
        delivery_id: str = "dlv_1",
        forced_by: str | None = None,
        contact: Contact | None = CONTACT,
        **changes: Any,
    ) -> dict[str, bool]:
        self.gates = self.keeper.check(prepared(delivery_id, contact, **changes), forced_by)
        return {gate.name: gate.passed for gate in self.gates}

    def suppress(self) -> None:
        self.suppressions.add(
            Suppression(
                workspace_id="ws_1",
                kind="EMAIL",
                address="ada@example.com",
                reason=SuppressionReason.BOUNCE,
                note=None,
                delivery_id=None,
                created_by=None,
                created_at=NOW,
            )
        )

    def moments(self) -> list[str]:
        row = self.table.row(KEY)
        return [] if row is None else [each[0] for each in row["moments"]]


def prepared(
    delivery_id: str, contact: Contact | None, *, body: str = "Hello", **changes: Any
) -> PreparedMessage:
    message = OutboundMessage(
        recipient="con_1",
        contact=contact,
        address=None if contact else "Ada@Example.com",
        channel="EMAIL",
        template_id="tpl_1",
        consent="TRANSACTIONAL",
    ).model_copy(update=changes)
    channel = CHANNELS["EMAIL"]
    parts = RenderedParts("Hi", body)
    return PreparedMessage("ws_1", delivery_id, message, channel, TEMPLATE, parts)


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_all_gates_are_recorded_in_order(hall: Hall) -> None:
    passed = hall.check()
    order = ["consent", "address", "suppression", "frequency", "quiet_hours", "template"]
    assert list(passed.items()) == [(name, True) for name in order]
    assert refused(hall.gates) is None
    assert all(gate.reason for gate in hall.gates)
    assert hall.moments() == []


@pytest.mark.parametrize("is_given", [True, False])
def test_the_consent_of_the_messages_channel_decides(hall: Hall, is_given: bool) -> None:
    channels = {"EMAIL": {"marketing": is_given}, "SMS": {"marketing": not is_given}}
    consents = Consents.model_validate({"marketing": not is_given, "channels": channels})
    contact = CONTACT.changed(consents=consents)
    hall.check(contact=contact, consent="MARKETING")
    verdict = "was given" if is_given else "was not given"
    assert hall.gates[0].passed is is_given
    assert hall.gates[0].reason == f"marketing consent {verdict} for EMAIL"
    hall.check(contact=contact, consent="TRANSACTIONAL")
    assert hall.gates[0].passed
    assert hall.gates[0].reason == "transactional consent was given"


def test_no_gate_is_asked_after_a_refusal(hall: Hall) -> None:
    without = CONTACT.changed(consents=Consents(transactional=False))
    assert hall.check(contact=without) == {"consent": False}
    nowhere = CONTACT.changed(email=None)
    assert hall.check(contact=nowhere) == {"consent": True, "address": False}
    hall.suppress()
    assert hall.check(frequency_cap=CAP) == {
        "consent": True,
        "address": True,
        "suppression": False,
    }
    assert refused(hall.gates) == hall.gates[-1]
    assert hall.moments() == []


def test_quiet_hours_refuse_and_name_their_end(hall: Hall) -> None:
    assert hall.check(quiet_hours=QUIET)["quiet_hours"] is False
    assert hall.gates[-1].reason == (
        "within the quiet hours, 11:00 to 13:00 in UTC; they end at 2026-03-10T13:00:00Z"
    )
    elsewhere = CONTACT.changed(metadata={"timeZone": "Asia/Tokyo"})
    assert hall.check(contact=elsewhere, quiet_hours=QUIET)["quiet_hours"] is True


def test_an_empty_template_refuses(hall: Hall) -> None:
    assert hall.check(body=" ")["template"] is False


def test_the_cap_counts_a_sliding_window(hall: Hall) -> None:
    for each in ("dlv_1", "dlv_2"):
        assert hall.check(each, frequency_cap=CAP)["frequency"] is True
        hall.now += HOUR
    assert hall.check("dlv_3", frequency_cap=CAP)["frequency"] is False
    assert hall.gates[-1].reason == (
        "2 in the last 24 h, 2 messages allowed; the next one may be sent from "
        "2026-03-11T12:00:00.000Z"
    )
    hall.now = NOW + 24 * HOUR
    assert hall.check("dlv_3", frequency_cap=CAP)["frequency"] is True
    assert hall.check("dlv_4", frequency_cap=CAP)["frequency"] is False


def test_a_repeated_message_is_counted_once(hall: Hall) -> None:
    for _ in range(5):
        assert hall.check("dlv_1", frequency_cap=CAP)["frequency"] is True
    assert hall.check("dlv_2", frequency_cap=CAP)["frequency"] is True
    assert hall.check("dlv_1", frequency_cap=CAP)["frequency"] is True
    assert hall.moments() == ["dlv_1", "dlv_2"]


def test_a_message_that_a_later_gate_refuses_is_not_counted(hall: Hall) -> None:
    hall.check("dlv_1", frequency_cap=CAP, quiet_hours=QUIET)
    hall.check("dlv_2", frequency_cap=CAP, body="")
    assert hall.moments() == []


def test_the_cap_holds_for_every_spelling_of_an_address_without_a_contact(hall: Hall) -> None:
    once = FrequencyCap(messages=1, hours=1)
    assert hall.check("dlv_1", contact=None, frequency_cap=once)["frequency"] is True
    assert hall.check("dlv_2", contact=None, frequency_cap=once)["frequency"] is False


def test_force_is_recorded_and_overrules_all_but_address_and_template(hall: Hall) -> None:
    hall.suppress()
    without = CONTACT.changed(consents=Consents(transactional=False))
    once = FrequencyCap(messages=1, hours=1)
    hall.check("dlv_1", frequency_cap=once, forced_by="ada@example.com")
    hall.check("dlv_2", "ada@example.com", without, frequency_cap=once, quiet_hours=QUIET)
    assert refused(hall.gates) is None
    forced = {gate.name: gate.passed for gate in hall.gates if gate.forced_by}
    assert forced == {
        "consent": False,
        "suppression": False,
        "frequency": False,
        "quiet_hours": False,
    }
    hall.check("dlv_3", "ada@example.com", body="")
    template = refused(hall.gates)
    assert template is not None and template.name == "template"
    nowhere = CONTACT.changed(email=None)
    hall.check("dlv_4", "ada@example.com", nowhere)
    address = refused(hall.gates)
    assert address is not None and address.name == "address"


@pytest.mark.parametrize("rivals", [1, 2, 3])
def test_one_of_several_rivals_gets_the_last_place(rivals: int) -> None:
    """Rivals write between the read and the write of another message."""
    left = [f"dlv_rival{number}" for number in range(rivals)]
    allowed: list[str] = []

    def ask(delivery_id: str) -> None:
        cap = {"messages": 2, "hours": 24}
        frequency = FrequencyStore(table).take(KEY, delivery_id, NOW, **cap)
        if frequency.is_counted:
            allowed.append(delivery_id)

    def around(call: Call, act: Callable[[], T]) -> T:
        if call.operation == "PutItem" and left:
            ask(left.pop())
        return act()

    table = MemoryTable(around)
    ask("dlv_1")
    ask("dlv_2")
    row = table.row(KEY)
    assert row is not None
    assert len(allowed) == 2
    assert sorted(each[0] for each in row["moments"]) == sorted(allowed)


def test_the_kept_times_are_bounded() -> None:
    table = MemoryTable()
    store = FrequencyStore(table)
    for number in range(130):
        store.take(KEY, f"dlv_{number}", NOW + number, messages=100, hours=1)
    row = table.row(KEY)
    assert row is not None and len(row["moments"]) == 100
    later = store.take(KEY, "dlv_later", NOW + 800 * HOUR, messages=1, hours=1)
    row = table.row(KEY)
    assert later.is_counted
    assert row is not None and len(row["moments"]) == 1
