"""SEND_MESSAGE: recipients, cascades, and what the step says."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError
from runledger.errors import NodeError
from runledger.models.delivery import DeliveryStatus
from runledger.models.run import StepStatus
from runledger.nodes.base import MessageOutcome, NodeResult, OutboundMessage
from runledger.nodes.registry import node_type
from runledger.nodes.send_message import SendMessageConfig

from tests.support.visits import CONTACT, run_node, visit

SENT, SUPPRESSED, FAILED = (
    DeliveryStatus.SENT,
    DeliveryStatus.SUPPRESSED,
    DeliveryStatus.FAILED,
)


class FakeMessenger:
    """Answers by (recipient, channel), or by channel; SENT where nothing is said."""

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
        delivery_id = f"dlv_{len(self.messages)}"
        return MessageOutcome(delivery_id=delivery_id, status=status, reason=reason)


def config(*channels: str, **changes: Any) -> dict[str, Any]:
    return {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": each, "templateId": f"tpl_{each}"} for each in channels],
        **changes,
    }


def ad_hoc(*addresses: str) -> dict[str, Any]:
    return {"recipients": {"kind": "AD_HOC", "addresses": list(addresses)}}


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
        output={"sent": 1, "queued": 0, "suppressed": 0, "failed": 0},
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
def test_channels_are_used_by_the_mode(
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
    assert result.output == {"sent": 0, "queued": 0, "suppressed": 1, "failed": 0}


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
    assert result.output == {"sent": 0, "queued": 1, "suppressed": 0, "failed": 0}
    assert result.status is StepStatus.COMPLETED


def test_without_a_contact_there_is_nobody() -> None:
    messenger = FakeMessenger()
    result = send(messenger, config("EMAIL"), contact=None)
    assert result.status is StepStatus.SKIPPED
    assert result.reason == "no recipient: the run has no contact"
    assert result.output["sent"] == 0
    assert messenger.messages == []


def test_ad_hoc_addresses_are_rendered_spread_and_met_once() -> None:
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
    assert result.output == {"sent": 3, "queued": 0, "suppressed": 1, "failed": 0}


def test_ad_hoc_addresses_may_be_nobody() -> None:
    sent = config("EMAIL", **ad_hoc("{{trigger.to}}"))
    result = send(FakeMessenger(), sent, {"trigger": {"to": []}})
    assert result.status is StepStatus.SKIPPED
    assert result.reason == "no recipient: the addresses are empty in this run"


def test_ad_hoc_addresses_are_bounded() -> None:
    sent = config("EMAIL", **ad_hoc("{{trigger.to}}"))
    messenger = FakeMessenger()
    with pytest.raises(NodeError) as caught:
        send(messenger, sent, {"trigger": {"to": [f"a{n}@x.example" for n in range(51)]}})
    assert caught.value.kind == "TOO_MANY_RECIPIENTS"
    assert messenger.messages == []


def test_a_missing_address_is_named() -> None:
    with pytest.raises(NodeError, match=r"`trigger.to` has no value in this run"):
        send(FakeMessenger(), config("EMAIL", **ad_hoc("{{trigger.to}}")), {"trigger": {}})


def test_it_tells_its_templates_and_its_output() -> None:
    each = node_type("SEND_MESSAGE")
    model = each.config_model.model_validate(config("EMAIL", "SMS"))
    assert each.template_ids(model) == frozenset({"tpl_EMAIL", "tpl_SMS"})
    assert each.outputs(model) == frozenset({"sent", "queued", "suppressed", "failed"})
    assert each.repeatable(model)
    assert each.is_express_safe(model)


def test_it_needs_a_messenger() -> None:
    with pytest.raises(RuntimeError):
        run_node("SEND_MESSAGE", config("EMAIL"))


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (config(), "channels"),
        (config("A", "B", "C", "D"), "channels"),
        (config("EMAIL", "EMAIL"), ""),
        (config("email"), "channels.0.channel"),
        (config("EMAIL", recipients={"kind": "SEGMENT", "segmentId": "x"}), "recipients"),
        (config("EMAIL", recipients={"kind": "TAG_QUERY", "tags": ["x"]}), "recipients"),
        (config("EMAIL", **ad_hoc()), "recipients.addresses"),
        (config("EMAIL", **ad_hoc("{{ a b }}")), "recipients.addresses.0"),
        (config("EMAIL", **ad_hoc(*["a@x.example"] * 51)), "recipients.addresses"),
        (config("EMAIL", multiChannelMode="RACE"), "multiChannelMode"),
        (config("EMAIL", consent="NONE"), "consent"),
    ],
)
def test_a_wrong_message_says_where(sent: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SendMessageConfig.model_validate(sent)
    assert [".".join(map(str, each["loc"])) for each in caught.value.errors()] == [field]
