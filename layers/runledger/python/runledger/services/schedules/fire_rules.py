"""The rule by which a fire of a date automation selects contacts, and the keys of its events."""

import hashlib
import json
from typing import TYPE_CHECKING

from runledger.nodes.trigger import ContactMetadataDate, DateTrigger
from runledger.nodes.written_dates import shown

if TYPE_CHECKING:
    from runledger.models.schedule import Fire
    from runledger.services.schedules.due_contacts import DueContact, Unreadable


def rule_of(trigger: DateTrigger) -> str:
    """Returns a text of everything in the trigger that decides which contacts are due on a day."""
    parts = trigger.model_dump(mode="json", exclude={"time_of_day"})
    return json.dumps(parts, sort_keys=True)


def rule_trigger(rule: str) -> DateTrigger:
    """Returns a trigger with this rule. Its time of day is the default, because the rule has
    none."""
    return DateTrigger.model_validate(json.loads(rule))


def event_key(fire: "Fire", due: "DueContact") -> str:
    """Returns the key of the event of this contact and day. A repeated page finds its run by the
    key."""
    assert fire.anchor is not None
    return f"date:{due.contact.id}:{fire.anchor.isoformat()}"


def unreadable_key(trigger: DateTrigger, found: "Unreadable") -> str:
    """Returns the key of the refusal of a value that is not a date. It is the same on every day, so
    there is one refusal for each value."""
    value = hashlib.sha256(shown(found.value).encode(errors="replace")).hexdigest()[:16]
    return f"date:{found.contact.id}:{key_of(trigger)}:{value}"


def key_of(trigger: DateTrigger) -> str:
    """Returns the metadata key of a trigger that has one."""
    assert isinstance(trigger.source, ContactMetadataDate)
    return trigger.source.key
