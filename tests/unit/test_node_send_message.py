"""SEND_MESSAGE: recipients, cascades, and the step's result."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from pydantic import ValidationError
from runledger.errors import NodeError
from runledger.models.contact import Contact
from runledger.models.delivery import DeliveryStatus
from runledger.models.run import StepStatus
from runledger.nodes import send_message
from runledger.nodes.base import NodeResult
from runledger.nodes.registry import node_type
from runledger.nodes.send_message import SendMessageConfig
from runledger.nodes.tally import OUTCOMES
from runledger.nodes.tools import ContactPage, ContactQuery, MessageOutcome, OutboundMessage

from tests.support.visits import CONTACT, NOW, evidence_of, run_node, visit

SENT, SUPPRESSED, FAILED = (
    DeliveryStatus.SENT,
    DeliveryStatus.SUPPRESSED,
    DeliveryStatus.FAILED,
)


class FakeMessenger:
    """Answers by (recipient, channel) or by channel; otherwise SENT."""

    def __init__(self, answers: Mapping[Any, DeliveryStatus] | None = None) -> None:
        self.answers = answers or {}
        self.messages: list[OutboundMessage] = []
        self.scopes: list[Mapping[str, Any]] = []

    def deliver(self, message: OutboundMessage, scope: Mapping[str, Any]) -> MessageOutcome:
        self.messages.append(message)
        self.scopes.append(scope)
        default = self.answers.get(message.channel, SENT)
        status = self.answers.get((message.recipient, message.channel), default)
        reason = None if status is SENT else f"{message.channel} was {status.value.lower()}"
        return MessageOutcome(
            delivery_id=f"dlv_{len(self.messages)}",
            status=status,
            reason=reason,
            is_unknown=status is DeliveryStatus.PROCESSING,
        )


def config(*channels: str, **changes: Any) -> dict[str, Any]:
    return {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": each, "templateId": f"tpl_{each}"} for each in channels],
        **changes,
    }


def ad_hoc(*addresses: str) -> dict[str, Any]:
    return {"recipients": {"kind": "AD_HOC", "addresses": list(addresses)}}


def tagged(*tags: str, match: str = "ALL") -> dict[str, Any]:
    return {"recipients": {"kind": "TAG_QUERY", "tags": list(tags), "match": match}}


def send(
    messenger: FakeMessenger, sent: Mapping[str, Any], scope: Any = None, **changes: Any
) -> NodeResult:
    return run_node("SEND_MESSAGE", sent, visit(scope, messenger=messenger, **changes))


def test_the_triggers_contact_gets_the_message() -> None:
    messenger = FakeMessenger()
    scope = {"trigger": {"a": 1}}
    result = send(messenger, config("EMAIL", consent="MARKETING"), scope)
    assert messenger.messages == [
        OutboundMessage(
            recipient="con_1",
            contact=CONTACT,
            address=None,
            channel="EMAIL",
            template_id="tpl_EMAIL",
            consent="MARKETING",
        )
    ]
    assert messenger.scopes == [scope]
    assert result == NodeResult(
        outcome="sent",
        output={"sent": 1, "queued": 0, "unknown": 0, "suppressed": 0, "failed": 0},
        evidence={
            "attempts": [
                {
                    "recipient": "con_1",
                    "channel": "EMAIL",
                    "deliveryId": "dlv_1",
                    "status": "SENT",
                    "reason": None,
                }
            ]
        },
        delivery_ids=("dlv_1",),
    )


@pytest.mark.parametrize(
    ("mode", "answers", "used", "status"),
    [
        ("CASCADE", {}, ["EMAIL"], StepStatus.COMPLETED),
        ("CASCADE", {"EMAIL": SUPPRESSED}, ["EMAIL", "SMS"], StepStatus.COMPLETED),
        ("CASCADE", {"EMAIL": FAILED}, ["EMAIL", "SMS"], StepStatus.COMPLETED),
        (
            "CASCADE",
            {"EMAIL": DeliveryStatus.DEAD_LETTERED},
            ["EMAIL", "SMS"],
            StepStatus.COMPLETED,
        ),
        # A transient failure stays on its channel.
        ("CASCADE", {"EMAIL": DeliveryStatus.RETRYING}, ["EMAIL"], StepStatus.COMPLETED),
        ("CASCADE", {"EMAIL": DeliveryStatus.QUEUED}, ["EMAIL"], StepStatus.COMPLETED),
        (
            "CASCADE",
            {"EMAIL": FAILED, "SMS": FAILED},
            ["EMAIL", "SMS", "PUSH"],
            StepStatus.COMPLETED,
        ),
        (
            "CASCADE",
            {"EMAIL": FAILED, "SMS": SUPPRESSED, "PUSH": FAILED},
            ["EMAIL", "SMS", "PUSH"],
            StepStatus.FAILED,
        ),
        (
            "CASCADE",
            {"EMAIL": SUPPRESSED, "SMS": SUPPRESSED, "PUSH": SUPPRESSED},
            ["EMAIL", "SMS", "PUSH"],
            StepStatus.SKIPPED,
        ),
        ("BROADCAST", {}, ["EMAIL", "SMS", "PUSH"], StepStatus.COMPLETED),
        ("BROADCAST", {"EMAIL": FAILED}, ["EMAIL", "SMS", "PUSH"], StepStatus.COMPLETED),
    ],
)
def test_the_mode_decides_which_channels_are_used(
    mode: str, answers: dict[str, DeliveryStatus], used: list[str], status: StepStatus
) -> None:
    messenger = FakeMessenger(answers)
    result = send(messenger, config("EMAIL", "SMS", "PUSH", multiChannelMode=mode))
    assert [message.channel for message in messenger.messages] == used
    assert result.status is status
    assert len(result.delivery_ids) == len(used)


def test_every_message_suppressed_is_skipped_with_the_reason() -> None:
    result = send(FakeMessenger({"EMAIL": SUPPRESSED}), config("EMAIL"))
    assert result.status is StepStatus.SKIPPED
    assert result.reason == "every message was suppressed; EMAIL: EMAIL was suppressed"
    assert result.output == {"sent": 0, "queued": 0, "unknown": 0, "suppressed": 1, "failed": 0}


def test_every_message_failed_is_a_failure_with_the_first_reason() -> None:
    result = send(FakeMessenger({"EMAIL": SUPPRESSED, "SMS": FAILED}), config("EMAIL", "SMS"))
    assert result.status is StepStatus.FAILED
    assert result.error is not None
    assert result.error.kind == "DELIVERY_FAILED"
    assert result.error.message == "no message could be sent; SMS: SMS was failed"
    assert result.error.node_id == "node"
    assert result.delivery_ids == ("dlv_1", "dlv_2")


def test_a_queued_message_counts_as_under_way() -> None:
    result = send(FakeMessenger({"EMAIL": DeliveryStatus.RETRYING}), config("EMAIL"))
    assert result.output == {"sent": 0, "queued": 1, "unknown": 0, "suppressed": 0, "failed": 0}
    assert result.status is StepStatus.COMPLETED


@pytest.mark.parametrize(
    ("mode", "answers", "outcome"),
    [
        ("CASCADE", {}, "sent"),
        ("CASCADE", {"EMAIL": SUPPRESSED}, "sent"),
        ("CASCADE", {"EMAIL": DeliveryStatus.RETRYING}, "sent"),
        ("CASCADE", {"EMAIL": SUPPRESSED, ("a@x.example", "SMS"): FAILED}, "partly_sent"),
        ("CASCADE", {"EMAIL": SUPPRESSED, "SMS": SUPPRESSED}, "suppressed"),
        ("CASCADE", {"EMAIL": SUPPRESSED, "SMS": FAILED}, "failed"),
        # It may have left: no other channel is tried, and it does not count as failed.
        ("CASCADE", {"EMAIL": DeliveryStatus.PROCESSING}, "partly_sent"),
        ("BROADCAST", {}, "sent"),
        ("BROADCAST", {"EMAIL": SUPPRESSED}, "partly_sent"),
        ("BROADCAST", {"EMAIL": FAILED, "SMS": FAILED}, "failed"),
    ],
)
def test_a_labelled_graph_gets_the_outcome_and_never_fails(
    mode: str, answers: dict[Any, DeliveryStatus], outcome: str
) -> None:
    sent = config("EMAIL", "SMS", multiChannelMode=mode, **ad_hoc("a@x.example", "b@x.example"))
    messenger = FakeMessenger(answers)
    result = send(messenger, sent, labels=frozenset(OUTCOMES))
    assert result.outcome == outcome
    assert result.error is None
    is_skipped = outcome == "suppressed"
    assert result.status is (StepStatus.SKIPPED if is_skipped else StepStatus.COMPLETED)
    assert bool(result.reason) == (outcome in ("suppressed", "failed"))
    assert sum(result.output.values()) == len(messenger.messages)


class FakeFinder:
    """Contacts con_00, con_01 … in pages of two; those in `gone` disappear after the listing."""

    def __init__(self, count: int, gone: tuple[str, ...] = ()) -> None:
        self.contacts = {
            key: CONTACT.changed(id=key, tags=("vip",))
            for key in (f"con_{number:02}" for number in range(count))
        }
        self.gone = gone

    def page(self, query: ContactQuery, after: str | None) -> ContactPage:
        ids = [each for each in self.contacts if after is None or each > after]
        return ContactPage(ids=tuple(ids[:2]), cursor=ids[1] if len(ids) > 2 else None)

    def read(self, contact_ids: Iterable[str]) -> Mapping[str, Contact]:
        return {each: self.contacts[each] for each in contact_ids if each not in self.gone}

    def segment(self, segment_id: str) -> ContactQuery:
        raise KeyError(segment_id)


def visits(
    messenger: FakeMessenger, sent: Mapping[str, Any], finder: FakeFinder, **changes: Any
) -> list[NodeResult]:
    """Makes every visit of a node with several visits."""
    made: list[NodeResult] = []
    progress = None
    while True:
        result = send(messenger, sent, contacts=finder, progress=progress, **changes)
        made.append(result)
        if result.status is not StepStatus.RUNNING:
            return made
        assert result.progress is not None
        progress = json.loads(json.dumps(result.progress))


def test_the_contacts_of_a_query_get_messages_page_by_page() -> None:
    messenger = FakeMessenger({("con_01", "EMAIL"): SUPPRESSED})
    made = visits(messenger, config("EMAIL", **tagged("vip")), FakeFinder(5))
    assert [each.status for each in made] == [StepStatus.RUNNING] * 3 + [StepStatus.COMPLETED]
    assert [each.output["sent"] for each in made] == [0, 1, 3, 4]
    assert [message.recipient for message in messenger.messages] == [
        f"con_{number:02}" for number in range(5)
    ]
    assert all(message.is_one_of_many for message in messenger.messages)
    assert made[-1].outcome == "partly_sent"
    assert made[-1].progress is None
    assert len(made[-1].delivery_ids) == 5


def test_a_contact_who_left_or_lost_the_tag_gets_no_message() -> None:
    messenger, finder = FakeMessenger(), FakeFinder(4, gone=("con_01",))
    finder.contacts["con_02"] = finder.contacts["con_02"].changed(tags=())
    visits(messenger, config("EMAIL", **tagged("vip")), finder)
    assert [message.recipient for message in messenger.messages] == ["con_00", "con_03"]


def test_a_query_without_contacts_is_skipped() -> None:
    (result,) = visits(FakeMessenger(), config("EMAIL", **tagged("vip")), FakeFinder(0))
    assert result.status is StepStatus.SKIPPED
    assert result.outcome == "suppressed"
    assert result.reason == "nothing was sent: no contact has these tags"


def test_a_visit_ends_at_its_time_limit_and_the_next_continues_there() -> None:
    messenger = FakeMessenger()
    times = iter(range(NOW, NOW + 100_000_000, 5_000))
    sent = config("EMAIL", **tagged("vip"))
    made = visits(messenger, sent, FakeFinder(4), clock=lambda: next(times))
    assert [message.recipient for message in messenger.messages] == [
        f"con_{number:02}" for number in range(4)
    ]
    assert len(made) > 3


def test_the_evidence_names_the_first_attempts_and_counts_all() -> None:
    made = visits(FakeMessenger(), config("EMAIL", **tagged("vip")), FakeFinder(9))
    assert made[-1].evidence == {"attempts": evidence_of(made[-1])["attempts"]}
    many = visits(FakeMessenger(), config("EMAIL", **tagged("vip")), FakeFinder(60))
    assert len(evidence_of(many[-1])["attempts"]) == len(many[-1].delivery_ids) == 50
    assert evidence_of(many[-1])["attemptCount"] == evidence_of(many[-1])["recipientCount"] == 60


def test_the_number_of_visits_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_message, "MAX_VISITS", 3)
    messenger = FakeMessenger()
    made = visits(messenger, config("EMAIL", **tagged("vip")), FakeFinder(20))
    assert len(made) == 3
    assert made[-1].status is StepStatus.FAILED
    assert made[-1].error is not None and made[-1].error.kind == "TOO_MANY_RECIPIENTS"
    assert made[-1].output["sent"] == len(messenger.messages) == 4


def test_a_visit_that_ends_at_its_time_limit_counts_as_much_as_a_whole_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(send_message, "MAX_VISITS", 3)
    messenger = FakeMessenger()
    sent = config("EMAIL", **tagged("vip"))
    made = visits(messenger, sent, FakeFinder(20), clock=lambda: NOW + 5_000)
    assert len(made) == 3
    assert made[-1].error is not None
    assert made[-1].error.message == (
        "the step reached its limit of 3 visits after 2 contacts; use a smaller segment"
    )
    assert len(messenger.messages) == 2


def test_a_query_needs_a_standard_machine() -> None:
    each = node_type("SEND_MESSAGE")
    model = each.config_model.model_validate(config("EMAIL", **tagged("vip")))
    assert not each.is_express_safe(model)
    assert each.max_visits(model) == 1_000


def test_without_a_contact_nothing_is_sent() -> None:
    messenger = FakeMessenger()
    result = send(messenger, config("EMAIL"), contact=None)
    assert result.status is StepStatus.SKIPPED
    assert result.reason == "nothing was sent: the run has no contact"
    assert result.output["sent"] == 0
    assert messenger.messages == []


def test_ad_hoc_addresses_are_rendered_and_used_once() -> None:
    messenger = FakeMessenger({("b@x.example", "EMAIL"): SUPPRESSED})
    scope = {"trigger": {"to": ["a@x.example", " b@x.example ", None], "one": "c@x.example"}}
    sent = config(
        "EMAIL", "SMS", **ad_hoc("{{trigger.to}}", "a@x.example", "{{trigger.one}}", "{{'' }}")
    )
    result = send(messenger, sent, scope)
    assert [(m.recipient, m.address, m.contact, m.channel) for m in messenger.messages] == [
        ("a@x.example", "a@x.example", None, "EMAIL"),
        ("b@x.example", "b@x.example", None, "EMAIL"),
        ("b@x.example", "b@x.example", None, "SMS"),
        ("c@x.example", "c@x.example", None, "EMAIL"),
    ]
    assert result.output == {"sent": 3, "queued": 0, "unknown": 0, "suppressed": 1, "failed": 0}


def test_empty_ad_hoc_addresses_send_nothing() -> None:
    sent = config("EMAIL", **ad_hoc("{{trigger.to}}"))
    result = send(FakeMessenger(), sent, {"trigger": {"to": []}})
    assert result.status is StepStatus.SKIPPED
    assert result.reason == "nothing was sent: every address is empty in this run"


def test_the_number_of_ad_hoc_addresses_is_limited() -> None:
    sent = config("EMAIL", **ad_hoc("{{trigger.to}}"))
    messenger = FakeMessenger()
    with pytest.raises(NodeError) as caught:
        send(messenger, sent, {"trigger": {"to": [f"a{n}@x.example" for n in range(51)]}})
    assert caught.value.kind == "TOO_MANY_RECIPIENTS"
    assert messenger.messages == []


def test_a_missing_address_is_named() -> None:
    with pytest.raises(NodeError, match=r"`trigger.to` has no value in this run"):
        send(FakeMessenger(), config("EMAIL", **ad_hoc("{{trigger.to}}")), {"trigger": {}})


def test_the_node_type_names_its_templates_and_output() -> None:
    each = node_type("SEND_MESSAGE")
    model = each.config_model.model_validate(config("EMAIL", "SMS"))
    assert each.template_ids(model) == frozenset({"tpl_EMAIL", "tpl_SMS"})
    assert each.outputs(model) == frozenset({"sent", "queued", "unknown", "suppressed", "failed"})
    assert each.repeatable(model)
    assert each.is_express_safe(model)
    assert each.max_visits(model) == 1


def test_send_message_needs_a_messenger() -> None:
    with pytest.raises(RuntimeError):
        run_node("SEND_MESSAGE", config("EMAIL"))


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (config(), "channels"),
        (config("A", "B", "C", "D"), "channels"),
        (config("EMAIL", "EMAIL"), ""),
        (config("email"), "channels.0.channel"),
        (config("EMAIL", **tagged()), "recipients.tags"),
        (config("EMAIL", **tagged("a", "b", "a")), "recipients.tags"),
        (config("EMAIL", **tagged(*map(str, range(11)))), "recipients.tags"),
        (config("EMAIL", frequencyCap={"messages": 0, "hours": 1}), "frequencyCap.messages"),
        (config("EMAIL", frequencyCap={"messages": 1, "hours": 745}), "frequencyCap.hours"),
        (config("EMAIL", quietHours={"from": "22:00", "to": "7"}), "quietHours.to"),
        (config("EMAIL", **ad_hoc()), "recipients.addresses"),
        (config("EMAIL", **ad_hoc("{{ a b }}")), "recipients.addresses.0"),
        (config("EMAIL", **ad_hoc(*["a@x.example"] * 51)), "recipients.addresses"),
        (config("EMAIL", multiChannelMode="RACE"), "multiChannelMode"),
        (config("EMAIL", consent="NONE"), "consent"),
    ],
)
def test_an_invalid_message_names_the_field(sent: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SendMessageConfig.model_validate(sent)
    assert [".".join(map(str, each["loc"])) for each in caught.value.errors()] == [field]
