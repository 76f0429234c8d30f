"""SEND_MESSAGE: words to people."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, SerializeAsAny, StringConstraints, model_validator

from runledger.errors import NodeError
from runledger.models.base import Config
from runledger.models.contact import Contact
from runledger.models.delivery import DeliveryStatus
from runledger.models.run import ErrorDetail, StepStatus
from runledger.nodes.base import (
    Function,
    MessageOutcome,
    Messenger,
    NodeResult,
    NodeType,
    OutboundMessage,
    Visit,
)
from runledger.nodes.fields import check_liquid
from runledger.nodes.variants import VariantConfig
from runledger.templating import evaluate

MAX_RECIPIENTS = 50
_SENT = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED)
_FAILED = (DeliveryStatus.FAILED, DeliveryStatus.DEAD_LETTERED)


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person or address; `key` names it within the node's effect."""

    key: str
    contact: Contact | None
    address: str | None


class RecipientsConfig(VariantConfig):
    """Who gets the message."""

    discriminator: ClassVar[str] = "kind"
    kind: Any

    @abstractmethod
    def find(self, visit: Visit) -> list[Recipient]:
        """Those to send to, each once."""


class TriggerContactRecipient(RecipientsConfig):
    """The contact the run is for."""

    kind: Literal["TRIGGER_CONTACT"] = Field(description="Who gets the message.")

    def find(self, visit: Visit) -> list[Recipient]:
        contact = visit.contact
        return [] if contact is None else [Recipient(contact.id, contact, None)]


class AdHocRecipients(RecipientsConfig):
    """Addresses written here. Each may be Liquid, and may yield a list."""

    kind: Literal["AD_HOC"] = Field(description="Who gets the message.")
    addresses: list[
        Annotated[
            str, StringConstraints(min_length=1, max_length=500), AfterValidator(check_liquid)
        ]
    ] = Field(
        min_length=1, max_length=MAX_RECIPIENTS, description="Email addresses or phone numbers."
    )

    def find(self, visit: Visit) -> list[Recipient]:
        # By how they compare, so that an address in two spellings gets one message.
        found: dict[str, str] = {}
        for source in self.addresses:
            value = evaluate(source, visit.scope)
            for item in value if isinstance(value, list) else [value]:
                address = "" if item is None else str(item).strip()
                if address:
                    found.setdefault(address.lower(), address)
        if len(found) > MAX_RECIPIENTS:
            raise NodeError(
                "TOO_MANY_RECIPIENTS",
                f"{len(found)} addresses, at most {MAX_RECIPIENTS} are allowed",
            )
        return [Recipient(address, None, address) for address in found.values()]


class ChannelChoice(Config):
    """A channel and the template to send on it."""

    channel: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")] = Field(
        description="The channel, e.g. EMAIL."
    )
    template_id: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        description="The template, which must be one for that channel."
    )


class SendMessageConfig(Config):
    """Who gets what, on which channels."""

    recipients: SerializeAsAny[RecipientsConfig] = Field(description="Who gets the message.")
    channels: list[ChannelChoice] = Field(
        min_length=1, max_length=3, description="The channels, in order of preference."
    )
    multi_channel_mode: Literal["CASCADE", "BROADCAST"] = Field(
        default="CASCADE",
        description="CASCADE goes on to the next channel when one was suppressed or refused for "
        "good; BROADCAST uses them all.",
    )
    consent: Literal["TRANSACTIONAL", "MARKETING"] = Field(
        default="TRANSACTIONAL", description="Which consent of the contact the message needs."
    )

    @model_validator(mode="after")
    def _channels_differ(self) -> "SendMessageConfig":
        channel, count = Counter(c.channel for c in self.channels).most_common(1)[0]
        if count > 1:
            raise ValueError(f"the channel {channel} is named twice")
        return self


@dataclass(frozen=True, slots=True)
class _Attempt:
    recipient: Recipient
    channel: str
    outcome: MessageOutcome

    def evidence(self) -> dict[str, Any]:
        return {
            "recipient": self.recipient.key,
            "channel": self.channel,
            "deliveryId": self.outcome.delivery_id,
            "status": self.outcome.status.value,
            "reason": self.outcome.reason,
        }


