"""Shows failure groups as readers see them.

A group's numbers are counted from its runs each time it is shown, so they cannot be wrong. Reads
are bounded, so a count may be a lower bound; then `is_complete` is False."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from runledger.api.failures import AssigneeView, FailureGroupView
from runledger.clock import DAY, Clock, iso, optional_iso
from runledger.errors import NotFoundError
from runledger.models.failure import FailureGroup, GroupStatus
from runledger.models.workspace import Role
from runledger.services.in_parallel import Gather
from runledger.services.lists.failure_trend import trend_of
from runledger.services.lists.windows import DEFAULT_ZONE, window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runledger.models.failure import FailedRun
    from runledger.models.run import ErrorDetail, Run
    from runledger.store.automations import AutomationStore
    from runledger.store.failures import FailureStore
    from runledger.store.runs import RunStore
    from runledger.store.workspaces import WorkspaceStore

# The most runs counted in one group.
MOST_RUNS = 10_000
# How many groups are counted in parallel, and how many runs of each. A group with more runs is read
# again afterwards, so that few large groups are in memory.
TOGETHER = 10
_FIRST_RUNS = 1_000
Assignees = dict[str, AssigneeView]


class Period(NamedTuple):
    """The range of a list, in epoch milliseconds, and the zone in which its days begin."""

    since: int
    until: int
    zone: str = DEFAULT_ZONE


class GroupInRange(NamedTuple):
    """A group with its unexpired runs in the range, and the id of its newest run in any range."""

    group: FailureGroup
    period: Period
    runs: "list[FailedRun]"
    newest: str | None
    is_complete: bool
    last_at: int


@dataclass(frozen=True, slots=True)
class FailureViews:
    """Shows groups as readers see them, with current numbers from their runs."""

    runs: "RunStore"
    failures: "FailureStore"
    automations: "AutomationStore"
    workspaces: "WorkspaceStore"
    clock: Clock
    gather: Gather

    def group(
        self,
        workspace_id: str,
        group_id: str,
        time_zone: str | None = None,
        *,
        consistent: bool = False,
    ) -> FailureGroupView:
        """Returns one group. Raises NotFoundError also for a group of another workspace, or one
        whose runs have expired; InvalidInputError for an unknown zone."""
        now = self.clock()
        period = Period(*window(None, None, None, now, time_zone), time_zone or DEFAULT_ZONE)
        group = self.failures.find(group_id, consistent=consistent)
        if group is not None and group.workspace_id == workspace_id:
            there = self._found(period, now, MOST_RUNS, group)
            if there.runs:
                return self.views(workspace_id, [there], whole=True)[0]
        raise NotFoundError(f"there is no failure group {group_id}")

    def found(
        self, groups: "Sequence[FailureGroup]", period: Period, now: int
    ) -> list[GroupInRange]:
        """Counts the runs of each group in the period, at most MOST_RUNS of a group. Returns the
        groups in the given order."""
        most = min(_FIRST_RUNS, MOST_RUNS)
        counted = self.gather(partial(self._found, period, now, most, each) for each in groups)
        return [
            each if each.is_complete else self._found(period, now, MOST_RUNS, each.group)
            for each in counted
        ]

    def _found(self, period: Period, now: int, most: int, group: FailureGroup) -> GroupInRange:
        runs, is_complete = self.failures.runs(group.id, period.since, period.until, most)
        newest = runs[:1]
        if period.until < now:
            newest, _ = self.failures.runs(group.id, 0, now + DAY, 1)
        # A run that waited long may have failed after newer runs. The group has its hour.
        last_at = max(group.first_at, group.listed_at, *(run.failed_at for run in newest + runs))
        alive = [run for run in runs if run.expires_at > now]
        return GroupInRange(
            group, period, alive, newest[0].run_id if newest else None, is_complete, last_at
        )

    def assignees(self, workspace_id: str) -> Assignees:
        """Returns the members to whom groups can be assigned, by user id, in the order they joined.
        Costs about one read unit for every 25 members."""
        return {
            member.user_id: AssigneeView(user_id=member.user_id, email=member.email)
            for member in self.workspaces.members(workspace_id)
            if member.role.level >= Role.MEMBER.level
        }

    def views(
        self,
        workspace_id: str,
        found: "Sequence[GroupInRange]",
        assignees: Assignees | None = None,
        *,
        whole: bool = False,
    ) -> list[FailureGroupView]:
        """Returns the views of groups, with one read of all automations, one of all newest runs,
        and one of the members if any group is assigned and `assignees` is None.

        The row of a run cuts a long error message. With `whole`, the whole message of each group's
        newest run is read from the failed step, one read for each."""
        if not found:
            return []
        wanted = {each.group.automation_id for each in found}
        automations = self.automations.get_many(workspace_id, wanted)
        newest = self.runs.get_many(each.newest for each in found if each.newest is not None)
        if assignees is None and any(each.group.assignment for each in found):
            assignees = self.assignees(workspace_id)
        now = self.clock()
        shown = []
        for each in found:
            automation = automations.get(each.group.automation_id)
            run = newest.get(each.newest or "")
            if run is not None and (run.workspace_id != workspace_id or run.expires_at <= now):
                run = None
            error = run.error if run is not None else None
            if run is not None and whole:
                error = self.failures.whole_error(run)
            name = automation.name if automation else None
            shown.append(_view(each, now, name, run, error, assignees or {}))
        return shown


def status_of(group: FailureGroup) -> GroupStatus:
    return GroupStatus.RESOLVED if group.is_resolved else GroupStatus.OPEN


def assignee_of(
    group: FailureGroup, assignees: "Mapping[str, AssigneeView]"
) -> AssigneeView | None:
    """Returns the group's assignee, if they are still one of `assignees`."""
    return None if group.assignment is None else assignees.get(group.assignment.user_id)


def _view(
    found: GroupInRange,
    now: int,
    automation_name: str | None,
    run: "Run | None",
    error: "ErrorDetail | None",
    assignees: Assignees,
) -> FailureGroupView:
    group = found.group
    contacts = {run.contact_id for run in found.runs if run.contact_id is not None}
    resolution = group.resolution if group.is_resolved else None
    reopened_at = group.resolution.reopened_at if group.resolution is not None else None
    assignee = assignee_of(group, assignees)
    assignment = group.assignment if assignee is not None else None
    return FailureGroupView(
        id=group.id,
        automation_id=group.automation_id,
        automation_name=automation_name,
        node_id=group.node_id,
        kind=group.kind,
        title=group.shown_title,
        message=group.message,
        newest_message=error.message if error is not None else None,
        newest_run_id=run.id if run is not None else None,
        status=status_of(group),
        resolved_by=resolution.by if resolution is not None else None,
        resolved_at=iso(resolution.at) if resolution is not None else None,
        note=resolution.note if resolution is not None else None,
        reopened_at=optional_iso(reopened_at),
        assignee=assignee,
        assigned_by=assignment.by if assignment is not None else None,
        assigned_at=iso(assignment.at) if assignment is not None else None,
        count=len(found.runs),
        contacts=len(contacts),
        is_complete=found.is_complete,
        trend=trend_of(
            [run.created_at for run in found.runs],
            found.period.since,
            found.period.until,
            now,
            found.period.zone,
            is_complete=found.is_complete,
        ),
        first_seen_at=iso(group.first_at),
        last_seen_at=iso(found.last_at),
        first_version=group.first_version,
    )
