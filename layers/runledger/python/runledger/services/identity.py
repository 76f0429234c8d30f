"""Who is calling, in which workspace, and what they may do there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.errors import ForbiddenError, NotFoundError, UnauthorizedError
from runledger.models.workspace import Membership, Role
from runledger.models.workspace_views import MeView, WorkspaceView

if TYPE_CHECKING:
    from runledger.store.workspaces import WorkspaceStore

WORKSPACE_HEADER = "x-workspace-id"


@dataclass(frozen=True, slots=True)
class Caller:
    """`memberships` are all of the caller's; `membership` is the one this call acts under."""

    membership: Membership
    memberships: list[Membership]

    @property
    def workspace_id(self) -> str:
        return self.membership.workspace_id

    @property
    def email(self) -> str:
        return self.membership.email

    def may(self, needed: Role) -> bool:
        return self.membership.role.level >= needed.level

    def view(self, workspaces: "WorkspaceStore") -> MeView:
        """With the names that the workspaces have now."""
        found = workspaces.get_many(each.workspace_id for each in self.memberships)
        return MeView(
            email=self.email,
            workspaces=[
                WorkspaceView(
                    id=each.workspace_id, name=found[each.workspace_id].name, role=each.role
                )
                for each in self.memberships
                if each.workspace_id in found
            ],
            workspace_id=self.workspace_id,
            role=self.membership.role,
        )


def identify(
    workspaces: "WorkspaceStore",
    claims: Mapping[str, Any],
    headers: Mapping[str, str],
    needed: Role,
) -> Caller:
    """`claims` are the token's, verified by the authorizer; header names in lower case.

    NotFoundError for a workspace that is not the caller's, as if it did not exist."""
    user_id = claims.get("sub")
    if not user_id:
        raise UnauthorizedError("the token names no user")
    memberships = workspaces.memberships(str(user_id))
    if not memberships:
        raise ForbiddenError("you are not a member of any workspace")
    wanted = headers.get(WORKSPACE_HEADER)
    membership = memberships[0]
    if wanted is not None:
        chosen = [each for each in memberships if each.workspace_id == wanted]
        if not chosen:
            raise NotFoundError(f"there is no workspace {wanted}")
        membership = chosen[0]
    require_role(membership, needed)
    return Caller(membership=membership, memberships=memberships)


def require_role(membership: Membership, needed: Role) -> None:
    """ForbiddenError where the member's role is less than `needed`."""
    if membership.role.level < needed.level:
        raise ForbiddenError(
            f"this needs the role {needed}; yours in {membership.workspace_id} is {membership.role}"
        )
