"""Invitations as the API shows and takes them."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from runledger.models.addresses import normalize_email
from runledger.models.base import WireModel
from runledger.models.workspace import Role


class InvitationDocument(WireModel):
    """A person to invite. They join by accepting, after they sign in with this address."""

    email: Annotated[
        str, StringConstraints(strip_whitespace=True), AfterValidator(normalize_email)
    ] = Field(description="The address that the invitation is bound to.")
    role: Role = Field(description="The role that they join with.")


class InvitationStatus(StrEnum):
    """Whether an invitation can be accepted."""

    PENDING = "PENDING"
    EXPIRED = "EXPIRED"


class InvitationView(WireModel):
    """An invitation, as owners of the workspace see it."""

    id: str = Field(description="The invitation's id.")
    email: str = Field(description="The address that it is bound to.")
    role: Role = Field(description="The role that they join with.")
    status: InvitationStatus = Field(
        description="`EXPIRED` can no longer be accepted; sending it again renews it."
    )
    invited_by: str = Field(description="The e-mail address of the owner who invited.")
    invited_at: str = Field(description="When it was made.")
    sent_at: str = Field(description="When it was last made out or sent again.")
    expires_at: str = Field(description="Until when it can be accepted.")


class SentInvitationView(InvitationView):
    """An invitation that was just created or sent again."""

    mailed: bool = Field(
        description="Whether the invitation went out by e-mail. If not, nobody was written to: "
        "the stack's sender is not verified, or refused the mail. The invitation holds all the "
        "same. The first password of a new account comes in a mail of its own."
    )


class OwnInvitationView(WireModel):
    """An invitation, as the invited person sees it."""

    id: str = Field(description="The invitation's id, to accept or decline it.")
    workspace_name: str = Field(description="The name of the workspace.")
    role: Role = Field(description="The role that accepting gives.")
    invited_by: str = Field(description="The e-mail address of the owner who invited.")
    expires_at: str = Field(description="Until when it can be accepted.")
