"""Holds of automations, held runs, and releases."""

from contextlib import suppress
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, ConflictError
from runledger.models.automation import AutomationStatus
from runledger.models.hold import Hold, Release
from runledger.models.run import RunStatus
from runledger.store import keys
from runledger.store.run_rows import run_from_item
from runledger.store.table import Change, Delete, Modify, Put, SortRange, key_attributes

if TYPE_CHECKING:
    from boto3.dynamodb.conditions import ConditionBase

    from runledger.models.automation import Automation
    from runledger.models.run import Run
    from runledger.store.keys import Key
    from runledger.store.table import Table
    from runledger.store.values import Item


class HoldStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def hold(self, automation: "Automation", hold: Hold) -> None:
        """Holds an ACTIVE automation. Ends a release in progress; the runs that it has not started
        stay held. Raises ConflictError if the automation is not ACTIVE or is held already."""
        is_active = Attr("status").eq(AutomationStatus.ACTIVE.value)
        is_free = Attr("hold").not_exists()
        change = Change(set={"hold": hold.model_dump(mode="json")})
        key = keys.automation(automation.workspace_id, automation.id)
        try:
            self._table.transact(
                [Modify(key, change, is_active & is_free), Delete(keys.release(automation.id))]
            )
        except ConditionFailedError as error:
            raise ConflictError(
                "the automation is not active, or somebody else holds it already; reload it"
            ) from error

    def release(self, automation: "Automation", release: Release) -> None:
        """Ends the hold, and begins to start the held runs. Raises ConflictError if the automation
        is not held."""
        assert automation.hold is not None
        is_this_hold = Attr("hold.at").eq(automation.hold.at)
        key = keys.automation(automation.workspace_id, automation.id)
        try:
            self._table.transact(
                [Modify(key, Change(remove=["hold"]), is_this_hold), Put(_to_item(release))]
            )
        except ConditionFailedError as error:
            raise ConflictError("somebody else has released the automation; reload it") from error

    def at(self, key: "Key") -> Release | None:
        """Returns the release whose row has this key; None if it is over."""
        item = self._table.get(key, consistent=True)
        return None if item is None else release_from_item(item)

    def go_on(self, before: Release, after: Release | None) -> None:
        """Stores the progress of a release; None ends it. Raises ConditionFailedError if another
        process continued it, or a new hold ended it."""
        key = keys.release(before.automation_id)
        is_as_read = Attr("at").eq(before.at) & Attr("started").eq(before.started)
        is_due_as_read = Attr("dueKey").eq(_due_key(before))
        if after is None:
            self._table.transact([Delete(key, is_as_read & is_due_as_read)])
        else:
            self._table.put(_to_item(after), is_as_read & is_due_as_read)

    def held(self, automation_id: str, limit: int, after: str | None = None) -> list[str]:
        """Returns the `dueKey`s of held runs, oldest first: the first ones, or those after the
        `dueKey` `after`."""
        low = None if after is None else keys.after_created(after)
        page = self._table.query(
            keys.held(automation_id), SortRange(low=low), index=keys.Index.DUE, limit=limit
        )
        return [str(item["dueKey"]) for item in page.items]

    def let_go(self, run: "Run", due_at: int) -> "Run":
        """Makes a held run due. Raises ConditionFailedError if it is no longer held."""
        is_pending = Attr("status").eq(RunStatus.PENDING.value)
        change = _due_change(run.workspace_id, run.id, due_at)
        is_held = _is_held(run.automation_id)
        return run_from_item(self._table.update(keys.run(run.id), change, is_held & is_pending))

    def let_go_damaged(self, release: Release, run_id: str, due_at: int) -> None:
        """Makes a held run due whose row is damaged. Changes nothing if it is no longer held."""
        change = _due_change(release.workspace_id, run_id, due_at)
        with suppress(ConditionFailedError):
            self._table.change(keys.run(run_id), change, _is_held(release.automation_id))


def _is_held(automation_id: str) -> "ConditionBase":
    return Attr("gsi4pk").eq(keys.held(automation_id))


def _due_change(workspace_id: str, run_id: str, due_at: int) -> Change:
    return Change(
        set={"gsi4pk": keys.due(workspace_id, run_id), "dueKey": keys.due_key(due_at, run_id)}
    )


def _due_key(release: Release) -> str:
    return keys.due_key(release.due_at, keys.release_id(release.automation_id))


def _to_item(release: Release) -> "Item":
    return {
        **key_attributes(keys.release(release.automation_id)),
        "gsi4pk": keys.due(release.workspace_id, keys.release_id(release.automation_id)),
        "dueKey": _due_key(release),
        "workspaceId": release.workspace_id,
        "rate": release.rate,
        "at": release.at,
        "by": release.by,
        "started": release.started,
        "total": release.total,
        "emptyAt": release.empty_at,
    }


def release_from_item(item: "Item") -> Release:
    return Release(
        workspace_id=item["workspaceId"],
        automation_id=item["pk"].partition("#")[2],
        rate=item["rate"],
        at=item["at"],
        by=item["by"],
        started=item["started"],
        total=item.get("total"),
        empty_at=item.get("emptyAt"),
        due_at=keys.due_at_of(item["dueKey"]),
    )
