"""Pauses and archives automations: refuses new runs, then cancels the open ones."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, SECOND, Clock
from runledger.errors import (
    ConditionFailedError,
    ConflictError,
    NotFoundError,
    UnreadableError,
)
from runledger.models.activation import ActivationStatus
from runledger.models.automation import Automation, AutomationStatus, Drain, Problem
from runledger.models.run import Cancellation
from runledger.observability import logger
from runledger.services.automations.activations import LEASE, pending_activation
from runledger.services.execution.cancel import Canceler
from runledger.store import keys
from runledger.store.machines import supersede
from runledger.store.paging import every_item
from runledger.store.table import SortRange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runledger.models.activation import Activation
    from runledger.services.schedules.schedules import Schedules
    from runledger.services.secrets.key_versions import KeyVersions
    from runledger.store.activations import ActivationStore
    from runledger.store.automations import AutomationStore
    from runledger.store.due import DueRow
    from runledger.store.table import Table, Write
    from runledger.store.workspaces import WorkspaceStore


# A try is lost only if the automation was changed in between.
_TRIES = 8
DRAIN_BATCH = 100


# The time of one tick for canceling one automation's runs.
DRAIN_TIME = 20 * SECOND


def _stopped(status: AutomationStatus, by: str) -> Problem:
    return Problem(code=status.value, message=f"the automation was {status.lower()} by {by}")


@dataclass(frozen=True, slots=True)
class AutomationStopper:
    """Pauses and archives automations: refuses new runs, then cancels the open ones."""

    table: "Table"
    automations: "AutomationStore"
    workspaces: "WorkspaceStore"
    canceler: Canceler
    clock: Clock
    schedules: "Schedules"
    activations: "ActivationStore"
    key_versions: "KeyVersions"

    def stop(
        self, workspace_id: str, automation_id: str, status: AutomationStatus, by: str
    ) -> Automation:
        """Stops the automation and returns it, PAUSED or ARCHIVED. Cancels a first batch of its
        open runs at once; the tick cancels the rest, and then deletes the keys of an archived
        webhook. Also cancels a pending activation, so a draft in its first activation stays a
        DRAFT. Changes nothing if the automation is already stopped in the same way."""
        for _ in range(_TRIES):
            before = self.automations.get(workspace_id, automation_id)
            pending = pending_activation(self.activations, before)
            try:
                if self._is_stopped(before, status, pending):
                    if pending is not None:
                        self._cancel_activation(pending, status, by)
                    return before
                return self._stop(before, status, by, pending)
            except (ConditionFailedError, ConflictError) as error:
                if isinstance(error, ConflictError) and error.status is not None:
                    raise
                # Another request changed it, or the activation ended.
                continue
        raise ConflictError("the automation kept changing at the same time; try again")

    def _is_stopped(
        self, before: Automation, status: AutomationStatus, pending: "Activation | None"
    ) -> bool:
        """Returns whether the automation is already stopped. An automation that was never active
        counts as paused: at most its first activation must be canceled. Raises ConflictError if the
        automation cannot get this status."""
        if before.status is status:
            return True
        is_unused = before.active is None and status is AutomationStatus.PAUSED
        if before.status is AutomationStatus.ARCHIVED or (is_unused and pending is None):
            raise ConflictError(
                f"an automation that is {before.status} cannot be {status.lower()}",
                status=before.status.value,
            )
        return is_unused

    def _cancel_activation(self, pending: "Activation", status: AutomationStatus, by: str) -> None:
        now = self.clock()
        problem = _stopped(status, by)
        self.activations.end(pending, ActivationStatus.CANCELED, problem, now, now + LEASE)

    def _stop(
        self,
        before: Automation,
        status: AutomationStatus,
        by: str,
        pending: "Activation | None",
    ) -> Automation:
        now = self.clock()
        drain = Drain(before=now, by=by, reason=f"automation {status.lower()}")
        after = before.changed(status=status, updated_at=now, updated_by=by, drain=drain, hold=None)
        also: list[Write] = []
        if status is AutomationStatus.ARCHIVED and before.active is not None:
            # No run will ever start on it again.
            also.append(supersede(after.workspace_id, after.id, before.active.version, now))
        if pending is not None:
            problem = _stopped(status, by)
            also.append(self.activations.canceling(pending, problem, now, now + LEASE))
        schedule = self.schedules.writes(after)
        self.automations.stop(before, after, [*also, *schedule])
        if schedule:
            self.schedules.sync_soon(after.id)
        self.drain_some(after, now)
        return after

    def drain(self, row: "DueRow") -> None:
        """Continues draining within the time of one tick, when the automation's row is due."""
        seen_at = self.clock()
        until = seen_at + DRAIN_TIME
        while self.drain_some(self.automations.at(row.key), seen_at) and seen_at < until:
            seen_at = self.clock()

    def drain_some(self, automation: Automation, seen_at: int) -> int:
        """Cancels a batch of the runs to be drained, and returns how many it found. Draining ends
        after two passes, a minute apart, that find no run. Damaged runs are passed over, because
        they can be neither canceled nor continued. `seen_at` is a time before the automation was
        read."""
        drain = automation.drain
        if drain is None:
            return 0
        # While it is stopped, any open run came from a trigger that had seen it active, however
        # late. Runs opened after it became active again must stay.
        is_active = automation.status is AutomationStatus.ACTIVE
        before = drain.before if is_active else max(drain.before, seen_at)
        canceled = Cancellation(by=drain.by, reason=drain.reason)
        found = 0
        for run_id in self._open_runs(automation, before):
            found += self._cancel(automation.workspace_id, run_id, canceled)
            if found >= DRAIN_BATCH:
                break
        now = self.clock()
        if found:
            self.automations.drained(automation, drain.changed(empty_at=None), now)
        elif drain.empty_at is None:
            waiting = drain.changed(empty_at=now)
            self.automations.drained(automation, waiting, now + MINUTE)
        elif now >= drain.empty_at + MINUTE:
            self._delete_keys(automation)
            self.automations.drained(automation, None, now)
        return found

    def _cancel(self, workspace_id: str, run_id: str, canceled: Cancellation) -> bool:
        """Cancels a run, unless it has ended. Returns False if it is damaged."""
        try:
            self.canceler.cancel(workspace_id, run_id, canceled)
        except (ConflictError, NotFoundError):
            # It ended by itself, and the index does not show that yet.
            logger.info(
                "run ended before the stopped automation canceled it", extra={"runId": run_id}
            )
        except UnreadableError:
            logger.warning("a damaged run cannot be canceled", extra={"runId": run_id})
            return False
        return True

    def _delete_keys(self, automation: Automation) -> None:
        """Deletes the keys of an archived automation's webhook, because the automation will never
        accept events again. A rotation that began before the archiving has ended by now."""
        if automation.status is AutomationStatus.ARCHIVED and automation.webhook_token is not None:
            self.key_versions.delete(automation.id)

    def _open_runs(self, automation: Automation, before: int) -> "Iterator[str]":
        """Yields the ids of the open runs that were opened by `before`, read page by page as
        needed."""
        shards = self.workspaces.cached(automation.workspace_id).shards
        for shard in range(shards):
            partition = keys.by_automation(
                automation.workspace_id, keys.Kind.RUN, automation.id, keys.OPEN_BUCKET, shard
            )
            opened = SortRange(high=keys.created_key(before, "\uffff"))
            index = keys.Index.BY_AUTOMATION
            for item in every_item(self.table, partition, opened, index=index, limit=DRAIN_BATCH):
                yield keys.id_of(item["createdKey"])
