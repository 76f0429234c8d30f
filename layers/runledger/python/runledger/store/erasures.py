"""Erasures: one item per erased contact. It is in the due index until the erasure is done, and then
stays as its record."""

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.clock import iso
from runledger.errors import GoneError
from runledger.models.addresses import Address
from runledger.models.erasure import Erasure, ErasureStatus
from runledger.store import keys
from runledger.store.table import Put, key_attributes

if TYPE_CHECKING:
    from runledger.store.table import Table
    from runledger.store.values import Item


class ErasureStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def find(self, workspace_id: str, contact_id: str) -> Erasure | None:
        return self.at(keys.erasure(workspace_id, contact_id))

    def at(self, key: keys.Key) -> Erasure | None:
        item = self._table.get(key, consistent=True)
        return None if item is None else _from_item(item)

    def first(self, erasure: Erasure) -> Put:
        """Returns the write of a new erasure, for a transaction."""
        is_new = Attr("pk").not_exists()
        return Put(_to_item(erasure), is_new)

    def move_on(self, before: Erasure, after: Erasure) -> Erasure:
        """Stores the progress. Raises ConditionFailedError if another process changed it since
        `before` was read."""
        is_unchanged = Attr("revision").eq(before.revision)
        stored = after.changed(revision=before.revision + 1)
        self._table.put(_to_item(stored), is_unchanged)
        return stored

    def require_not_erased(self, workspace_id: str, contact_id: str) -> None:
        """Raises GoneError if the contact with this id was erased."""
        erasure = self.find(workspace_id, contact_id)
        if erasure is not None:
            raise GoneError(
                f"the contact {contact_id} was erased",
                erasure=erasure.status.value,
                erasedAt=iso(erasure.requested_at),
            )


def _to_item(erasure: Erasure) -> "Item":
    workspace_id, contact_id = erasure.workspace_id, erasure.contact_id
    due_at = erasure.due_at
    due_id = keys.erasure_id(workspace_id, contact_id)
    return {
        **key_attributes(keys.erasure(workspace_id, contact_id)),
        "gsi4pk": due_at and keys.due(workspace_id, due_id),
        "dueKey": due_at and keys.due_key(due_at, due_id),
        "workspaceId": workspace_id,
        "status": erasure.status.value,
        "reason": erasure.reason,
        "requestedBy": erasure.requested_by,
        "requestedAt": erasure.requested_at,
        "finishedAt": erasure.finished_at,
        "addresses": [list(each) for each in sorted(erasure.addresses)] or None,
        "position": erasure.position,
        "foundSomething": erasure.found_something or None,
        "quietSince": erasure.quiet_since,
        "blankedAt": erasure.blanked_at,
        "notBefore": erasure.not_before,
        "revision": erasure.revision,
    }


def _from_item(item: "Item") -> Erasure:
    due_key = item.get("dueKey")
    return Erasure(
        workspace_id=item["workspaceId"],
        contact_id=item["sk"],
        status=ErasureStatus(item["status"]),
        reason=item.get("reason"),
        requested_by=item["requestedBy"],
        requested_at=item["requestedAt"],
        finished_at=item.get("finishedAt"),
        addresses=frozenset(Address(*each) for each in item.get("addresses", ())),
        position=item.get("position"),
        found_something=item.get("foundSomething", False),
        quiet_since=item.get("quietSince"),
        blanked_at=item["blankedAt"],
        not_before=item["notBefore"],
        due_at=keys.created_at_of(due_key) if due_key else None,
        revision=item["revision"],
    )
