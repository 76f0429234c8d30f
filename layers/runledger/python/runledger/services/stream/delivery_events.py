"""Builds the event of a delivery that reached a new status."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runledger.api.delivery_events import (
    PUBLISHED,
    DeliveryError,
    DeliveryEvent,
    delivery_detail_type,
)
from runledger.api.run_events import event_id
from runledger.clock import iso, optional_iso
from runledger.models.attempt_transitions import WAITS
from runledger.models.delivery import DeliveryFacts
from runledger.store.delivery_rows import delivery_facts
from runledger.store.values import Item, from_dynamo


@dataclass(frozen=True, slots=True)
class DeliveryChange:
    """A delivery as it was when it reached a status. `position` is the change's place in the
    stream."""

    position: str
    facts: DeliveryFacts

    @property
    def ended_automation(self) -> None:
        """Returns None, because deliveries have no downstream automations."""

    def detail_type(self) -> str:
        return delivery_detail_type(self.facts.status)

    def event(self, heard: frozenset[str]) -> DeliveryEvent:
        return delivery_event(self.facts)


def delivery_change(row_change: Mapping[str, Any]) -> DeliveryChange | None:
    """Reads the change from the `dynamodb` part of a stream record on an attempt's row. Returns
    None if the delivery did not reach a status for which an event is published."""
    facts = delivery_facts(_row(row_change["NewImage"]))
    if facts.status not in PUBLISHED or facts.sequence <= _sequence_before(row_change):
        return None
    return DeliveryChange(row_change["SequenceNumber"], facts)


def _sequence_before(row_change: Mapping[str, Any]) -> int:
    """Returns the delivery's sequence before the change. It is 0 for a new delivery, also if the
    row of an expired one with the same id was in its place."""
    old, new = row_change.get("OldImage"), row_change["NewImage"]
    if old is None or old["createdKey"] != new["createdKey"]:
        return 0
    return int(old["sequence"]["N"])


def _row(image: Mapping[str, Any]) -> Item:
    """Returns the row without its binary attribute, which is not needed here and is base64 in an
    event."""
    return from_dynamo({name: value for name, value in image.items() if "B" not in value})


def delivery_event(facts: DeliveryFacts) -> DeliveryEvent:
    """Builds the event from the row alone, so publishing it again gives the same event."""
    kind = facts.error_kind
    return DeliveryEvent(
        id=event_id(facts.id, facts.sequence),
        sequence=facts.sequence,
        workspace_id=facts.workspace_id,
        delivery_id=facts.id,
        run_id=facts.run_id,
        node_id=facts.node_id,
        automation_id=facts.automation_id,
        contact_id=facts.contact_id,
        channel=facts.channel,
        template_id=facts.template_id,
        status=facts.status,
        tries=facts.tries,
        next_try_at=optional_iso(facts.next_try_at),
        error=DeliveryError(kind=kind) if kind is not None else None,
        has_complaint=facts.has_complaint,
        resend_of=facts.resend_of,
        occurred_at=iso(_occurred_at(facts)),
        created_at=iso(facts.created_at),
    )


def _occurred_at(facts: DeliveryFacts) -> int:
    if facts.settled_at is not None:
        return facts.settled_at
    if facts.next_try_at is not None:
        # The last try was refused then.
        return facts.next_try_at - WAITS[facts.tries - 1]
    return facts.created_at
