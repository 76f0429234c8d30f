"""Creates workspaces and adds members. Only operators of the installation create workspaces."""

import re
from typing import TYPE_CHECKING

from runledger.errors import ConflictError, InvalidInputError, TransientError
from runledger.models.addresses import normalize_email
from runledger.models.workspace import Membership, Role, Workspace

if TYPE_CHECKING:
    from runledger.clock import Clock
    from runledger.services.workspaces.accounts import Accounts
    from runledger.store.workspaces import WorkspaceStore

# Short, because it is part of the keys of every row.
_WORKSPACE_ID = re.compile(r"ws_[a-z0-9]{1,13}")


def create_workspace(
    store: "WorkspaceStore", clock: "Clock", *, workspace_id: str, name: str, shards: int = 1
) -> Workspace:
    """Creates a workspace. Raises ConflictError if the id is taken."""
    if not _WORKSPACE_ID.fullmatch(workspace_id):
        raise InvalidInputError(
            "a workspace id is ws_ followed by 1 to 13 lower-case letters or digits",
            field="workspaceId",
        )
    workspace = Workspace(id=workspace_id, name=name, shards=shards, created_at=clock())
    store.create(workspace)
    return workspace


def add_member(
    store: "WorkspaceStore",
    accounts: "Accounts",
    clock: "Clock",
    *,
    workspace: Workspace,
    email: str,
    role: Role,
    password: str | None = None,
) -> Membership:
    """Adds a person to a workspace with this role, or changes the role of a member. The person gets
    no invitation, because an operator of the installation does this. Creates the person's account
    if there is none. With `password`, the person can sign in at once. Without `password`, Cognito
    mails a first password to a person who has never signed in.

    Raises ConflictError if the address of the account is not verified, and TransientError if
    Cognito cannot mail the first password of a new account.
    """
    account = accounts.prepare(normalize_email(email), password)
    if account is None:
        raise TransientError("Cognito cannot mail a password for the new account; try again later")
    if account.proven_email is None:
        raise ConflictError(
            f"the account {account.user_id} has not verified {account.email}; verify it in "
            "Cognito first"
        )
    membership = Membership(
        user_id=account.user_id,
        email=account.proven_email,
        workspace_id=workspace.id,
        role=role,
        created_at=clock(),
    )
    store.put_member(membership)
    return membership
