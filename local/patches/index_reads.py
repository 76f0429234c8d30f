"""DynamoDB: a query of an index reads only the rows that its page needs.

The emulator reads all rows of the index's partition and sorts them for each page. With a hundred
thousand rows, that takes longer than a client waits for an answer. With this patch, a partition
stays sorted after its first read, and the emulator gets only the rows of the page; it processes
them as before.
"""

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from threading import Lock
from typing import Any, NamedTuple

from ministack.services import dynamodb

from local.patches import guard


class Entry(NamedTuple):
    """A row's position in a partition of an index: first its sort key, then the table's own
    keys."""

    sort: str
    pk: str
    sk: str


class Range(NamedTuple):
    """A condition on the sort key, both ends included."""

    low: str | None
    high: str | None
    prefix: str | None

    def places(self, entries: list[Entry]) -> tuple[int, int]:
        """Returns the start and the end of the range in the sorted rows."""
        if self.prefix is not None:
            length = len(self.prefix)
            return (
                bisect_left(entries, self.prefix, key=lambda entry: entry.sort[:length]),
                bisect_right(entries, self.prefix, key=lambda entry: entry.sort[:length]),
            )
        return (
            0 if self.low is None else bisect_left(entries, self.low, key=_sort),
            len(entries) if self.high is None else bisect_right(entries, self.high, key=_sort),
        )


# The conditions that the store writes; the emulator handles any other alone.
_CONDITION = re.compile(
    r"#pk = :pk(?: AND (?:"
    r"#sk BETWEEN :low AND :high|#sk >= :low|#sk <= :high|begins_with\(#sk, :prefix\)))?"
)

# The current query: the emulator looks up members in the middle of it.
_asked: ContextVar[dict[str, Any] | None] = ContextVar("asked", default=None)
# Held while a partition is sorted, and while a row enters or leaves one: expired rows leave in
# another thread of the emulator.
_changing = Lock()


def apply() -> None:
    guard.expect(dynamodb, "_index_partition", "67cf1c5bf0d458f2")
    guard.expect(dynamodb, "_index_order_keys", "4428816c83c94eed")
    guard.expect(dynamodb, "_apply_exclusive_start_key", "080cc305f30345ff")
    guard.expect(dynamodb, "_paginate_evaluated_items", "d70cfb58e3a279c9")
    guard.wrap(dynamodb, "_index_item", "72c4575bce2764be", _keeping_order)
    guard.wrap(dynamodb, "_index_members", "0cb24364f003cd28", _narrowed)
    guard.wrap(dynamodb, "_query", "50c2e7ec69e93ea3", _remembered)


class Ordered:
    """The sorted rows of a partition. Several threads may read and change it."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = sorted(entries)
        self._sorts = {(entry.pk, entry.sk): entry.sort for entry in self._entries}
        self._lock = Lock()

    def add(self, entry: Entry) -> None:
        with self._lock:
            insort(self._entries, entry)
            self._sorts[entry.pk, entry.sk] = entry.sort

    def remove(self, pk: str, sk: str) -> None:
        with self._lock:
            sort = self._sorts.pop((pk, sk), None)
            if sort is not None:
                del self._entries[bisect_left(self._entries, Entry(sort, pk, sk))]

    def page(
        self, range_: Range, after: Entry | None, *, ascending: bool, limit: int | None
    ) -> list[tuple[str, str]]:
        """Returns the table's keys of the rows in a range, after a given row if there is one: at
        least as many as a page can contain. The size of a row is estimated as the size of its keys,
        so there are never too few."""
        page: list[tuple[str, str]] = []
        size = 0
        with self._lock:
            first, last = range_.places(self._entries)
            if after and ascending:
                first = max(first, bisect_right(self._entries, after))
            elif after:
                last = min(last, bisect_left(self._entries, after))
            for place in range(first, last) if ascending else range(last - 1, first - 1, -1):
                entry = self._entries[place]
                page.append((entry.pk, entry.sk))
                size += sum(map(len, entry))
                if len(page) == limit or size > dynamodb._DDB_PAGE_SIZE_BYTES:
                    break
        return page


class Members(dict[str, Any]):
    """The emulator's rows in each index, and the sorted rows of the partitions that were read."""

    def __init__(self, members: dict[str, Any]) -> None:
        super().__init__(members)
        self.ordered: dict[tuple[str, str], Ordered] = {}


