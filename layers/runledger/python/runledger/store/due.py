"""The due index: all rows that need work at a later time."""

from contextlib import suppress
from itertools import zip_longest
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError
from runledger.models.base import Model
from runledger.store import keys
from runledger.store.keys import Key
from runledger.store.paging import every_item
from runledger.store.table import Change, SortRange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runledger.store.table import Table

_PAGE = 100


class DueRow(Model):
    """A due row. The prefix of its id says which kind it is."""

    id: str
    key: Key


class DueStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def rows(self, now: int) -> "Iterator[DueRow]":
        """Yields the rows due by `now`, oldest first in each due partition. Takes one row from each
        partition, then the next row from each, so that a full partition does not delay the others.
        Reads pages only as needed. Hours to be counted, and then recoveries, come last, so that
        runs do not wait for them."""
        for rank in keys.due_partitions():
            streams = [self._partition(partition, now) for partition in rank]
            for turn in zip_longest(*streams):
                yield from (row for row in turn if row is not None)

    def _partition(self, partition: str, now: int) -> "Iterator[DueRow]":
        due = SortRange(high=keys.due_key(now, "\uffff"))
        for item in every_item(self._table, partition, due, index=keys.Index.DUE, limit=_PAGE):
            yield DueRow(id=keys.id_of(item["dueKey"]), key=Key(item["pk"], item["sk"]))

    def put_back(self, row: DueRow, due_at: int) -> None:
        """Makes a row due at `due_at`. A row that is no longer due does not change."""
        is_due = Attr("dueKey").exists()
        change = Change(set={"dueKey": keys.due_key(due_at, row.id)})
        with suppress(ConditionFailedError):
            self._table.update(row.key, change, is_due)
