"""Exports of lists: one row each. Times are epoch milliseconds."""

from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from runledger.clock import DAY
from runledger.errors import ConditionFailedError, NotFoundError
from runledger.models.export import Export, ExportFormat, ExportStatus, Part
from runledger.models.listing import FrozenFilter, ListName
from runledger.store import keys
from runledger.store.checkpoints import CheckpointRows
from runledger.store.request_keys import RequestKey, put_once
from runledger.store.table import Change, SortRange, key_attributes, ttl

if TYPE_CHECKING:
    from runledger.store.keys import Key
    from runledger.store.table import Table
    from runledger.store.values import Item

# After the file is deleted, the row still shows who exported what from the workspace.
_ROW_KEPT = 83 * DAY


class ExportStore:
    def __init__(self, table: "Table") -> None:
        self._table = table
        self._rows = CheckpointRows(table, _key, _progress, _from_item)

    def create(self, export: Export, due_at: int, request: RequestKey | None = None) -> Export:
        """Stores a new export and returns it. If the same idempotency key was used before with
        the same request, returns the export that this request created. If the key was used with
        another request, raises KeyReusedError."""
        is_new = Attr("pk").not_exists()
        item: Item = {
            **key_attributes(_key(export)),
            "workspaceId": export.workspace_id,
            "list": export.list.value,
            "format": export.format.value,
            "filter": export.filter.model_dump(mode="json", exclude_defaults=True),
            "requestedBy": export.requested_by,
            "createdAt": export.created_at,
            "expiresAt": export.expires_at,
            "ttl": ttl(export.expires_at + _ROW_KEPT),
            **self._rows.first(export, due_at),
        }
        if request is not None:
            item["idempotencyKey"] = request.key
            place = keys.export_request(export.workspace_id, request.key)
            now, until = export.created_at, export.expires_at
            name = ("exportId", export.id)
            written = put_once(self._table, item, place, name, request.digest, now=now, until=until)
            return export if written == export.id else self.get(export.workspace_id, written, now)
        try:
            self._table.put(item, is_new)
        except ConditionFailedError:
            # Ids are never drawn twice, so this is our own write, repeated by the SDK.
            return export
        return export

    def get(self, workspace_id: str, export_id: str, now: int) -> Export:
        """Returns an export. Raises NotFoundError also if it belongs to another workspace."""
        item = self._table.get(keys.export(workspace_id, export_id), consistent=True)
        if item is None or item["ttl"] <= ttl(now):
            raise NotFoundError(f"there is no export {export_id}")
        return _from_item(item)

    def at(self, key: "Key") -> Export | None:
        item = self._table.get(key, consistent=True)
        return None if item is None else _from_item(item)

    def newest(
        self, workspace_id: str, limit: int, after: str | None, now: int
    ) -> tuple[list[Export], str | None]:
        """Returns a page of exports, newest first, after the export with the given id. Also returns
        the id of the last one if more follow."""
        partition = keys.export(workspace_id, "").pk
        start = {"pk": partition, "sk": after} if after else None
        page = self._table.query(partition, ascending=False, limit=limit, after=start)
        position = str(page.items[-1]["sk"]) if page.next and page.items else None
        kept = [item for item in page.items if item["ttl"] > ttl(now)]
        return [_from_item(item) for item in kept], position

    def change(self, before: Export, after: Export, due_at: int | None) -> Export:
        """Stores the progress from `before` to `after`. A `due_at` of None takes the row out of the
        due index. Raises ConditionFailedError if the export was changed or deleted since it was
        read."""
        return self._rows.change(before, after, due_at)

    def part_number(self, export: Export) -> int:
        """Returns the number of the next part. No other process gets the same number, so two
        processes never overwrite each other's parts. Raises ConditionFailedError in the same cases
        as `change`."""
        is_unchanged = Attr("version").eq(export.version)
        change = Change(add={"partNumber": 1})
        item = self._table.update(_key(export), change, is_unchanged)
        return int(item["partNumber"])

    def delete_some(self, workspace_id: str, limit: int, before: str | None = None) -> int:
        """Deletes up to `limit` rows of a workspace's exports whose ids sort before `before`.
        Returns how many. A process at work on one of them can no longer store anything, and a
        request that is repeated makes a new export."""
        page = self._table.query(
            keys.export(workspace_id, "").pk, SortRange(high=before), limit=limit, consistent=True
        )
        for item in page.items:
            if "idempotencyKey" in item:
                self._table.delete(keys.export_request(workspace_id, item["idempotencyKey"]))
            self._table.delete(keys.Key(item["pk"], item["sk"]))
        return len(page.items)


def _key(export: Export) -> "Key":
    return keys.export(export.workspace_id, export.id)


def _progress(export: Export) -> dict[str, Any]:
    """Returns the attributes that change as the work proceeds."""
    return {
        "status": export.status.value,
        "version": export.version,
        "attempt": export.attempt,
        "stalls": export.stalls,
        "rows": export.rows,
        "cursor": export.cursor,
        "parts": [[part.number, part.etag] for part in export.parts] or None,
        "leftOver": export.left_over,
        "objectKey": export.object_key,
        "uploadId": export.upload_id,
        "isRead": export.is_read or None,
        "finishedAt": export.finished_at,
        "error": export.error,
    }


def _from_item(item: "Item") -> Export:
    return Export(
        workspace_id=item["workspaceId"],
        id=item["sk"],
        list=ListName(item["list"]),
        format=ExportFormat(item["format"]),
        filter=FrozenFilter.model_validate(item["filter"]),
        requested_by=item["requestedBy"],
        created_at=item["createdAt"],
        expires_at=item["expiresAt"],
        status=ExportStatus(item["status"]),
        version=item["version"],
        attempt=item["attempt"],
        stalls=item["stalls"],
        rows=item["rows"],
        cursor=item.get("cursor"),
        parts=tuple(Part(number=number, etag=etag) for number, etag in item.get("parts", ())),
        left_over=item.get("leftOver"),
        object_key=item.get("objectKey"),
        upload_id=item.get("uploadId"),
        is_read=item.get("isRead", False),
        finished_at=item.get("finishedAt"),
        error=item.get("error"),
    )
