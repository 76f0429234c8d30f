"""Workspaces, their settings and members as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.workspaces import MemberView, MeView, SettingsView, WorkspaceView
from runledger.clock import iso
from runledger.services.views.invitations import own_invitation_view

if TYPE_CHECKING:
    from runledger.models.workspace import Membership, Workspace
    from runledger.services.workspaces.me import Profile


def settings_view(workspace: "Workspace") -> SettingsView:
    return SettingsView(
        name=workspace.name,
        retention_days=workspace.retention_days,
        require_mfa=workspace.require_mfa,
    )


def member_view(membership: "Membership") -> MemberView:
    return MemberView(
        user_id=membership.user_id,
        email=membership.email,
        role=membership.role,
        joined_at=iso(membership.created_at),
    )


def me_view(profile: "Profile") -> MeView:
    named, membership = profile.workspaces, profile.membership
    return MeView(
        user_id=profile.person.user_id,
        email=profile.account.email,
        mfa=profile.account.has_mfa,
        workspaces=[
            workspace_view(each, named[each.workspace_id])
            for each in profile.person.memberships
            if each.workspace_id in named
        ],
        workspace_id=membership.workspace_id if membership else None,
        role=membership.role if membership else None,
        invitations=[
            own_invitation_view(each, named[each.workspace_id].name)
            for each in profile.invitations
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
