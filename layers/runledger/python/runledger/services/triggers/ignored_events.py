"""Counts the events that a trigger's filter ignores."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import DAY, MINUTE, Clock
from runledger.errors import TransientError
from runledger.observability import logger

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.store.ignored_events import IgnoredEventStore


@dataclass(frozen=True, slots=True)
class IgnoredEvents:
    store: "IgnoredEventStore"
    clock: Clock

    def count(self, automation: "Automation", events: int) -> None:
        """Counts events in this minute. A count that cannot be written is only logged: the sender
        gets the same answer."""
        try:
            self.store.count(automation.id, self.clock() // MINUTE, events)
        except TransientError as error:
            logger.warning("ignored event not counted", extra={"reason": error.for_log()})

    def of_last_day(self, automation_id: str) -> dict[int, int]:
        """Returns the number of ignored events by minute (epoch milliseconds of its begin), for the
        last 24 hours, oldest first."""
        now = self.clock()
        minutes = self.store.minutes(automation_id, (now - DAY) // MINUTE, now // MINUTE)
        return {minute * MINUTE: count for minute, count in minutes.items()}
