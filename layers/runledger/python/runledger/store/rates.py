"""Counters that all Lambda instances share."""

from typing import TYPE_CHECKING

from runledger.clock import MINUTE
from runledger.store import keys
from runledger.store.table import Change, ttl

if TYPE_CHECKING:
    from runledger.store.table import Table

_KEPT = 10 * MINUTE


class RateStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def count(self, automation_id: str, source: str, minute: int) -> int:
        """Counts one more event of this source in this minute, and returns the new count. `minute`
        is the number of minutes since the epoch."""
        change = Change(add={"events": 1}, set={"ttl": ttl(minute * MINUTE + _KEPT)})
        row = self._table.update(keys.rate(automation_id, source, minute), change)
        return int(row["events"])
