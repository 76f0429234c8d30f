"""Invitations: an address that may join a workspace."""

from runledger.clock import DAY
from runledger.models.base import Model
from runledger.models.workspace import Role

# As long as the first password that Cognito mails stays valid.
INVITATION_LIFE_DAYS = 7
INVITATION_LIFE = INVITATION_LIFE_DAYS * DAY
# How long an expired invitation stays in the owners' list, so that it can be sent again.
EXPIRED_KEPT = 30 * DAY


class Invitation(Model):
    """An invitation for an e-mail address. A person who can sign in with that address joins with
    `role`. Times are epoch milliseconds; `invited_by` is the owner's e-mail address."""

    id: str
    workspace_id: str
    email: str
    role: Role
    invited_by: str
    created_at: int
    sent_at: int
    expires_at: int

    def is_pending(self, now: int) -> bool:
        return now < self.expires_at
