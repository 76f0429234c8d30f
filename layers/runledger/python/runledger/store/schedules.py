"""The wanted schedules of date automations: one row per automation. A row is in the due index
while its schedule is enabled. The row of a disabled schedule leaves the due index when EventBridge
Scheduler has the latest change. Times are epoch milliseconds."""

from datetime import date
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.models.schedule import Schedule
from runledger.store import keys
from runledger.store.table import Change, Modify, Path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from boto3.dynamodb.conditions import ConditionBase

    from runledger.store.keys import Key
    from runledger.store.table import Table
    from runledger.store.values import Item


class ScheduleStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def get(self, automation_id: str) -> Schedule | None:
        return self.at(keys.schedule(automation_id))

    def get_many(self, automation_ids: "Iterable[str]") -> dict[str, Schedule]:
        """Returns the enabled schedules, by automation."""
        found = self._table.batch_get(keys.schedule(id_) for id_ in automation_ids)
        schedules = [_from_item(item) for item in found.values() if item["enabled"]]
        return {schedule.automation_id: schedule for schedule in schedules}

    def at(self, key: "Key") -> Schedule | None:
        item = self._table.get(key, consistent=True)
        return None if item is None else _from_item(item)

    def wanted(self, schedule: Schedule, now: int) -> Modify:
        """Returns the write that makes this the wanted schedule. It gets the next revision and is
        due at once."""
        values: dict[Path, Any] = {
            "workspaceId": schedule.workspace_id,
            "automationId": schedule.automation_id,
            "timeOfDay": schedule.time_of_day,
            "timeZone": schedule.time_zone,
            "enabled": schedule.is_enabled,
            "enabledAt": schedule.enabled_at,
            "isSynced": False,
            **_next_fire(schedule.next_day, schedule.next_fire_at),
            **_due(schedule, now),
        }
        key = keys.schedule(schedule.automation_id)
        return Modify(key, Change(set=values, add={"revision": 1}))

    def synced(self, schedule: Schedule, due_at: int | None) -> None:
        """Records that Scheduler has this revision. A `due_at` of None takes the row out of the due
        index. Raises ConditionFailedError if there is a newer revision by now."""
        change = Change(set={"isSynced": True}, remove=["gsi4pk", "dueKey"])
        if due_at is not None:
            change = Change(set={"isSynced": True, **_due(schedule, due_at)})
        self._table.update(keys.schedule(schedule.automation_id), change, _is_same(schedule))

    def postpone(self, schedule: Schedule, due_at: int) -> None:
        """Changes when the schedule is due. Raises ConditionFailedError if the schedule's revision
        or next day has changed."""
        is_same_day = Attr("nextDay").eq(schedule.next_day.isoformat())
        change = Change(set=dict(_due(schedule, due_at)))
        key = keys.schedule(schedule.automation_id)
        self._table.update(key, change, _is_same(schedule) & is_same_day)

    def claim_try(self, schedule: Schedule, due_at: int) -> int:
        """Claims the next try to start a missing fire, and returns its number. No other process
        gets the same number. Raises ConditionFailedError if the fire was started meanwhile, or
        another process works on it."""
        is_same_day = Attr("nextDay").eq(schedule.next_day.isoformat())
        is_same_try = Attr("tries").eq(schedule.tries)
        number = schedule.tries + 1
        change = Change(set={"tries": number, **_due(schedule, due_at)})
        condition = _is_same(schedule) & is_same_day & is_same_try
        self._table.update(keys.schedule(schedule.automation_id), change, condition)
        return number

    def advance(self, schedule: Schedule, day: date, fire_at: int, due_at: int) -> Modify:
        """Returns the write that makes `day` the next day, after the schedule has fired for the
        current one."""
        is_same_day = Attr("nextDay").eq(schedule.next_day.isoformat())
        change = Change(set={**_next_fire(day, fire_at), **_due(schedule, due_at)})
        key = keys.schedule(schedule.automation_id)
        return Modify(key, change, _is_same(schedule) & is_same_day)


def _is_same(schedule: Schedule) -> "ConditionBase":
    is_same_revision = Attr("revision").eq(schedule.revision)
    return is_same_revision


def _next_fire(day: date, fire_at: int) -> "dict[Path, Any]":
    return {"nextDay": day.isoformat(), "nextFireAt": fire_at, "tries": 0}


def _due(schedule: Schedule, due_at: int) -> "dict[Path, Any]":
    schedule_id = keys.schedule_id(schedule.automation_id)
    return {
        "gsi4pk": keys.due(schedule.workspace_id, schedule_id),
        "dueKey": keys.due_key(due_at, schedule_id),
    }


def _from_item(item: "Item") -> Schedule:
    return Schedule(
        workspace_id=item["workspaceId"],
        automation_id=item["automationId"],
        time_of_day=item["timeOfDay"],
        time_zone=item["timeZone"],
        is_enabled=item["enabled"],
        enabled_at=item["enabledAt"],
        is_synced=item["isSynced"],
        revision=item["revision"],
        next_day=date.fromisoformat(item["nextDay"]),
        next_fire_at=item["nextFireAt"],
        tries=item["tries"],
    )
