"""Checks a message against the gates, in order, up to the first refusal."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.models.delivery import Gate
from runledger.services.messages.gates import (
    address_of,
    consent_gate,
    frequency_gate,
    quiet_hours_gate,
    suppression_gate,
    template_gate,
)
from runledger.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runledger.channels.base import Channel
    from runledger.models.automation import TemplateSnapshot
    from runledger.nodes.tools import OutboundMessage
    from runledger.services.messages.rendering import RenderedParts
    from runledger.services.messages.suppression_reads import SuppressionFinder
    from runledger.store.frequencies import Frequency, FrequencyStore


@dataclass(frozen=True, slots=True)
class PreparedMessage:
    """A message after its template was rendered. If that failed, `parts.problem` says why, and the
    message cannot be sent."""

    workspace_id: str
    delivery_id: str
    message: "OutboundMessage"
    channel: "Channel"
    template: "TemplateSnapshot"
    parts: "RenderedParts"


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    suppressions: "SuppressionFinder"
    frequencies: "FrequencyStore"
    clock: Clock

    def check(self, prepared: PreparedMessage, forced_by: str | None = None) -> tuple[Gate, ...]:
        """Returns the verdicts in order, up to the first refusal; see `refused`.

        `forced_by` overrules the gates for consent, suppression, frequency and quiet hours. It is
        recorded on each gate that would have refused. A message that passes counts towards its
        frequency cap, once for each delivery id."""
        passed: list[Gate] = []
        for gate in self._gates(prepared, is_forced=forced_by is not None):
            is_overruled = forced_by is not None and gate.name in _OVERRULED and not gate.passed
            passed.append(gate.changed(forced_by=forced_by) if is_overruled else gate)
            if not gate.passed and not is_overruled:
                break
        return tuple(passed)

    def _gates(self, prepared: PreparedMessage, *, is_forced: bool) -> "Iterator[Gate]":
        message, channel = prepared.message, prepared.channel
        yield consent_gate(message)
        address, gate = address_of(message, channel)
        yield gate
        assert address is not None, "a message without an address was refused"
        yield suppression_gate(
            self.suppressions.find(prepared.workspace_id, channel.address_kind, address)
        )
        # Check these before counting the message: a message that is refused later must not count.
        quiet = quiet_hours_gate(message, self.clock())
        template = template_gate(prepared.template, message, prepared.parts)
        is_leaving = template.passed and (quiet.passed or is_forced)
        frequency = self._frequency(prepared, address, counts=is_leaving)
        yield frequency_gate(message.frequency_cap, frequency)
        yield quiet
        yield template

    def _frequency(
        self, prepared: PreparedMessage, address: str, *, counts: bool
    ) -> "Frequency | None":
        cap = prepared.message.frequency_cap
        if cap is None:
            return None
        contact = prepared.message.contact
        key = keys.frequency(
            prepared.workspace_id, prepared.channel.address_kind, contact.id if contact else address
        )
        ask = self.frequencies.take if counts else self.frequencies.look
        return ask(key, prepared.delivery_id, self.clock(), messages=cap.messages, hours=cap.hours)


_OVERRULED = frozenset({"consent", "suppression", "frequency", "quiet_hours"})


def refused(gates: "tuple[Gate, ...]") -> Gate | None:
    """Returns the gate that stops the message, or None if it may leave."""
    return next((gate for gate in gates if not gate.passed and gate.forced_by is None), None)
