"""Finds the contacts that are due for a date trigger on a day.

The index only suggests contacts. Each contact is read, and its current date decides whether it is
due, even if the date has changed since it was indexed.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple

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
from runledger.nodes.dates import calendar_date, doubtful_dates, is_unreadable, local_date
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
# The first and last possible id of a contact.
_CONTACTS = (CONTACT_PREFIX, CONTACT_PREFIX + _LAST)


class Listing(Enum):
    """What a span of a partition lists: contacts by their dates, contacts without a readable date,
    or all contacts."""

    DATES = auto()
    UNREADABLE = auto()
    ALL = auto()


class Span(NamedTuple):
    """A span of one partition; both bounds included."""

    partition: str
    low: str
    high: str
    lists: Listing = Listing.DATES


class _Listed(NamedTuple):
    contact_id: str
    lists: Listing


class DueContact(NamedTuple):
    """A contact, and its date as written."""

    contact: "Contact"
    written: str


class Unreadable(NamedTuple):
    """A contact whose value under the trigger's key is not a date."""

    contact: "Contact"
    value: Any


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page of due contacts. `cursor` is where the next page starts, or None at the end."""

    due: list[DueContact]
    cursor: str | None
    unreadable: tuple[Unreadable, ...] = ()


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
        looks_at_all: bool = False,
    ) -> DuePage:
        """Looks at up to `limit` contacts after the cursor `after`, in a stable order: first the
        contacts listed by their dates, then those whose value is not a date.

        Two kinds of values are indexed only if the contact was written after an automation used
        their key: values that are not dates, and dates of digits only (20260301). With
        `looks_at_all`, all contacts are searched for such values, and those that are missing in the
        index are added for the next fire."""
        index, sort = _position(after)
        found: list[_Listed] = []
        spans = list(self._spans(workspace_id, trigger, anchor, looks_at_all))
        while index < len(spans) and len(found) < limit:
            span = spans[index]
            start = dict(key_attributes(keys.Key(span.partition, sort))) if sort else None
            page = self.table.query(
                span.partition,
                SortRange(low=span.low, high=span.high),
                limit=limit - len(found),
                after=start,
            )
            ids = [str(item["sk"]).rpartition("#")[2] for item in page.items]
            found += [_Listed(contact_id, span.lists) for contact_id in ids]
            if page.next is None:
                index, sort = index + 1, ""
            else:
                sort = page.items[-1]["sk"] if page.items else str(page.next["sk"])
        cursor = f"{index}#{sort}" if index < len(spans) else None
        due, unreadable = self._judged(workspace_id, trigger, anchor, found, looks_at_all)
        return DuePage(due, cursor, unreadable)

    def _judged(
        self,
        workspace_id: str,
        trigger: "DateTrigger",
        anchor: date,
        found: list[_Listed],
        looks_at_all: bool,
    ) -> tuple[list[DueContact], tuple[Unreadable, ...]]:
        # A contact with dates on adjacent days may be listed twice.
        listed = list(dict.fromkeys(found))
        ids = list(dict.fromkeys(each.contact_id for each in listed))
        contacts = self.contacts.get_many(workspace_id, ids)
        due: list[DueContact] = []
        unreadable: list[Unreadable] = []
        for contact_id, lists in listed:
            contact = contacts.get(contact_id)
            if contact is None:
                continue
            if looks_at_all and _is_doubtful(contact, trigger) is (lists is Listing.DATES):
                # Doubtful dates count where all contacts are listed, and the others where dates
                # are listed. A contact may be in both places: an earlier try of this page, or
                # another automation with this key, may have listed its doubtful date.
                continue
            if lists is Listing.ALL:
                self._list_doubtful(contact, trigger)
            day, written = date_of(contact, trigger)
            if lists is not Listing.DATES:
                unreadable += _unreadable(contact, trigger)
            if lists is not Listing.UNREADABLE and day is not None:
                if recurs_on(day, trigger.repeat, anchor):
                    due.append(DueContact(contact, written))
        return due, tuple(unreadable)

    def _list_doubtful(self, contact: "Contact", trigger: "DateTrigger") -> None:
        """Adds the contact's value of the trigger's metadata key to the index if the value is
        doubtful (see `_is_doubtful`). So the next fire finds the contact without a search of all
        contacts."""
        source = trigger.source
        if isinstance(source, ContactMetadataDate):
            self.contacts.list_doubtful(contact, source.key)

    def _spans(
        self, workspace_id: str, trigger: "DateTrigger", anchor: date, looks_at_all: bool
    ) -> "Iterator[Span]":
        source = trigger.source
        if isinstance(source, ContactMetadataDate):
            yield from _dated(workspace_id, source.key, trigger, anchor)
            others = keys.unreadable_date(workspace_id, source.key, "").pk
            everybody = keys.contact(workspace_id, "").pk
            if looks_at_all:
                yield Span(everybody, *_CONTACTS, Listing.ALL)
            else:
                yield Span(others, *_CONTACTS, Listing.UNREADABLE)
        elif isinstance(source, ContactCreatedDate):
            yield from self._created(workspace_id, trigger, anchor)
        else:
            raise RunledgerError(f"{source.kind} dates do not belong to contacts")

    def _created(self, workspace_id: str, trigger: "DateTrigger", anchor: date) -> "Iterator[Span]":
        """Returns the spans of ids of the contacts whose creation dates recur on `anchor`. Ids are
        ordered by creation time."""
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
    # A time's day in the trigger's zone is at most one day away from its day in UTC.
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
    """Returns the contact's date as a day in the trigger's zone, and as written. The day is None if
    the value is not a date."""
    source = trigger.source
    if isinstance(source, ContactMetadataDate):
        written = contact.metadata.get(source.key)
        return calendar_date(written, trigger.time_zone), str(written)
    return local_date(contact.created_at, trigger.time_zone), iso(contact.created_at)


def _is_doubtful(contact: "Contact", trigger: "DateTrigger") -> bool:
    """Whether the contact's value under the trigger's metadata key is doubtful: not a date, or a
    date of digits only (20260301). The index has a doubtful value only if the contact was written
    after an automation used the key, or if a fire added the value."""
    source = trigger.source
    return isinstance(source, ContactMetadataDate) and source.key in doubtful_dates(
        contact.metadata
    )


def _unreadable(contact: "Contact", trigger: "DateTrigger") -> "Iterator[Unreadable]":
    source = trigger.source
    if isinstance(source, ContactMetadataDate):
        value = contact.metadata.get(source.key)
        if is_unreadable(value):
            yield Unreadable(contact, value)


def _position(cursor: str | None) -> tuple[int, str]:
    index, _, sort = (cursor or "0#").partition("#")
    return int(index), sort
