"""The tick's work on date automations: updates Scheduler, fires what Scheduler missed, and restarts
a fire that lost its execution."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import DAY, MINUTE, Clock
from runledger.errors import RunledgerError
from runledger.models.schedule import Fire, FireSource, FireStatus, MissedReason
from runledger.nodes.date_rules import anchor_of
from runledger.observability import logger
from runledger.services.schedules.date_fires import STALL, advance
from runledger.services.schedules.fire_contract import FireInput
from runledger.services.schedules.fire_rules import rule_of
from runledger.services.schedules.schedules import GRACE, Schedules, scheduled_trigger

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from runledger.models.schedule import Schedule
    from runledger.store.automations import AutomationStore
    from runledger.store.due import DueRow
    from runledger.store.fires import FireStore
    from runledger.store.schedules import ScheduleStore
    from runledger.store.table import Table, Write
    from runledger.store.workspaces import WorkspaceStore

# A fire that is later than this opens no runs.
TOO_LATE = 7 * DAY
# How long an execution has to begin the fire before another is started.
_BEGIN_TIME = 2 * MINUTE
# The most days skipped at once.
_SKIPPED_DAYS = 31
# The reasons for which the schedule in Scheduler is repaired.
_WRONG = (
    MissedReason.SCHEDULE_MISSING,
    MissedReason.SCHEDULE_DISABLED,
    MissedReason.SCHEDULE_CHANGED,
)


@dataclass(frozen=True, slots=True)
class MissedFires:
    table: "Table"
    automations: "AutomationStore"
    schedules: Schedules
    fires: "FireStore"
    workspaces: "WorkspaceStore"
    stepfunctions: "SFNClient"
    fan_out_arn: str
    clock: Clock

    @property
    def _store(self) -> "ScheduleStore":
        return self.schedules.store

    def settle(self, row: "DueRow") -> None:
        """Settles a schedule that is due. Raises ConditionFailedError if the schedule changed
        meanwhile."""
        schedule = self._store.at(row.key)
        if schedule is None:
            return
        if schedule.is_enabled and self.clock() >= schedule.next_fire_at + GRACE:
            self._fire_missed(schedule)
        elif not schedule.is_synced:
            self._sync(schedule)
        else:
            # Scheduler has the schedule, and its next fire is in the future.
            due_at = schedule.next_fire_at + GRACE if schedule.is_enabled else None
            self._store.synced(schedule, due_at)

    def resume(self, row: "DueRow") -> None:
        """Continues a fire that has not moved for a while. Raises ConditionFailedError if the fire
        has moved meanwhile."""
        fire = self.fires.at(row.key)
        if fire is None or fire.status is not FireStatus.RUNNING:
            return
        number = self.fires.next_attempt(fire, self.clock() + STALL)
        name = f"{fire.automation_id}-{fire.day}-v{fire.version}-{number}"
        given = FireInput(
            workspace_id=fire.workspace_id,
            automation_id=fire.automation_id,
            day=fire.day,
            version=fire.version,
        )
        self._start(name, given)

    def _fire_missed(self, schedule: "Schedule") -> None:
        reason = self.schedules.why_missed(schedule)
        logger.warning(
            "schedule did not fire",
            extra={
                "automationId": schedule.automation_id,
                "day": schedule.next_day.isoformat(),
                "reason": reason.value,
            },
        )
        if reason in _WRONG or not schedule.is_synced:
            self._sync(schedule)
        if self.clock() - schedule.next_fire_at > TOO_LATE:
            self._skip(schedule, reason)
            return
        number = self._store.claim_try(schedule, self.clock() + _BEGIN_TIME)
        name = f"{schedule.automation_id}-{schedule.next_day}-r{schedule.revision}-{number}"
        given = FireInput(
            workspace_id=schedule.workspace_id,
            automation_id=schedule.automation_id,
            day=schedule.next_day,
            by=FireSource.TICK,
            missed=reason,
        )
        self._start(name, given)

    def _skip(self, schedule: "Schedule", reason: MissedReason) -> None:
        """Records the days that are too long ago as skipped, oldest first."""
        automation = self.automations.get(schedule.workspace_id, schedule.automation_id)
        trigger = scheduled_trigger(automation)
        if trigger is None or automation.active is None:
            # The automation was stopped after the schedule was read, and the schedule with it.
            return
        retention = self.workspaces.cached(schedule.workspace_id).retention
        for _ in range(_SKIPPED_DAYS):
            now = self.clock()
            if now - schedule.next_fire_at <= TOO_LATE:
                return
            fire = Fire(
                workspace_id=schedule.workspace_id,
                automation_id=schedule.automation_id,
                version=automation.active.version,
                day=schedule.next_day,
                anchor=anchor_of(schedule.next_day, trigger.offset_days),
                rule=rule_of(trigger),
                scheduled_for=schedule.next_fire_at,
                fired_at=now,
                by=FireSource.TICK,
                missed=reason,
                status=FireStatus.SKIPPED,
                reason="noticed more than seven days late",
                finished_at=now,
                expires_at=now + retention,
            )
            writes: list[Write] = [advance(self._store, schedule, now)]
            if self.fires.get(fire.automation_id, fire.day, fire.version) is None:
                writes.append(self.fires.first(fire, None))
            self.table.transact(writes)
            after = self._store.get(schedule.automation_id)
            if after is None:
                return
            schedule = after

    def _sync(self, schedule: "Schedule") -> None:
        """Updates Scheduler. If it refuses, the tick tries again in a minute."""
        try:
            self.schedules.sync(schedule)
        except RunledgerError as error:
            logger.warning(
                "schedule not updated",
                extra={"automationId": schedule.automation_id, "reason": error.for_log()},
            )
            self._store.postpone(schedule, self.clock() + MINUTE)

    def _start(self, name: str, given: FireInput) -> None:
        """Starts the fan-out. If this fails, it is tried again when the row is due."""
        facts: dict[str, Any] = given.model_dump(mode="json", exclude_none=True)
        try:
            self.stepfunctions.start_execution(
                stateMachineArn=self.fan_out_arn, name=name, input=json.dumps(facts)
            )
        except AWS_ERRORS as error:
            logger.warning(
                "fan-out not started",
                extra={
                    "automationId": given.automation_id,
                    "reason": domain_error(error).for_log(),
                },
            )
