"""Activations: one row each, beside the versions. A row is due while work is left."""

from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from runledger.models.activation import KEPT, Activation, ActivationStatus
from runledger.models.automation import Automation, AutomationStatus, Problem, Version
from runledger.store import keys
from runledger.store.table import Change, Modify, Path, Put, Write, key_attributes, ttl

if TYPE_CHECKING:
    from boto3.dynamodb.conditions import ConditionBase

    from runledger.store.bodies import Bodies
    from runledger.store.keys import Key
    from runledger.store.table import Table
    from runledger.store.values import Item


class ActivationStore:
    def __init__(self, table: "Table", bodies: "Bodies") -> None:
        self._table = table
        self._bodies = bodies

    def at(self, key: "Key") -> Activation | None:
        item = self._table.get(key, consistent=True)
        return None if item is None else _from_item(item)

    def get(self, automation_id: str, version: int) -> Activation | None:
        return self.at(keys.activation(automation_id, version))

    def frozen(self, activation: Activation) -> Version:
        """Returns the version that the activation makes active, as the version was at the
        request."""
        assert activation.body is not None
        return Version.model_validate(self._bodies.unpack(activation.body))

    def request(
        self,
        before: Automation,
        version: Version,
        by: str,
        now: int,
        due_at: int,
        replaces: Activation | None,
    ) -> Activation:
        """Writes a new activation of the draft of `before`. `version` has the next number, which is
        never used again. Cancels the earlier activation `replaces`, if there is one. Only the
        caller works on the new activation until `due_at`. Raises ConditionFailedError if the
        automation or `replaces` has changed since it was read.
        """
        activation = Activation(
            workspace_id=before.workspace_id,
            automation_id=before.id,
            version=version.version,
            revision=before.draft_revision,
            status=ActivationStatus.PENDING,
            problem=None,
            requested_at=now,
            requested_by=by,
            finished_at=None,
            due_at=due_at,
            body=self._bodies.pack(
                version.model_dump(mode="json"),
                f"automations/{before.id}/versions/{version.version}",
            ),
        )
        is_same_draft = Attr("draftRevision").eq(before.draft_revision)
        is_same_version = Attr("lastVersion").eq(before.last_version)
        is_in_use = Attr("status").ne(AutomationStatus.ARCHIVED.value)
        is_new = Attr("pk").not_exists()
        writes: list[Write] = [
            Modify(
                keys.automation(before.workspace_id, before.id),
                Change(set={"lastVersion": version.version}),
                is_same_draft & is_same_version & is_in_use,
            ),
            Put(_to_item(activation), is_new),
        ]
        if replaces is not None:
            problem = Problem(
                code="REPLACED", message=f"replaced by the activation of version {version.version}"
            )
            writes.append(self.canceling(replaces, problem, now, due_at))
        self._table.transact(writes)
        return activation

    def put_off(self, activation: Activation, due_at: int) -> Activation:
        """Moves the due time to `due_at`; until then the caller may work on it. Raises
        ConditionFailedError if another process moved it, or the activation has ended."""
        change = Change(set={"dueKey": _due_key(activation, due_at)})
        is_where_it_was = Attr("dueKey").eq(_due_key(activation, activation.due_at))
        is_same_status = Attr("status").eq(activation.status.value)
        self._table.update(_key(activation), change, is_where_it_was & is_same_status)
        return activation.changed(due_at=due_at)

    def activating(self, activation: Activation, now: int) -> list[Write]:
        """Returns the writes for the transaction that makes the version active. One write creates
        the version's row, as the version was at the request. The other write ends the
        activation."""
        key = keys.version(activation.automation_id, activation.version)
        version = {
            **key_attributes(key),
            "workspaceId": activation.workspace_id,
            "body": activation.body,
        }
        is_new = Attr("pk").not_exists()
        change = Change(
            set=_ended(ActivationStatus.ACTIVE, None, now), remove=["gsi4pk", "dueKey", "body"]
        )
        return [Put(version, is_new), Modify(_key(activation), change, _is_pending())]

    def canceling(self, activation: Activation, problem: Problem, now: int, due_at: int) -> Write:
        """Returns the write that cancels the activation. It belongs to the transaction of the
        change that replaces the activation. Until `due_at` another process may still be creating
        the machine. After `due_at` the tick deletes the machine."""
        return Modify(
            _key(activation),
            _ending(activation, ActivationStatus.CANCELED, problem, now, due_at),
            _is_pending(),
        )

    def end(
        self,
        activation: Activation,
        status: ActivationStatus,
        problem: Problem,
        now: int,
        due_at: int,
    ) -> Activation:
        """Ends an activation that will not become active. Its machine may be deleted from `due_at`
        on. Raises ConditionFailedError if it has ended meanwhile."""
        change = _ending(activation, status, problem, now, due_at)
        return _from_item(self._table.update(_key(activation), change, _is_pending()))

    def settled(self, activation: Activation) -> None:
        """Takes an ended activation, with no work left, out of the due index."""
        is_same_status = Attr("status").eq(activation.status.value)
        change = Change(remove=["gsi4pk", "dueKey", "body"])
        self._table.update(_key(activation), change, is_same_status)


def _key(activation: Activation) -> "Key":
    return keys.activation(activation.automation_id, activation.version)


def _is_pending() -> "ConditionBase":
    return Attr("status").eq(ActivationStatus.PENDING.value)


def _due_key(activation: Activation, due_at: int | None) -> str:
    assert due_at is not None
    return keys.due_key(due_at, _due_id(activation))


def _due_id(activation: Activation) -> str:
    return keys.activation_id(activation.automation_id, activation.version)


def _ended(status: ActivationStatus, problem: Problem | None, now: int) -> dict[Path, Any]:
    return {
        "status": status.value,
        "problem": problem and problem.model_dump(mode="json"),
        "finishedAt": now,
        "ttl": ttl(now + KEPT),
    }


def _ending(
    activation: Activation, status: ActivationStatus, problem: Problem, now: int, due_at: int
) -> Change:
    return Change(
        set={**_ended(status, problem, now), "dueKey": _due_key(activation, due_at)},
        remove=["body"],
    )


def _to_item(activation: Activation) -> "Item":
    return {
        **key_attributes(_key(activation)),
        "gsi4pk": keys.due(activation.workspace_id, _due_id(activation)),
        "dueKey": _due_key(activation, activation.due_at),
        "workspaceId": activation.workspace_id,
        "automationId": activation.automation_id,
        "version": activation.version,
        "revision": activation.revision,
        "status": activation.status.value,
        "requestedAt": activation.requested_at,
        "requestedBy": activation.requested_by,
        "body": activation.body,
    }


def _from_item(item: "Item") -> Activation:
    return Activation(
        workspace_id=item["workspaceId"],
        automation_id=item["automationId"],
        version=item["version"],
        revision=item["revision"],
        status=ActivationStatus(item["status"]),
        problem=Problem.model_validate(item["problem"]) if item.get("problem") else None,
        requested_at=item["requestedAt"],
        requested_by=item["requestedBy"],
        finished_at=item.get("finishedAt"),
        due_at=keys.due_at_of(item["dueKey"]) if "dueKey" in item else None,
        body=item.get("body"),
    )
