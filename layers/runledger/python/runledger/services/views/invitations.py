"""Invitations as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.invitations import (
    InvitationStatus,
    InvitationView,
    OwnInvitationView,
    SentInvitationView,
)
from runledger.clock import iso
from runledger.models.invitation import Invitation

if TYPE_CHECKING:
    from runledger.services.workspaces.invitations import SentInvitation


def invitation_view(invitation: Invitation, now: int) -> InvitationView:
    status = InvitationStatus.PENDING if invitation.is_pending(now) else InvitationStatus.EXPIRED
    return InvitationView(
        id=invitation.id,
        email=invitation.email,
        role=invitation.role,
        status=status,
        invited_by=invitation.invited_by,
        invited_at=iso(invitation.created_at),
        sent_at=iso(invitation.sent_at),
        expires_at=iso(invitation.expires_at),
    )


def sent_invitation_view(sent: "SentInvitation") -> SentInvitationView:
    view = invitation_view(sent.invitation, sent.invitation.sent_at)
    return SentInvitationView(**dict(view), mailed=sent.mailed)


def own_invitation_view(invitation: Invitation, workspace_name: str) -> OwnInvitationView:
    return OwnInvitationView(
        id=invitation.id,
        workspace_name=workspace_name,
        role=invitation.role,
        invited_by=invitation.invited_by,
        expires_at=iso(invitation.expires_at),
    )
