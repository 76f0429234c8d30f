"""Delivering one message: gates, claim, send, settle.

The attempt's id is derived from the effect (run, node, recipient, channel), and its row is written
before the message leaves. Whoever finds that row does not send again: a settled one answers for
itself, one that is still PROCESSING has lost its answer and becomes FAILED, `OUTCOME_UNKNOWN`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.channels.base import RenderedMessage, UnknownOutcomeError
from runledger.clock import Clock
from runledger.ids import derived_id
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.run import ErrorDetail
from runledger.nodes.base import MessageOutcome, OutboundMessage
from runledger.services.gates import (
    address_of,
    consent_gate,
    suppression_gate,
    template_gate,
)
from runledger.templating import render

if TYPE_CHECKING:
    from runledger.channels.base import Channel, ProviderAnswer
    from runledger.models.automation import TemplateSnapshot
    from runledger.models.delivery import Gate
    from runledger.models.run import Run
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.suppressions import SuppressionStore

_SUBJECT_CHARACTERS = 998
_UNKNOWN = "the provider's answer was lost: the message may or may not have been sent"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sends the messages of one node of one run."""

    run: "Run"
    node_id: str
    templates: "Mapping[str, TemplateSnapshot]"
    channels: "Mapping[str, Channel]"
    deliveries: "DeliveryStore"
    suppressions: "SuppressionStore"
    shards: int
    clock: Clock
    begun: list[str]

    def deliver(self, message: OutboundMessage, scope: Mapping[str, Any]) -> MessageOutcome:
        channel = self.channels[message.channel]
        template = self.templates[message.template_id]
        address, address_gate = address_of(message, channel)
        # An address is one recipient however it is spelled.
        recipient = message.contact.id if message.contact else address or message.recipient
        delivery_id = derived_id("dlv", self.run.id, self.node_id, recipient, message.channel)
        subject = _one_line(render(template.subject, scope)) if template.subject else None
        body = render(template.body, scope)
        gates = (
            consent_gate(message),
            address_gate,
            *self._suppression(channel, address if address_gate.passed else None),
            template_gate(template, message, subject, body),
        )
        closed = next((gate for gate in gates if not gate.passed), None)
        self.begun.append(delivery_id)
        attempt = DeliveryAttempt(
            id=delivery_id,
            workspace_id=self.run.workspace_id,
            run_id=self.run.id,
            node_id=self.node_id,
            automation_id=self.run.automation_id,
            contact_id=message.contact.id if message.contact else None,
            channel=message.channel,
            address=address or "",
            status=DeliveryStatus.PROCESSING,
            template_id=message.template_id,
            subject=subject,
            gates=gates,
            tries=0,
            provider_id=None,
            error=None,
            created_at=self.clock(),
            settled_at=None,
            expires_at=self.run.expires_at,
        )
        if closed is not None:
            suppressed = ErrorDetail(node_id=self.node_id, kind="SUPPRESSED", message=closed.reason)
            return self._settle(attempt, DeliveryStatus.SUPPRESSED, error=suppressed)
        earlier = self.deliveries.begin(attempt, self.run)
        if earlier is not None:
            return self._recall(earlier)
        return self._send(channel, attempt, body, message.consent)

    def _suppression(self, channel: "Channel", address: str | None) -> "tuple[Gate, ...]":
        """Asked of addresses that could be written to."""
        if address is None:
            return ()
        kind = channel.address_kind
        return (suppression_gate(self.suppressions.find(self.run.workspace_id, kind, address)),)

    def _send(
        self, channel: "Channel", attempt: DeliveryAttempt, body: str, consent: str
    ) -> MessageOutcome:
        message = RenderedMessage(
            delivery_id=attempt.id,
            workspace_id=attempt.workspace_id,
            address=attempt.address,
            subject=attempt.subject,
            body=body,
            consent=consent,
        )
        try:
            answer = channel.send(message)
        except UnknownOutcomeError as error:
            unknown = ErrorDetail(
                node_id=self.node_id, kind="OUTCOME_UNKNOWN", message=_UNKNOWN, cause=str(error)
            )
            return self._settle(attempt, DeliveryStatus.FAILED, error=unknown, tries=1)
        except Exception as error:
            # Not foreseen: nobody can tell how far it came, and the attempt must say so.
            cause = f"{type(error).__name__}: {error}"
            unknown = ErrorDetail(
                node_id=self.node_id, kind="OUTCOME_UNKNOWN", message=_UNKNOWN, cause=cause
            )
            self._settle(attempt, DeliveryStatus.FAILED, error=unknown, tries=1)
            raise
        if answer.accepted:
            return self._settle(
                attempt, DeliveryStatus.SENT, provider_id=answer.provider_id, tries=1
            )
        refused = _refusal(self.node_id, answer)
        return self._settle(attempt, DeliveryStatus.FAILED, error=refused, tries=1)

    def _recall(self, earlier: DeliveryAttempt) -> MessageOutcome:
        if earlier.status is not DeliveryStatus.PROCESSING:
            return _outcome(earlier)
        unknown = ErrorDetail(node_id=self.node_id, kind="OUTCOME_UNKNOWN", message=_UNKNOWN)
        return self._settle(earlier, DeliveryStatus.FAILED, error=unknown, tries=1)

    def _settle(
        self,
        attempt: DeliveryAttempt,
        status: DeliveryStatus,
        *,
        error: ErrorDetail | None = None,
        provider_id: str | None = None,
        tries: int = 0,
    ) -> MessageOutcome:
        settled = attempt.model_copy(
            update={
                "status": status,
                "error": error,
                "provider_id": provider_id,
                "tries": tries,
                "settled_at": self.clock(),
            }
        )
        return _outcome(self.deliveries.settle(settled, self.shards))


def _outcome(attempt: DeliveryAttempt) -> MessageOutcome:
    reason = attempt.error.message if attempt.error else None
    return MessageOutcome(delivery_id=attempt.id, status=attempt.status, reason=reason)


def _refusal(node_id: str, answer: "ProviderAnswer") -> ErrorDetail:
    kind = "PROVIDER_UNAVAILABLE" if answer.is_transient else "PROVIDER_REFUSED"
    message = answer.message or "the provider refused the message"
    return ErrorDetail(
        node_id=node_id, kind=kind, message=message, cause=f"{answer.code}: {message}"
    )


def _one_line(subject: str) -> str:
    """A subject is one header line of at most 998 characters (RFC 5322, 2.1.1)."""
    return " ".join(subject.split())[:_SUBJECT_CHARACTERS]
