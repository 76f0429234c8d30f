"""The gates of a message: what is checked, in order, before it may leave.

Each gives a verdict and a reason, and every attempt keeps them all."""

from typing import TYPE_CHECKING

from runledger.clock import iso
from runledger.models.delivery import Gate
from runledger.models.suppression import SuppressionReason

if TYPE_CHECKING:
    from runledger.channels.base import Channel
    from runledger.models.automation import TemplateSnapshot
    from runledger.models.suppression import Suppression
    from runledger.nodes.base import OutboundMessage

_SUPPRESSED_FOR = {
    SuppressionReason.BOUNCE: "a message to it came back",
    SuppressionReason.COMPLAINT: "its owner complained of a message",
    SuppressionReason.MANUAL: "it was put there by hand",
}


def consent_gate(message: "OutboundMessage") -> Gate:
    name = message.consent.lower()
    if message.contact is None:
        return Gate(name="consent", passed=True, reason="an address given by the automation")
    passed = bool(getattr(message.contact.consents, name))
    verdict = "was given" if passed else "was not given"
    return Gate(name="consent", passed=passed, reason=f"{name} consent {verdict}")


def address_of(message: "OutboundMessage", channel: "Channel") -> tuple[str | None, Gate]:
    given = message.address
    if given is None and message.contact is not None:
        given = channel.address_of(message.contact)
    if not given:
        reason = f"the contact has no address for {channel.name}"
        return None, Gate(name="address", passed=False, reason=reason)
    try:
        address = channel.normalize(given)
    except ValueError as error:
        reason = f"not an address for {channel.name}: {error}"
        return given, Gate(name="address", passed=False, reason=reason)
    return address, Gate(name="address", passed=True, reason=f"a valid address for {channel.name}")


def suppression_gate(suppression: "Suppression | None") -> Gate:
    """`suppression` is the address's entry on the workspace's list, where it has one."""
    if suppression is None:
        return Gate(name="suppression", passed=True, reason="not on the suppression list")
    since = iso(suppression.created_at)
    why = _SUPPRESSED_FOR[suppression.reason]
    reason = f"on the suppression list since {since}: {why}"
    return Gate(name="suppression", passed=False, reason=reason)


def template_gate(
    template: "TemplateSnapshot", message: "OutboundMessage", subject: str | None, body: str
) -> Gate:
    if subject == "" or not body.strip():
        part = "subject" if subject == "" else "body"
        reason = f"the {part} of {template.name} is empty for this run"
        return Gate(name="template", passed=False, reason=reason)
    if template.channel != message.channel:
        reason = f"the template {template.name} is for {template.channel}, not {message.channel}"
        return Gate(name="template", passed=False, reason=reason)
    return Gate(name="template", passed=True, reason=f"{template.name} is for {template.channel}")
