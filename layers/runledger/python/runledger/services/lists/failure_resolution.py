"""Resolving failure groups, and opening them again by hand.

A failure after a resolution opens the group again, as it is added to it (`failure_groups`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import DAY
from runledger.models.failure import Resolution
from runledger.services.lists.failures import MOST_RUNS, FailureViews

if TYPE_CHECKING:
    from runledger.api.failures import FailureGroupView


@dataclass(frozen=True, slots=True)
class FailureResolution:
    shown: FailureViews

    def resolve(
        self, workspace_id: str, group_id: str, by: str, note: str | None
    ) -> "FailureGroupView":
        """Says that nothing of it is left to do; a group that is resolved already takes the new
        note, person and moment. NotFoundError where the group is not there."""
        failures = self.shown.failures
        self.shown.group(workspace_id, group_id)
        now = self.shown.clock()
        failures.resolve(group_id, Resolution(by=by, at=now, note=note or None))
        # A failure after `now` may have been added before this was written, by a process that saw
        # no resolution then. It added its run first, so the run is found here.
        members = failures.runs(group_id, 0, now + DAY, MOST_RUNS, consistent=True).runs
        later = [run.failed_at for run in members if run.failed_at > now]
        if later:
            failures.reopen(group_id, now, min(later))
        return self.shown.group(workspace_id, group_id, consistent=True)

    def reopen(self, workspace_id: str, group_id: str) -> "FailureGroupView":
        """Nothing changes where it is open. NotFoundError where the group is not there."""
        failures = self.shown.failures
        group = failures.find(group_id, consistent=True)
        if group is not None and group.workspace_id == workspace_id and group.is_resolved:
            assert group.resolution is not None
            failures.reopen(group_id, group.resolution.at, self.shown.clock())
        return self.shown.group(workspace_id, group_id, consistent=True)
