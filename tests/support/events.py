"""Events for runs that a test opens itself."""

from typing import Any

from runledger.models.event import Event
from runledger.models.run import TriggerType


def an_event(body: Any, trigger_type: TriggerType = TriggerType.MANUAL) -> Event:
    return Event(trigger_type=trigger_type, details={}, body=body)
