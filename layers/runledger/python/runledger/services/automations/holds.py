"""Holds automations and releases them, for example during a partner's outage.

During a hold, events continue to open runs, and no run is canceled. But the new runs are stored as
held: in the due index, they are in a separate partition that the tick does not read. A release
moves them to the partitions that the tick reads, and starts them at a given rate. Runs that were
opened before the hold continue. Reruns start as usual, because users rerun a run to test whether
the partner works again.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, SECOND, Clock
from runledger.errors import (
    ConditionFailedError,
    ConflictError,
    NotFoundError,
    UnreadableError,
)
from runledger.models.automation import AutomationStatus
from runledger.models.hold import Hold, Release
from runledger.observability import logger
from runledger.services.execution.start import START_GRACE
from runledger.store import keys

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.services.execution.start import Starter
    from runledger.store.automations import AutomationStore
    from runledger.store.due import DueRow
    from runledger.store.holds import HoldStore
    from runledger.store.runs import RunStore

# Runs started between two writes of the progress.
BATCH = 25
# How many minutes a release may catch up at once, if ticks did not come.
MOST_MINUTES = 3
# The most held runs that are counted to show the progress of a release.
MOST_COUNTED = 10_000
# The time of one tick for one release.
TICK_TIME = 15 * SECOND


@dataclass(frozen=True, slots=True)
class Holds:
    automations: "AutomationStore"
    runs: "RunStore"
    store: "HoldStore"
    starter: "Starter"
    clock: Clock

    def hold(
        self, workspace_id: str, automation_id: str, reason: str | None, by: str
    ) -> "Automation":
        """Holds an automation and returns it. A repeated hold changes nothing. Raises ConflictError
        if the automation is not ACTIVE."""
        automation = self.automations.get(workspace_id, automation_id)
        if automation.hold is not None:
            return automation
        if automation.status is not AutomationStatus.ACTIVE:
            raise ConflictError(
                f"the automation is {automation.status}, so no runs start and there is nothing to "
                "hold",
                status=automation.status.value,
            )
        hold = Hold(at=self.clock(), by=by, reason=reason)
        self.store.hold(automation, hold)
        return automation.changed(hold=hold)

    def release(self, workspace_id: str, automation_id: str, rate: int, by: str) -> "Automation":
        """Ends the hold. New runs start at once, and held runs at `rate` per minute, oldest first.
        Raises ConflictError if the automation is not held."""
        automation = self.automations.get(workspace_id, automation_id)
        if automation.hold is None:
            raise ConflictError("the automation is not held", status=automation.status.value)
        now = self.clock()
        release = Release(
            workspace_id=workspace_id,
            automation_id=automation_id,
            rate=rate,
            at=now,
            by=by,
            total=self._total(automation_id, started=0),
            due_at=now,
        )
        self.store.release(automation, release)
        return automation.changed(hold=None)

    def settle(self, row: "DueRow") -> None:
        """Continues a release that is due. Raises ConditionFailedError if another process is
        working on it."""
        release = self.store.at(row.key)
        now = self.clock()
        if release is None or release.due_at > now:
            return
        until = now + TICK_TIME
        # By the minutes since the release began: ticks come a little early or late.
        minutes = (now - release.at) // MINUTE + 1
        left = min(minutes * release.rate - release.started, MOST_MINUTES * release.rate)
        next_minute = release.at + minutes * MINUTE
        # Counted again, because runs were canceled meanwhile, or were not yet in the index.
        release = release.changed(total=self._total(release.automation_id, release.started))
        position: str | None = None
        while left > 0 and self.clock() < until:
            # Read on from the last run: the index may still show runs that were started just now.
            found = self.store.held(release.automation_id, min(BATCH, left), position)
            if not found:
                self._look_again(release, self.clock())
                return
            position = found[-1]
            # Counted before they start: a process that dies makes the pace slower, never faster.
            started = release.started + len(found)
            total = None if release.total is None else max(release.total, started)
            following = release.changed(
                started=started, total=total, empty_at=None, due_at=next_minute
            )
            self.store.go_on(release, following)
            release = following
            left -= len(found)
            for due_key in found:
                self._start(release, keys.id_of(due_key))
        if left <= 0 and release.due_at <= now:
            # Nothing was left to start in this minute.
            self.store.go_on(release, release.changed(due_at=next_minute))

    def _total(self, automation_id: str, started: int) -> int | None:
        held = len(self.store.held(automation_id, MOST_COUNTED + 1))
        return started + held if held <= MOST_COUNTED else None

    def _look_again(self, release: Release, now: int) -> None:
        if release.empty_at is None:
            self.store.go_on(release, release.changed(empty_at=now, due_at=now + MINUTE))
        elif now >= release.empty_at + MINUTE:
            self.store.go_on(release, None)
        else:
            self.store.go_on(release, release.changed(due_at=release.empty_at + MINUTE))

    def _start(self, release: Release, run_id: str) -> None:
        now = self.clock()
        try:
            run = self.runs.get(run_id)
            later = run.scheduled_for if run.scheduled_for and run.scheduled_for > now else None
            free = self.store.let_go(run, later or now + START_GRACE)
        except (ConditionFailedError, NotFoundError):
            logger.info("a held run ended or was started meanwhile", extra={"runId": run_id})
            return
        except UnreadableError:
            # The tick postpones it like every damaged run, so that it delays no other.
            logger.warning("a damaged run cannot be started", extra={"runId": run_id})
            self.store.let_go_damaged(release, run_id, now + START_GRACE)
            return
        if later is None:
            self.starter.start_again(free)
