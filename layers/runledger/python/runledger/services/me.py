"""What a signed-in person is told about themselves."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runledger.models.workspace_views import MeView, WorkspaceView
from runledger.services.invitations import own_invitation_view

if TYPE_CHECKING:
    from runledger.clock import Clock
    from runledger.models.workspace import Membership, Workspace
    from runledger.services.accounts import Accounts
    from runledger.services.identity import Person
    from runledger.services.invitations import OwnInvitations
    from runledger.store.workspaces import WorkspaceStore


def describe_person(
    person: "Person",
    headers: Mapping[str, str],
    workspaces: "WorkspaceStore",
    accounts: "Accounts",
    invitations: "OwnInvitations",
) -> MeView:
    """With the names that the workspaces have now. NotFoundError for a workspace in the header
    that is not theirs."""
    membership = person.membership(headers)
    account = accounts.find(person.user_id)
    pending = invitations.pending(account, person.memberships)
    joined = [each.workspace_id for each in person.memberships]
    named = workspaces.get_many([*joined, *(each.workspace_id for each in pending)])
    return MeView(
        user_id=person.user_id,
        email=account.email,
        mfa=account.has_mfa,
        workspaces=[
            workspace_view(each, named[each.workspace_id])
            for each in person.memberships
            if each.workspace_id in named
        ],
        workspace_id=membership.workspace_id if membership else None,
        role=membership.role if membership else None,
        invitations=[
            own_invitation_view(each, named[each.workspace_id].name)
            for each in pending
            if each.workspace_id in named
        ],
    )


def workspace_view(membership: "Membership", workspace: "Workspace") -> WorkspaceView:
    return WorkspaceView(
        id=workspace.id,
        name=workspace.name,
        role=membership.role,
        require_mfa=workspace.require_mfa,
    )


def end_sessions(
    workspaces: "WorkspaceStore", accounts: "Accounts", clock: "Clock", user_id: str
) -> None:
    """The record first: it alone already refuses every token up to now, renewed ones too."""
    workspaces.sign_out(user_id, clock())
    accounts.sign_out(user_id)
