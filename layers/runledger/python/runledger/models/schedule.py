"""Schedules of date automations, and each time they fire. Times are epoch milliseconds."""

from datetime import date
from enum import StrEnum

from runledger.models.base import Model


class FireSource(StrEnum):
    """What started a fire: EventBridge Scheduler, or the tick in its place."""

    SCHEDULE = "SCHEDULE"
    TICK = "TICK"


class MissedReason(StrEnum):
    """Why a schedule did not fire by itself.

    DST_GAP: the clocks skipped its time of day. SCHEDULE_DISABLED, SCHEDULE_MISSING,
    SCHEDULE_CHANGED: a person disabled, deleted or changed it in EventBridge Scheduler.
    TARGET_FAILED: the schedule was correct but its target did not start. UNKNOWN: EventBridge
    Scheduler did not answer.
    """

    DST_GAP = "DST_GAP"
    SCHEDULE_DISABLED = "SCHEDULE_DISABLED"
    SCHEDULE_MISSING = "SCHEDULE_MISSING"
    SCHEDULE_CHANGED = "SCHEDULE_CHANGED"
    TARGET_FAILED = "TARGET_FAILED"
    UNKNOWN = "UNKNOWN"


class FireStatus(StrEnum):
    """The status of a fire. RUNNING: runs are being opened. COMPLETED: all are open. STOPPED:
    meanwhile the automation was stopped or its trigger changed. SKIPPED: the fire was noticed too
    late, so no run was opened."""

    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    STOPPED = "STOPPED"
    SKIPPED = "SKIPPED"


class Schedule(Model):
    """The wanted schedule of a date automation, and the day on which it fires next.

    `revision` counts the changes of the wanted schedule; `is_synced` says that EventBridge
    Scheduler has this revision. If EventBridge Scheduler does not fire for `next_day`, the tick
    does; `tries` counts how often it tried. `enabled_at` is when the schedule was last enabled.
    """

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
        """The cron expression for EventBridge Scheduler. Source: EventBridge Scheduler User Guide,
        "Schedule types"."""
        hour, minute = self.time_of_day.split(":")
        return f"cron({int(minute)} {int(hour)} * * ? *)"


class Fire(Model):
    """One fire of an automation's version, for one day in its time zone.

    - `anchor` is the day on which the date of a selected contact must recur; None if Python does
      not support its year.
    - `rule` is the date rule that selects contacts.
    - `cursor` is how far the contacts were read, and `moved_at` when they were last. `moved_at` is
      None on the first page, or if it was not recorded.
    - `attempt` is the execution that works on it.
    - `opened` and `refused` count contacts.
    - `reason` says why the fire stopped.
    - `looks_at_all` is True if the fire searches all contacts, because no earlier fire for the same
      metadata key was completed. None if it was not recorded.
    """

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
    moved_at: int | None = None
    pages: int = 0
    opened: int = 0
    refused: int = 0
    finished_at: int | None = None
    reason: str | None = None
    looks_at_all: bool | None = None
    expires_at: int

    @property
    def page_since(self) -> int:
        """Since when the contacts of the current page may have got their runs: since the page
        began. A fire that looks at all contacts adds some to the index by which it finds them, so a
        repeated page may end earlier, and the next page has contacts that already got their
        runs."""
        if self.moved_at is None or self.looks_at_all:
            return self.fired_at
        return self.moved_at
