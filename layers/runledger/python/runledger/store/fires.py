"""Fires of date automations: one row per day and version. Times are epoch milliseconds."""

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError
from runledger.models.schedule import Fire, FireSource, FireStatus, MissedReason
from runledger.store import keys
from runledger.store.table import Change, Path, Put, SortRange, key_attributes, ttl

if TYPE_CHECKING:
    from typing import Any

    from boto3.dynamodb.conditions import ConditionBase

    from runledger.store.keys import Key
    from runledger.store.table import Table
    from runledger.store.values import Item


class FireStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def get(self, automation_id: str, day: date, version: int) -> Fire | None:
        return self.at(keys.fire(automation_id, day, version))

    def at(self, key: "Key") -> Fire | None:
        item = self._table.get(key, consistent=True)
        return None if item is None else _from_item(item)

    def first(self, fire: Fire, due_at: int | None) -> Put:
        """Returns the write of a new fire."""
        is_new = Attr("pk").not_exists()
        item = _to_item(fire)
        if due_at is not None:
            item |= {str(name): value for name, value in _due(fire, due_at).items()}
        return Put(item, is_new)

    def move_on(self, before: Fire, after: Fire, due_at: int | None) -> None:
        """Stores the progress of a fire from `before` to `after`. If `due_at` is None, the fire
        leaves the due index. Raises ConditionFailedError if another process was faster."""
        is_running = Attr("status").eq(FireStatus.RUNNING.value)
        is_same_page = Attr("pages").eq(before.pages)
        values: dict[Path, Any] = {
            "status": after.status.value,
            "pages": after.pages,
            "opened": after.opened,
            "refused": after.refused,
        }
        optional = {
            "cursor": after.cursor,
            "movedAt": after.moved_at,
            "finishedAt": after.finished_at,
            "reason": after.reason,
        }
        values |= {name: value for name, value in optional.items() if value is not None}
        change = Change(set=values, remove=["gsi4pk", "dueKey"])
        if due_at is not None:
            change = Change(set={**values, **_due(after, due_at)})
        self._table.update(_key(before), change, is_running & is_same_page)

    def count_late(self, before: Fire, after: Fire) -> None:
        """Counts the runs and refusals of a page that was under way while another process stopped
        the fire. Changes nothing if the fire continued."""
        is_stopped = Attr("status").eq(FireStatus.STOPPED.value)
        is_same_page = Attr("pages").eq(before.pages)
        is_no_less = Attr("opened").lte(after.opened) & Attr("refused").lte(after.refused)
        change = Change(set={"opened": after.opened, "refused": after.refused})
        with suppress(ConditionFailedError):
            self._table.update(_key(before), change, is_stopped & is_same_page & is_no_less)

    def next_attempt(self, fire: Fire, due_at: int) -> int:
        """Returns the number of the execution that continues the fire. No other process gets the
        same number. Raises ConditionFailedError if the fire ended, changed or was taken by another
        process."""
        is_running: ConditionBase = Attr("status").eq(FireStatus.RUNNING.value)
        is_same_page = Attr("pages").eq(fire.pages)
        is_same_attempt = Attr("attempt").eq(fire.attempt)
        change = Change(set={"attempt": fire.attempt + 1, **_due(fire, due_at)})
        self._table.update(_key(fire), change, is_running & is_same_page & is_same_attempt)
        return fire.attempt + 1

    def newest(
        self, automation_id: str, limit: int, after: str | None
    ) -> tuple[list[Fire], str | None]:
        """Returns a page of fires, newest day first, after the given position. Also returns the
        last position if more follow."""
        partition = keys.schedule(automation_id).pk
        start = {"pk": partition, "sk": after} if after else None
        page = self._table.query(
            partition,
            SortRange(prefix=keys.FIRE_PREFIX),
            ascending=False,
            limit=limit,
            after=start,
        )
        position = str(page.items[-1]["sk"]) if page.next and page.items else None
        return [_from_item(item) for item in page.items], position


def _key(fire: Fire) -> "Key":
    return keys.fire(fire.automation_id, fire.day, fire.version)


def _due(fire: Fire, due_at: int) -> "dict[Path, Any]":
    fire_id = keys.fire_id(fire.automation_id, fire.day, fire.version)
    return {
        "gsi4pk": keys.due(fire.workspace_id, fire_id),
        "dueKey": keys.due_key(due_at, fire_id),
    }


def _to_item(fire: Fire) -> "Item":
    return {
        **key_attributes(_key(fire)),
        "workspaceId": fire.workspace_id,
        "automationId": fire.automation_id,
        "version": fire.version,
        "day": fire.day.isoformat(),
        "anchor": fire.anchor and fire.anchor.isoformat(),
        "rule": fire.rule,
        "scheduledFor": fire.scheduled_for,
        "firedAt": fire.fired_at,
        "by": fire.by.value,
        "missed": fire.missed and fire.missed.value,
        "status": fire.status.value,
        "attempt": fire.attempt,
        "cursor": fire.cursor,
        "movedAt": fire.moved_at,
        "pages": fire.pages,
        "opened": fire.opened,
        "refused": fire.refused,
        "finishedAt": fire.finished_at,
        "reason": fire.reason,
        "looksAtAll": fire.looks_at_all,
        "ttl": ttl(fire.expires_at),
    }


def _from_item(item: "Item") -> Fire:
    anchor, missed = item.get("anchor"), item.get("missed")
    return Fire(
        workspace_id=item["workspaceId"],
        automation_id=item["automationId"],
        version=item["version"],
        day=date.fromisoformat(item["day"]),
        anchor=date.fromisoformat(anchor) if anchor else None,
        rule=item["rule"],
        scheduled_for=item["scheduledFor"],
        fired_at=item["firedAt"],
        by=FireSource(item["by"]),
        missed=MissedReason(missed) if missed else None,
        status=FireStatus(item["status"]),
        attempt=item["attempt"],
        cursor=item.get("cursor"),
        moved_at=item.get("movedAt"),
        pages=item["pages"],
        opened=item["opened"],
        refused=item["refused"],
        finished_at=item.get("finishedAt"),
        reason=item.get("reason"),
        looks_at_all=item.get("looksAtAll"),
        expires_at=item["ttl"] * 1_000,
    )
