"""Finds the automation and the trigger that a webhook's token leads to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from runledger.clock import MINUTE, Clock
from runledger.errors import NotFoundError, RateLimitedError, TransientError
from runledger.models.run import TriggerType
from runledger.nodes.trigger import TriggerConfig, TriggerNode
from runledger.services.triggers.webhook_request import rated_source

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.nodes.webhook_intake import WebhookIntake
    from runledger.services.in_parallel import Gather
    from runledger.services.triggers.webhook_request import WebhookRequest
    from runledger.store.automations import AutomationStore
    from runledger.store.rates import RateStore

# The limit of an automation whose trigger is not known, because it is not active.
_LIMIT_UNKNOWN = 120


@dataclass(frozen=True, slots=True)
class Target:
    """The automation that an event is for, and the trigger that receives it, if there is one.
    `is_live`: the trigger is the active version's, not the draft's."""

    automation: "Automation"
    trigger: TriggerConfig | None
    is_live: bool

    @property
    def intake(self) -> "WebhookIntake | None":
        return None if self.trigger is None else self.trigger.intake

    @property
    def kind(self) -> TriggerType:
        """The type of the trigger, as runs and refusals show it."""
        return TriggerType.WEBHOOK if self.trigger is None else self.trigger.kind


@dataclass(frozen=True, slots=True)
class WebhookTargets:
    automations: "AutomationStore"
    rates: "RateStore"
    gather: "Gather"
    clock: Clock

    def find(self, request: "WebhookRequest") -> "tuple[Automation, int]":
        """Reads the automation of the token, and counts the event. Returns the automation, and how
        many events of this source came in this minute. Raises NotFoundError for an unknown
        token."""
        target = self.automations.by_webhook_token(request.token)
        if target is None:
            raise NotFoundError("no automation has this webhook token; check the URL")
        minute = self.clock() // MINUTE
        source = rated_source(request.source)
        automation: Automation | None = None
        count = 0

        def read_automation() -> None:
            nonlocal automation
            # Read consistently, because the row says which keys are valid.
            automation = self.automations.get(target.workspace_id, target.automation_id)

        def count_event() -> None:
            nonlocal count
            count = self.rates.count(target.automation_id, source, minute)

        try:
            self.gather([read_automation, count_event])
        except NotFoundError as error:
            # Automations are never deleted, so this read was too early.
            raise TransientError("the webhook is not ready yet; send the event again") from error
        assert automation is not None
        return automation, count

    def require_within_rate(self, live: Target, request: "WebhookRequest", count: int) -> None:
        """Raises RateLimitedError if the source sent too many events in this minute."""
        intake = live.intake
        limit = _LIMIT_UNKNOWN if intake is None else intake.rate_limit_per_minute
        if count > limit:
            left = MINUTE - self.clock() % MINUTE
            raise RateLimitedError(
                f"more than {limit} events in one minute from {rated_source(request.source)}; "
                "send the event again later",
                retry_after=max(1, -(-left // 1_000)),
            )

    def receiving(self, live: Target) -> Target:
        """Returns the live target, or the draft's if only the draft receives webhooks. So a sender
        can be verified before the automation is active."""
        return live if live.intake is not None else self.draft(live.automation)

    def draft(self, automation: "Automation") -> Target:
        """Returns the automation with its draft's trigger. The trigger is None if the draft has no
        valid one."""
        return Target(automation, self._draft_trigger(automation), is_live=False)

    def _draft_trigger(self, automation: "Automation") -> TriggerConfig | None:
        try:
            graph = self.automations.draft(automation)
        except NotFoundError:
            return None
        for node in graph.nodes:
            if node.type == TriggerNode.name:
                try:
                    return TriggerConfig.model_validate(node.config)
                except ValidationError:
                    return None
        return None


def live_target(automation: "Automation") -> Target:
    """Returns the automation with its active version's trigger. The trigger is None if no version
    was ever active."""
    active = automation.active
    trigger = None if active is None else TriggerConfig.model_validate(active.trigger)
    return Target(automation, trigger, is_live=True)
