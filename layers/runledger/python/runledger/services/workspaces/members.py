"""Changes the members and settings of a workspace, for its owners."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.errors import ConditionFailedError, ConflictError, NotFoundError, TransientError
from runledger.models.workspace import Membership, Role

if TYPE_CHECKING:
    from runledger.api.workspaces import SettingsDocument
    from runledger.models.workspace import Workspace
    from runledger.services.workspaces.accounts import Accounts
    from runledger.store.saved_views import SavedViewStore
    from runledger.store.workspaces import WorkspaceStore

# A try is lost only if another owner changed the same members in between.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Members:
    store: "WorkspaceStore"
    views: "SavedViewStore"

    def change_role(self, workspace_id: str, user_id: str, role: Role) -> Membership:
        """Changes a member's role. Raises ConflictError if the workspace would lose its last
        owner."""

        def change(member: Membership, other_owner: Membership | None) -> None:
            if member.role is not role:
                self.store.change_role(member, role, other_owner)

        member = self._without_losing_the_last_owner(workspace_id, user_id, role, change)
        return member.changed(role=role)

    def remove(self, workspace_id: str, user_id: str) -> None:
        """Removes a member and the views that only they see. The account stays, because it may be
        in other workspaces. Raises ConflictError if the member is the last owner."""
        remove = self.store.remove_member
        try:
            self._without_losing_the_last_owner(workspace_id, user_id, None, remove)
        except NotFoundError:
            # The first request may have ended before it deleted all views.
            self.views.forget(workspace_id, user_id)
            raise
        self.views.forget(workspace_id, user_id)

    def _without_losing_the_last_owner(
        self,
        workspace_id: str,
        user_id: str,
        role: Role | None,
        change: Callable[[Membership, Membership | None], None],
    ) -> Membership:
        """Changes a member and returns them as they were. If an owner ceases to be one, the write
        requires that another owner remains."""
        for _ in range(_TRIES):
            members = self.store.members(workspace_id)
            member = next((each for each in members if each.user_id == user_id), None)
            if member is None:
                raise NotFoundError(f"the workspace has no member {user_id}")
            other_owner = None
            if member.role is Role.OWNER and role is not Role.OWNER:
                owners = (each for each in members if each.role is Role.OWNER)
                other_owner = next((each for each in owners if each.user_id != user_id), None)
                if other_owner is None:
                    raise ConflictError(
                        f"{member.email} is the last owner of the workspace; make somebody "
                        "else an owner first",
                        status="LAST_OWNER",
                    )
            try:
                change(member, other_owner)
            except ConditionFailedError:
                continue
            return member
        raise TransientError("the members kept changing; try again")


def change_settings(
    store: "WorkspaceStore",
    accounts: "Callable[[], Accounts]",
    caller: "Membership",
    document: "SettingsDocument",
) -> "Workspace":
    """Changes the settings. Raises ConflictError if the new settings require a second factor and
    the caller has none: the change would lock the caller out."""
    if document.require_mfa and not accounts().find(caller.user_id).has_mfa:
        raise ConflictError(
            "set up a second factor for your own account before you require it of others",
            status="NO_MFA",
        )
    return store.set(
        caller.workspace_id, document.name, document.retention_days, document.require_mfa
    )
