"""The timeline of a contact: runs, deliveries and refusals in one order, newest first.

They share the contact's partition of one index. Deliveries are listed by recipient: this includes
deliveries of other contacts' runs, and those to an AD_HOC address that was the contact's when the
message was made. The index gives keys, and the rows are read by kind.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from runledger.api.lists import ListView
from runledger.api.timeline import TimelineItemView, TimelineKind
from runledger.clock import Clock, iso
from runledger.services.contacts.known_contact import known_contact
from runledger.services.views.deliveries import delivery_row_view
from runledger.services.views.refusals import refusal_view
from runledger.services.views.runs import run_view
from runledger.store import keys
from runledger.store.table import SortRange

if TYPE_CHECKING:
    from runledger.services.lists.cursors import Cursors
    from runledger.store.stores import Stores
    from runledger.store.table import Table
    from runledger.store.values import Item

# The most rows that one request looks at, and the most keys, if only some kinds are wanted.
ROW_BUDGET = 1_000
KEY_BUDGET = 10_000
_KEYS_A_PAGE = 1_000

_PREFIXES = {
    "run_": TimelineKind.RUN,
    "dlv_": TimelineKind.DELIVERY,
    "ref_": TimelineKind.REFUSAL,
}


class _Row(Protocol):
    @property
    def workspace_id(self) -> str: ...
    @property
    def person_id(self) -> str | None: ...
    @property
    def expires_at(self) -> int: ...


RowT = TypeVar("RowT", bound=_Row)


@dataclass(frozen=True, slots=True)
class Timelines:
    stores: "Stores"
    cursors: "Cursors"
    clock: Clock

    def page(
        self,
        workspace_id: str,
        contact_id: str,
        kinds: frozenset[TimelineKind],
        limit: int,
        cursor: str | None,
    ) -> ListView[TimelineItemView]:
        """Returns one page; empty `kinds` means all of them. Raises NotFoundError if the workspace
        has no such contact, and GoneError if it was erased. A page is full, except the last one or
        one whose budget ran out."""
        known_contact(self.stores.contacts, self.stores.erasures, workspace_id, contact_id)
        binding = {
            "workspace": workspace_id,
            "list": "timeline",
            "contact": contact_id,
            "kinds": sorted(kinds),
        }

        def read(size: int, after: str | None) -> tuple[list[TimelineItemView], str | None]:
            return self._read(workspace_id, contact_id, kinds, size, after)

        # An empty cursor begins the timeline.
        return self.cursors.page(binding, limit, cursor or None, read, list)

    def _read(
        self,
        workspace_id: str,
        contact_id: str,
        kinds: frozenset[TimelineKind],
        limit: int,
        after: str | None,
    ) -> tuple[list[TimelineItemView], str | None]:
        partition = keys.by_contact(workspace_id, contact_id)
        # If only some kinds are wanted, most keys may be of other kinds.
        page_size = _KEYS_A_PAGE if kinds else limit + 1
        candidates = _Candidates(self.stores.table, partition, kinds, after, page_size)
        found: list[TimelineItemView] = []
        examined = 0
        while len(found) < limit and examined < ROW_BUDGET:
            batch = candidates.take(limit - len(found))
            if not batch:
                break
            examined += len(batch)
            views = self._views(workspace_id, contact_id, batch)
            found += [views[row_id] for row_id in batch if row_id in views]
        position = candidates.position
        has_more = bool(candidates.take(1)) or candidates.gave_up
        return found, position if has_more else None

    def _views(
        self, workspace_id: str, contact_id: str, row_ids: Iterable[str]
    ) -> dict[str, TimelineItemView]:
        """Returns the views of the rows that exist, by id. The rows of each kind are read by one
        consistent BatchGetItem."""
        ids: dict[TimelineKind, list[str]] = {kind: [] for kind in TimelineKind}
        for row_id in row_ids:
            ids[_kind_of(row_id)].append(row_id)
        now, of = self.clock(), self.stores

        def shown(
            get_many: Callable[[Iterable[str]], Mapping[str, RowT]], kind: TimelineKind
        ) -> list[RowT]:
            # The index may lag behind its rows, and an expired row may stay for days.
            rows = get_many(ids[kind]).values() if ids[kind] else ()
            return [
                row
                for row in rows
                if row.workspace_id == workspace_id
                and row.person_id == contact_id
                and row.expires_at > now
            ]

        runs = shown(of.runs.get_many, TimelineKind.RUN)
        attempts = shown(of.deliveries.shown, TimelineKind.DELIVERY)
        refusals = shown(of.refusals.get_many, TimelineKind.REFUSAL)
        names = of.automations.names(workspace_id, (each.automation_id for each in attempts))
        views = {
            run.id: TimelineItemView(
                kind=TimelineKind.RUN, at=iso(run.created_at), run=run_view(run, now)
            )
            for run in runs
        }
        for attempt in attempts:
            views[attempt.id] = TimelineItemView(
                kind=TimelineKind.DELIVERY,
                at=iso(attempt.created_at),
                delivery=delivery_row_view(attempt, names.get(attempt.automation_id)),
            )
        for refusal in refusals:
            views[refusal.id] = TimelineItemView(
                kind=TimelineKind.REFUSAL,
                at=iso(refusal.created_at),
                refusal=refusal_view(refusal, now),
            )
        return views


def _kind_of(row_id: str) -> TimelineKind:
    return _PREFIXES[f"{row_id.partition('_')[0]}_"]


class _Candidates:
    """Picks the ids of the wanted kinds, newest first. `position` is the last key that was looked
    at. `gave_up` is True if the key budget ended before the keys did."""

    def __init__(
        self,
        table: "Table",
        partition: str,
        kinds: frozenset[TimelineKind],
        after: str | None,
        page_size: int,
    ) -> None:
        wanted = [prefix for prefix, kind in _PREFIXES.items() if not kinds or kind in kinds]
        self._prefixes = tuple(wanted)
        self._keys = (key for key in _newest(table, partition, after, page_size) if key != after)
        self._left = KEY_BUDGET
        self.position = after
        self.gave_up = False

    def take(self, count: int) -> list[str]:
        found: list[str] = []
        while len(found) < count and not self.gave_up:
            key = next(self._keys, None)
            if key is None:
                break
            self.position = key
            row_id = keys.id_of(key)
            if row_id.startswith(self._prefixes):
                found.append(row_id)
            self._left -= 1
            self.gave_up = self._left <= 0
        return found


def _newest(table: "Table", partition: str, after: str | None, page_size: int) -> Iterator[str]:
    start: Item | None = None
    while True:
        page = table.query(
            partition,
            SortRange(high=after) if after else SortRange(),
            index=keys.Index.BY_CONTACT,
            ascending=False,
            limit=page_size,
            after=start,
        )
        for item in page.items:
            yield str(item["createdKey"])
        start = page.next
        if start is None:
            return
