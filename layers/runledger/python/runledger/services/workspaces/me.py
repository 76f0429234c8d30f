"""Describes a signed-in person to themselves, and ends their sessions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runledger.clock import Clock
    from runledger.models.invitation import Invitation
    from runledger.models.workspace import Membership, Workspace
    from runledger.services.workspaces.accounts import Account, Accounts
    from runledger.services.workspaces.identity import Person
    from runledger.services.workspaces.invitations import OwnInvitations
    from runledger.store.workspaces import WorkspaceStore


@dataclass(frozen=True, slots=True)
class Profile:
    """A signed-in person. `membership` is the one that the request uses. `invitations` are the
    pending ones. `workspaces` has the existing workspaces of the person's memberships and
    invitations, by id."""

    person: "Person"
    account: "Account"
    membership: "Membership | None"
    invitations: "Sequence[Invitation]"
    workspaces: "Mapping[str, Workspace]"


def describe_person(
    person: "Person",
    headers: "Mapping[str, str]",
    workspaces: "WorkspaceStore",
    accounts: "Accounts",
    invitations: "OwnInvitations",
) -> Profile:
    """Returns the person's profile, with the current names of workspaces. Raises NotFoundError if
    the header names a workspace that the person is not in."""
    membership = person.membership(headers)
    account = accounts.find(person.user_id)
    pending = invitations.pending(account, person.memberships)
    joined = [each.workspace_id for each in person.memberships]
    named = workspaces.get_many([*joined, *(each.workspace_id for each in pending)])
    return Profile(person, account, membership, pending, named)


def end_sessions(
    workspaces: "WorkspaceStore", accounts: "Accounts", clock: "Clock", user_id: str
) -> None:
    """Signs the person out everywhere. The time is stored before Cognito is called, because only
    the stored time makes every token that was issued until now invalid, including renewed ones."""
    workspaces.sign_out(user_id, clock())
    accounts.sign_out(user_id)
