"""Counts the events that a trigger's filter ignores."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.ignored_events import IgnoredEventsView, IgnoredMinuteView
from runledger.clock import DAY, MINUTE, Clock, iso
from runledger.errors import TransientError
from runledger.observability import logger

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.store.automations import AutomationStore
    from runledger.store.ignored_events import IgnoredEventStore


@dataclass(frozen=True, slots=True)
class IgnoredEvents:
    automations: "AutomationStore"
    store: "IgnoredEventStore"
    clock: Clock

    def count(self, automation: "Automation", events: int) -> None:
        """Counts events in this minute. A count that cannot be written is only logged: the sender
        gets the same answer."""
        try:
            self.store.count(automation.id, self.clock() // MINUTE, events)
        except TransientError as error:
            logger.warning("ignored event not counted", extra={"reason": error.for_log()})

    def view(self, workspace_id: str, automation_id: str) -> IgnoredEventsView:
        """Returns the counts of the last 24 hours."""
        automation = self.automations.get(workspace_id, automation_id)
        now = self.clock()
        minutes = self.store.minutes(automation.id, (now - DAY) // MINUTE, now // MINUTE)
        return IgnoredEventsView(
            total=sum(minutes.values()),
            minutes=[
                IgnoredMinuteView(at=iso(minute * MINUTE), count=count)
                for minute, count in minutes.items()
            ],
        )
