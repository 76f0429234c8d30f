"""Workspaces, their settings and their members, as the API shows and takes them."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from runledger.api.invitations import OwnInvitationView
from runledger.models.base import Whole, WireModel
from runledger.models.workspace import MAX_RETENTION_DAYS, MIN_RETENTION_DAYS, Role


class WorkspaceView(WireModel):
    """A workspace that the caller is a member of."""

    id: str = Field(description="The workspace's id, for the header `X-Workspace-Id`.")
    name: str = Field(description="The name that people see.")
    role: Role = Field(description="The caller's role in the workspace.")
    require_mfa: bool = Field(
        description="Whether the workspace requires a second factor of its members."
    )


class MeView(WireModel):
    """The caller, with the workspace and the role that apply to this request."""

    user_id: str = Field(description="The id of the caller's account.")
    email: str = Field(description="The e-mail address of the account.")
    mfa: bool = Field(description="Whether the account has a second factor.")
    workspaces: list[WorkspaceView] = Field(
        description="The workspaces that the caller is a member of."
    )
    workspace_id: str | None = Field(
        description=(
            "The workspace that the request names, or else the first one; null if there is none."
        )
    )
    role: Role | None = Field(
        description="The caller's role in that workspace; null if there is none."
    )
    invitations: list[OwnInvitationView] = Field(
        description="The caller's open invitations; empty if the address is not verified."
    )


class SettingsDocument(WireModel):
    """The settings of a workspace. A new retention applies only to what begins after the change."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = (
        Field(description="The name that people see.")
    )
    retention_days: Whole = Field(
        ge=MIN_RETENTION_DAYS,
        le=MAX_RETENTION_DAYS,
        description=(
            "For how many days runs, deliveries, refusals and fires are kept after their end."
        ),
    )
    require_mfa: StrictBool | None = Field(
        default=None,
        description=(
            "Whether members need a second factor. If left out, it does not change. An owner "
            "can require it only with a second factor on the owner's own account."
        ),
    )


class SettingsView(WireModel):
    """The settings of a workspace as they are now."""

    name: str = Field(description="The name that people see.")
    retention_days: int = Field(
        description=(
            "For how many days runs, deliveries, refusals and fires are kept after their end."
        )
    )
    require_mfa: bool = Field(description="Whether members need a second factor.")


class RoleDocument(WireModel):
    """The role to give."""

    role: Role = Field(description="The new role.")


class MemberView(WireModel):
    """A member of the workspace."""

    user_id: str = Field(description="The id of the member's account.")
    email: str = Field(description="The e-mail address that they joined with.")
    role: Role = Field(description="The member's role.")
    joined_at: str = Field(description="When they joined.")


class ServiceHealthView(WireModel):
    """Whether the API answers."""

    status: Literal["ok"] = Field(description="Always ok: an API that is down does not answer.")
