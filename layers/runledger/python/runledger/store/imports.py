"""Imports of contacts: one row each. Times are epoch milliseconds."""

from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from runledger.clock import DAY
from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.models.contact_import import (
    ContactImport,
    FilePart,
    ImportFormat,
    ImportMapping,
    ImportStatus,
    RowOutcome,
    RowProblem,
)
from runledger.store import keys
from runledger.store.bodies import compress, decompress
from runledger.store.checkpoints import CheckpointRows
from runledger.store.table import Change, SortRange, key_attributes, ttl

if TYPE_CHECKING:
    from runledger.store.keys import Key
    from runledger.store.table import Table
    from runledger.store.values import Item

# After the files are deleted, the row still shows who imported what into the workspace.
_ROW_KEPT = 83 * DAY


class ImportStore:
    def __init__(self, table: "Table") -> None:
        self._table = table
        self._rows = CheckpointRows(table, _key, _progress, _from_item)

    def create(self, made: ContactImport) -> None:
        is_new = Attr("pk").not_exists()
        item: Item = {
            **key_attributes(_key(made)),
            "workspaceId": made.workspace_id,
            "format": made.format.value,
            "fileName": made.file_name,
            "requestedBy": made.requested_by,
            "createdAt": made.created_at,
            "expiresAt": made.expires_at,
            "ttl": ttl(made.expires_at + _ROW_KEPT),
            **{name: value for name, value in _progress(made).items() if value is not None},
        }
        try:
            self._table.put(item, is_new)
        except ConditionFailedError:
            # Ids are never drawn twice, so this is our own write, repeated by the SDK.
            return

    def get(self, workspace_id: str, import_id: str, now: int) -> ContactImport:
        """Returns an import. Raises NotFoundError also if it belongs to another workspace."""
        item = self._table.get(keys.contact_import(workspace_id, import_id), consistent=True)
        if item is None or item["ttl"] <= ttl(now):
            raise NotFoundError(f"there is no import {import_id}")
        return _from_item(item)

    def at(self, key: "Key") -> ContactImport | None:
        item = self._table.get(key, consistent=True)
        return None if item is None else _from_item(item)

    def newest(
        self, workspace_id: str, limit: int, after: str | None, now: int
    ) -> tuple[list[ContactImport], str | None]:
        """Returns a page of imports, newest first, after the import with the given id. Also returns
        the id of the last one if more follow."""
        partition = keys.contact_import(workspace_id, "").pk
        start = {"pk": partition, "sk": after} if after else None
        page = self._table.query(partition, ascending=False, limit=limit, after=start)
        position = str(page.items[-1]["sk"]) if page.next and page.items else None
        kept = [item for item in page.items if item["ttl"] > ttl(now)]
        return [_from_item(item) for item in kept], position

    def add_part(self, made: ContactImport, number: int, part: FilePart) -> ContactImport:
        """Records a part of the file, which replaces an earlier part with this number. Raises
        ConflictError unless the import still takes parts."""
        takes_parts = Attr("status").eq(ImportStatus.UPLOADING.value)
        change = Change(
            set={("parts", str(number)): [part.key, part.size]},
            # A start that has not read this part fails.
            add={"version": 1},
        )
        try:
            return _from_item(self._table.update(_key(made), change, takes_parts))
        except ConditionFailedError as error:
            raise ConflictError("the import no longer accepts parts") from error

    def change(
        self, before: ContactImport, after: ContactImport, due_at: int | None
    ) -> ContactImport:
        """Stores the progress from `before` to `after`. A `due_at` of None takes the row out of the
        due index. Raises ConditionFailedError if the import was changed or deleted since it was
        read."""
        return self._rows.change(before, after, due_at)

    def ask_to_cancel(self, made: ContactImport, by: str) -> ContactImport:
        """Records who asked to end an import that is at work. Raises ConditionFailedError if it has
        ended."""
        is_at_work = Attr("status").is_in([ImportStatus.CHECKING.value, ImportStatus.RUNNING.value])
        # The version stays, so the process at work can store its rows.
        change = Change(set={"canceledBy": by})
        return _from_item(self._table.update(_key(made), change, is_at_work))

    def delete_some(self, workspace_id: str, limit: int, before: str | None = None) -> int:
        """Deletes up to `limit` rows of a workspace's imports whose ids sort before `before`.
        Returns how many. A process at work on one of them can no longer store anything."""
        page = self._table.query(
            keys.contact_import(workspace_id, "").pk,
            SortRange(high=before),
            limit=limit,
            consistent=True,
        )
        for item in page.items:
            self._table.delete(keys.Key(item["pk"], item["sk"]))
        return len(page.items)


def _key(made: ContactImport) -> "Key":
    return keys.contact_import(made.workspace_id, made.id)


def _progress(made: ContactImport) -> dict[str, Any]:
    """Returns the attributes that change as the work proceeds."""
    mapping = made.mapping.model_dump(mode="json") if made.mapping is not None else None
    return {
        "status": made.status.value,
        "version": made.version,
        "attempt": made.attempt,
        "stalls": made.stalls,
        "parts": {str(number): [part.key, part.size] for number, part in made.parts.items()},
        "mapping": compress(mapping) if mapping is not None else None,
        "delimiter": made.delimiter,
        "width": made.width,
        "total": made.total,
        "offset": made.offset,
        "row": made.row,
        "planned": made.planned or None,
        "plannedAt": made.planned_at,
        "counts": {outcome.value: count for outcome, count in made.counts.items()},
        "problems": [[each.row, each.column, each.text] for each in made.problems] or None,
        "chunks": list(made.chunks) or None,
        "seen": list(made.seen) or None,
        "reportKey": made.report_key,
        "startedAt": made.started_at,
        "startedBy": made.started_by,
        "finishedAt": made.finished_at,
        "error": made.error,
    }


def _from_item(item: "Item") -> ContactImport:
    mapping = item.get("mapping")
    return ContactImport(
        workspace_id=item["workspaceId"],
        id=item["sk"],
        format=ImportFormat(item["format"]),
        file_name=item["fileName"],
        requested_by=item["requestedBy"],
        created_at=item["createdAt"],
        expires_at=item["expiresAt"],
        status=ImportStatus(item["status"]),
        version=item["version"],
        attempt=item["attempt"],
        stalls=item["stalls"],
        parts={
            int(number): FilePart(key=key, size=size)
            for number, (key, size) in item["parts"].items()
        },
        mapping=None if mapping is None else ImportMapping.model_validate(decompress(mapping)),
        delimiter=item.get("delimiter"),
        width=item.get("width"),
        total=item.get("total"),
        offset=item["offset"],
        row=item["row"],
        planned=item.get("planned", ""),
        planned_at=item.get("plannedAt"),
        counts={RowOutcome(name): count for name, count in item["counts"].items()},
        problems=tuple(
            RowProblem(row=row, column=column, text=text)
            for row, column, text in item.get("problems", ())
        ),
        chunks=tuple(item.get("chunks", ())),
        seen=tuple(item.get("seen", ())),
        report_key=item.get("reportKey"),
        canceled_by=item.get("canceledBy"),
        started_at=item.get("startedAt"),
        started_by=item.get("startedBy"),
        finished_at=item.get("finishedAt"),
        error=item.get("error"),
    )
