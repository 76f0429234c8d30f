"""Counts the runs that have not ended, by what they do.

A run's health is derived from its row, so the newest rows are read, up to a limit. If there are
more, overdue runs are also found by the due index: they are counted even if waiting runs use up the
limit.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from runledger.api.overview import OpenRunsView
from runledger.clock import optional_iso
from runledger.models.run import RunHealth
from runledger.services.runs.run_state import TICK_SLACK, health_of
from runledger.store import keys
from runledger.store.keys import OPEN_BUCKET, Index, Kind
from runledger.store.table import SortRange

if TYPE_CHECKING:
    from runledger.models.workspace import Workspace
    from runledger.store.stores import Stores

# The most open runs that are read, and the most due rows that are read in one partition.
MOST_ROWS, MOST_DUE = 200, 200
_RUN_PREFIX = "run_"


class _Opened(NamedTuple):
    """Open runs by health. If `is_complete`, `by_health` and `total` have all of them; otherwise
    their numbers are lower bounds. `oldest_at` is when the oldest run was created (epoch
    milliseconds), or None if there is none."""

    by_health: Counter[str]
    is_complete: bool
    total: int
    oldest_at: int | None


@dataclass(frozen=True, slots=True)
class OpenRuns:
    stores: "Stores"
    workspace: "Workspace"
    now: int

    def view(self) -> OpenRunsView:
        opened = self._opened()
        counts = {health.value: opened.by_health[health] for health in RunHealth}
        is_overdue_complete = opened.is_complete
        if not opened.is_complete:
            overdue, is_overdue_complete = self._overdue()
            counts[RunHealth.OVERDUE] = max(counts[RunHealth.OVERDUE], overdue)
        return OpenRunsView(
            total=opened.total,
            is_total_complete=opened.is_complete,
            oldest_at=optional_iso(opened.oldest_at),
            by_health=counts,
            is_complete=opened.is_complete,
            is_overdue_complete=is_overdue_complete,
        )

    def _opened(self) -> _Opened:
        found: list[str] = []
        oldest: list[str] = []
        for shard in range(self.workspace.shards):
            partition = keys.by_status(self.workspace.id, Kind.RUN, OPEN_BUCKET, shard)
            newest, has_more = self._keys(partition, MOST_ROWS + 1, is_ascending=False)
            found += newest
            oldest += self._keys(partition, 1, is_ascending=True)[0] if has_more else newest[-1:]
        found.sort(reverse=True)
        counts = self._by_health([keys.id_of(key) for key in found[:MOST_ROWS]])
        is_complete = len(found) <= MOST_ROWS
        # The index may still have runs that ended a moment ago; their rows show that.
        total = counts.total() if is_complete else len(found)
        oldest_at = min((keys.created_at_of(key) for key in oldest), default=None)
        return _Opened(counts, is_complete, total, oldest_at)

    def _keys(self, partition: str, limit: int, *, is_ascending: bool) -> tuple[list[str], bool]:
        """Returns the first keys of a partition, and whether it may have more."""
        page = self.stores.table.query(
            partition, SortRange(), index=Index.BY_STATUS, ascending=is_ascending, limit=limit
        )
        return [str(item["createdKey"]) for item in page.items], page.next is not None

    def _overdue(self) -> tuple[int, bool]:
        """Returns the number of overdue runs that were found, and whether these are all there
        are."""
        before = self.now - TICK_SLACK
        ids: list[str] = []
        is_complete = True
        for partition in keys.due_of_workspace(self.workspace.id):
            page = self.stores.table.query(
                partition,
                SortRange(high=keys.due_key(before, "")),
                index=Index.DUE,
                limit=MOST_DUE,
            )
            is_complete &= page.next is None
            due = (keys.id_of(item["dueKey"]) for item in page.items)
            ids += [row_id for row_id in due if row_id.startswith(_RUN_PREFIX)]
        return self._by_health(ids)[RunHealth.OVERDUE], is_complete

    def _by_health(self, ids: list[str]) -> Counter[str]:
        """Counts the open runs among these ids by their health. Leaves out runs of other
        workspaces, which a due partition may hold."""
        counts = Counter[str]()
        for run in self.stores.runs.get_many(ids).values():
            health = health_of(run, self.now)
            is_own = run.workspace_id == self.workspace.id and run.expires_at > self.now
            if is_own and health is not None:
                counts[health.state] += 1
        return counts