class SendMessageNode(NodeType[SendMessageConfig]):
    """Sends a template to the run's contact or to given addresses. Every message becomes a
    delivery with its own history. With CASCADE the next channel is used only when the one before
    was suppressed or refused for good. With nobody to send to, or with every message suppressed,
    the step is SKIPPED and says why; when every message failed, so does the run."""

    name = "SEND_MESSAGE"
    title = "Send message"
    icon = "send"
    example: ClassVar[dict[str, Any]] = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "EMAIL", "templateId": "tpl_01JZ5B8Q2M3N4P5Q6R7S8T9V0W"}],
        "multiChannelMode": "CASCADE",
        "consent": "TRANSACTIONAL",
    }
    function = Function.MESSAGE
    effect = True
    config_model = SendMessageConfig

    def outputs(self, config: SendMessageConfig) -> frozenset[str]:
        return frozenset({"sent", "queued", "suppressed", "failed"})

    def timeout_seconds(self, config: SendMessageConfig) -> int:
        return 12

    def repeatable(self, config: SendMessageConfig) -> bool:
        # Every message is claimed on its own before it leaves.
        return True

    def template_ids(self, config: SendMessageConfig) -> frozenset[str]:
        return frozenset(choice.template_id for choice in config.channels)

    def run(self, config: SendMessageConfig, visit: Visit) -> NodeResult:
        messenger = visit.tools.messenger
        if messenger is None:
            raise RuntimeError("SEND_MESSAGE runs where messages can be sent")
        recipients = config.recipients.find(visit)
        if not recipients:
            return NodeResult(
                status=StepStatus.SKIPPED,
                reason=_nobody(config),
                output=_counts([]),
                evidence={"attempts": []},
            )
        attempts = {
            attempt.outcome.delivery_id: attempt
            for recipient in recipients
            for attempt in _deliver(config, recipient, messenger, visit)
        }
        return _result(list(attempts.values()), visit)


def _deliver(
    config: SendMessageConfig, recipient: Recipient, messenger: Messenger, visit: Visit
) -> Iterator[_Attempt]:
    for choice in config.channels:
        message = OutboundMessage(
            recipient=recipient.key,
            contact=recipient.contact,
            address=recipient.address,
            channel=choice.channel,
            template_id=choice.template_id,
            consent=config.consent,
        )
        outcome = messenger.deliver(message, visit.scope)
        yield _Attempt(recipient, choice.channel, outcome)
        goes_on = outcome.status is DeliveryStatus.SUPPRESSED or outcome.status in _FAILED
        if config.multi_channel_mode == "CASCADE" and not goes_on:
            return


def _result(attempts: list[_Attempt], visit: Visit) -> NodeResult:
    counts = _counts(attempts)
    status, reason, error = StepStatus.COMPLETED, None, None
    if not counts["sent"] and not counts["queued"]:
        if counts["failed"]:
            status = StepStatus.FAILED
            first = next(a for a in attempts if a.outcome.status in _FAILED)
            why = first.outcome.reason or "no reason was given"
            error = ErrorDetail(
                node_id=visit.node_id,
                kind="DELIVERY_FAILED",
                message=f"no message could be sent; {first.channel}: {why}",
            )
        else:
            status = StepStatus.SKIPPED
            why = attempts[0].outcome.reason or "no reason was given"
            reason = f"every message was suppressed; {attempts[0].channel}: {why}"
    return NodeResult(
        status=status,
        reason=reason,
        error=error,
        output=counts,
        evidence={"attempts": [attempt.evidence() for attempt in attempts]},
        delivery_ids=tuple(attempt.outcome.delivery_id for attempt in attempts),
    )


def _counts(attempts: list[_Attempt]) -> dict[str, Any]:
    statuses = [attempt.outcome.status for attempt in attempts]
    sent = sum(status in _SENT for status in statuses)
    failed = sum(status in _FAILED for status in statuses)
    suppressed = statuses.count(DeliveryStatus.SUPPRESSED)
    queued = len(statuses) - sent - failed - suppressed
    return {"sent": sent, "queued": queued, "suppressed": suppressed, "failed": failed}


def _nobody(config: SendMessageConfig) -> str:
    if isinstance(config.recipients, TriggerContactRecipient):
        return "no recipient: the run has no contact"
    return "no recipient: the addresses are empty in this run"
