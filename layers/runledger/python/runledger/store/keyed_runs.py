"""Finds runs by the value of a key, under any name."""

from typing import TYPE_CHECKING

from runledger.store import keys
from runledger.store.table import SortRange

if TYPE_CHECKING:
    from runledger.store.table import Table

# The most names of keys that are looked at for one value. More are rare: one value has one meaning.
_NAMES = 5


class KeyedRunStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def newest(self, workspace_id: str, value: str, limit: int) -> list[str]:
        """Returns the ids of the newest runs that have a key with this value. `value` is folded, as
        `models.run_keys.folded` describes. Reads the newest runs of up to five names of keys, one
        query for each name."""
        partition = keys.keyed_runs(workspace_id, value)
        found: set[str] = set()
        before: str | None = None
        for _ in range(_NAMES):
            page = self._table.query(
                partition, SortRange(high=before), ascending=False, limit=limit
            )
            places = [str(item["sk"]).partition("#") for item in page.items]
            found |= {place for _, _, place in places}
            if page.next is None:
                break
            # The name alone sorts before all its runs.
            before = places[-1][0]
        newest = sorted(found, reverse=True)
        return [keys.id_of(place) for place in newest[:limit]]