def _remembered(query: Callable[..., Any]) -> Callable[..., Any]:
    def remembering_query(data: dict[str, Any]) -> Any:
        token = _asked.set(data)
        try:
            return query(data)
        finally:
            _asked.reset(token)

    return remembering_query


def _narrowed(members_of: Callable[..., Any]) -> Callable[..., Any]:
    def members_of_the_page(table: dict[str, Any]) -> Any:
        members = members_of(table)
        if not isinstance(members, Members):
            members = table[dynamodb._INDEX_MEMBERS] = Members(members)
        asked = _asked.get()
        narrowed = _narrow(table, members, asked) if asked else None
        return members if narrowed is None else narrowed

    return members_of_the_page


def _narrow(table: dict[str, Any], members: Members, asked: dict[str, Any]) -> Any:
    """Returns the rows of the requested page; None if the emulator must find them itself."""
    index = asked["IndexName"]
    condition = _CONDITION.fullmatch(asked.get("KeyConditionExpression", ""))
    sort_name = _sort_name(table, index)
    if not condition or sort_name is None:
        return None
    values = {name: value.get("S") for name, value in asked["ExpressionAttributeValues"].items()}
    partition = values.pop(":pk")
    with _changing:
        ordered = members.ordered.get((index, partition))
        if ordered is None:
            # An expired row may have left the table but not yet this index.
            rows = (
                (table["items"].get(pk, {}).get(sk), pk, sk)
                for pk, sk in members[index].get(partition, ())
            )
            entries = [_entry(item, pk, sk, sort_name) for item, pk, sk in rows if item]
            ordered = members.ordered[index, partition] = Ordered(entries)
    start = asked.get("ExclusiveStartKey")
    page = ordered.page(
        Range(values.get(":low"), values.get(":high"), values.get(":prefix")),
        _entry(start, start["pk"]["S"], start["sk"]["S"], sort_name) if start else None,
        ascending=asked.get("ScanIndexForward", True),
        limit=asked.get("Limit"),
    )
    return {index: {partition: page}}


def _keeping_order(index_item: Callable[..., Any]) -> Callable[..., Any]:
    def index_item_in_order(
        table: dict[str, Any], pk: str, sk: str, item: dict[str, Any], add: bool
    ) -> None:
        with _changing:
            index_item(table, pk, sk, item, add)
            members = table.get(dynamodb._INDEX_MEMBERS)
            if not isinstance(members, Members):
                return
            for index, hash_names, range_names in dynamodb._index_key_schemas(table):
                partition = dynamodb._index_partition(item, hash_names, range_names)
                ordered = members.ordered.get((index, partition))
                if ordered and add:
                    ordered.add(_entry(item, pk, sk, range_names[0]))
                elif ordered:
                    ordered.remove(pk, sk)

    return index_item_in_order


def _sort(entry: Entry) -> str:
    return entry.sort


def _sort_name(table: dict[str, Any], index: str) -> str | None:
    """The name of an index's sort key, if the key is a text and the table's own keys are named as
    in template.yaml."""
    _, range_names = dynamodb._index_key_lists(dynamodb._index_def(table, index))
    names = [*range_names, "pk", "sk"]
    is_ours = dynamodb._index_order_keys(table, range_names) == [(name, "S") for name in names]
    return range_names[0] if is_ours and len(names) == 3 else None


def _entry(item: dict[str, Any], pk: str, sk: str, sort_name: str) -> Entry:
    return Entry(item[sort_name]["S"], pk, sk)
