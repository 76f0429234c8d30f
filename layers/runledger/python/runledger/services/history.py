"""The history: which partitions a list reads, merged newest first and hydrated.

Lists read keys from an index and the rows themselves by BatchGetItem, so that a row is always as
fresh as the table. Filters that no index knows are applied to the rows under a scan budget: a page
may then be short, but has a cursor that goes on where it stopped. Runs, refusals and whatever else
is listed differ only in their `ListKind`.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.refusal import Refusal, RefusalReason
from runledger.models.run import Run, RunStatus
from runledger.store import keys
from runledger.store.table import SortRange

if TYPE_CHECKING:
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.refusals import RefusalStore
    from runledger.store.runs import RunStore
    from runledger.store.table import Table
    from runledger.store.values import Item

# Rows that one request looks at, and keys that it passes over: the index of a contact holds the
# keys of every kind.
SCAN_BUDGET = 1_000
KEY_BUDGET = 10_000


class ListedRow(Protocol):
    """What every kind of row that lists show has. Times are epoch milliseconds."""

    @property
    def workspace_id(self) -> str: ...
    @property
    def automation_id(self) -> str | None: ...
    @property
    def contact_id(self) -> str | None: ...
    @property
    def created_at(self) -> int: ...
    @property
    def expires_at(self) -> int: ...


RowT = TypeVar("RowT", bound=ListedRow)


@dataclass(frozen=True, slots=True)
class ListKind(Generic[RowT]):
    """A kind of row. `statuses` are all it can have, `bucket_of` tells which partition holds the
    rows of one, and `read` finds rows by their ids, leaving out those that are gone."""

    kind: keys.Kind
    id_prefix: str
    statuses: frozenset[str]
    bucket_of: Callable[[str], str]
    status_of: Callable[[RowT], str]
    read: Callable[[Iterable[str]], Mapping[str, RowT]]


def runs_kind(store: "RunStore") -> ListKind[Run]:
    return ListKind(
        kind=keys.Kind.RUN,
        id_prefix="run_",
        statuses=frozenset(RunStatus),
        bucket_of=lambda status: keys.run_bucket(RunStatus(status)),
        status_of=lambda run: run.status,
        read=store.get_many,
    )


def deliveries_kind(store: "DeliveryStore") -> ListKind[DeliveryAttempt]:
    return ListKind(
        kind=keys.Kind.DELIVERY,
        id_prefix="dlv_",
        statuses=frozenset(DeliveryStatus),
        bucket_of=str,
        status_of=lambda attempt: attempt.status,
        read=store.get_many,
    )


def refusals_kind(store: "RefusalStore") -> ListKind[Refusal]:
    return ListKind(
        kind=keys.Kind.REFUSAL,
        id_prefix="ref_",
        statuses=frozenset(RefusalReason),
        bucket_of=str,
        status_of=lambda refusal: refusal.reason,
        read=store.get_many,
    )


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What a list shows. Times are epoch milliseconds, both ends included; empty `statuses` means
    every status."""

    workspace_id: str
    statuses: frozenset[str]
    automation_id: str | None
    contact_id: str | None
    created_from: int
    created_to: int

    def admits(self, row: ListedRow, status: str, now: int) -> bool:
        """Whether a row belongs to the list. An index may lag behind its row, and rows outlive
        their time by days."""
        return (
            row.workspace_id == self.workspace_id
            and (not self.statuses or status in self.statuses)
            and (self.automation_id is None or row.automation_id == self.automation_id)
            and (self.contact_id is None or row.contact_id == self.contact_id)
            and self.created_from <= row.created_at <= self.created_to
            and row.expires_at > now
        )


@dataclass(frozen=True, slots=True)
class RowPage(Generic[RowT]):
    """`position` is where the next page starts after, None at the end."""

    rows: list[RowT]
    position: str | None


def plan(kind: ListKind[RowT], wanted: ListFilter, shards: int) -> list[tuple[keys.Index, str]]:
    """The partitions to merge: the contact's own, else one a bucket and shard of the narrowest
    index that knows the rest."""
    workspace_id = wanted.workspace_id
    if wanted.contact_id is not None:
        return [(keys.Index.BY_CONTACT, keys.by_contact(workspace_id, wanted.contact_id))]
    # OPEN is read first: a run that ends while the buckets are read is then seen in both, and
    # told once, instead of in neither.
    found = {kind.bucket_of(status) for status in wanted.statuses or kind.statuses}
    buckets = sorted(found, key=lambda bucket: (bucket != keys.OPEN_BUCKET, bucket))
    pairs = [(bucket, shard) for bucket in buckets for shard in range(shards)]
    of = kind.kind
    automation_id = wanted.automation_id
    if automation_id is not None:
        return [
            (
                keys.Index.BY_AUTOMATION,
                keys.by_automation(workspace_id, of, automation_id, bucket, shard),
            )
            for bucket, shard in pairs
        ]
    return [
        (keys.Index.BY_STATUS, keys.by_status(workspace_id, of, bucket, shard))
        for bucket, shard in pairs
    ]


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
) -> RowPage[RowT]:
    """One page, newest first. `also` is what no index knows of the rows that are wanted."""
    high = after or keys.created_key(wanted.created_to, "\uffff")
    low = keys.created_key(wanted.created_from, "")
    if wanted.created_from > wanted.created_to:
        return RowPage([], None)
    streams = [
        _newest(table, index, partition, SortRange(low=low, high=high), limit + 1)
        for index, partition in plan(kind, wanted, shards)
    ]
    candidates = _Candidates(heapq.merge(*streams, reverse=True), kind.id_prefix, after)
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


class _Candidates:
    """Ids of one kind out of merged index keys; `position` is the last key that was looked at, and
    `gave_up` tells that the budget of keys ended before the keys did."""

    def __init__(self, merged: Iterator[str], id_prefix: str, after: str | None) -> None:
        self._keys = (key for key, _ in groupby(merged) if key != after)
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


def _newest(
    table: "Table", index: keys.Index, partition: str, sort: SortRange, page_size: int
) -> Iterator[str]:
    start: Item | None = None
    while True:
        page = table.query(
            partition, sort, index=index, ascending=False, limit=page_size, after=start
        )
        for item in page.items:
            yield str(item["createdKey"])
        start = page.next
        if start is None:
            return
