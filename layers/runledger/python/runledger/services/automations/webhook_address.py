"""The webhook of an automation: its trigger, address and keys, as drafts and versions have it."""

from typing import TYPE_CHECKING

from pydantic import ValidationError

from runledger.api.automations import WebhookView
from runledger.clock import iso
from runledger.models.automation import AutomationStatus
from runledger.nodes.trigger import TriggerConfig
from runledger.services.secrets.key_forms import KeyForm, key_form

if TYPE_CHECKING:
    from runledger.models.automation import Automation, Graph
    from runledger.nodes.webhook_intake import WebhookIntake

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


def form_of_keys(automation: "Automation", draft: "Graph") -> KeyForm | None:
    """Returns the form of the keys that the automation needs: the draft's, or the active version's
    if the draft needs none. None if neither needs keys."""
    for intake in (draft_intake(draft), active_intake(automation)):
        if intake is not None and (form := key_form(intake)).is_needed:
            return form
    return None


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
        signed=key_form(intake).is_needed,
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
