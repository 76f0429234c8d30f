"""Workspaces and their members."""

from functools import lru_cache
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.models.workspace import Membership, Role, Workspace
from runledger.store import keys
from runledger.store.table import Put, key_attributes

if TYPE_CHECKING:
    from runledger.store.table import Table
    from runledger.store.values import Item


class WorkspaceStore:
    def __init__(self, table: "Table") -> None:
        self._table = table
        self._cached = lru_cache(maxsize=4_096)(self.get)

    def create(self, workspace: Workspace) -> None:
        is_new = Attr("pk").not_exists()
        item = {
            **key_attributes(keys.workspace(workspace.id)),
            "name": workspace.name,
            "shards": workspace.shards,
            "createdAt": workspace.created_at,
        }
        try:
            self._table.put(item, is_new)
        except ConditionFailedError as error:
            raise ConflictError(f"the workspace {workspace.id} exists already") from error

    def get(self, workspace_id: str) -> Workspace:
        item = self._table.get(keys.workspace(workspace_id))
        if item is None:
            raise NotFoundError(f"there is no workspace {workspace_id}")
        return Workspace(
            id=workspace_id,
            name=item["name"],
            shards=item["shards"],
            created_at=item["createdAt"],
        )

    def cached(self, workspace_id: str) -> Workspace:
        """As it was when this process first read it: the shard count never changes, and a new
        name may take a while to be seen in messages."""
        return self._cached(workspace_id)

    def put_member(self, membership: Membership) -> None:
        """Adds a member or changes their role; both directions are written together."""
        values = {
            "userId": membership.user_id,
            "email": membership.email,
            "workspaceId": membership.workspace_id,
            "workspaceName": membership.workspace_name,
            "role": membership.role.value,
            "createdAt": membership.created_at,
        }
        user_id, workspace_id = membership.user_id, membership.workspace_id
        self._table.transact(
            [
                Put({**key_attributes(keys.member(workspace_id, user_id)), **values}),
                Put({**key_attributes(keys.membership(user_id, workspace_id)), **values}),
            ]
        )

    def memberships(self, user_id: str) -> list[Membership]:
        """The workspaces of a user, in the order they joined."""
        page = self._table.query(keys.membership(user_id, "").pk)
        found = [_membership(item) for item in page.items]
        return sorted(found, key=lambda membership: membership.created_at)


def _membership(item: "Item") -> Membership:
    return Membership(
        user_id=item["userId"],
        email=item["email"],
        workspace_id=item["workspaceId"],
        workspace_name=item["workspaceName"],
        role=Role(item["role"]),
        created_at=item["createdAt"],
    )
