"""Putting failed runs into their groups, as the bus tells of them.

The event says only which run it is; what is written is made of the run's row, which never changes
any more. A group is the join of what its runs say of it, so duplicates, any order and a replay from
any point lead to the same.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import DAY, HOUR
from runledger.errors import NotFoundError, TransientError, UnreadableError
from runledger.models.failure import (
    FailedRun,
    FailureGroup,
    Resolution,
    failure_group_id,
    group_names,
)
from runledger.observability import log_failure, logger

if TYPE_CHECKING:
    from runledger.models.run import ErrorDetail, Run
    from runledger.store.failures import FailureStore
    from runledger.store.runs import RunStore

# Each lost try means that another run of the group moved it in between.
_TRIES = 8


@dataclass(frozen=True, slots=True)
class FailureGroups:
    runs: "RunStore"
    failures: "FailureStore"

    def take(self, run_id: str) -> None:
        """Adds a failed run to its group; nothing where the run is gone."""
        try:
            run = self.runs.get(run_id)
        except NotFoundError:
            logger.info("a failed run is gone", extra={"runId": run_id})
            return
        except UnreadableError as error:
            # It will never be readable; the others of the queue are.
            log_failure("a failed run is damaged", error, runId=run_id)
            return
        if run.error is None or run.error_group is None:
            return
        member = _member(run)
        # The member first: a crash behind it leaves a group unlisted, never one without runs.
        self.failures.add_run(run.error_group, member)
        self._grow(run, run.error, run.error_group, member)

    def _grow(self, run: "Run", error: "ErrorDetail", group_id: str, member: FailedRun) -> None:
        # As it is now: a group that was just resolved must not be taken for one that was not.
        group = self.failures.find(group_id, consistent=True)
        for _ in range(_TRIES):
            if group is None:
                group = self.failures.add(self._begun(run, error, group_id, member))
            else:
                after = grown(group, member)
                if after == group:
                    return
                try:
                    group = self.failures.move(group, after)
                except NotFoundError:
                    # It expired just now.
                    group = None
                    continue
            if group is None:
                return
        raise TransientError("other runs kept moving this failure group; try again")

    def _begun(
        self, run: "Run", error: "ErrorDetail", group_id: str, member: FailedRun
    ) -> FailureGroup:
        told = self._told(run, error, group_id)
        title, pattern = group_names(told)
        return FailureGroup(
            id=group_id,
            workspace_id=run.workspace_id,
            automation_id=run.automation_id,
            node_id=error.node_id,
            kind=error.kind,
            title=title,
            message=pattern,
            first_at=member.failed_at,
            first_version=member.version,
            listed_at=_hour(member.failed_at),
            expires_at=_kept_until(member),
        )

    def _told(self, run: "Run", error: "ErrorDetail", group_id: str) -> "ErrorDetail":
        """The error that the group was made of: the row's, where that is all of it, or the
        step's."""
        if _is_of(run, error, group_id):
            return error
        whole = self.failures.step_error(run)
        if whole is not None and _is_of(run, whole, group_id):
            return whole
        # Only the row knows it, and has cut it: half a word tells nothing, or a part of a value.
        return error.changed(message=error.message.rpartition(" ")[0] + " …")


def _is_of(run: "Run", error: "ErrorDetail", group_id: str) -> bool:
    return failure_group_id(run.workspace_id, run.automation_id, error) == group_id


def grown(group: FailureGroup, member: FailedRun) -> FailureGroup:
    """The group with one run more: the same for runs in any order and however often. A failure
    after its resolution opens it again."""
    first_at, first_version = min(
        (group.first_at, group.first_version), (member.failed_at, member.version)
    )
    return group.changed(
        first_at=first_at,
        first_version=first_version,
        listed_at=max(group.listed_at, _hour(member.failed_at)),
        expires_at=max(group.expires_at, _kept_until(member)),
        resolution=_reopened(group.resolution, member),
    )


def _reopened(resolution: Resolution | None, member: FailedRun) -> Resolution | None:
    if resolution is None or member.failed_at <= resolution.at:
        return resolution
    known = resolution.reopened_at
    first = member.failed_at if known is None else min(known, member.failed_at)
    return resolution.changed(reopened_at=first)


def _member(run: "Run") -> FailedRun:
    return FailedRun(
        run_id=run.id,
        contact_id=run.contact_id,
        version=run.version,
        created_at=run.created_at,
        failed_at=run.created_at if run.finished_at is None else run.finished_at,
        expires_at=run.expires_at,
    )


def _hour(moment: int) -> int:
    """The hour that a moment lies in: a flood of failures moves the group once an hour."""
    return moment // HOUR * HOUR


def _kept_until(member: FailedRun) -> int:
    """At least as long as the run, and moved once a day."""
    return (member.expires_at // DAY + 1) * DAY
