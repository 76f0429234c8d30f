"""Segments of a workspace."""

from typing import TYPE_CHECKING

from runledger.models.segment import Segment
from runledger.store import keys
from runledger.store.bodies import compress, decompress
from runledger.store.documents import DocumentStore
from runledger.store.table import key_attributes

if TYPE_CHECKING:
    from runledger.store.table import Table
    from runledger.store.values import Item


class SegmentStore(DocumentStore[Segment]):
    def __init__(self, table: "Table") -> None:
        super().__init__(table, "segment", keys.segment, _to_item, _from_item)


def _to_item(segment: Segment) -> "Item":
    return {
        **key_attributes(keys.segment(segment.workspace_id, segment.id)),
        "workspaceId": segment.workspace_id,
        "name": segment.name,
        # Stored as one value: DynamoDB limits numbers more than JSON does.
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
