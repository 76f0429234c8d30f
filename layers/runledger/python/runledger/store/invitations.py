"""Invitations. Each has two items, which are written together: one is found by the workspace, one
by the address."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.models.invitation import EXPIRED_KEPT, Invitation
from runledger.models.workspace import Role
from runledger.store import keys
from runledger.store.table import Change, Delete, Modify, Put, Write, key_attributes, ttl
from runledger.store.workspaces import joining

if TYPE_CHECKING:
    from boto3.dynamodb.conditions import ConditionBase

    from runledger.models.workspace import Membership
    from runledger.store.table import Table
    from runledger.store.values import Item


class InvitationStore:
    """The store of invitations. Times are epoch milliseconds; addresses are normalized."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def add(self, invitation: Invitation, expired: Invitation | None) -> None:
        """Writes an invitation in place of `expired`. Raises ConditionFailedError if the address
        now has another invitation to the workspace."""
        is_free = Attr("pk").not_exists()
        by_workspace, by_address = _items(invitation)
        writes: list[Write] = [Put(by_workspace)]
        if expired is None:
            writes.append(Put(by_address, is_free))
        else:
            writes.append(Put(by_address, _is_as_read(expired)))
            writes.append(Delete(keys.invitation(expired.workspace_id, expired.id)))
        self._table.transact(writes)

    def get(self, workspace_id: str, invitation_id: str) -> Invitation | None:
        item = self._table.get(keys.invitation(workspace_id, invitation_id), consistent=True)
        return None if item is None else _invitation(item)

    def of_address(self, workspace_id: str, email: str) -> Invitation | None:
        item = self._table.get(keys.invited(email, workspace_id), consistent=True)
        return None if item is None else _invitation(item)

    def of_workspace(self, workspace_id: str) -> list[Invitation]:
        """Returns all invitations of the workspace, oldest first, including expired ones."""
        page = self._table.query(keys.invitation(workspace_id, "").pk, consistent=True)
        return [_invitation(item) for item in page.items]

    def addressed_to(self, email: str) -> list[Invitation]:
        """Returns the invitations of an address in all workspaces, including expired ones."""
        page = self._table.query(keys.invited(email, "").pk, consistent=True)
        return sorted(map(_invitation, page.items), key=lambda each: each.created_at)

    def renew(self, before: Invitation, sent_at: int, expires_at: int) -> Invitation:
        """Extends an invitation. Raises ConditionFailedError if it changed since it was read."""
        change = Change(
            set={
                "sentAt": sent_at,
                "expiresAt": expires_at,
                "ttl": ttl(expires_at + EXPIRED_KEPT),
            }
        )
        self._table.transact([Modify(key, change, _is_as_read(before)) for key in _keys(before)])
        return before.changed(sent_at=sent_at, expires_at=expires_at)

    def remove(self, before: Invitation) -> None:
        """Deletes an invitation. Raises ConditionFailedError if it changed since it was read."""
        self._table.transact(_removal(before, _is_as_read(before)))

    def accept(self, before: Invitation, membership: "Membership") -> None:
        """Turns an invitation into a membership. Raises ConditionFailedError if it changed since it
        was read, or the user is a member already."""
        self._table.transact([*_removal(before, _is_as_read(before)), *joining(membership)])


def _is_as_read(invitation: Invitation) -> "ConditionBase":
    """The condition that the invitation was not withdrawn, accepted or renewed since it was
    read."""
    is_same = Attr("invitationId").eq(invitation.id)
    ends_as_read = Attr("expiresAt").eq(invitation.expires_at)
    return is_same & ends_as_read


def _removal(invitation: Invitation, condition: "ConditionBase") -> Sequence[Write]:
    return [Delete(key, condition) for key in _keys(invitation)]


def _keys(invitation: Invitation) -> tuple[keys.Key, keys.Key]:
    return (
        keys.invitation(invitation.workspace_id, invitation.id),
        keys.invited(invitation.email, invitation.workspace_id),
    )


def _items(invitation: Invitation) -> "tuple[Item, Item]":
    values = {
        "invitationId": invitation.id,
        "workspaceId": invitation.workspace_id,
        "email": invitation.email,
        "role": invitation.role.value,
        "invitedBy": invitation.invited_by,
        "createdAt": invitation.created_at,
        "sentAt": invitation.sent_at,
        "expiresAt": invitation.expires_at,
        "ttl": ttl(invitation.expires_at + EXPIRED_KEPT),
    }
    by_workspace, by_address = ({**key_attributes(key), **values} for key in _keys(invitation))
    return by_workspace, by_address


def _invitation(item: "Item") -> Invitation:
    return Invitation(
        id=item["invitationId"],
        workspace_id=item["workspaceId"],
        email=item["email"],
        role=Role(item["role"]),
        invited_by=item["invitedBy"],
        created_at=item["createdAt"],
        sent_at=item["sentAt"],
        expires_at=item["expiresAt"],
    )
