"""Adds failed runs to their groups, one event from the bus at a time.

The event carries only the run's id. The group is built from the run's row, which no longer changes.
Adding is idempotent and independent of order, so duplicates and replays give the same group.
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

# A try is lost only if another run changed the group in between.
_TRIES = 8


@dataclass(frozen=True, slots=True)
class FailureGroups:
    runs: "RunStore"
    failures: "FailureStore"

    def take(self, run_id: str) -> None:
        """Adds a failed run to its group. Does nothing if the run is gone."""
        try:
            run = self.runs.get(run_id)
        except NotFoundError:
            logger.info("a failed run no longer exists", extra={"runId": run_id})
            return
        except UnreadableError as error:
            # It will never be readable, but the others in the queue are.
            log_failure("a failed run is damaged", error, runId=run_id)
            return
        if run.error is None or run.error_group is None:
            return
        member = _member(run)
        # Write the member first. After a crash, the group may be unlisted, but it never lacks its
        # runs.
        self.failures.add_run(run.error_group, member)
        try:
            self._grow(run, run.error, run.error_group, member)
        except UnreadableError as error:
            # It will never be readable. Its runs are found without it.
            log_failure("a failure group is damaged", error, runId=run_id)

    def _grow(self, run: "Run", error: "ErrorDetail", group_id: str, member: FailedRun) -> None:
        # Read consistently: a group that was just resolved must not look unresolved.
        group = self.failures.find(group_id, consistent=True)
        for _ in range(_TRIES):
            if group is None:
                group = self.failures.add(self._begun(run, error, group_id, member))
            else:
                after = grown(group, member, is_rerun=run.rerun_of is not None)
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
        raise TransientError("other runs kept changing this failure group; try again")

    def _begun(
        self, run: "Run", error: "ErrorDetail", group_id: str, member: FailedRun
    ) -> FailureGroup:
        first = self._first_error(run, error, group_id)
        title, pattern = group_names(first)
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

    def _first_error(self, run: "Run", error: "ErrorDetail", group_id: str) -> "ErrorDetail":
        """Returns the error from which the group was made: the error on the run's row if its
        message is complete, otherwise the error that the failed step recorded."""
        if _is_of(run, error, group_id):
            return error
        # Read consistently: the step was written just before the run ended, and the group keeps its
        # first message.
        whole = self.failures.step_error(run, consistent=True)
        if whole is not None and _is_of(run, whole, group_id):
            return whole
        # Only the row has it, and has cut it. Drop the last word, which may be half a word or part
        # of a value.
        return error.changed(message=error.message.rpartition(" ")[0] + " …")


def _is_of(run: "Run", error: "ErrorDetail", group_id: str) -> bool:
    return failure_group_id(run.workspace_id, run.automation_id, error) == group_id


def grown(group: FailureGroup, member: FailedRun, *, is_rerun: bool) -> FailureGroup:
    """Returns the group with one more run. The result does not depend on order or repeats. A
    failure after the resolution reopens the group, unless the failed run is a rerun: the run that
    it repeats is in the group already."""
    first_at, first_version = min(
        (group.first_at, group.first_version), (member.failed_at, member.version)
    )
    return group.changed(
        first_at=first_at,
        first_version=first_version,
        listed_at=max(group.listed_at, _hour(member.failed_at)),
        expires_at=max(group.expires_at, _kept_until(member)),
        resolution=group.resolution if is_rerun else _reopened(group.resolution, member),
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
    """Returns the start of the hour. A group stores only hours, so it changes at most once an hour
    however often its runs fail."""
    return moment // HOUR * HOUR


def _kept_until(member: FailedRun) -> int:
    """Returns an expiry at least as late as the run's, rounded up to a day so that it rarely
    changes."""
    return (member.expires_at // DAY + 1) * DAY
