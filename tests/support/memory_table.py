"""The table in memory. It passes the same contract suite as the one on DynamoDB.

Rows are never changed in place, so a snapshot is cheap. Listeners get every change with the row
before and after, as from DynamoDB's stream. The indexes can be held back, because on AWS they
follow the table only eventually.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from boto3.dynamodb.conditions import ConditionBase
from runledger.errors import ConditionFailedError
from runledger.store.keys import INDEX_ATTRIBUTES, Index, Key
from runledger.store.table import (
    Change,
    Check,
    Delete,
    Modify,
    Page,
    Put,
    SortRange,
    Write,
    is_storable,
)
from runledger.store.values import Item

from tests.support.boundary import Call, Interceptor, straight
from tests.support.memory_values import (
    changed,
    check_item,
    copied,
    holds,
    invalid,
    normal_item,
)

T = TypeVar("T")

_MAX_WRITES = 100
# Above every character that a sort key can contain.
_END = "\U0010ffff"
_WHOLE = SortRange()

# Takes the row before and after; None if it did not or does not exist.
Listener = Callable[[Item | None, Item | None], None]
# The sort key, then the row's own key, which orders rows with the same sort key.
Entry = tuple[str, str, str]


@dataclass
class _Rows:
    """Rows by key, and the sorted entries of each partition of the table and its indexes."""

    items: dict[Key, Item] = field(default_factory=dict)
    entries: dict[tuple[Index | None, str], list[Entry]] = field(default_factory=dict)
    late: list[tuple[Key, Item | None, Item | None]] = field(default_factory=list)

    def copy(self) -> "_Rows":
        entries = {partition: list(found) for partition, found in self.entries.items()}
        return _Rows(dict(self.items), entries, list(self.late))

    def move(self, key: Key, index: Index | None, before: Item | None, after: Item | None) -> None:
        old, new = _place(key, index, before), _place(key, index, after)
        if old == new:
            return
        if old is not None:
            found = self.entries[old[0]]
            del found[bisect_left(found, old[1])]
        if new is not None:
            insort(self.entries.setdefault(new[0], []), new[1])


class MemoryTable:
    """The table. `around` wraps every call; `holds_back` keeps the indexes unchanged until
    `catch_up`."""

    def __init__(self, around: Interceptor = straight) -> None:
        self.around = around
        self.listeners: list[Listener] = []
        self.holds_back = False
        self._rows = _Rows()
        # The tokens of transactions that took effect.
        self._tokens: set[str] = set()

    # ── for tests ──────────────────────────────────────────────────────────────────────────────

    def items(self) -> list[Item]:
        """Returns every row, as stored; do not change them."""
        return list(self._rows.items.values())

    def row(self, key: Key) -> Item | None:
        """Returns one row as stored, without a call; do not change it."""
        return self._rows.items.get(key)

    def snapshot(self) -> _Rows:
        return self._rows.copy()

    def restore(self, snapshot: _Rows) -> None:
        self._rows = snapshot.copy()

    def catch_up(self) -> None:
        """Brings the indexes up to date with the rows."""
        late, self._rows.late = self._rows.late, []
        for key, before, after in late:
            for index in Index:
                self._rows.move(key, index, before, after)

    # ── the protocol ───────────────────────────────────────────────────────────────────────────

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        if not is_storable(key):
            return None
        return self._call("GetItem", key, lambda: self._read(key))

    def batch_get(self, keys: Iterable[Key], *, consistent: bool = False) -> dict[Key, Item]:
        wanted = [key for key in dict.fromkeys(keys) if is_storable(key)]
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), 100):
            some = wanted[start : start + 100]

            def read(some: list[Key] = some) -> dict[Key, Item]:
                rows = ((key, self._read(key)) for key in some)
                return {key: row for key, row in rows if row is not None}

            found |= self._call("BatchGetItem", some[0], read)
        return found

    def put(self, item: Item, condition: ConditionBase | None = None) -> None:
        write = Put(item, condition)
        self._call("PutItem", _key_of(write), lambda: self._write(write))

    def update(self, key: Key, change: Change, condition: ConditionBase | None = None) -> Item:
        write = Modify(key, change, condition)
        answer: Item = self._call("UpdateItem", key, lambda: copied(self._write(write)))
        return answer

    def change(self, key: Key, change: Change, condition: ConditionBase | None = None) -> None:
        write = Modify(key, change, condition)
        self._call("UpdateItem", key, lambda: self._write(write))

    def delete(self, key: Key) -> None:
        self._call("DeleteItem", key, lambda: self._write(Delete(key)))

    def transact(self, writes: Sequence[Write], token: str | None = None) -> None:
        target = _key_of(writes[0]) if writes else Key("", "")
        self._call("TransactWriteItems", target, lambda: self._write_once(writes, token))

    def query(
        self,
        partition: str,
        sort: SortRange = _WHOLE,
        *,
        index: Index | None = None,
        ascending: bool = True,
        limit: int | None = None,
        consistent: bool = False,
        after: Item | None = None,
    ) -> Page:
        def read() -> Page:
            if index is not None and consistent:
                raise invalid("consistent reads are not supported on global secondary indexes")
            if not partition or (limit is not None and limit < 1):
                raise invalid("an empty partition key or a limit below 1")
            return self._page(partition, sort, index, ascending, limit, after)

        return self._call("Query", Key(partition, str(index or "")), read)

    # ── inside ─────────────────────────────────────────────────────────────────────────────────

    def _call(self, operation: str, key: Key, act: Callable[[], T]) -> T:
        answer: T = self.around(Call("dynamodb", operation, "/".join(key)), act)
        return answer

    def _read(self, key: Key) -> Item | None:
        found = self._rows.items.get(key)
        return None if found is None else copied(found)

    def _after(self, write: Write) -> tuple[Key, Item | None, Item | None]:
        """Returns key, row before and row after. Raises ConditionFailedError if the condition does
        not hold."""
        key = _key_of(write)
        before = self._rows.items.get(key)
        after: Item | None
        match write:
            case Put(item):
                after = normal_item(item)
                check_item(key, after)
            case Modify():
                if not is_storable(key):
                    raise invalid("a key that cannot be stored")
                after = before
            case Delete():
                after = None
            case Check():
                after = before
        if not holds(write.condition, before):
            raise ConditionFailedError(None if before is None else copied(before))
        if isinstance(write, Modify):
            after = changed(key, before, write.change)
            check_item(key, after)
        return key, before, after

    def _write(self, write: Write) -> Item | None:
        key, before, after = self._after(write)
        self._store(key, before, after)
        return after

    def _write_once(self, writes: Sequence[Write], token: str | None) -> None:
        if token in self._tokens:
            return
        self._write_all(writes)
        if token is not None:
            self._tokens.add(token)

    def _write_all(self, writes: Sequence[Write]) -> None:
        keys = [_key_of(write) for write in writes]
        if not 0 < len(keys) <= _MAX_WRITES or len(set(keys)) != len(keys):
            raise invalid("a transaction of no or too many writes, or two of them on one row")
        try:
            planned = [self._after(write) for write in writes]
        except ConditionFailedError:
            raise ConditionFailedError() from None
        for key, before, after in planned:
            self._store(key, before, after)

    def _store(self, key: Key, before: Item | None, after: Item | None) -> None:
        if before == after:
            return
        if after is None:
            del self._rows.items[key]
        else:
            self._rows.items[key] = after
        self._rows.move(key, None, before, after)
        if self.holds_back or self._rows.late:
            self._rows.late.append((key, before, after))
        else:
            for index in Index:
                self._rows.move(key, index, before, after)
        for listener in self.listeners:
            listener(before, after)

    def _page(
        self,
        partition: str,
        sort: SortRange,
        index: Index | None,
        ascending: bool,
        limit: int | None,
        after: Item | None,
    ) -> Page:
        entries = self._rows.entries.get((index, partition), [])
        first, last = _bounds(entries, sort)
        if after is not None:
            place = _entry(Key(after["pk"], after["sk"]), index, after)
            if ascending:
                first = max(first, bisect_right(entries, place))
            else:
                last = min(last, bisect_left(entries, place))
        span = entries[first:last]
        if not ascending:
            span.reverse()
        taken = span if limit is None else span[:limit]
        found = [self._shown(entry, index, partition) for entry in taken]
        # Like DynamoDB, a full page returns a place to continue, even if nothing follows.
        is_full = limit is not None and len(taken) == limit
        return Page(found, self._place_of(taken[-1], index, partition) if is_full else None)

    def _shown(self, entry: Entry, index: Index | None, partition: str) -> Item:
        if index is None:
            return copied(self._rows.items[Key(entry[1], entry[2])])  # type: ignore[no-any-return]
        return self._place_of(entry, index, partition)

    def _place_of(self, entry: Entry, index: Index | None, partition: str) -> Item:
        """Returns the key attributes of an entry. A query of an index returns only these, and a
        full page returns them as the start key of the next one."""
        place: Item = {"pk": entry[1], "sk": entry[2]}
        if index is not None:
            partition_name, sort_name = INDEX_ATTRIBUTES[index]
            place |= {partition_name: partition, sort_name: entry[0]}
        return place


def _key_of(write: Write) -> Key:
    if isinstance(write, Put):
        pk, sk = write.item.get("pk"), write.item.get("sk")
        if not isinstance(pk, str) or not isinstance(sk, str):
            raise invalid("a row without its key")
        return Key(pk, sk)
    return write.key


def _place(
    key: Key, index: Index | None, item: Item | None
) -> tuple[tuple[Index | None, str], Entry] | None:
    """Returns partition and entry of a row, or None if it is not in the index."""
    if item is None:
        return None
    if index is None:
        return (None, key.pk), (key.sk, key.pk, key.sk)
    partition_name, sort_name = INDEX_ATTRIBUTES[index]
    if partition_name not in item or sort_name not in item:
        return None
    return (index, item[partition_name]), (item[sort_name], key.pk, key.sk)


def _entry(key: Key, index: Index | None, item: Item) -> Entry:
    return (item[INDEX_ATTRIBUTES[index][1]] if index else key.sk, key.pk, key.sk)


def _bounds(entries: list[Entry], sort: SortRange) -> tuple[int, int]:
    """Returns the first entry of the range, and the one after its last."""
    low, high = sort.low, sort.high
    if sort.prefix is not None:
        low, high = sort.prefix, sort.prefix + _END
    first = 0 if low is None else bisect_left(entries, (low, "", ""))
    last = len(entries) if high is None else bisect_right(entries, (high, _END, _END))
    return first, max(first, last)
