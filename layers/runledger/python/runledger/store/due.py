"""The due index: the one clock of everything that must happen later."""

from contextlib import suppress
from itertools import zip_longest
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError
from runledger.models.base import Model
from runledger.store import keys
from runledger.store.keys import Key
from runledger.store.table import Change, SortRange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runledger.store.table import Table
    from runledger.store.values import Item

_PAGE = 100


class DueRow(Model):
    """A row that asked to be looked at; the prefix of its id tells what it is."""

    id: str
    key: Key


class DueStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def rows(self, now: int) -> "Iterator[DueRow]":
        """What is due by `now`, oldest first in each due partition. The partitions take turns, so
        that a crowd in one holds up no other; they are read as far as rows are asked for. Hours to
        be counted come after all else: runs are not to wait for them."""
        for rank in keys.due_partitions():
            streams = [self._partition(partition, now) for partition in rank]
            for turn in zip_longest(*streams):
                yield from (row for row in turn if row is not None)

    def _partition(self, partition: str, now: int) -> "Iterator[DueRow]":
        start: Item | None = None
        while True:
            page = self._table.query(
                partition,
                SortRange(high=keys.due_key(now, "\uffff")),
                index=keys.Index.DUE,
                limit=_PAGE,
                after=start,
            )
            for item in page.items:
                yield DueRow(id=keys.id_of(item["dueKey"]), key=Key(item["pk"], item["sk"]))
            start = page.next
            if start is None:
                return

    def put_back(self, row: DueRow, due_at: int) -> None:
        """Leaves a row alone until `due_at`; one that is not due any more stays as it is."""
        is_due = Attr("dueKey").exists()
        change = Change(set={"dueKey": keys.due_key(due_at, row.id)})
        with suppress(ConditionFailedError):
            self._table.update(row.key, change, is_due)
