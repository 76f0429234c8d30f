"""Hourly totals: one item per scope and hour. An item is replaced only by a caller that has read
its latest revision."""

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr, ConditionBase

from runledger.clock import DAY
from runledger.models.totals import HourTotal, Scope
from runledger.store import keys
from runledger.store.keys import Key
from runledger.store.table import SortRange, key_attributes, ttl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.store.table import Table
    from runledger.store.values import Item

# How long a total is kept after the last of its rows has expired.
_KEPT = 8 * DAY


class TotalStore:
    """The store of totals. All reads are consistent, so they see every earlier mark that an hour
    must be recounted."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def at(self, key: Key) -> HourTotal | None:
        item = self._table.get(key, consistent=True)
        return None if item is None else _from_item(item)

    def get_many(self, hours: "Iterable[tuple[Scope, int]]") -> dict[tuple[Scope, int], HourTotal]:
        wanted = [keys.total(*scope, hour) for scope, hour in hours]
        found = self._table.batch_get(wanted, consistent=True)
        totals = [_from_item(item) for item in found.values()]
        return {(total.scope, total.hour): total for total in totals}

    def between(self, scope: Scope, first: int, last: int) -> list[HourTotal]:
        """Returns the hours of a scope from `first` to `last`, both included. An hour without rows
        has no item."""
        hours = SortRange(low=keys.total_sort(first), high=keys.total_sort(last))
        page = self._table.query(keys.totals(*scope), hours, consistent=True)
        return [_from_item(item) for item in page.items]

    def replace(self, before: HourTotal | None, after: HourTotal) -> HourTotal:
        """Replaces a total and returns the new one. Raises ConditionFailedError if it changed since
        it was read."""
        is_unchanged: ConditionBase = Attr("pk").not_exists()
        if before is not None:
            is_unchanged = Attr("revision").eq(before.revision)
        revision = before.revision + 1 if before is not None else 1
        written = after.changed(revision=revision)
        self._table.put(_to_item(written), is_unchanged)
        return written


def _to_item(total: HourTotal) -> "Item":
    key = keys.total(*total.scope, total.hour)
    due_at = total.due_at
    return {
        **key_attributes(key),
        "counts": total.counts,
        "countedAt": total.counted_at,
        "holdsUntil": total.holds_until,
        "marked": total.is_marked or None,
        "gsi4pk": None if due_at is None else keys.due_total(total.scope.workspace_id),
        "dueKey": None if due_at is None else keys.due_key(due_at, keys.total_id(key)),
        "unsettledSince": total.unsettled_since,
        "expiresFrom": total.expires_from,
        "expiresBy": total.expires_by,
        "revision": total.revision,
        "ttl": ttl(total.expires_by + _KEPT),
    }


def _from_item(item: "Item") -> HourTotal:
    workspace_id, kind, part, hour = keys.total_of(Key(item["pk"], item["sk"]))
    due_key = item.get("dueKey")
    return HourTotal(
        scope=Scope(workspace_id, kind, part),
        hour=hour,
        counts=item["counts"],
        counted_at=item.get("countedAt"),
        holds_until=item["holdsUntil"],
        is_marked=item.get("marked", False),
        due_at=None if due_key is None else keys.created_at_of(due_key),
        unsettled_since=item.get("unsettledSince"),
        expires_from=item["expiresFrom"],
        expires_by=item["expiresBy"],
        revision=item["revision"],
    )
