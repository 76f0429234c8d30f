"""Superseded machines, which get no new runs, until they are deleted."""

from contextlib import suppress
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.clock import MINUTE
from runledger.errors import ConditionFailedError, TransientError
from runledger.models.machine import SupersededMachine
from runledger.store import keys
from runledger.store.table import Change, Delete, Put, SortRange, key_attributes

if TYPE_CHECKING:
    from runledger.store.keys import Key
    from runledger.store.table import Table

# A process that read the automation before its version was superseded may open a run this much
# later.
LATE_OPENINGS = 15 * MINUTE


def supersede(workspace_id: str, automation_id: str, version: int, now: int) -> Put:
    """Returns the write that marks a version's machine for deletion, for the transaction that
    supersedes the version."""
    machine_id = keys.machine_id(automation_id, version)
    return Put(
        {
            **key_attributes(keys.machine(automation_id, version)),
            "gsi4pk": keys.due(workspace_id, machine_id),
            "dueKey": keys.due_key(now + LATE_OPENINGS, machine_id),
            "workspaceId": workspace_id,
            "automationId": automation_id,
            "version": version,
            "supersededAt": now,
        }
    )


class MachineStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def at(self, key: "Key") -> SupersededMachine | None:
        """Returns the machine whose row has this key; None if it is gone."""
        item = self._table.get(key, consistent=True)
        if item is None:
            return None
        return SupersededMachine(
            workspace_id=item["workspaceId"],
            automation_id=item["automationId"],
            version=item["version"],
            superseded_at=item["supersededAt"],
            empty_at=item.get("emptyAt"),
        )

    def has_open_run(self, machine: SupersededMachine, shards: int) -> bool:
        """Whether a run is open that may use the machine: any run of its automation that was opened
        before the machine was superseded, or shortly after."""
        last = keys.created_key(machine.superseded_at + LATE_OPENINGS, "\uffff")
        for shard in range(shards):
            partition = keys.by_automation(
                machine.workspace_id,
                keys.Kind.RUN,
                machine.automation_id,
                keys.OPEN_BUCKET,
                shard,
            )
            page = self._table.query(
                partition, SortRange(high=last), index=keys.Index.BY_AUTOMATION, limit=1
            )
            if page.items:
                return True
        return False

    def look_again(self, machine: SupersededMachine, empty_at: int | None, due_at: int) -> None:
        """Stores the time since which no open run was found, and when to look again. Raises
        ConditionFailedError if another process looked in the meantime."""
        key = keys.machine(machine.automation_id, machine.version)
        is_there = Attr("pk").exists()
        is_unchanged = (
            Attr("emptyAt").not_exists()
            if machine.empty_at is None
            else Attr("emptyAt").eq(machine.empty_at)
        )
        machine_id = keys.machine_id(machine.automation_id, machine.version)
        due_key = keys.due_key(due_at, machine_id)
        change = (
            Change(set={"dueKey": due_key}, remove=["emptyAt"])
            if empty_at is None
            else Change(set={"dueKey": due_key, "emptyAt": empty_at})
        )
        self._table.update(key, change, is_there & is_unchanged)

    def begin_deletion(self, machine: SupersededMachine) -> None:
        """Marks the machine as being deleted. From then on no rerun may use it. Raises
        ConditionFailedError if a rerun has renewed the machine since `machine` was read, or if its
        row is gone."""
        key = keys.machine(machine.automation_id, machine.version)
        is_not_renewed = Attr("supersededAt").eq(machine.superseded_at)
        self._table.update(key, Change(set={"isBeingDeleted": True}), is_not_renewed)

    def renew(self, workspace_id: str, automation_id: str, version: int, now: int) -> bool:
        """Keeps a superseded machine for runs that are opened now. Returns whether the machine
        exists; if not, the caller makes it and calls `made`. Raises TransientError if it is being
        deleted."""
        key = keys.machine(automation_id, version)
        is_there = Attr("pk").exists()
        is_kept = Attr("isBeingDeleted").not_exists()
        due_key = keys.due_key(now + LATE_OPENINGS, keys.machine_id(automation_id, version))
        change = Change(set={"supersededAt": now, "dueKey": due_key}, remove=["emptyAt"])
        try:
            found = self._table.update(key, change, is_there & is_kept)
        except ConditionFailedError as error:
            if error.item is not None:
                raise TransientError(
                    f"the state machine of version {version} is being deleted; try again in a "
                    "minute"
                ) from error
            is_new = Attr("pk").not_exists()
            mark = supersede(workspace_id, automation_id, version, now)
            with suppress(ConditionFailedError):
                # A process may die before it has made the machine.
                self._table.put({**mark.item, "isMissing": True}, is_new)
            return False
        return "isMissing" not in found

    def made(self, automation_id: str, version: int) -> None:
        """Stores that a machine exists again."""
        is_there = Attr("pk").exists()
        with suppress(ConditionFailedError):
            key = keys.machine(automation_id, version)
            self._table.update(key, Change(remove=["isMissing"]), is_there)

    def forget(self, machine: SupersededMachine) -> None:
        self._table.transact([Delete(keys.machine(machine.automation_id, machine.version))])
