"""Counts rows as they are now, by hour and status.

For an index partition of one status, reading the keys is enough. The rows themselves are read in
three cases: they are in the bucket OPEN; a row moved and was seen in two partitions; or some rows
may have expired, because expired rows are deleted days later.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Generic, NamedTuple

from runledger.clock import HOUR
from runledger.models.totals import Scope
from runledger.services.in_parallel import Gather, in_turn
from runledger.services.lists.kinds import ListKind, RowT
from runledger.store import keys
from runledger.store.table import SortRange

if TYPE_CHECKING:
    from runledger.store.table import Table
    from runledger.store.values import Item

# The keys that one query asks for: about a page of DynamoDB.
_PAGE = 5_000
_BATCH = 100
# Sorts after every character of an id.
_LAST = "\uffff"


@dataclass(frozen=True, slots=True)
class CountedSource:
    """A partition whose sort keys begin with the creation time. `index` is None for a partition of
    the table itself. `status` is the status of all its rows, or None if it must be read from each
    row."""

    partition: str
    index: keys.Index | None
    status: str | None


@dataclass(frozen=True, slots=True)
class Countable(Generic[RowT]):
    """The partitions of a scope's rows. `phases` are read one after the other, in the order of a
    row's life, so a row that moves meanwhile is seen twice, never missed."""

    phases: tuple[tuple[CountedSource, ...], ...]
    statuses: frozenset[str]
    status_of: Callable[[RowT], str]
    read: Callable[[Iterable[str]], Mapping[str, RowT]]


def countable(
    kind: ListKind[RowT], scope: Scope, shards: int, statuses: frozenset[str] = frozenset()
) -> Countable[RowT]:
    """Returns what to count for a workspace or an automation; empty `statuses` means all of
    them."""
    wanted = statuses or kind.statuses

    def source(bucket: str, shard: int, found: list[str]) -> CountedSource:
        status = found[0] if len(found) == 1 else None
        if scope.part is None:
            partition = keys.by_status(scope.workspace_id, kind.kind, bucket, shard)
            return CountedSource(partition, keys.Index.BY_STATUS, status)
        partition = keys.by_automation(scope.workspace_id, kind.kind, scope.part, bucket, shard)
        return CountedSource(partition, keys.Index.BY_AUTOMATION, status)

    phases = []
    for phase in kind.phases:
        buckets: dict[str, list[str]] = {}
        for status in phase:
            buckets.setdefault(kind.bucket_of(status), []).append(status)
        phases.append(
            tuple(
                source(bucket, shard, found)
                for bucket, found in sorted(buckets.items())
                if not wanted.isdisjoint(found)
                for shard in range(shards)
            )
        )
    return Countable(tuple(phases), wanted, kind.status_of, kind.read)


class Piece(NamedTuple):
    """Rows created from `first` to `last`, both included. `by_row` is True if some rows may have
    expired."""

    first: int
    last: int
    by_row: bool = False


class Budget:
    """The most keys and rows that one count may read, shared by its threads. `deadline` is called
    before each query and batch, and raises if no time is left."""

    def __init__(self, keys: int, rows: int, deadline: Callable[[], None] = lambda: None) -> None:
        self._keys = keys
        self._rows = rows
        self.deadline = deadline
        self._lock = Lock()

    def take_keys(self, count: int) -> int:
        """Returns how many of `count` keys may be read."""
        with self._lock:
            granted = min(count, self._keys)
            self._keys -= granted
            return granted

    def give_back(self, count: int) -> None:
        with self._lock:
            self._keys += count

    def take_rows(self, count: int) -> int:
        with self._lock:
            granted = min(count, self._rows)
            self._rows -= granted
            return granted


@dataclass(slots=True)
class Counted:
    """The number of rows by hour (or another unit of time) and status. If `is_complete` is False,
    the numbers are lower bounds. `expiries` are the times (epoch milliseconds) when the rows that
    were read expire, or have expired; a row that was counted by its key alone is not among them."""

    hours: dict[int, Counter[str]] = field(default_factory=dict)
    is_complete: bool = True
    expiries: set[int] = field(default_factory=set)

    def add(self, hour: int, status: str, count: int = 1) -> None:
        self.hours.setdefault(hour, Counter())[status] += count


def count_rows(
    table: "Table",
    what: Countable[RowT],
    pieces: Sequence[Piece],
    now: int,
    budget: Budget,
    gather: Gather = in_turn,
    unit: int = HOUR,
) -> Counted:
    """Counts the rows of all pieces, which must not overlap, by the `unit` of time (milliseconds)
    in which they were created."""
    counted = Counted()
    met: dict[str, str | None] = {}
    for phase in what.phases:
        jobs = [(source, piece) for source in phase for piece in pieces]
        found = gather(_reader(table, source, piece, budget) for source, piece in jobs)
        for (source, piece), (created_keys, is_whole) in zip(jobs, found, strict=True):
            counted.is_complete &= is_whole
            for key in created_keys:
                is_known = key not in met and not piece.by_row
                met[key] = source.status if is_known else None
    unsure = [key for key, status in met.items() if status is None]
    granted = budget.take_rows(len(unsure))
    counted.is_complete &= granted == len(unsure)
    for key, status in met.items():
        if status is not None and status in what.statuses:
            counted.add(_start_of(keys.created_at_of(key), unit), status)
    _count_by_row(what, unsure[:granted], now, counted, budget, gather, unit)
    return counted


def _count_by_row(
    what: Countable[RowT],
    created_keys: list[str],
    now: int,
    counted: Counted,
    budget: Budget,
    gather: Gather,
    unit: int,
) -> None:
    ids = {keys.id_of(key): _start_of(keys.created_at_of(key), unit) for key in created_keys}

    def reader(some: list[str]) -> Callable[[], Mapping[str, RowT]]:
        def read() -> Mapping[str, RowT]:
            budget.deadline()
            return what.read(some)

        return read

    every = list(ids)
    starts = range(0, len(every), _BATCH)
    for rows in gather(reader(every[start : start + _BATCH]) for start in starts):
        for row_id, row in rows.items():
            counted.expiries.add(row.expires_at)
            if row.expires_at <= now:
                continue
            status = what.status_of(row)
            if status in what.statuses:
                counted.add(ids[row_id], status)


def _start_of(moment: int, unit: int) -> int:
    return moment // unit * unit


def _reader(
    table: "Table", source: CountedSource, piece: Piece, budget: Budget
) -> Callable[[], tuple[list[str], bool]]:
    """Returns a function that reads the piece's keys in one partition. It returns the keys, and
    whether these are all."""
    _, name = ("pk", "sk") if source.index is None else keys.INDEX_ATTRIBUTES[source.index]
    sort = SortRange(
        low=keys.created_key(piece.first, ""), high=keys.created_key(piece.last, _LAST)
    )

    def read() -> tuple[list[str], bool]:
        found: list[str] = []
        after: Item | None = None
        while granted := budget.take_keys(_PAGE):
            budget.deadline()
            page = table.query(
                source.partition, sort, index=source.index, limit=granted, after=after
            )
            budget.give_back(granted - len(page.items))
            found += [str(item[name]) for item in page.items]
            after = page.next
            if after is None:
                return found, True
        return found, False

    return read
