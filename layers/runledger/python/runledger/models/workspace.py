"""Workspaces and the people in them."""

from enum import StrEnum

from runledger.clock import DAY
from runledger.models.base import Model

# How many days history is kept after its end: the default, and the limits.
DEFAULT_RETENTION_DAYS = 90
MIN_RETENTION_DAYS, MAX_RETENTION_DAYS = 1, 3_650


class Role(StrEnum):
    """The role of a member. Each role includes the rights of the one before it."""

    VIEWER = "VIEWER"
    MEMBER = "MEMBER"
    ADMIN = "ADMIN"
    OWNER = "OWNER"

    @property
    def level(self) -> int:
        return list(Role).index(self)


class Workspace(Model):
    """A tenant. `shards` is set when the workspace is opened and never changes. `created_at` is
    epoch milliseconds.

    `least_retention_days` is the shortest retention that the workspace has ever had. Rows whose
    lifetime depends on the setting are kept for at least that long.
    """

    id: str
    name: str
    shards: int
    created_at: int
    retention_days: int = DEFAULT_RETENTION_DAYS
    least_retention_days: int = DEFAULT_RETENTION_DAYS
    require_mfa: bool = False

    @property
    def retention(self) -> int:
        """The retention in milliseconds."""
        return self.retention_days * DAY

    @property
    def least_retention(self) -> int:
        """The least retention in milliseconds; see `least_retention_days`."""
        return self.least_retention_days * DAY


class Membership(Model):
    """One user's place in one workspace. `user_id` is the `sub` of their account, which never
    changes; `email` is the address they joined with. `invitation_id` is the invitation that they
    accepted."""

    user_id: str
    email: str
    workspace_id: str
    role: Role
    created_at: int
    invitation_id: str | None = None


class UserRecord(Model):
    """The stored data of a user. Tokens of sign-ins up to `signed_out_at` (epoch milliseconds) are
    refused."""

    memberships: list[Membership]
    signed_out_at: int | None = None
