"""The webhook of an automation: its trigger, address and keys, as the draft or as a version defines
them."""

from typing import TYPE_CHECKING

from pydantic import ValidationError

from runledger.api.automations import WebhookView
from runledger.clock import iso
from runledger.models.automation import AutomationStatus, Problem
from runledger.nodes.trigger import TriggerConfig
from runledger.services.secrets.key_forms import can_make
from runledger.sources.registry import source_of

if TYPE_CHECKING:
    from runledger.models.automation import Automation, Graph
    from runledger.nodes.webhook_intake import WebhookIntake
    from runledger.sources.source import Source

_TRIGGER = "TRIGGER"


def draft_intake(graph: "Graph") -> "WebhookIntake | None":
    """Returns how the draft's trigger receives webhooks; None for other triggers."""
    for node in graph.nodes:
        if node.type == _TRIGGER:
            try:
                return TriggerConfig.model_validate(node.config).intake
            except ValidationError:
                # A draft of an earlier version may break today's rules; the checks list them.
                return None
    return None


def active_intake(automation: "Automation") -> "WebhookIntake | None":
    """Returns how the active version receives webhooks; None for other triggers, and without an
    active version."""
    active = automation.active
    return TriggerConfig.model_validate(active.trigger).intake if active else None


def key_sources(automation: "Automation", draft: "Graph") -> "tuple[Source, ...]":
    """Returns the sources of the draft and of the active version that need keys, in this order."""
    intakes = (draft_intake(draft), active_intake(automation))
    sources = (source_of(each) for each in intakes if each is not None)
    return tuple(each for each in sources if each.needs_keys)


def key_warnings(automation: "Automation", draft: "Graph") -> list[Problem]:
    """Returns a warning if the draft's sender makes its own key and this key has not been entered
    yet."""
    intake = draft_intake(draft)
    source = source_of(intake) if intake else None
    if source is None or not source.needs_keys or can_make(source):
        return []
    keys = automation.webhook_keys
    current = keys.current if keys else None
    facts = source.facts
    key, is_set = facts.secret, current is not None and current.has_secret
    if key is None:
        key, is_set = facts.public_key, current is not None and current.has_public_key
    if key is None or is_set:
        return []
    message = f"The {key.name} of {facts.title} is not set. Until it is, every event is refused."
    return [Problem(code="KEY_NOT_SET", message=message, field="source")]


def webhook_view(
    automation: "Automation", draft: "Graph", public_url: str, now: int
) -> WebhookView | None:
    """Shows the webhook of the active version, or of the draft if the active version has none."""
    intake = active_intake(automation) or draft_intake(draft)
    if automation.webhook_token is None or intake is None:
        return None
    path = f"/v1/webhooks/in/{automation.webhook_token}"
    is_archived = automation.status is AutomationStatus.ARCHIVED
    keys = automation.webhook_keys
    # The keys of an archived automation are deleted.
    current = keys.current if keys and not is_archived else None
    # A row of an earlier version does not name keys; its activation made the secret.
    is_older = keys is None and automation.active is not None and intake.signed and not is_archived
    return WebhookView(
        path=path,
        url=f"{public_url}{path}",
        preset=intake.preset.value,
        signed=source_of(intake).is_signed,
        has_secret=is_older or (current is not None and current.has_secret),
        secret_hint=current.hint if current else None,
        has_public_key=current is not None and current.has_public_key,
        has_verify_token=current is not None and current.has_verify_token,
        keys_set_at=iso(current.since) if current else None,
        previous_valid_until=_previous_until(automation, now),
    )


def _previous_until(automation: "Automation", now: int) -> str | None:
    if automation.status is AutomationStatus.ARCHIVED:
        return None
    if automation.webhook_keys is not None:
        previous = automation.webhook_keys.previous_at(now)
        return iso(max(each.valid_until for each in previous)) if previous else None
    rotation = automation.rotation
    return iso(rotation.valid_until) if rotation and rotation.valid_until > now else None
