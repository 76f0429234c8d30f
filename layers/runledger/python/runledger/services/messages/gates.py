"""The gates of a message: what is checked, in order, before it may leave.

Each gate returns a verdict and a reason. An attempt stores the results of all gates that were
checked."""

from typing import TYPE_CHECKING

from runledger.clock import iso
from runledger.models.consent import ConsentChannel, ConsentPurpose
from runledger.models.delivery import Gate
from runledger.models.suppression import SuppressionReason
from runledger.nodes.timezones import from_milliseconds, to_iso

if TYPE_CHECKING:
    from runledger.channels.base import Channel
    from runledger.models.automation import TemplateSnapshot
    from runledger.models.suppression import Suppression
    from runledger.nodes.message_rules import FrequencyCap
    from runledger.nodes.tools import OutboundMessage
    from runledger.services.messages.rendering import RenderedParts
    from runledger.store.frequencies import Frequency

_SUPPRESSED_FOR = {
    SuppressionReason.BOUNCE: "a message to it bounced",
    SuppressionReason.COMPLAINT: "its owner complained about a message",
    SuppressionReason.MANUAL: "a person added it",
}


def consent_gate(message: "OutboundMessage") -> Gate:
    name = message.consent.lower()
    if message.contact is None:
        return Gate(
            name="consent",
            passed=True,
            reason="no consent needed: the automation names the address",
        )
    purpose, channel = ConsentPurpose(message.consent), ConsentChannel(message.channel)
    consents = message.contact.consents
    passed = consents.allows(purpose, channel)
    verdict = "was given" if passed else "was not given"
    where = "" if consents.own(purpose, channel) is None else f" for {channel}"
    return Gate(name="consent", passed=passed, reason=f"{name} consent {verdict}{where}")


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
        reason = f"not a valid address for {channel.name}: {error}"
        return given, Gate(name="address", passed=False, reason=reason)
    return address, Gate(name="address", passed=True, reason=f"a valid address for {channel.name}")


def suppression_gate(suppression: "Suppression | None") -> Gate:
    """Refuses a message to a suppressed address. `suppression` is the address's entry on the
    workspace's suppression list, if there is one."""
    if suppression is None:
        return Gate(name="suppression", passed=True, reason="not on the suppression list")
    since = iso(suppression.created_at)
    why = _SUPPRESSED_FOR[suppression.reason]
    reason = f"on the suppression list since {since}: {why}"
    return Gate(name="suppression", passed=False, reason=reason)


def frequency_gate(cap: "FrequencyCap | None", frequency: "Frequency | None") -> Gate:
    """Refuses a message that would exceed the frequency cap. `frequency` is how many messages the
    recipient got recently, if there is a cap."""
    if cap is None or frequency is None:
        return Gate(name="frequency", passed=True, reason="no frequency cap")
    window = f"last {cap.hours} h"
    allowed = f"{cap.messages} {'message' if cap.messages == 1 else 'messages'} allowed"
    if frequency.is_counted or frequency.count < cap.messages:
        reason = f"{frequency.count} in the {window}, {allowed}"
        return Gate(name="frequency", passed=True, reason=reason)
    frees_at = (
        ""
        if frequency.frees_at is None
        else f"; the next one may be sent from {iso(frequency.frees_at)}"
    )
    reason = f"{frequency.count} in the {window}, {allowed}{frees_at}"
    return Gate(name="frequency", passed=False, reason=reason)


def quiet_hours_gate(message: "OutboundMessage", now: int) -> Gate:
    quiet = message.quiet_hours
    if quiet is None:
        return Gate(name="quiet_hours", passed=True, reason="no quiet hours")
    zone = quiet.zone_of(message.contact.metadata if message.contact else None)
    hours = f"{quiet.from_} to {quiet.to} in {zone}"
    until = quiet.ends(from_milliseconds(now), zone)
    if until is None:
        return Gate(name="quiet_hours", passed=True, reason=f"outside the quiet hours, {hours}")
    reason = f"within the quiet hours, {hours}; they end at {to_iso(until)}"
    return Gate(name="quiet_hours", passed=False, reason=reason)


def template_gate(
    template: "TemplateSnapshot", message: "OutboundMessage", parts: "RenderedParts"
) -> Gate:
    if parts.problem is not None:
        return Gate(name="template", passed=False, reason=f"{template.name}: {parts.problem}")
    # HTML with an image alone has no plain text.
    is_empty = not parts.body.strip() and (parts.html is None or template.body is not None)
    if parts.subject == "" or is_empty:
        part = "subject" if parts.subject == "" else "body"
        reason = f"the {part} of {template.name} is empty for this run"
        return Gate(name="template", passed=False, reason=reason)
    if template.channel != message.channel:
        reason = f"the template {template.name} is for {template.channel}, not {message.channel}"
        return Gate(name="template", passed=False, reason=reason)
    return Gate(name="template", passed=True, reason=f"{template.name} is for {template.channel}")
