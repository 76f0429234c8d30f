"""Workspaces and the people in them."""

from enum import StrEnum

from runledger.models.base import Model


class Role(StrEnum):
    """Each role may do all that the one before it may."""

    VIEWER = "VIEWER"
    MEMBER = "MEMBER"
    ADMIN = "ADMIN"
    OWNER = "OWNER"

    @property
    def level(self) -> int:
        return list(Role).index(self)


class Workspace(Model):
    """A tenant. `shards` is fixed when it is opened; `created_at` is epoch milliseconds."""

    id: str
    name: str
    shards: int
    created_at: int


class Membership(Model):
    """One user's place in one workspace."""

    user_id: str
    email: str
    workspace_id: str
    workspace_name: str
    role: Role
    created_at: int
