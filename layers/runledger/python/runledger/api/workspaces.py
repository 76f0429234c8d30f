"""Workspaces, their settings and their members, as the API shows and takes them."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from runledger.api.invitations import OwnInvitationView
from runledger.models.base import Whole, WireModel
from runledger.models.workspace import MAX_RETENTION_DAYS, MIN_RETENTION_DAYS, Role


class WorkspaceView(WireModel):
    """A workspace that the caller is a member of."""

    id: str = Field(description="The workspace's id, for the header `X-Workspace-Id`.")
    name: str = Field(description="The name people see.")
    role: Role = Field(description="The caller's role there.")
    require_mfa: bool = Field(description="Whether it asks its members for a second factor.")


class MeView(WireModel):
    """The caller, and the workspace and role used when a call names no workspace."""

    user_id: str = Field(description="The caller's account.")
    email: str = Field(description="The address of the account.")
    mfa: bool = Field(description="Whether the account has a second factor.")
    workspaces: list[WorkspaceView] = Field(description="All that the caller is a member of.")
    workspace_id: str | None = Field(
        description="The workspace that was named or is the first one; null without any."
    )
    role: Role | None = Field(description="The caller's role in it; null without any.")
    invitations: list[OwnInvitationView] = Field(
        description="What the caller may accept; only with a verified address."
    )


class SettingsDocument(WireModel):
    """The settings of a workspace. A new retention applies only to what begins after the change."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = (
        Field(description="The name people see.")
    )
    retention_days: Whole = Field(
        ge=MIN_RETENTION_DAYS,
        le=MAX_RETENTION_DAYS,
        description="How long runs, deliveries, refusals and fires are kept after their end.",
    )
    require_mfa: StrictBool | None = Field(
        default=None,
        description="Whether members need a second factor to act here. Left out, it stays as it "
        "is. An owner can ask for it only with a second factor of their own.",
    )


class SettingsView(WireModel):
    """The settings of a workspace as they are now."""

    name: str = Field(description="The name people see.")
    retention_days: int = Field(
        description="How long runs, deliveries, refusals and fires are kept after their end."
    )
    require_mfa: bool = Field(description="Whether members need a second factor to act here.")


class RoleDocument(WireModel):
    """The role to give."""

    role: Role = Field(description="The role to give.")


class MemberView(WireModel):
    """A member of the workspace."""

    user_id: str = Field(description="The member's account.")
    email: str = Field(description="The address they joined with.")
    role: Role = Field(description="What they may do.")
    joined_at: str = Field(description="When they joined.")


class ServiceHealthView(WireModel):
    """Whether the API answers."""

    status: Literal["ok"] = Field(description="Always ok: an API that is down does not answer.")
