"""Finding the contacts that a date trigger is about on a day.

Listings only propose: a contact is due by what it says when it is read, so that one whose date was
changed since counts by its present date.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from runledger.clock import iso
from runledger.errors import RunledgerError
from runledger.ids import id_floor
from runledger.nodes.date_rules import (
    instants_of,
    month_days,
    nearby,
    origins,
    recurs_on,
)
from runledger.nodes.dates import calendar_date, local_date
from runledger.nodes.trigger import ContactCreatedDate, ContactMetadataDate
from runledger.store import keys
from runledger.store.contacts import CONTACT_PREFIX
from runledger.store.table import SortRange, key_attributes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runledger.models.contact import Contact
    from runledger.nodes.trigger import DateTrigger
    from runledger.store.contacts import ContactStore
    from runledger.store.table import Table

CREATED_FIELD = "createdAt"
_LAST = "\uffff"


class Span(NamedTuple):
    """A stretch of one partition; both bounds included."""

    partition: str
    low: str
    high: str


class DueContact(NamedTuple):
    """A contact, and what its own date says."""

    contact: "Contact"
    written: str


@dataclass(frozen=True, slots=True)
class DuePage:
    """`cursor` is where the next page starts; None at the end."""

    due: list[DueContact]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class DueContacts:
    table: "Table"
    contacts: "ContactStore"

    def page(
        self,
        workspace_id: str,
        trigger: "DateTrigger",
        anchor: date,
        *,
        limit: int,
        after: str | None,
    ) -> DuePage:
        """Looks at up to `limit` contacts after the cursor `after`, in an order that stays."""
        index, sort = _position(after)
        found: list[str] = []
        spans = list(self._spans(workspace_id, trigger, anchor))
        while index < len(spans) and len(found) < limit:
            span = spans[index]
            start = dict(key_attributes(keys.Key(span.partition, sort))) if sort else None
            page = self.table.query(
                span.partition,
                SortRange(low=span.low, high=span.high),
                limit=limit - len(found),
                after=start,
            )
            found += [str(item["sk"]) for item in page.items]
            if page.next is None:
                index, sort = index + 1, ""
            else:
                sort = page.items[-1]["sk"] if page.items else str(page.next["sk"])
        cursor = f"{index}#{sort}" if index < len(spans) else None
        return DuePage(self._judged(workspace_id, trigger, anchor, found), cursor)

    def _judged(
        self, workspace_id: str, trigger: "DateTrigger", anchor: date, found: list[str]
    ) -> list[DueContact]:
        # Where a contact has dates of neighbouring days it may be listed twice.
        ids = list(dict.fromkeys(sort.rpartition("#")[2] for sort in found))
        contacts = self.contacts.get_many(workspace_id, ids)
        due = []
        for contact_id in ids:
            contact = contacts.get(contact_id)
            if contact is None:
                continue
            day, written = date_of(contact, trigger)
            if day is not None and recurs_on(day, trigger.repeat, anchor):
                due.append(DueContact(contact, written))
        return due

    def _spans(self, workspace_id: str, trigger: "DateTrigger", anchor: date) -> "Iterator[Span]":
        source = trigger.source
        if isinstance(source, ContactMetadataDate):
            yield from _dated(workspace_id, source.key, trigger, anchor)
        elif isinstance(source, ContactCreatedDate):
            yield from self._created(workspace_id, trigger, anchor)
        else:
            raise RunledgerError(f"{source.kind} dates are not those of contacts")

    def _created(self, workspace_id: str, trigger: "DateTrigger", anchor: date) -> "Iterator[Span]":
        """Ids of contacts tell their creation, so a stretch of time is a stretch of ids."""
        oldest = self.contacts.oldest(workspace_id)
        if oldest is None:
            return
        since = local_date(oldest.created_at, trigger.time_zone) or date.min
        partition = keys.contact(workspace_id, "").pk
        for first, last in origins(anchor, trigger.repeat, since):
            low, high = instants_of(first, last, trigger.time_zone)
            yield Span(partition, id_floor(CONTACT_PREFIX, low), id_floor(CONTACT_PREFIX, high))


def _dated(workspace_id: str, field: str, trigger: "DateTrigger", anchor: date) -> "Iterator[Span]":
    repeats = trigger.repeat is not trigger.repeat.NEVER
    days = month_days(anchor, trigger.repeat)
    # An instant's day in the trigger's zone is at most one off its day in UTC.
    for kind, wanted, slack in (
        (keys.DateKind.DAY, days, 0),
        (keys.DateKind.INSTANT, nearby(days), 1),
    ):
        for month, day in wanted:
            partition = keys.contact_dates(workspace_id, kind, month, day, field)
            first = 1 if repeats else max(anchor.year - slack, 1)
            last = min(anchor.year + slack, 9999)
            yield Span(partition, keys.date_year(first), keys.date_year(last) + _LAST)


def date_of(contact: "Contact", trigger: "DateTrigger") -> tuple[date | None, str]:
    """The day that the contact's own date falls on in the trigger's zone, and its text."""
    source = trigger.source
    if isinstance(source, ContactMetadataDate):
        written = contact.metadata.get(source.key)
        return calendar_date(written, trigger.time_zone), str(written)
    return local_date(contact.created_at, trigger.time_zone), iso(contact.created_at)


def _position(cursor: str | None) -> tuple[int, str]:
    index, _, sort = (cursor or "0#").partition("#")
    return int(index), sort
