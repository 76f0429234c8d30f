"""The names of a workspace's secrets, and where the value of each is stored.

Every value is a separate secret in Secrets Manager. The secret's name ends with a generation, an id
that is never used again: Secrets Manager deletes a secret in the background, and its name is
blocked until the deletion is done.

The row of a name points to the current generation. It also lists the generations that are being
made (`making`) and those to delete (`doomed`). A generation is put on the row before it is created
in Secrets Manager, and stays there until it is deleted in Secrets Manager. A row with an entry in
these lists is due, so the tick finishes the work.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase
from pydantic import Field

from runledger.errors import ConditionFailedError, TransientError
from runledger.models.base import Model
from runledger.store import keys
from runledger.store.table import Change, Delete, Path, key_attributes

if TYPE_CHECKING:
    from runledger.store.keys import Key
    from runledger.store.table import Table
    from runledger.store.values import Item

_TRIES = 5


class SecretName(Model):
    """The row of a secret's name. `generation` is None if the secret is not set. `making` and
    `doomed` map generations to the time at which each generation was added to the field.
    `allowed_hosts` are the hosts that the value may be sent to."""

    workspace_id: str
    name: str
    generation: str | None
    updated_at: int | None
    last_used_at: int | None
    allowed_hosts: tuple[str, ...] = ()
    making: dict[str, int] = Field(default_factory=dict)
    doomed: dict[str, int] = Field(default_factory=dict)


class SecretStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def get(self, workspace_id: str, name: str) -> SecretName | None:
        return self.at(keys.secret(workspace_id, name))

    def at(self, key: "Key") -> SecretName | None:
        item = self._table.get(key, consistent=True)
        return _from_item(item) if item is not None else None

    def names(self, workspace_id: str) -> list[SecretName]:
        """Returns the secrets that are set, ordered by name."""
        page = self._table.query(keys.secret(workspace_id, "").pk)
        found = [_from_item(item) for item in page.items]
        return [each for each in found if each.generation is not None]

    def hosts_of(self, workspace_id: str, wanted: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Returns the allowed hosts of the named secrets that are set, by name."""
        found = self._table.batch_get(
            (keys.secret(workspace_id, name) for name in wanted), consistent=True
        )
        rows = [_from_item(item) for item in found.values()]
        return {row.name: row.allowed_hosts for row in rows if row.generation is not None}

    def begin(
        self, workspace_id: str, name: str, generation: str, now: int, due_at: int
    ) -> SecretName:
        """Lists a new generation on the row before its value is created. The row becomes due, in
        case the generation is never used."""
        key = keys.secret(workspace_id, name)
        exists = Attr("pk").exists()
        is_new = Attr("pk").not_exists()
        due = _due(workspace_id, name, due_at)
        for _ in range(_TRIES):
            try:
                change = Change(set={("making", generation): now, **due})
                return _from_item(self._table.update(key, change, exists))
            except ConditionFailedError:
                item: dict[Any, Any] = {
                    **key_attributes(key),
                    "workspaceId": workspace_id,
                    "making": {generation: now},
                    "doomed": {},
                    **due,
                }
            try:
                self._table.put(item, is_new)
            except ConditionFailedError:
                continue
            return _from_item(item)
        raise TransientError(f"the secret {name} keeps changing; try again")

    def point(
        self, row: SecretName, generation: str, now: int, hosts: tuple[str, ...] | None = None
    ) -> SecretName | None:
        """Makes a new generation the current one, and marks the previous one for deletion. `hosts`
        replaces the allowed hosts in the same write. Returns None if the generation was treated as
        abandoned meanwhile, and may be deleted."""
        key = keys.secret(row.workspace_id, row.name)
        for _ in range(_TRIES):
            is_still_begun = Attr(f"making.{generation}").exists()
            values: dict[Path, Any] = {"generation": generation, "updatedAt": now}
            if row.generation is not None:
                values["doomed", row.generation] = now
            if hosts is not None:
                values["allowedHosts"] = list(hosts)
            change = Change(set=values, remove=[("making", generation)])
            try:
                return _from_item(self._table.update(key, change, is_still_begun & _is_at(row)))
            except ConditionFailedError as error:
                if error.item is None:
                    return None
                row = _from_item(error.item)
            if row.generation == generation:
                # It is our own write: the SDK repeated it, because its answer was lost.
                return row
            if generation not in row.making:
                return None
        raise TransientError(f"the secret {row.name} keeps changing; try again")

    def allow(self, row: SecretName, hosts: tuple[str, ...]) -> SecretName:
        """Replaces the allowed hosts of the current value. Raises ConditionFailedError if the row
        now points to another generation."""
        key = keys.secret(row.workspace_id, row.name)
        change = Change(set={"allowedHosts": list(hosts)})
        return _from_item(self._table.update(key, change, _is_at(row)))

    def forget(self, row: SecretName, now: int, due_at: int) -> SecretName:
        """Unsets a secret. Raises ConditionFailedError if it changed since it was read."""
        assert row.generation is not None
        values: dict[Path, Any] = {
            ("doomed", row.generation): now,
            **_due(row.workspace_id, row.name, due_at),
        }
        gone = ["generation", "updatedAt", "lastUsedAt", "allowedHosts"]
        change = Change(set=values, remove=gone)
        key = keys.secret(row.workspace_id, row.name)
        return _from_item(self._table.update(key, change, _is_at(row)))

    def mark_for_deletion(self, row: SecretName, abandoned: Iterable[str], now: int) -> SecretName:
        """Marks abandoned generations for deletion, so that none of them can become the current
        one. Raises ConditionFailedError if one of them has become the current one, or is already
        marked."""
        taken = list(abandoned)
        condition: ConditionBase = Attr("pk").exists()
        for generation in taken:
            condition = condition & Attr(f"making.{generation}").exists()
        change = Change(
            set={("doomed", generation): now for generation in taken},
            remove=[("making", generation) for generation in taken],
        )
        key = keys.secret(row.workspace_id, row.name)
        return _from_item(self._table.update(key, change, condition))

    def remove_deleted(self, row: SecretName, gone: Iterable[str], due_at: int) -> None:
        """Removes from the row the generations that are deleted in Secrets Manager. If the row then
        lists no generation, it leaves the due index; if the secret is not set either, the row is
        deleted. Otherwise it is due again at `due_at`."""
        key = keys.secret(row.workspace_id, row.name)
        exists = Attr("pk").exists()
        change = Change(
            set=_due(row.workspace_id, row.name, due_at),
            remove=[("doomed", generation) for generation in gone],
        )
        row = _from_item(self._table.update(key, change, exists))
        if row.making or row.doomed:
            return
        lists_nothing = Attr("making").eq({}) & Attr("doomed").eq({})
        if row.generation is None:
            self._table.transact([Delete(key, lists_nothing & _is_at(row))])
        else:
            self._table.update(key, Change(remove=["gsi4pk", "dueKey"]), lists_nothing)

    def touch(self, row: SecretName, now: int, before: int) -> None:
        """Records that the secret was used at `now`. Raises ConditionFailedError if the recorded
        last use is not earlier than `before`, or if the row now points to another
        generation."""
        is_old = Attr("lastUsedAt").not_exists() | Attr("lastUsedAt").lt(before)
        key = keys.secret(row.workspace_id, row.name)
        self._table.update(key, Change(set={"lastUsedAt": now}), _is_at(row) & is_old)


def _is_at(row: SecretName) -> ConditionBase:
    """The condition that the row still points to the same generation."""
    if row.generation is None:
        return Attr("pk").exists() & Attr("generation").not_exists()
    return Attr("generation").eq(row.generation)


def _due(workspace_id: str, name: str, due_at: int) -> dict[Path, Any]:
    secret_id = keys.secret_id(workspace_id, name)
    return {
        "gsi4pk": keys.due(workspace_id, secret_id),
        "dueKey": keys.due_key(due_at, secret_id),
    }


def _from_item(item: "Item") -> SecretName:
    return SecretName(
        workspace_id=item["workspaceId"],
        name=item["sk"],
        generation=item.get("generation"),
        updated_at=item.get("updatedAt"),
        last_used_at=item.get("lastUsedAt"),
        allowed_hosts=tuple(item.get("allowedHosts", ())),
        making=item["making"],
        doomed=item["doomed"],
    )
