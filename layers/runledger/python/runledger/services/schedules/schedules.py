"""Schedules of date automations: the table holds the wanted schedule, and Scheduler is updated to
match.

The transaction that activates or stops the automation changes the wanted schedule. Scheduler is
updated right after. If that fails, the row is due at once and the tick updates Scheduler.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import MINUTE, Clock
from runledger.errors import (
    ConditionFailedError,
    MissingResourceError,
    RunledgerError,
    TransientError,
)
from runledger.models.automation import Automation, AutomationStatus
from runledger.models.schedule import MissedReason, Schedule
from runledger.nodes.date_rules import next_day
from runledger.nodes.dates import is_skipped, moment_of_day
from runledger.nodes.trigger import DateTrigger, TriggerConfig
from runledger.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

    from runledger.store.schedules import ScheduleStore
    from runledger.store.table import Write

# How long after its time a fire counts as missed.
GRACE = 2 * MINUTE
# Scheduler's own retries of starting the fan-out; the tick fires long before they end.
_TARGET_TRIES = 20
_TARGET_SECONDS = 3_600
# A try is lost only if the wanted schedule changed in between.
_SYNC_TRIES = 5


def scheduled_trigger(automation: Automation) -> DateTrigger | None:
    """Returns the automation's trigger, if the automation is active and a schedule fires its
    trigger; otherwise None."""
    if automation.status is not AutomationStatus.ACTIVE or automation.active is None:
        return None
    trigger = TriggerConfig.model_validate(automation.active.trigger)
    return trigger if isinstance(trigger, DateTrigger) and trigger.is_scheduled else None


@dataclass(frozen=True, slots=True)
class ScheduleTarget:
    """The group of the stack's schedules, and their target: the state machine `fan_out_arn`,
    started with `role_arn`. Events that cannot be delivered go to `lost_events_arn`."""

    group: str
    fan_out_arn: str
    role_arn: str
    lost_events_arn: str


@dataclass(frozen=True, slots=True)
class Schedules:
    store: "ScheduleStore"
    scheduler: "EventBridgeSchedulerClient"
    target: ScheduleTarget
    clock: Clock

    def writes(self, after: Automation) -> "list[Write]":
        """Returns the schedule's writes for the transaction that stores the automation `after`."""
        stored = self.store.get(after.id)
        trigger = scheduled_trigger(after)
        now = self.clock()
        if trigger is None:
            if stored is None or not stored.is_enabled:
                return []
            return [self.store.wanted(stored.changed(is_enabled=False), now)]
        day = next_day(now, trigger.time_of_day, trigger.time_zone)
        if stored is not None and stored.is_enabled and stored.next_fire_at <= now:
            # Keep a fire that is outstanding.
            day = min(day, stored.next_day)
        schedule = Schedule(
            workspace_id=after.workspace_id,
            automation_id=after.id,
            time_of_day=trigger.time_of_day,
            time_zone=trigger.time_zone,
            is_enabled=True,
            enabled_at=stored.enabled_at if stored and stored.is_enabled else now,
            is_synced=False,
            revision=0,
            next_day=day,
            next_fire_at=moment_of_day(day, trigger.time_of_day, trigger.time_zone),
        )
        return [self.store.wanted(schedule, now)]

    def sync_soon(self, automation_id: str) -> None:
        """Updates Scheduler. If this fails, the tick does it."""
        try:
            schedule = self.store.get(automation_id)
            if schedule is not None and not schedule.is_synced:
                self.sync(schedule)
        except RunledgerError as error:
            logger.warning(
                "schedule could not be changed now; the tick will do it",
                extra={"automationId": automation_id, "reason": error.for_log()},
            )

    def sync(self, schedule: Schedule) -> Schedule:
        """Makes Scheduler match the wanted schedule: `schedule`, or a newer one.

        A process that sent an outdated schedule fails the condition on the revision and sends the
        newer one. So the last update is always right."""
        for _ in range(_SYNC_TRIES):
            self._send(schedule)
            due_at = schedule.next_fire_at + GRACE if schedule.is_enabled else None
            try:
                self.store.synced(schedule, due_at)
            except ConditionFailedError:
                newer = self.store.get(schedule.automation_id)
                if newer is None:
                    raise
                schedule = newer
            else:
                return schedule.changed(is_synced=True)
        raise TransientError("the schedule kept changing; try again")

    def why_missed(self, schedule: Schedule) -> MissedReason:
        """Returns why the schedule did not fire on the day of its stored next fire, as far as
        EventBridge Scheduler shows the reason."""
        if is_skipped(schedule.next_day, schedule.time_of_day, schedule.time_zone):
            return MissedReason.DST_GAP
        try:
            found: dict[str, Any] = dict(
                self.scheduler.get_schedule(
                    Name=schedule.automation_id, GroupName=self.target.group
                )
            )
        except AWS_ERRORS as error:
            ours = domain_error(error)
            if isinstance(ours, MissingResourceError):
                return MissedReason.SCHEDULE_MISSING
            logger.warning("schedule not described", extra={"reason": ours.for_log()})
            return MissedReason.UNKNOWN
        if found.get("State") == "DISABLED":
            return MissedReason.SCHEDULE_DISABLED
        wanted = self._definition(schedule)
        compared = ("ScheduleExpression", "ScheduleExpressionTimezone")
        aims = ("Arn", "RoleArn", "Input")
        if any(found.get(name) != wanted[name] for name in compared) or any(
            found["Target"].get(name) != wanted["Target"][name] for name in aims
        ):
            return MissedReason.SCHEDULE_CHANGED
        return MissedReason.TARGET_FAILED

    def _send(self, schedule: Schedule) -> None:
        try:
            if not schedule.is_enabled:
                self._delete(schedule.automation_id)
                return
            definition = self._definition(schedule)
            try:
                self.scheduler.create_schedule(**definition)
            except self.scheduler.exceptions.ConflictException:
                self.scheduler.update_schedule(**definition)
        except AWS_ERRORS as error:
            raise domain_error(error) from error

    def _delete(self, automation_id: str) -> None:
        try:
            self.scheduler.delete_schedule(Name=automation_id, GroupName=self.target.group)
        except self.scheduler.exceptions.ResourceNotFoundException:
            logger.info("schedule was already deleted", extra={"automationId": automation_id})

    def _definition(self, schedule: Schedule) -> dict[str, Any]:
        facts = {
            "workspaceId": schedule.workspace_id,
            "automationId": schedule.automation_id,
            "scheduledTime": "<aws.scheduler.scheduled-time>",
        }
        return {
            "Name": schedule.automation_id,
            "GroupName": self.target.group,
            "Description": "Fires a Runledger automation.",
            "ScheduleExpression": schedule.expression,
            "ScheduleExpressionTimezone": schedule.time_zone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED",
            "Target": {
                "Arn": self.target.fan_out_arn,
                "RoleArn": self.target.role_arn,
                "Input": json.dumps(facts),
                "RetryPolicy": {
                    "MaximumRetryAttempts": _TARGET_TRIES,
                    "MaximumEventAgeInSeconds": _TARGET_SECONDS,
                },
                "DeadLetterConfig": {"Arn": self.target.lost_events_arn},
            },
        }
