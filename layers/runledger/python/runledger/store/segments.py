"""Segments of a workspace."""

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.models.segment import Segment
from runledger.store import keys
from runledger.store.bodies import compress, decompress
from runledger.store.table import key_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.store.table import Table
    from runledger.store.values import Item


class SegmentStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def create(self, segment: Segment) -> None:
        is_new = Attr("pk").not_exists()
        self._table.put(_to_item(segment), is_new)

    def replace(self, before: Segment, after: Segment) -> None:
        """ConflictError where it was changed since `before` was read."""
        is_unchanged = Attr("updatedAt").eq(before.updated_at)
        try:
            self._table.put(_to_item(after), is_unchanged)
        except ConditionFailedError as error:
            if error.item is None or _from_item(error.item) != after:
                raise ConflictError("the segment was just changed by somebody else") from error
            # Our own write, sent again below us because its answer was lost.

    def get(self, workspace_id: str, segment_id: str) -> Segment:
        item = self._table.get(keys.segment(workspace_id, segment_id), consistent=True)
        if item is None:
            raise NotFoundError(f"there is no segment {segment_id}")
        return _from_item(item)

    def get_many(self, workspace_id: str, segment_ids: "Iterable[str]") -> dict[str, Segment]:
        """The ones that exist, by id."""
        wanted = [keys.segment(workspace_id, segment_id) for segment_id in segment_ids]
        found = self._table.batch_get(wanted, consistent=True)
        return {item["sk"]: _from_item(item) for item in found.values()}

    def newest(
        self, workspace_id: str, limit: int, after: str | None
    ) -> tuple[list[Segment], str | None]:
        """Newest first, after the segment of that id; and the last id where more follow."""
        key = keys.segment(workspace_id, after or "")
        start = dict(key_attributes(key)) if after else None
        page = self._table.query(key.pk, ascending=False, limit=limit, after=start)
        found = [_from_item(item) for item in page.items]
        return found, found[-1].id if page.next and found else None


def _to_item(segment: Segment) -> "Item":
    return {
        **key_attributes(keys.segment(segment.workspace_id, segment.id)),
        "workspaceId": segment.workspace_id,
        "name": segment.name,
        # As one value: DynamoDB's numbers are narrower than JSON's.
        "query": compress(segment.query),
        "createdAt": segment.created_at,
        "updatedAt": segment.updated_at,
    }


def _from_item(item: "Item") -> Segment:
    return Segment(
        workspace_id=item["workspaceId"],
        id=item["sk"],
        name=item["name"],
        query=decompress(item["query"]),
        created_at=item["createdAt"],
        updated_at=item["updatedAt"],
    )
