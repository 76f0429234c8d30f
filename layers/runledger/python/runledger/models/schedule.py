"""Schedules of date automations and the fires that came of them. Times are epoch milliseconds."""

from datetime import date
from enum import StrEnum

from runledger.models.base import Model


class FireSource(StrEnum):
    """What started a fire: EventBridge Scheduler, or the tick in its stead."""

    SCHEDULE = "SCHEDULE"
    TICK = "TICK"


class MissedReason(StrEnum):
    """Why a schedule did not come by itself.

    DST_GAP: the clocks skipped its time of day. SCHEDULE_DISABLED, SCHEDULE_MISSING,
    SCHEDULE_CHANGED: somebody disabled, deleted or changed it in Scheduler. TARGET_FAILED: it was
    in order and yet started nothing. UNKNOWN: Scheduler did not tell."""

    DST_GAP = "DST_GAP"
    SCHEDULE_DISABLED = "SCHEDULE_DISABLED"
    SCHEDULE_MISSING = "SCHEDULE_MISSING"
    SCHEDULE_CHANGED = "SCHEDULE_CHANGED"
    TARGET_FAILED = "TARGET_FAILED"
    UNKNOWN = "UNKNOWN"


class FireStatus(StrEnum):
    """RUNNING: runs are being opened. COMPLETED: all are. STOPPED: the automation was stopped or
    its trigger changed on the way. SKIPPED: noticed too late to open any."""

    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    STOPPED = "STOPPED"
    SKIPPED = "SKIPPED"


class Schedule(Model):
    """What the schedule of a date automation is to be, and which day it is to fire next.

    `revision` counts the changes of what is wanted; `is_synced` tells that Scheduler has this one.
    `tries` counts what the tick did about a fire that `next_day` is missing, `enabled_at` is since
    when it fires without a break."""

    workspace_id: str
    automation_id: str
    time_of_day: str
    time_zone: str
    is_enabled: bool
    enabled_at: int
    is_synced: bool
    revision: int
    next_day: date
    next_fire_at: int
    tries: int = 0

    @property
    def expression(self) -> str:
        """As EventBridge Scheduler takes it: EventBridge Scheduler User Guide, "Schedule types"."""
        hour, minute = self.time_of_day.split(":")
        return f"cron({int(minute)} {int(hour)} * * ? *)"


class Fire(Model):
    """One fire of an automation's version, for one day of its zone.

    `anchor` is the day whose contacts are due (None beyond the calendar), `rule` what decides
    which those are, `cursor` how far they were looked through, `attempt` the execution at work.
    `opened` and `refused` count contacts. `reason` tells why it stopped. `looks_at_all` is True for
    the first one of a key of metadata, which looks at every contact; None for one that was made
    before that was done."""

    workspace_id: str
    automation_id: str
    version: int
    day: date
    anchor: date | None
    rule: str
    scheduled_for: int
    fired_at: int
    by: FireSource
    missed: MissedReason | None
    status: FireStatus
    attempt: int = 1
    cursor: str | None = None
    pages: int = 0
    opened: int = 0
    refused: int = 0
    finished_at: int | None = None
    reason: str | None = None
    looks_at_all: bool | None = None
    expires_at: int
