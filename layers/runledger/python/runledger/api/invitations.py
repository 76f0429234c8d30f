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
    ] = Field(description="The address to invite. Only its owner can accept the invitation.")
    role: Role = Field(description="The role that the person gets.")


class InvitationStatus(StrEnum):
    """Whether an invitation can be accepted."""

    PENDING = "PENDING"
    EXPIRED = "EXPIRED"


class InvitationView(WireModel):
    """An invitation, as owners of the workspace see it."""

    id: str = Field(description="The invitation's id.")
    email: str = Field(description="The invited address.")
    role: Role = Field(description="The role that the person gets.")
    status: InvitationStatus = Field(
        description="An `EXPIRED` invitation cannot be accepted. Send it again to renew it."
    )
    invited_by: str = Field(description="The e-mail address of the owner who sent the invitation.")
    invited_at: str = Field(description="When the invitation was created.")
    sent_at: str = Field(description="When the invitation was last sent.")
    expires_at: str = Field(description="Until when the invitation can be accepted.")


class SentInvitationView(InvitationView):
    """An invitation that was just created or sent again."""

    mailed: bool = Field(
        description=(
            "Whether the invitation was sent by e-mail. It is false if the stack's sender "
            "address is not verified, or if the e-mail was refused. The invitation is valid "
            "anyway, so inform the person yourself. A new account gets its first password in a "
            "separate e-mail."
        )
    )


class OwnInvitationView(WireModel):
    """An invitation, as the invited person sees it."""

    id: str = Field(description="The invitation's id, to accept or decline it.")
    workspace_name: str = Field(description="The workspace's name.")
    role: Role = Field(description="The role that you get by accepting.")
    invited_by: str = Field(description="The e-mail address of the owner who sent the invitation.")
    expires_at: str = Field(description="Until when the invitation can be accepted.")
