"""Workspaces and their members."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, ConflictError, NotFoundError, TransientError
from runledger.models.workspace import (
    DEFAULT_RETENTION_DAYS,
    Membership,
    Role,
    UserRecord,
    Workspace,
)
from runledger.store import keys
from runledger.store.table import (
    Change,
    Check,
    Delete,
    Modify,
    Put,
    Write,
    key_attributes,
)

if TYPE_CHECKING:
    from boto3.dynamodb.conditions import ConditionBase

    from runledger.store.table import Table
    from runledger.store.values import Item

# The largest age of a workspace in memory, and how many are kept there.
CACHED_SECONDS = 60
_CACHED_WORKSPACES = 4_096
# A lost try means that another process changed the same settings in between.
_TRIES = 4


class WorkspaceStore:
    """The store of workspaces and members. `age` is a clock that only goes forward, in seconds."""

    def __init__(self, table: "Table", age: Callable[[], float] = time.monotonic) -> None:
        self._table = table
        self._age = age
        self._seen: dict[str, tuple[float, Workspace]] = {}

    def create(self, workspace: Workspace) -> None:
        is_new = Attr("pk").not_exists()
        item = {
            **key_attributes(keys.workspace(workspace.id)),
            "name": workspace.name,
            "shards": workspace.shards,
            "createdAt": workspace.created_at,
            "retentionDays": workspace.retention_days,
            "leastRetentionDays": workspace.least_retention_days,
        }
        try:
            self._table.put(item, is_new)
        except ConditionFailedError as error:
            raise ConflictError(f"the workspace {workspace.id} exists already") from error

    def get(self, workspace_id: str, *, consistent: bool = False) -> Workspace:
        """Returns a workspace. A consistent read also refreshes the copy that `cached` returns."""
        item = self._table.get(keys.workspace(workspace_id), consistent=consistent)
        if item is None:
            raise NotFoundError(f"there is no workspace {workspace_id}")
        workspace = _workspace(workspace_id, item)
        if consistent:
            self._keep(workspace)
        return workspace

    def get_many(self, workspace_ids: Iterable[str]) -> dict[str, Workspace]:
        wanted = {keys.workspace(each): each for each in workspace_ids}
        found = self._table.batch_get(wanted)
        return {wanted[key]: _workspace(wanted[key], item) for key, item in found.items()}

    def cached(self, workspace_id: str) -> Workspace:
        """Returns a workspace that is at most CACHED_SECONDS old. Its shard count never changes. A
        new name or retention is known to every process after that time."""
        now = self._age()
        read_at, workspace = self._seen.get(workspace_id, (None, None))
        if workspace is None or read_at is None or now - read_at >= CACHED_SECONDS:
            workspace = self.get(workspace_id)
            self._keep(workspace)
        return workspace

    def _keep(self, workspace: Workspace) -> None:
        if len(self._seen) >= _CACHED_WORKSPACES:
            self._seen.clear()
        self._seen[workspace.id] = (self._age(), workspace)

    def set(
        self,
        workspace_id: str,
        name: str,
        retention_days: int,
        require_mfa: bool | None = None,
    ) -> Workspace:
        """Replaces the settings and returns the workspace. The smallest retention that was ever in
        force is stored too. Without `require_mfa`, that setting does not change."""
        for _ in range(_TRIES):
            before = self.get(workspace_id, consistent=True)
            is_there = Attr("pk").exists()
            is_as_read: ConditionBase = Attr("leastRetentionDays").eq(before.least_retention_days)
            is_older = Attr("leastRetentionDays").not_exists()
            least = min(before.least_retention_days, retention_days)
            change = Change(
                set={
                    "name": name,
                    "retentionDays": retention_days,
                    "leastRetentionDays": least,
                    **({} if require_mfa is None else {"requireMfa": require_mfa}),
                }
            )
            try:
                item = self._table.update(
                    keys.workspace(workspace_id), change, is_there & (is_as_read | is_older)
                )
            except ConditionFailedError:
                continue
            self._seen.pop(workspace_id, None)
            return _workspace(workspace_id, item)
        raise TransientError("the settings kept changing; try again")

    def put_member(self, membership: Membership) -> None:
        """Adds a member or changes their role. The items by workspace and by user are written
        together."""
        self._table.transact([Put(item) for item in _member_items(membership)])

    def change_role(self, before: Membership, role: Role, other_owner: Membership | None) -> None:
        """Gives a member another role. Raises ConditionFailedError if the member changed since they
        were read, or `other_owner` is no longer an owner."""
        is_as_read = Attr("role").eq(before.role.value)
        change = Change(set={"role": role.value})
        self._table.transact(
            [
                *(Modify(key, change, is_as_read) for key in _member_keys(before)),
                *_still_owned(other_owner),
            ]
        )

    def remove_member(self, before: Membership, other_owner: Membership | None) -> None:
        """Removes a member. Raises ConditionFailedError in the same cases as `change_role`."""
        is_as_read = Attr("role").eq(before.role.value)
        self._table.transact(
            [
                *(Delete(key, is_as_read) for key in _member_keys(before)),
                *_still_owned(other_owner),
            ]
        )

    def members(self, workspace_id: str) -> list[Membership]:
        """Returns all members of a workspace, in the order they joined."""
        page = self._table.query(keys.member(workspace_id, "").pk, consistent=True)
        return _by_joining(page.items)

    def membership(self, workspace_id: str, user_id: str) -> Membership | None:
        item = self._table.get(keys.membership(user_id, workspace_id), consistent=True)
        return None if item is None else _membership(item)

    def memberships(self, user_id: str) -> list[Membership]:
        return self.user(user_id).memberships

    def user(self, user_id: str) -> UserRecord:
        """Returns a user's memberships, in the order they joined, and when they last signed out
        everywhere. The read is consistent, so that a removal, a new role and a sign-out apply at
        once."""
        sessions = keys.sessions(user_id)
        page = self._table.query(sessions.pk, consistent=True)
        signed_out_at = None
        memberships = []
        for item in page.items:
            if item["sk"] == sessions.sk:
                signed_out_at = item["signedOutAt"]
            else:
                memberships.append(item)
        return UserRecord(memberships=_by_joining(memberships), signed_out_at=signed_out_at)

    def sign_out(self, user_id: str, now: int) -> None:
        """Refuses all tokens from sign-ins up to `now`. Does not replace a later sign-out."""
        is_first = Attr("pk").not_exists()
        is_earlier = Attr("signedOutAt").lt(now)
        with suppress(ConditionFailedError):
            change = Change(set={"signedOutAt": now})
            self._table.update(keys.sessions(user_id), change, is_first | is_earlier)


def joining(membership: Membership) -> list[Write]:
    """Returns the writes that add a new member, for a transaction."""
    is_new = Attr("pk").not_exists()
    return [Put(item, is_new) for item in _member_items(membership)]


def _still_owned(other_owner: Membership | None) -> Sequence[Write]:
    """Returns the check that another owner remains. If two owners demote each other at once, one
    transaction fails, so that a workspace always has an owner."""
    if other_owner is None:
        return []
    is_owner = Attr("role").eq(Role.OWNER.value)
    return [Check(keys.member(other_owner.workspace_id, other_owner.user_id), is_owner)]


def _member_keys(membership: Membership) -> tuple[keys.Key, keys.Key]:
    user_id, workspace_id = membership.user_id, membership.workspace_id
    return keys.member(workspace_id, user_id), keys.membership(user_id, workspace_id)


def _member_items(membership: Membership) -> "list[Item]":
    values = {
        "userId": membership.user_id,
        "email": membership.email,
        "workspaceId": membership.workspace_id,
        "role": membership.role.value,
        "createdAt": membership.created_at,
    }
    if membership.invitation_id is not None:
        values["invitationId"] = membership.invitation_id
    return [{**key_attributes(key), **values} for key in _member_keys(membership)]


def _by_joining(items: "Iterable[Item]") -> list[Membership]:
    found = [_membership(item) for item in items]
    return sorted(found, key=lambda membership: (membership.created_at, membership.user_id))


def _workspace(workspace_id: str, item: "Item") -> Workspace:
    return Workspace(
        id=workspace_id,
        name=item["name"],
        shards=item["shards"],
        created_at=item["createdAt"],
        retention_days=item.get("retentionDays", DEFAULT_RETENTION_DAYS),
        least_retention_days=item.get("leastRetentionDays", DEFAULT_RETENTION_DAYS),
        require_mfa=item.get("requireMfa", False),
    )


def _membership(item: "Item") -> Membership:
    return Membership(
        user_id=item["userId"],
        email=item["email"],
        workspace_id=item["workspaceId"],
        role=Role(item["role"]),
        created_at=item["createdAt"],
        invitation_id=item.get("invitationId"),
    )
