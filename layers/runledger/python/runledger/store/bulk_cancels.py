"""Bulk actions, which cancel many runs or skip their waits: one row each. Times are epoch
milliseconds."""

from typing import TYPE_CHECKING, Any

from runledger.errors import NotFoundError
from runledger.models.bulk_cancel import BulkAction, BulkCancel
from runledger.models.listing import FrozenFilter
from runledger.store import keys
from runledger.store.checkpoints import CheckpointRows
from runledger.store.request_keys import RequestKey, put_once
from runledger.store.table import key_attributes, ttl

if TYPE_CHECKING:
    from runledger.store.keys import Key
    from runledger.store.table import Table
    from runledger.store.values import Item


class BulkCancelStore:
    def __init__(self, table: "Table") -> None:
        self._table = table
        self._rows = CheckpointRows(table, _key, _progress, _from_item)

    def create(
        self, asked: BulkCancel, due_at: int, request: RequestKey | None = None
    ) -> BulkCancel:
        """Stores a new bulk action and returns it. If the same idempotency key was used before with
        the same request, returns the bulk action that this request created. If the key was used
        with another request, raises KeyReusedError."""
        item: Item = {
            **key_attributes(_key(asked)),
            "workspaceId": asked.workspace_id,
            "filter": asked.filter.model_dump(mode="json", exclude_defaults=True),
            "by": asked.by,
            "reason": asked.reason,
            "action": asked.action.value,
            "createdAt": asked.created_at,
            "ttl": ttl(asked.expires_at),
            **self._rows.first(asked, due_at),
        }
        if request is None:
            # Ids are never drawn twice, so nothing is overwritten.
            self._table.put(item)
            return asked
        place = keys.bulk_cancel_request(asked.workspace_id, request.key)
        now, until = asked.created_at, asked.expires_at
        name = ("cancellationId", asked.id)
        written = put_once(self._table, item, place, name, request.digest, now=now, until=until)
        return asked if written == asked.id else self.get(asked.workspace_id, written, now)

    def get(self, workspace_id: str, cancellation_id: str, now: int) -> BulkCancel:
        """Returns a bulk action. Raises NotFoundError also if it belongs to another workspace."""
        found = self.at(keys.bulk_cancel(workspace_id, cancellation_id))
        if found is None or found.expires_at <= now:
            raise NotFoundError(f"there is no cancellation {cancellation_id}")
        return found

    def at(self, key: "Key") -> BulkCancel | None:
        item = self._table.get(key, consistent=True)
        return None if item is None else _from_item(item)

    def change(self, before: BulkCancel, after: BulkCancel, due_at: int | None) -> BulkCancel:
        """Stores the progress from `before` to `after`. A `due_at` of None takes the row out of the
        due index. Raises ConditionFailedError if another process changed the row since it was
        read."""
        return self._rows.change(before, after, due_at)


def _key(asked: BulkCancel) -> "Key":
    return keys.bulk_cancel(asked.workspace_id, asked.id)


def _progress(asked: BulkCancel) -> dict[str, Any]:
    """Returns the attributes that change as the work proceeds."""
    return {
        "version": asked.version,
        "cursor": asked.cursor,
        "batch": list(asked.batch) or None,
        "sample": list(asked.sample) or None,
        "matched": asked.matched,
        "canceled": asked.canceled,
        "passedOver": list(asked.passed_over) or None,
        "isRead": asked.is_read or None,
        "againAt": asked.again_at,
        "finishedAt": asked.finished_at,
    }


def _from_item(item: "Item") -> BulkCancel:
    return BulkCancel(
        workspace_id=item["workspaceId"],
        id=item["sk"],
        filter=FrozenFilter.model_validate(item["filter"]),
        by=item["by"],
        reason=item["reason"],
        created_at=item["createdAt"],
        expires_at=item["ttl"] * 1_000,
        action=BulkAction(item.get("action", BulkAction.CANCEL.value)),
        version=item["version"],
        cursor=item.get("cursor"),
        batch=tuple(item.get("batch", ())),
        sample=tuple(item.get("sample", ())),
        matched=item["matched"],
        canceled=item["canceled"],
        passed_over=tuple(item.get("passedOver", ())),
        is_read=item.get("isRead", False),
        again_at=item.get("againAt"),
        finished_at=item.get("finishedAt"),
    )
