"""Resolves the failure group of a recovery after all runs of the group were recovered."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import DAY, Clock
from runledger.errors import NotFoundError
from runledger.models.recovery import LeftOut, Recovery
from runledger.observability import logger

if TYPE_CHECKING:
    from runledger.services.lists.failure_resolution import FailureResolution
    from runledger.store.failures import FailureStore
    from runledger.store.runs import RunStore

# Runs that are left out for these reasons do not need a rerun any more.
_SETTLED = frozenset({LeftOut.RERUN, LeftOut.RECOVERED, LeftOut.ERASED, LeftOut.EXPIRED})
# How many later failures are looked at.
LATER = 100


@dataclass(frozen=True, slots=True)
class RecoveredGroups:
    failures: "FailureStore"
    resolution: "FailureResolution"
    runs: "RunStore"
    clock: Clock

    def resolve(self, recovery: Recovery) -> None:
        """Resolves the group if the recovery was for the whole group, every rerun completed, and no
        run still needs a rerun. Does nothing if another run has failed in the same way since the
        recovery began; failed reruns do not count."""
        group_id = recovery.filter.error_group
        is_whole = group_id is not None and recovery.filter == recovery.filter.changed(
            statuses=(), automation_id=None, contact=None, trigger_types=(), recovered=None, since=0
        )
        left = {LeftOut(reason) for reason in recovery.excluded} - _SETTLED
        all_completed = 0 < recovery.completed == recovery.opened == recovery.eligible
        if group_id is None or not is_whole or left or not all_completed:
            return
        if self._has_later_failures(group_id, recovery):
            return
        note = f"Recovered by {recovery.id}: {recovery.completed} runs completed."
        try:
            self.resolution.resolve(recovery.workspace_id, group_id, recovery.by, note)
        except NotFoundError:
            logger.info("the failure group of a recovery has expired", extra={"group": group_id})

    def _has_later_failures(self, group_id: str, recovery: Recovery) -> bool:
        now = self.clock()
        since = recovery.filter.until + 1
        found, is_complete = self.failures.runs(group_id, since, now + DAY, LATER, consistent=True)
        if not is_complete:
            # An older one may be no rerun. A person can resolve the group.
            return True
        runs = self.runs.get_many(each.run_id for each in found)
        return any(run.rerun_of is None for run in runs.values())
