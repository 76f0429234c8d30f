"""Invites people into a workspace, and lets them join."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from runledger.clock import MINUTE, Clock, iso
from runledger.errors import (
    ConditionFailedError,
    ConflictError,
    GoneError,
    NotFoundError,
    RateLimitedError,
    TransientError,
)
from runledger.ids import new_id
from runledger.models.invitation import INVITATION_LIFE, Invitation
from runledger.models.workspace import Membership

if TYPE_CHECKING:
    from runledger.api.invitations import InvitationDocument
    from runledger.services.workspaces.accounts import Account, Accounts
    from runledger.services.workspaces.invitation_mail import InvitationMail
    from runledger.store.invitations import InvitationStore
    from runledger.store.rates import RateStore
    from runledger.store.workspaces import WorkspaceStore

# The most members and invitations together, because all are read at once.
MAX_MEMBERS = 500
# The most mails of one workspace to one address, so that inviting cannot flood a mailbox.
MAILS_A_MINUTE = 3
# A try is lost only if another request changed the same invitation in between.
_TRIES = 4


class SentInvitation(NamedTuple):
    """An invitation, and whether its mail was sent."""

    invitation: Invitation
    mailed: bool


@dataclass(frozen=True, slots=True)
class Invitations:
    """Lets owners manage the invitations of their workspace.

    No answer shows whether an address has an account, because only the person with the account and
    that person's other workspaces may know it."""

    store: "InvitationStore"
    workspaces: "WorkspaceStore"
    rates: "RateStore"
    accounts: "Accounts"
    mail: "InvitationMail"
    clock: Clock

    def invite(
        self, workspace_id: str, document: "InvitationDocument", invited_by: str, url: str
    ) -> SentInvitation:
        """Creates an invitation and mails it. Raises ConflictError if the address belongs to a
        member or is already invited, or if there are too many members and invitations. Raises
        RateLimitedError if the address was mailed too often."""
        invited = self.store.of_workspace(workspace_id)
        if len(self.workspaces.members(workspace_id)) + len(invited) >= MAX_MEMBERS:
            raise ConflictError(
                f"a workspace has at most {MAX_MEMBERS} members and invitations; remove one first"
            )
        self._refuse_often(workspace_id, document.email)
        account = self.accounts.prepare(document.email)
        if account is not None and account.is_verified:
            self._refuse_member(workspace_id, account.user_id, document.email)
        invitation = self._add(workspace_id, document, invited_by)
        return self._sent(invitation, url)

    def resend(self, workspace_id: str, invitation_id: str, url: str) -> SentInvitation:
        """Mails the invitation again and renews its full lifetime, even if it had expired. Raises
        RateLimitedError if the address was mailed too often."""
        self._refuse_often(workspace_id, self._get(workspace_id, invitation_id).email)
        for _ in range(_TRIES):
            before = self._get(workspace_id, invitation_id)
            now = self.clock()
            try:
                renewed = self.store.renew(before, now, now + INVITATION_LIFE)
            except ConditionFailedError:
                continue
            self.accounts.prepare(renewed.email)
            return self._sent(renewed, url)
        raise TransientError("the invitation kept changing; try again")

    def withdraw(self, workspace_id: str, invitation_id: str) -> None:
        """Deletes the invitation. Raises NotFoundError if it was accepted, declined or withdrawn
        before."""
        for _ in range(_TRIES):
            try:
                self.store.remove(self._get(workspace_id, invitation_id))
            except ConditionFailedError:
                continue
            return
        raise TransientError("the invitation kept changing; try again")

    def _get(self, workspace_id: str, invitation_id: str) -> Invitation:
        found = self.store.get(workspace_id, invitation_id)
        if found is None:
            raise NotFoundError(
                f"there is no invitation {invitation_id}; it may have been accepted, declined "
                "or withdrawn"
            )
        return found

    def _refuse_often(self, workspace_id: str, email: str) -> None:
        now = self.clock()
        if self.rates.count(workspace_id, f"INVITED#{email}", now // MINUTE) > MAILS_A_MINUTE:
            left = MINUTE - now % MINUTE
            raise RateLimitedError(
                f"{email} was invited too often in the last minute; try again in a minute",
                -(-left // 1_000),
            )

    def _refuse_member(self, workspace_id: str, user_id: str, email: str) -> None:
        if self.workspaces.membership(workspace_id, user_id) is not None:
            raise ConflictError(f"{email} is already a member", status="MEMBER")

    def _add(
        self, workspace_id: str, document: "InvitationDocument", invited_by: str
    ) -> Invitation:
        for _ in range(_TRIES):
            before = self.store.of_address(workspace_id, document.email)
            now = self.clock()
            if before is not None and before.is_pending(now):
                raise ConflictError(f"{document.email} is already invited", status="INVITED")
            invitation = Invitation(
                id=new_id("inv", now),
                workspace_id=workspace_id,
                email=document.email,
                role=document.role,
                invited_by=invited_by,
                created_at=now,
                sent_at=now,
                expires_at=now + INVITATION_LIFE,
            )
            try:
                self.store.add(invitation, before)
            except ConditionFailedError:
                continue
            return invitation
        raise TransientError("the invitation kept changing; try again")

    def _sent(self, invitation: Invitation, url: str) -> SentInvitation:
        workspace = self.workspaces.get(invitation.workspace_id)
        mailed = self.mail.send(invitation, workspace.name, url)
        return SentInvitation(invitation, mailed)


@dataclass(frozen=True, slots=True)
class OwnInvitations:
    """Lets signed-in people answer the invitations to their own, verified address."""

    store: "InvitationStore"
    workspaces: "WorkspaceStore"
    accounts: "Accounts"
    clock: Clock

    def pending(self, account: "Account", memberships: list[Membership]) -> list[Invitation]:
        """Returns the pending invitations to workspaces that the person is not in."""
        joined = {each.workspace_id for each in memberships}
        now = self.clock()
        return [
            each
            for each in self._addressed_to(account)
            if each.is_pending(now) and each.workspace_id not in joined
        ]

    def accept(self, user_id: str, invitation_id: str) -> Membership:
        """Makes the person a member. A repeated call gives the same answer.

        Raises NotFoundError if there is no such invitation to their address, GoneError if it has
        expired, and ConflictError if they became a member another way."""
        for _ in range(_TRIES):
            account = self.accounts.find(user_id)
            invitation = self._find(account, invitation_id)
            if invitation is None:
                return self._joined_by(user_id, invitation_id)
            now = self.clock()
            if not invitation.is_pending(now):
                raise GoneError(
                    "the invitation has expired; ask the owner to send it again",
                    expiredAt=iso(invitation.expires_at),
                )
            membership = Membership(
                user_id=user_id,
                email=invitation.email,
                workspace_id=invitation.workspace_id,
                role=invitation.role,
                created_at=now,
                invitation_id=invitation.id,
            )
            try:
                self.store.accept(invitation, membership)
            except ConditionFailedError:
                self._settle_as_member(user_id, invitation)
                continue
            return membership
        raise TransientError("the invitation kept changing; try again")

    def decline(self, user_id: str, invitation_id: str) -> None:
        for _ in range(_TRIES):
            invitation = self._find(self.accounts.find(user_id), invitation_id)
            if invitation is None:
                raise _unknown(invitation_id)
            try:
                self.store.remove(invitation)
            except ConditionFailedError:
                continue
            return
        raise TransientError("the invitation kept changing; try again")

    def _addressed_to(self, account: "Account") -> list[Invitation]:
        email = account.proven_email
        return [] if email is None else self.store.addressed_to(email)

    def _find(self, account: "Account", invitation_id: str) -> Invitation | None:
        found = self._addressed_to(account)
        return next((each for each in found if each.id == invitation_id), None)

    def _joined_by(self, user_id: str, invitation_id: str) -> Membership:
        """Returns the membership that an earlier call made from the invitation."""
        for membership in self.workspaces.memberships(user_id):
            if membership.invitation_id == invitation_id:
                return membership
        raise _unknown(invitation_id)

    def _settle_as_member(self, user_id: str, invitation: Invitation) -> None:
        """Deletes the invitation of a person who is a member already, and raises ConflictError.
        Does nothing if another call has just accepted the same invitation."""
        member = self.workspaces.membership(invitation.workspace_id, user_id)
        if member is None or member.invitation_id == invitation.id:
            return
        try:
            self.store.remove(invitation)
        except ConditionFailedError:
            return
        raise ConflictError("you are already a member of this workspace", status="MEMBER")


def _unknown(invitation_id: str) -> NotFoundError:
    return NotFoundError(f"your address has no invitation {invitation_id}")
