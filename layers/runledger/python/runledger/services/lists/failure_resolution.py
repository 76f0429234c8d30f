"""Resolves failure groups, and reopens them by hand.

A later failure also reopens its group (`failure_groups`).
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
        """Marks a group as resolved. On a resolved group, replaces the note, person and time.
        Raises NotFoundError if there is no such group."""
        failures = self.shown.failures
        self.shown.group(workspace_id, group_id)
        now = self.shown.clock()
        failures.resolve(group_id, Resolution(by=by, at=now, note=note or None))
        # Before this write, another process that saw no resolution may have added a failure after
        # `now`. It added its run first, so the run is found here.
        members = failures.runs(group_id, 0, now + DAY, MOST_RUNS, consistent=True).runs
        later = [run.failed_at for run in members if run.failed_at > now]
        if later:
            failures.reopen(group_id, now, min(later))
        return self.shown.group(workspace_id, group_id, consistent=True)

    def reopen(self, workspace_id: str, group_id: str) -> "FailureGroupView":
        """Reopens a resolved group; an open one stays as it is. Raises NotFoundError if there is no
        such group."""
        failures = self.shown.failures
        group = failures.find(group_id, consistent=True)
        if group is not None and group.workspace_id == workspace_id and group.is_resolved:
            assert group.resolution is not None
            failures.reopen(group_id, group.resolution.at, self.shown.clock())
        return self.shown.group(workspace_id, group_id, consistent=True)
