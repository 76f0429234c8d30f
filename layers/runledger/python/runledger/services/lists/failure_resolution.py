"""Resolves failure groups, reopens them by hand, and assigns them.

A later failure also reopens its group (`failure_groups`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import DAY
from runledger.errors import InvalidInputError
from runledger.models.failure import Assignment, Resolution
from runledger.services.lists.failure_views import FailureViews

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.api.failures import FailureGroupView
    from runledger.models.failure import FailedRun


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
        members = failures.all_runs(group_id, now + DAY)
        later = self._first_failures(run for run in members if run.failed_at > now)
        if later:
            failures.reopen(group_id, now, min(later))
        return self.shown.group(workspace_id, group_id, consistent=True)

    def _first_failures(self, members: "Iterable[FailedRun]") -> list[int]:
        """Returns when these runs failed. Leaves out reruns, because a failed rerun does not reopen
        a group."""
        failed_at = {member.run_id: member.failed_at for member in members}
        runs = self.shown.runs.get_many(failed_at, consistent=True)
        return [failed_at[run.id] for run in runs.values() if run.rerun_of is None]

    def assign(
        self, workspace_id: str, group_id: str, by: str, user_id: str | None
    ) -> "FailureGroupView":
        """Assigns a group to a member, or to nobody. Raises NotFoundError if there is no such
        group, InvalidInputError if the user is no member or a viewer."""
        self.shown.group(workspace_id, group_id)
        if user_id is not None and user_id not in self.shown.assignees(workspace_id):
            raise InvalidInputError(
                "the workspace has no such member, or they are a viewer; "
                "GET /v1/failure-groups/assignees lists the members who can be chosen",
                field="userId",
            )
        now = self.shown.clock()
        assignment = None if user_id is None else Assignment(user_id=user_id, by=by, at=now)
        self.shown.failures.assign(group_id, assignment)
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
