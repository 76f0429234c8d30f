"""Reads a page of a list from the partitions of its plan.

Lists read keys from an index and the rows by BatchGetItem, so a row is as fresh as the table.
Filters without an index are applied to the rows, under a scan budget. So a page may be short; then
its cursor continues where it stopped. Only the `ListKind` differs between runs, refusals and
deliveries.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

from runledger.services.in_parallel import Gather, in_turn
from runledger.services.lists.kinds import ListFilter, ListKind, RowT
from runledger.services.lists.plans import Plan, Source, plan
from runledger.store import keys
from runledger.store.table import SortRange

if TYPE_CHECKING:
    from runledger.store.table import Page, Table

# The most rows that one request looks at, and the most keys: a contact's index partition holds keys
# of every kind.
SCAN_BUDGET = 1_000
KEY_BUDGET = 10_000
# How many keys to read from a partition at once. The fewest cost half a read unit; a list that has
# to look further reads more at a time.
_FEWEST, _MOST = 24, 800
# Sorts after every character of an id.
_LAST = "\uffff"


@dataclass(frozen=True, slots=True)
class RowPage(Generic[RowT]):
    """A page of rows. `position` is the last place that was read, or None at the end. The next page
    starts after it."""

    rows: list[RowT]
    position: str | None


def list_rows(
    table: "Table",
    kind: ListKind[RowT],
    wanted: ListFilter,
    shards: int,
    *,
    limit: int,
    after: str | None,
    now: int,
    also: Callable[[RowT], bool] | None = None,
    gather: Gather = in_turn,
) -> RowPage[RowT]:
    """Returns one page. `also` is a further condition on the rows that no index covers."""
    if wanted.created_from > wanted.created_to:
        return RowPage([], None)
    merge = _Merge(table, plan(kind, wanted, shards), wanted, gather)
    candidates = _Candidates(merge.rounds(after, limit), kind.id_prefix, after)
    found: list[RowT] = []
    examined = 0
    while len(found) < limit and examined < SCAN_BUDGET:
        batch = candidates.take(limit - len(found))
        if not batch:
            return RowPage(found, candidates.position if candidates.gave_up else None)
        examined += len(batch)
        rows = kind.read(batch)
        here = [rows[row_id] for row_id in batch if row_id in rows]
        found += [
            row
            for row in here
            if wanted.admits(row, kind.status_of(row), now) and (also is None or also(row))
        ]
    position = candidates.position
    has_more = bool(candidates.take(1)) or candidates.gave_up
    return RowPage(found, position if has_more else None)


@dataclass(frozen=True, slots=True)
class _Merge:
    """The keys of all partitions of a plan, in the order of the list.

    A row that changes its status moves between partitions while they are read. So they are read in
    rounds. Each round reads every partition from the same position, in the order in which a row
    passes through their statuses. It uses keys only up to the position that every partition has
    reached. So a row that moves is never missed. It may be seen twice in one round, but is returned
    once."""

    table: "Table"
    plan: Plan
    wanted: ListFilter
    gather: Gather

    def rounds(self, after: str | None, limit: int) -> Iterator[list[str]]:
        """Yields the keys after `after`, in order and each once, as one list for each round."""
        position = after
        size = min(limit, max(_FEWEST, -(-4 * limit // self.plan.sources)))
        while True:
            pages = self._read(position, size)
            ends = [found[-1] for found, has_more in pages if has_more]
            nearest = (max if self.wanted.newest_first else min)(ends, default=None)
            merged = {key for found, _ in pages for key in found if self._is_within(key, nearest)}
            yield sorted(merged - {position}, reverse=self.wanted.newest_first)
            if nearest is None:
                return
            position = nearest
            size = min(2 * size, _MOST)

    def _read(self, position: str | None, size: int) -> list[tuple[list[str], bool]]:
        """Returns the next keys of each partition, and whether the partition has more."""
        low = keys.created_key(self.wanted.created_from, "")
        high = keys.created_key(self.wanted.created_to, _LAST)
        if position is not None and self.wanted.newest_first:
            high = position
        elif position is not None:
            low = position
        sort = SortRange(low=low, high=high)
        found: list[tuple[list[str], bool]] = []
        for phase in self.plan.phases:
            found += self.gather(self._reader(source, sort, size) for source in phase)
        return found

    def _reader(
        self, source: Source, sort: SortRange, size: int
    ) -> Callable[[], tuple[list[str], bool]]:
        def read() -> tuple[list[str], bool]:
            if source.known is not None:
                return self._known(source.known, sort, size)
            before = source.prefix
            page: Page = self.table.query(
                source.partition,
                SortRange(low=f"{before}{sort.low}", high=f"{before}{sort.high}"),
                index=source.index,
                ascending=not self.wanted.newest_first,
                # One more, because the range includes the position itself.
                limit=size + 1,
            )
            _, name = ("pk", "sk") if source.index is None else keys.INDEX_ATTRIBUTES[source.index]
            found = [str(item[name]).removeprefix(before) for item in page.items]
            return found, page.next is not None

        return read

    def _known(self, known: Sequence[str], sort: SortRange, size: int) -> tuple[list[str], bool]:
        within = [key for key in known if (sort.low or "") <= key <= (sort.high or _LAST)]
        within.sort(reverse=self.wanted.newest_first)
        return within[: size + 1], len(within) > size + 1

    def _is_within(self, key: str, nearest: str | None) -> bool:
        if nearest is None:
            return True
        return key >= nearest if self.wanted.newest_first else key <= nearest


class _Candidates:
    """Picks the ids of one kind from merged index keys. `position` is the last key that was looked
    at. `gave_up` is True if the key budget ended before the keys did."""

    def __init__(self, rounds: Iterator[list[str]], id_prefix: str, after: str | None) -> None:
        self._keys = (key for found in rounds for key in found)
        self._id_prefix = id_prefix
        self._left = KEY_BUDGET
        self.position = after
        self.gave_up = False

    def take(self, count: int) -> list[str]:
        found: list[str] = []
        while len(found) < count:
            key = next(self._keys, None)
            if key is None:
                break
            self.position = key
            row_id = keys.id_of(key)
            if row_id.startswith(self._id_prefix):
                found.append(row_id)
            self._left -= 1
            if self._left <= 0:
                self.gave_up = True
                break
        return found
