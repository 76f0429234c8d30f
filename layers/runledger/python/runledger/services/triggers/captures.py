"""Captures: the next events of an automation are kept for an hour, to look at and use as samples.

While no capture is active this costs nothing: the automation's row, which is read anyway, says so.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.kept_events import CapturedEventsView, CaptureView
from runledger.clock import MINUTE, Clock, iso
from runledger.errors import TransientError
from runledger.ids import new_id
from runledger.models.kept_event import Capture, CapturedEvent, CaptureOutcome
from runledger.observability import logger
from runledger.services.triggers.kept_events import CAPTURED_LIFE
from runledger.services.views.kept_events import captured_event_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runledger.models.automation import Automation
    from runledger.models.kept_event import KeptEvent
    from runledger.services.triggers.kept_events import KeptEvents
    from runledger.store.automations import AutomationStore
    from runledger.store.kept_events import KeptEventStore

CAPTURE_LIFE = 10 * MINUTE
CAPTURED_EVENTS = 20
# Two captures. Their bodies together fit into one answer of Lambda.
_SHOWN = 2 * CAPTURED_EVENTS
_SHOWN_CHARACTERS = 24_000
MESSAGE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Captures:
    automations: "AutomationStore"
    store: "KeptEventStore"
    events: "KeptEvents"
    clock: Clock

    def begin(self, workspace_id: str, automation_id: str) -> CaptureView:
        """Begins a capture, which replaces one that is under way."""
        automation = self.automations.get(workspace_id, automation_id)
        capture = Capture(id=new_id("cap"), until=self.clock() + CAPTURE_LIFE)
        self.automations.capture(automation, capture)
        return CaptureView(until=iso(capture.until), left=CAPTURED_EVENTS)

    def is_open(self, automation: "Automation") -> bool:
        """Whether a capture is under way. It may already have all its events."""
        return automation.capture is not None and automation.capture.until > self.clock()

    def note(
        self,
        automation: "Automation",
        event: "KeptEvent",
        outcome: CaptureOutcome,
        *,
        status: int,
        run_ids: "Sequence[str]" = (),
        refusal_id: str | None = None,
        message: str | None = None,
        type: str | None = None,
        event_id: str | None = None,
    ) -> None:
        """Keeps an event with its result, if a capture is under way and has room. `status` is
        that of the answer to the sender. If AWS is unavailable, the event is not captured; this is
        only logged, so that the sender gets the same answer."""
        capture = automation.capture
        if capture is None or not self.is_open(automation):
            return
        captured = CapturedEvent(
            id=new_id("cap"),
            outcome=outcome,
            status=status,
            run_ids=tuple(run_ids),
            refusal_id=refusal_id,
            message=None if message is None else message[:MESSAGE_CHARACTERS],
            type=type,
            event_id=event_id,
            event=event,
        )
        try:
            if self.store.count_captured(automation.id, capture, CAPTURED_EVENTS):
                self.events.keep_captured(automation, captured)
        except TransientError as error:
            logger.warning("event not captured", extra={"reason": error.for_log()})

    def view(self, workspace_id: str, automation_id: str) -> CapturedEventsView:
        """Returns the events that were captured in the last hour, newest first, and the present
        capture."""
        automation = self.automations.get(workspace_id, automation_id)
        now = self.clock()
        found = self.store.captured(automation.id, now - CAPTURED_LIFE, now, _SHOWN)
        return CapturedEventsView(
            items=[captured_event_view(each, _SHOWN_CHARACTERS) for each in found],
            capture=self._capture_view(automation),
        )

    def _capture_view(self, automation: "Automation") -> CaptureView | None:
        capture = automation.capture
        if capture is None or not self.is_open(automation):
            return None
        count = self.store.captured_count(automation.id, capture)
        left = max(0, CAPTURED_EVENTS - count)
        return CaptureView(until=iso(capture.until), left=left)
