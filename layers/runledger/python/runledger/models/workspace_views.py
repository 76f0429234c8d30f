"""Workspaces, their settings and their members, as the API shows and takes them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from runledger.models.addresses import normalize_email
from runledger.models.base import WireModel
from runledger.models.workspace import MAX_RETENTION_DAYS, MIN_RETENTION_DAYS, Role


class WorkspaceView(WireModel):
    """A workspace of the caller."""

    id: str = Field(description="The workspace's id.")
    name: str = Field(description="The workspace's name.")
    role: Role = Field(description="The caller's role in it.")


class MeView(WireModel):
    """The caller."""

    email: str = Field(description="The caller's e-mail address.")
    workspaces: list[WorkspaceView] = Field(description="All workspaces of the caller.")
    workspace_id: str = Field(description="The workspace that this call acts in.")
    role: Role = Field(description="The caller's role in that workspace.")


class SettingsDocument(WireModel):
    """The settings of a workspace. A retention holds for what begins after it was set."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = (
        Field(description="The workspace's name.")
    )
    retention_days: int = Field(
        ge=MIN_RETENTION_DAYS,
        le=MAX_RETENTION_DAYS,
        description="How long runs, deliveries, refusals and fires are kept after their end.",
    )


class SettingsView(WireModel):
    """The settings of a workspace."""

    name: str = Field(description="The workspace's name.")
    retention_days: int = Field(
        description="How long runs, deliveries, refusals and fires are kept after their end."
    )


class MemberDocument(WireModel):
    """Somebody to let in. Who has no account yet gets a first password by e-mail."""

    email: Annotated[
        str, StringConstraints(strip_whitespace=True), AfterValidator(normalize_email)
    ] = Field(description="The person's e-mail address.")
    role: Role = Field(description="The role in the workspace.")


class RoleDocument(WireModel):
    """Another role for a member."""

    role: Role = Field(description="The role.")


class MemberView(WireModel):
    """A member of the workspace."""

    user_id: str = Field(description="The user's id.")
    email: str = Field(description="The user's e-mail address.")
    role: Role = Field(description="The user's role.")
    joined_at: str = Field(description="When the user joined.")


class ServiceHealthView(WireModel):
    """Whether the API answers."""

    status: Literal["ok"] = Field(description="Always ok: an API that is down does not answer.")
