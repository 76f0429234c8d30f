"""Workspaces, their settings and their members, as the API shows and takes them."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from runledger.models.base import WireModel
from runledger.models.contact import normalize_email
from runledger.models.workspace import MAX_RETENTION_DAYS, MIN_RETENTION_DAYS, Role


class WorkspaceView(WireModel):
    id: str
    name: str
    role: Role


class MeView(WireModel):
    """Who is calling, and in which workspace and role this call acts."""

    email: str
    workspaces: list[WorkspaceView]
    workspace_id: str
    role: Role


class SettingsDocument(WireModel):
    """The settings of a workspace. A retention holds for what begins after it was set."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    retention_days: int = Field(
        ge=MIN_RETENTION_DAYS,
        le=MAX_RETENTION_DAYS,
        description="How long runs, deliveries, refusals and fires are kept after their end.",
    )


class SettingsView(WireModel):
    name: str
    retention_days: int


class MemberDocument(WireModel):
    """Somebody to let in. Who has no account yet gets a first password by e-mail."""

    email: Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(normalize_email)]
    role: Role


class RoleDocument(WireModel):
    role: Role


class MemberView(WireModel):
    user_id: str
    email: str
    role: Role
    joined_at: str
