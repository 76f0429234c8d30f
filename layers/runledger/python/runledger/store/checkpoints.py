"""Checkpoints of long work. A process may change such a row only if it has read the row's latest
state."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError
from runledger.models.bulk_cancel import BulkCancel
from runledger.models.contact_import import ContactImport
from runledger.models.export import Export
from runledger.store import keys
from runledger.store.table import Change, Path

if TYPE_CHECKING:
    from runledger.store.table import Table
    from runledger.store.values import Item

WorkT = TypeVar("WorkT", BulkCancel, ContactImport, Export)


@dataclass(frozen=True, slots=True)
class CheckpointRows(Generic[WorkT]):
    """The rows of one kind of work. `key` returns a row's key, `read` parses a row, and `fields`
    returns all attributes that change, with None for missing ones."""

    table: "Table"
    key: Callable[[WorkT], keys.Key]
    fields: Callable[[WorkT], dict[str, Any]]
    read: "Callable[[Item], WorkT]"

    def first(self, work: WorkT, due_at: int) -> "Item":
        """Returns the progress and due attributes of a new row."""
        there = {name: value for name, value in self.fields(work).items() if value is not None}
        return {**there, **_due(work, due_at)}

    def change(self, before: WorkT, after: WorkT, due_at: int | None) -> WorkT:
        """Stores the progress from `before` to `after`. A `due_at` of None takes the row out of the
        due index. Raises ConditionFailedError if the row was changed or deleted since it was
        read."""
        is_unchanged = Attr("version").eq(before.version)
        after = after.changed(version=before.version + 1)
        progress = self.fields(after)
        values: dict[Path, Any] = {
            name: value for name, value in progress.items() if value is not None
        }
        gone: list[Path] = [name for name, value in progress.items() if value is None]
        if due_at is None:
            gone += ["gsi4pk", "dueKey"]
        else:
            values |= _due(after, due_at)
        try:
            self.table.update(self.key(before), Change(set=values, remove=gone), is_unchanged)
        except ConditionFailedError as error:
            # The SDK may have repeated our own write, because its answer was lost.
            if error.item is None or self.read(error.item) != after:
                raise
        return after


def _due(work: BulkCancel | ContactImport | Export, due_at: int) -> dict[Any, Any]:
    return {
        "gsi4pk": keys.due(work.workspace_id, work.id),
        "dueKey": keys.due_key(due_at, work.id),
    }
