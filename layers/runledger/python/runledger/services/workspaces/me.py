"""What a signed-in person is told about themselves."""

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
    """A signed-in person. `membership` is the one that the request acts in, `invitations` are the
    pending ones, and `workspaces` holds every workspace of both, by id, that still exists."""

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
    """With the names that the workspaces have now. NotFoundError for a workspace in the header
    that is not theirs."""
    membership = person.membership(headers)
    account = accounts.find(person.user_id)
    pending = invitations.pending(account, person.memberships)
    joined = [each.workspace_id for each in person.memberships]
    named = workspaces.get_many([*joined, *(each.workspace_id for each in pending)])
    return Profile(person, account, membership, pending, named)


def end_sessions(
    workspaces: "WorkspaceStore", accounts: "Accounts", clock: "Clock", user_id: str
) -> None:
    """The record first: it alone already refuses every token up to now, renewed ones too."""
    workspaces.sign_out(user_id, clock())
    accounts.sign_out(user_id)
