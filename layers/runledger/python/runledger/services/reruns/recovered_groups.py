"""Resolves the failure group of a recovery after all runs of the group were recovered."""

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from runledger.clock import DAY, Clock
from runledger.errors import NotFoundError
from runledger.models.recovery import ItemState, LeftOut, Recovery
from runledger.observability import logger
from runledger.store import keys

if TYPE_CHECKING:
    from runledger.services.lists.failure_resolution import FailureResolution
    from runledger.store.failures import FailureStore
    from runledger.store.recoveries import RecoveryStore
    from runledger.store.runs import RunStore

# Runs that are left out for these reasons do not need a rerun any more.
_SETTLED = frozenset({LeftOut.RERUN, LeftOut.RECOVERED, LeftOut.ERASED, LeftOut.EXPIRED})
# How many later failures are looked at.
LATER = 100


@dataclass(frozen=True, slots=True)
class RecoveredGroups:
    failures: "FailureStore"
    resolution: "FailureResolution"
    recoveries: "RecoveryStore"
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
        """Whether a run has failed in the same way since the recovery began, and the recovery did
        not find it. Such a run may have been opened long before."""
        members = self.failures.all_runs(group_id, self.clock() + DAY)
        later = (each for each in members if each.failed_at > recovery.created_at)
        looked_at = list(islice(later, LATER + 1))
        if len(looked_at) > LATER:
            # Those that are not looked at may be no reruns. A person can resolve the group.
            return True
        runs = self.runs.get_many(each.run_id for each in looked_at)
        firsts = {
            keys.created_key(run.created_at, run.id)
            for run in runs.values()
            if run.rerun_of is None
        }
        found = self.recoveries.at_places(recovery.id, ItemState, firsts)
        return bool(firsts - found.keys())
