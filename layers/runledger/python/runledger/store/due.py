"""The due index: the one clock of everything that must happen later."""

from contextlib import suppress
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError
from runledger.models.base import Model
from runledger.store import keys
from runledger.store.keys import Key
from runledger.store.table import Change, SortRange

if TYPE_CHECKING:
    from runledger.store.table import Table


class DueRow(Model):
    """A row that asked to be looked at; the prefix of its id tells what it is."""

    id: str
    key: Key


class DueStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def rows(self, now: int, limit: int) -> list[DueRow]:
        """What is due by `now`: at most `limit` rows of each due partition, oldest first."""
        found: list[tuple[str, DueRow]] = []
        for partition in keys.due_partitions():
            page = self._table.query(
                partition,
                SortRange(high=keys.due_key(now, "\uffff")),
                index=keys.Index.DUE,
                limit=limit,
            )
            found += [
                (
                    item["dueKey"],
                    DueRow(id=keys.id_of(item["dueKey"]), key=Key(item["pk"], item["sk"])),
                )
                for item in page.items
            ]
        return [row for _, row in sorted(found, key=lambda pair: pair[0])]

    def put_back(self, row: DueRow, due_at: int) -> None:
        """Leaves a row alone until `due_at`; one that is not due any more stays as it is."""
        is_due = Attr("dueKey").exists()
        change = Change(set={"dueKey": keys.due_key(due_at, row.id)})
        with suppress(ConditionFailedError):
            self._table.update(row.key, change, is_due)
