"""The suppression list: one item per address."""

from contextlib import suppress
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError
from runledger.models.suppression import Suppression, SuppressionReason
from runledger.store import keys
from runledger.store.row_reads import RowRead
from runledger.store.table import Change, SortRange, key_attributes

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.store.table import Table
    from runledger.store.values import Item


class SuppressionStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def add(self, suppression: Suppression) -> Suppression | None:
        """Adds an address. If it is on the list already, that entry is kept and returned."""
        is_new = Attr("pk").not_exists()
        try:
            self._table.put(_to_item(suppression), is_new)
        except ConditionFailedError as error:
            if error.item is None:
                raise
            return _from_item(error.item)
        return None

    def find(
        self, workspace_id: str, kind: str, address: str, *, consistent: bool = False
    ) -> Suppression | None:
        """Returns the entry of an address. Costs half a read unit, or one if consistent."""
        key = keys.suppression(workspace_id, kind, address)
        item = self._table.get(key, consistent=consistent)
        return _from_item(item) if item is not None else None

    def row_read(
        self,
        workspace_id: str,
        kind: str,
        address: str,
        take: "Callable[[Suppression | None], None]",
    ) -> RowRead:
        """Returns a read of an address's entry. `take` receives the entry, or None if there is
        none."""

        def take_row(item: "Item | None") -> None:
            take(None if item is None else _from_item(item))

        return RowRead(keys.suppression(workspace_id, kind, address), take_row)

    def remove(self, workspace_id: str, kind: str, address: str) -> None:
        self._table.delete(keys.suppression(workspace_id, kind, address))

    def erase(self, workspace_id: str, kind: str, address: str) -> None:
        """Removes the address itself from its entry. The entry still suppresses the address,
        because its key is a hash."""
        is_there = Attr("pk").exists()
        change = Change(remove=["address", "note"])
        with suppress(ConditionFailedError):
            self._table.update(keys.suppression(workspace_id, kind, address), change, is_there)

    def newest(
        self, workspace_id: str, limit: int, after: str | None
    ) -> tuple[list[Suppression], str | None]:
        """Returns a page, and the position of the next one (None at the end). A page may be short
        if addresses were just removed."""
        partition = keys.suppressions(workspace_id)
        # The bound is the last row of the previous page.
        page = self._table.query(
            partition,
            SortRange(high=after) if after else SortRange(),
            index=keys.Index.BY_STATUS,
            ascending=False,
            limit=limit + 2 if after else limit + 1,
        )
        listed = [item for item in page.items if item["createdKey"] != after]
        shown = listed[:limit]
        wanted = [keys.Key(item["pk"], item["sk"]) for item in shown]
        rows = self._table.batch_get(wanted)
        found = [_from_item(rows[key]) for key in wanted if key in rows]
        position = shown[-1]["createdKey"] if len(listed) > limit else None
        return found, position


def _to_item(suppression: Suppression) -> "Item":
    workspace_id, kind, address = (
        suppression.workspace_id,
        suppression.kind,
        suppression.address,
    )
    assert address is not None, "a suppression entry needs an address"
    digest = keys.suppression_digest(workspace_id, kind, address)
    return {
        **key_attributes(keys.suppression(workspace_id, kind, address)),
        "createdKey": keys.created_key(suppression.created_at, digest),
        "gsi1pk": keys.suppressions(workspace_id),
        "workspaceId": workspace_id,
        "kind": kind,
        "address": address,
        "reason": suppression.reason.value,
        "note": suppression.note,
        "deliveryId": suppression.delivery_id,
        "createdBy": suppression.created_by,
    }


def _from_item(item: "Item") -> Suppression:
    return Suppression(
        workspace_id=item["workspaceId"],
        kind=item["kind"],
        address=item.get("address"),
        reason=SuppressionReason(item["reason"]),
        note=item.get("note"),
        delivery_id=item.get("deliveryId"),
        created_by=item.get("createdBy"),
        created_at=keys.created_at_of(item["createdKey"]),
    )
