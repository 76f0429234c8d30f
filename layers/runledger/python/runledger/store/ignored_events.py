"""How many events a trigger's filter ignored: one row an hour, with a count for each minute."""

from typing import TYPE_CHECKING

from runledger.clock import DAY, MINUTE
from runledger.store import keys
from runledger.store.table import Change, SortRange, ttl

if TYPE_CHECKING:
    from runledger.store.table import Table

_KEPT = 2 * DAY
_MINUTES = 60
_PREFIX = "m"


class IgnoredEventStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def count(self, automation_id: str, minute: int, events: int) -> None:
        """Adds ignored events to the count of a minute. `minute` is the number of minutes since the
        epoch."""
        hour, rest = divmod(minute, _MINUTES)
        change = Change(add={f"{_PREFIX}{rest}": events}, set={"ttl": ttl(minute * MINUTE + _KEPT)})
        self._table.update(keys.ignored_events(automation_id, hour), change)

    def minutes(self, automation_id: str, first: int, last: int) -> dict[int, int]:
        """Returns the counts of the minutes from `first` to `last`, in order. Minutes without
        events are left out."""
        start = keys.ignored_events(automation_id, first // _MINUTES)
        end = keys.ignored_events(automation_id, last // _MINUTES)
        page = self._table.query(start.pk, SortRange(low=start.sk, high=end.sk))
        found = {
            int(item["sk"]) * _MINUTES + int(name.removeprefix(_PREFIX)): int(count)
            for item in page.items
            for name, count in item.items()
            if name.removeprefix(_PREFIX).isdecimal()
        }
        return {minute: found[minute] for minute in sorted(found) if first <= minute <= last}
