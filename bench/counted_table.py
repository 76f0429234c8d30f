"""A table that counts the units of its requests, by DynamoDB's rules and the sizes of the rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.store.keys import INDEX_ATTRIBUTES, Index, Key
from runledger.store.table import Change, Check, Delete, Modify, Page, Put, SortRange, Write
from runledger.store.values import Item, to_dynamo

from bench.units import item_size, read_units, write_units

if TYPE_CHECKING:
    from boto3.dynamodb.conditions import ConditionBase


@dataclass
class Tally:
    """Write and read units."""

    writes: float = 0.0
    reads: float = 0.0


WHOLE_PARTITION = SortRange()


class CountedTable:
    """Passes every request on to `table`, and adds its units to `tally` while `counts` returns
    True."""

    def __init__(self, table: Any, counts: Callable[[], bool] = lambda: True) -> None:
        self._table = table
        self._counts = counts
        self.tally = Tally()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        item: Item | None = self._table.get(key, consistent=consistent)
        self._read([item or {}], consistent=consistent)
        return item

    def batch_get(self, keys: Iterable[Key], *, consistent: bool = False) -> dict[Key, Item]:
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Item] = self._table.batch_get(wanted, consistent=consistent)
        for key in wanted:
            self._read([found.get(key, {})], consistent=consistent)
        return found

    def query(
        self,
        partition: str,
        sort: SortRange = WHOLE_PARTITION,
        *,
        index: Index | None = None,
        ascending: bool = True,
        limit: int | None = None,
        consistent: bool = False,
        after: Item | None = None,
    ) -> Page:
        page: Page = self._table.query(
            partition,
            sort,
            index=index,
            ascending=ascending,
            limit=limit,
            consistent=consistent,
            after=after,
        )
        self._read(page.items, consistent=consistent)
        return page

    def put(self, item: Item, condition: "ConditionBase | None" = None) -> None:
        before = self._table.row(Key(item["pk"], item["sk"]))
        try:
            self._table.put(item, condition)
        finally:
            self._wrote(self._written(Key(item["pk"], item["sk"]), before))

    def update(self, key: Key, change: Change, condition: "ConditionBase | None" = None) -> Item:
        before = self._table.row(key)
        try:
            changed: Item = self._table.update(key, change, condition)
        finally:
            self._wrote(self._written(key, before))
        return changed

    def change(self, key: Key, change: Change, condition: "ConditionBase | None" = None) -> None:
        self.update(key, change, condition)

    def delete(self, key: Key) -> None:
        before = self._table.row(key)
        self._table.delete(key)
        self._wrote(self._written(key, before))

    def transact(self, writes: Sequence[Write], token: str | None = None) -> None:
        before = {_key_of(write): self._table.row(_key_of(write)) for write in writes}
        try:
            self._table.transact(writes, token)
        finally:
            for write in writes:
                key = _key_of(write)
                checked = isinstance(write, Check)
                size = item_size(to_dynamo(before[key] or {}))
                units = write_units(size) if checked else self._written(key, before[key])
                self._wrote(2 * units)

    def _read(self, items: Iterable[Mapping[str, Any]], *, consistent: bool) -> None:
        size = sum(item_size(to_dynamo(dict(item))) for item in items)
        if self._counts():
            self.tally.reads += read_units(size, consistent=consistent)

    def _wrote(self, units: float) -> None:
        if self._counts():
            self.tally.writes += units

    def _written(self, key: Key, before: Item | None) -> int:
        """Returns the units of the table and its indexes for the change of one row."""
        after = self._table.row(key)
        old, new = to_dynamo(before or {}), to_dynamo(after or {})
        units = write_units(max(item_size(old), item_size(new)))
        if old == new:
            return units
        for partition, sort in INDEX_ATTRIBUTES.values():
            places = [
                (row[partition]["S"], row[sort]["S"])
                for row in (old, new)
                if partition in row and sort in row
            ]
            if len(places) < 2 or places[0] != places[1]:
                units += len(places)
        return units


def _key_of(write: Write) -> Key:
    match write:
        case Put(item, _):
            return Key(item["pk"], item["sk"])
        case Modify(key, _, _) | Delete(key, _) | Check(key, _):
            return key
