"""Keeps events as they were received, so that people can look at them and erasures find them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import DAY, HOUR, Clock
from runledger.services.triggers.kept_hashes import hashes_of
from runledger.store.kept_events import captured_place, refused_place

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.models.kept_event import CapturedEvent, KeptEvent
    from runledger.models.refusal import Refusal
    from runledger.store.kept_events import KeptEventStore

# Counted from when it was received: a replay that is refused keeps it no longer.
REFUSED_LIFE = 7 * DAY
CAPTURED_LIFE = HOUR


@dataclass(frozen=True, slots=True)
class KeptEvents:
    store: "KeptEventStore"
    clock: Clock

    def keep_refused(self, refusal: "Refusal", event: "KeptEvent") -> int:
        """Keeps the event of a refusal. Returns the time until which it is kept. Safe to repeat."""
        until = min(event.received_at + REFUSED_LIFE, refusal.expires_at)
        hashes = hashes_of(refusal.workspace_id, event)
        now = self.clock()
        place = refused_place(refusal.workspace_id, refusal.id, now, until, hashes)
        self.store.keep(place, event)
        return until

    def keep_captured(self, automation: "Automation", captured: "CapturedEvent") -> None:
        now = self.clock()
        hashes = hashes_of(automation.workspace_id, captured.event)
        place = captured_place(
            automation.workspace_id, automation.id, captured.id, now, now + CAPTURED_LIFE, hashes
        )
        facts = captured.model_dump(mode="json", exclude={"id", "event"})
        self.store.keep(place, captured.event, facts)
