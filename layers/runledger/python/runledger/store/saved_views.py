"""Saved views of a workspace. A view moves to another key when it is shared, or no longer
shared."""

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.models.saved_view import SavedView, ViewDefaults, ViewList
from runledger.store import keys
from runledger.store.table import Check, Delete, Put, SortRange, key_attributes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runledger.store.keys import Key
    from runledger.store.table import Table, Write
    from runledger.store.values import Item


class SavedViewStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def create(self, view: SavedView) -> None:
        """Stores a new view. Raises NotFoundError if its owner is no longer a member, so that
        nothing remains of a member who was removed."""
        is_new = Attr("pk").not_exists()
        try:
            self._table.transact(
                [Put(_to_item(view), is_new), _is_member(view.workspace_id, view.owner_id)]
            )
        except ConditionFailedError as error:
            raise _no_member(view.workspace_id, view.owner_id) from error

    def get(self, workspace_id: str, user_id: str, view_id: str) -> SavedView:
        """Returns a shared view, or a view of the user's own. Raises NotFoundError for all
        others."""
        wanted = [
            keys.shared_view(workspace_id, view_id),
            keys.own_view(workspace_id, user_id, view_id),
        ]
        for item in self._table.batch_get(wanted, consistent=True).values():
            return _from_item(item)
        raise NotFoundError(f"there is no view {view_id}")

    def shared(self, workspace_id: str) -> list[SavedView]:
        return self._views(keys.shared_view(workspace_id, ""))

    def own(self, workspace_id: str, user_id: str) -> list[SavedView]:
        """Returns the views that only the user sees."""
        return self._views(keys.own_view(workspace_id, user_id, ""))

    def defaults(self, workspace_id: str, user_id: str) -> ViewDefaults:
        first = keys.default_view(workspace_id, user_id, "")
        page = self._table.query(first.pk, SortRange(prefix=first.sk), consistent=True)
        found = {ViewList(item["list"]): str(item["viewId"]) for item in page.items}
        return ViewDefaults(by_list=found)

    def replace(self, before: SavedView, after: SavedView) -> None:
        """Replaces a view. Raises ConflictError if the view was changed since `before` was read."""
        is_unchanged = Attr("updatedAt").eq(before.updated_at)
        is_new = Attr("pk").not_exists()
        writes: Sequence[Write] = [Put(_to_item(after), is_unchanged)]
        if _key(before) != _key(after):
            writes = [Delete(_key(before), is_unchanged), Put(_to_item(after), is_new)]
        try:
            self._table.transact(writes)
        except ConditionFailedError as error:
            message = "somebody else just changed the view; reload it and try again"
            raise ConflictError(message) from error

    def delete(self, view: SavedView) -> None:
        """Deletes a view. Members who chose it as their default have no default then."""
        self._table.delete(_key(view))

    def set_default(self, view: SavedView, user_id: str) -> None:
        """Makes a view the user's default for its list, in place of any other. Raises NotFoundError
        if the user is no longer a member."""
        item: Item = {
            **key_attributes(keys.default_view(view.workspace_id, user_id, view.list)),
            "workspaceId": view.workspace_id,
            "list": view.list.value,
            "viewId": view.id,
        }
        try:
            self._table.transact([Put(item), _is_member(view.workspace_id, user_id)])
        except ConditionFailedError as error:
            raise _no_member(view.workspace_id, user_id) from error

    def unset_default(self, view: SavedView, user_id: str) -> None:
        """Removes the user's default for the list of `view`, if it is this view."""
        is_this = Attr("viewId").eq(view.id)
        key = keys.default_view(view.workspace_id, user_id, view.list)
        if self.defaults(view.workspace_id, user_id).is_default(view):
            self._table.transact([Delete(key, is_this)])

    def forget(self, workspace_id: str, user_id: str) -> None:
        """Deletes the views that only the user sees, and the user's defaults."""
        for first in (
            keys.own_view(workspace_id, user_id, ""),
            keys.default_view(workspace_id, user_id, ""),
        ):
            page = self._table.query(first.pk, SortRange(prefix=first.sk), consistent=True)
            for item in page.items:
                self._table.delete(keys.Key(item["pk"], item["sk"]))

    def _views(self, first: "Key") -> list[SavedView]:
        page = self._table.query(first.pk, SortRange(prefix=first.sk), consistent=True)
        return [_from_item(item) for item in page.items]


def _is_member(workspace_id: str, user_id: str) -> Check:
    return Check(keys.member(workspace_id, user_id), Attr("pk").exists())


def _no_member(workspace_id: str, user_id: str) -> NotFoundError:
    return NotFoundError(f"{user_id} is no longer a member of {workspace_id}")


def _key(view: SavedView) -> "Key":
    if view.shared:
        return keys.shared_view(view.workspace_id, view.id)
    return keys.own_view(view.workspace_id, view.owner_id, view.id)


def _to_item(view: SavedView) -> "Item":
    return {
        **key_attributes(_key(view)),
        "workspaceId": view.workspace_id,
        "viewId": view.id,
        "list": view.list.value,
        "name": view.name,
        "filter": view.filter,
        "shared": view.shared,
        "ownerId": view.owner_id,
        "createdBy": view.created_by,
        "createdAt": view.created_at,
        "updatedAt": view.updated_at,
    }


def _from_item(item: "Item") -> SavedView:
    return SavedView(
        workspace_id=item["workspaceId"],
        id=item["viewId"],
        list=ViewList(item["list"]),
        name=item["name"],
        filter=item["filter"],
        shared=item["shared"],
        owner_id=item["ownerId"],
        created_by=item["createdBy"],
        created_at=item["createdAt"],
        updated_at=item["updatedAt"],
    )
