"""DynamoDB: a query of an index reads only the rows that its page needs.

The emulator reads all rows of the index's partition and sorts them for each page. With a hundred
thousand rows, that takes longer than a client waits for an answer. Most of that time goes into
parsing the condition again for each row.

With this patch, a partition stays sorted after its first read, and the emulator gets only the rows
of the page, in their order. The emulator then neither sorts these rows nor parses the condition:
the rows' keys are compared with the values of the condition. The attributes that the index has are
looked up once for each query, and selected once for each row.
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

    def holds(self, sort: str) -> bool:
        is_within = (self.low is None or self.low <= sort) and (
            self.high is None or sort <= self.high
        )
        return is_within and sort.startswith(self.prefix or "")

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


class Keys(NamedTuple):
    """A condition on the keys of an index: a partition and a range of sort keys, with the names of
    the two attributes."""

    partition_name: str
    partition: str
    sort_name: str
    range: Range

    def holds(self, row: dict[str, Any]) -> bool:
        # A row may have changed since it was found.
        partition = row.get(self.partition_name, {}).get("S")
        sort = row.get(self.sort_name, {}).get("S")
        return partition == self.partition and sort is not None and self.range.holds(sort)


# The conditions that the store writes; the emulator handles any other alone.
_CONDITION = re.compile(
    r"#pk = :pk(?: AND (?:"
    r"#sk BETWEEN :low AND :high|#sk >= :low|#sk <= :high|begins_with\(#sk, :prefix\)))?"
)

# The current query: the emulator looks up members in the middle of it. And the keys that the query
# asks for, once its rows were found here.
_asked: ContextVar[dict[str, Any] | None] = ContextVar("asked", default=None)
_found: ContextVar["Keys | None"] = ContextVar("found", default=None)
# What the index has of the query's rows, by the row's identity. None outside of a query.
_projected: ContextVar["Projection | None"] = ContextVar("projected", default=None)
# Held while a partition is sorted, and while a row enters or leaves one: expired rows leave in
# another thread of the emulator.
_changing = Lock()


def apply() -> None:
    guard.expect(dynamodb, "_index_partition", "67cf1c5bf0d458f2")
    guard.expect(dynamodb, "_index_def", "b4abe1220b2a7d46")
    guard.wrap(dynamodb, "_index_order_keys", "4428816c83c94eed", _unless_ordered)
    guard.wrap(dynamodb, "_apply_exclusive_start_key", "080cc305f30345ff", _unless_started)
    guard.wrap(dynamodb, "_apply_index_projection", "edab067f1dc84c96", _selected)
    guard.expect(dynamodb, "_paginate_evaluated_items", "d70cfb58e3a279c9")
    guard.wrap(dynamodb, "_index_item", "72c4575bce2764be", _keeping_order)
    guard.wrap(dynamodb, "_index_members", "0cb24364f003cd28", _narrowed)
    guard.wrap(dynamodb, "_evaluate_condition", "94561811e28c4326", _compared)
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


class Projection:
    """The attributes that an index has, in a fixed order; `names` is None if it has all."""

    def __init__(self, table: dict[str, Any], index: str) -> None:
        definition = dynamodb._index_def(table, index) or {}
        projection = definition.get("Projection") or {}
        kind = projection.get("ProjectionType", "ALL")
        keys = [key["AttributeName"] for key in definition.get("KeySchema") or []]
        others = projection.get("NonKeyAttributes") or [] if kind == "INCLUDE" else []
        own = [table["pk_name"], *([table["sk_name"]] if table.get("sk_name") else [])]
        self.names = None if kind == "ALL" else tuple(dict.fromkeys([*own, *keys, *others]))
        self._rows: dict[int, dict[str, Any]] = {}

    def of(self, row: dict[str, Any]) -> dict[str, Any]:
        if self.names is None:
            return row
        found = self._rows.get(id(row))
        if found is None:
            found = {name: row[name] for name in self.names if name in row}
            self._rows[id(row)] = found
        return found


def _selected(project: Callable[..., Any]) -> Callable[..., Any]:
    def select(row: dict[str, Any], table: dict[str, Any], index: str | None) -> Any:
        asked = _asked.get()
        if asked is None or index is None or asked.get("IndexName") != index:
            return project(row, table, index)
        projection = _projected.get()
        if projection is None:
            projection = Projection(table, index)
            _projected.set(projection)
        return projection.of(row)

    return select


def _unless_ordered(order_keys: Callable[..., Any]) -> Callable[..., Any]:
    def order_keys_unless_ordered(table: dict[str, Any], range_names: Any) -> Any:
        # Sorting by nothing leaves the rows as they are.
        return order_keys(table, range_names) if _found.get() is None else []

    return order_keys_unless_ordered


def _unless_started(skip: Callable[..., Any]) -> Callable[..., Any]:
    def skip_unless_started(candidates: list[Any], *args: Any, **options: Any) -> Any:
        # The rows begin after the start key already.
        return skip(candidates, *args, **options) if _found.get() is None else candidates

    return skip_unless_started


def _remembered(query: Callable[..., Any]) -> Callable[..., Any]:
    def remembering_query(data: dict[str, Any]) -> Any:
        asked, found, projected = _asked.set(data), _found.set(None), _projected.set(None)
        try:
            return query(data)
        finally:
            _asked.reset(asked)
            _found.reset(found)
            _projected.reset(projected)

    return remembering_query


def _compared(evaluate: Callable[..., bool]) -> Callable[..., bool]:
    def evaluate_or_compare(
        condition: str,
        row: dict[str, Any],
        values: Any,
        names: Any,
        slot: str = "ConditionExpression",
    ) -> bool:
        found = _found.get()
        if found is not None and slot == "KeyConditionExpression":
            return found.holds(row)
        return evaluate(condition, row, values, names, slot)

    return evaluate_or_compare


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
    range_ = Range(values.get(":low"), values.get(":high"), values.get(":prefix"))
    partition_name = asked["ExpressionAttributeNames"]["#pk"]
    _found.set(Keys(partition_name, partition, sort_name, range_))
    page = ordered.page(
        range_,
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
