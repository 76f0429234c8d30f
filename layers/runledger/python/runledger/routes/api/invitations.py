"""Inviting people, accepting invitations, and ending the caller's sessions."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.invitations import InvitationDocument, SentInvitationView
from runledger.api.workspaces import WorkspaceView
from runledger.composition import services
from runledger.http import answers, make_router, needs, personal, public_url
from runledger.models.workspace import Role
from runledger.routes.callers import require_role, signed_in
from runledger.services.views.invitations import sent_invitation_view
from runledger.services.views.workspaces import workspace_view
from runledger.services.workspaces.me import end_sessions

router = make_router()


def _invite(document: InvitationDocument) -> SentInvitationView:
    who = require_role(router)
    sent = services().invitations.invite(who.workspace_id, document, who.email, public_url(router))
    return sent_invitation_view(sent)


@router.post("/v1/invitations", tags=["Workspace"], status_code=201)
@answers({409: "The address belongs to a member, is already invited, or the workspace is full."})
@needs(Role.OWNER)
def invite(document: Annotated[InvitationDocument, Body()]) -> SentInvitationView:
    """Invites an e-mail address into the workspace. The invitation expires after seven days, and
    gives access only when the person accepts it. Answers 409 if the address belongs to a member or
    is already invited."""
    return _invite(document)


@router.post("/v1/members", tags=["Workspace"], status_code=201)
@answers({409: "The address belongs to a member, is already invited, or the workspace is full."})
@needs(Role.OWNER)
def invite_member(document: Annotated[InvitationDocument, Body()]) -> SentInvitationView:
    """Invites a person, exactly as `POST /v1/invitations` does. The person becomes a member only by
    accepting."""
    return _invite(document)


@router.post("/v1/invitations/<invitation_id>/resend", tags=["Workspace"])
@needs(Role.OWNER)
def resend_invitation(invitation_id: str) -> SentInvitationView:
    """Mails an invitation again. It is then valid for seven days from now, even if it had
    expired."""
    who = require_role(router)
    sent = services().invitations.resend(who.workspace_id, invitation_id, public_url(router))
    return sent_invitation_view(sent)


@router.delete("/v1/invitations/<invitation_id>", tags=["Workspace"], status_code=204)
@needs(Role.OWNER)
def withdraw_invitation(invitation_id: str) -> Response[str]:
    """Withdraws an invitation: nobody can accept it after that. Answers 404 if it was accepted."""
    who = require_role(router)
    services().invitations.withdraw(who.workspace_id, invitation_id)
    return Response(HTTPStatus.NO_CONTENT, body="")


@router.post("/v1/invitations/<invitation_id>/accept", tags=["Workspace"])
@answers(
    {
        404: "The caller's verified address has no such invitation.",
        409: "The caller is already a member of the workspace.",
        410: "The invitation has expired; `expiredAt` says when.",
    }
)
@personal
def accept_invitation(invitation_id: str) -> WorkspaceView:
    """Joins the workspace that invited the caller's verified address. The call needs no membership
    and no `X-Workspace-Id`. A repeated call gets the same answer. Answers 410 if the invitation
    has expired."""
    membership = services().own_invitations.accept(signed_in(router).user_id, invitation_id)
    return workspace_view(membership, services().stores.workspaces.get(membership.workspace_id))


@router.post("/v1/invitations/<invitation_id>/decline", tags=["Workspace"], status_code=204)
@answers({404: "The caller's verified address has no such invitation."})
@personal
def decline_invitation(invitation_id: str) -> Response[str]:
    """Declines an invitation to the caller's verified address and deletes it."""
    services().own_invitations.decline(signed_in(router).user_id, invitation_id)
    return Response(HTTPStatus.NO_CONTENT, body="")


@router.post("/v1/me/sign-out-everywhere", tags=["Workspace"], status_code=204)
@personal
def sign_out_everywhere() -> Response[str]:
    """Ends all sessions of the caller, including this one. Older tokens are refused at once."""
    of, user_id = services(), signed_in(router).user_id
    end_sessions(of.stores.workspaces, of.accounts, of.clock, user_id)
    return Response(HTTPStatus.NO_CONTENT, body="")
