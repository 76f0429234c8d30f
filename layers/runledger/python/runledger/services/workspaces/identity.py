"""Finds who is calling, in which workspace, and what they may do there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.errors import (
    ForbiddenError,
    MfaRequiredError,
    NotFoundError,
    UnauthorizedError,
    WorkspaceNotNamedError,
)
from runledger.models.workspace import Membership, Role, UserRecord

if TYPE_CHECKING:
    from runledger.services.workspaces.accounts import Accounts
    from runledger.store.workspaces import WorkspaceStore

WORKSPACE_HEADER = "x-workspace-id"


@dataclass(frozen=True, slots=True)
class Person:
    """A person who is signed in, with all their memberships."""

    user_id: str
    memberships: list[Membership]

    def membership(self, headers: Mapping[str, str]) -> Membership | None:
        """Returns the membership that the request names, or the first; None if there is none.

        Raises NotFoundError if the person is not a member of the named workspace. The answer is the
        same as if the workspace did not exist."""
        wanted = headers.get(WORKSPACE_HEADER)
        if wanted is None:
            return self.memberships[0] if self.memberships else None
        for membership in self.memberships:
            if membership.workspace_id == wanted:
                return membership
        if not self.memberships:
            return None
        raise NotFoundError(f"there is no workspace {wanted}, or you are not a member of it")


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, and the membership that this call uses."""

    membership: Membership

    @property
    def workspace_id(self) -> str:
        return self.membership.workspace_id

    @property
    def email(self) -> str:
        return self.membership.email

    def may(self, needed: Role) -> bool:
        return self.membership.role.level >= needed.level


@dataclass(frozen=True, slots=True)
class Identity:
    """Identifies callers by their tokens' claims. The authorizer has verified signature, issuer,
    audience and expiry; API Gateway passes every claim as text.

    Memberships, roles and sign-outs are read for each call and never cached."""

    workspaces: "WorkspaceStore"
    accounts: "Callable[[], Accounts]"
    user_pool_id: str
    client_id: str

    def person(self, claims: Mapping[str, Any]) -> Person:
        """Returns the person. Raises UnauthorizedError for anything except a live access token of
        the console's client."""
        user_id, signed_in_at = self._read(claims)
        record = self.workspaces.user(user_id)
        _refuse_signed_out(record, signed_in_at)
        return Person(user_id, record.memberships)

    def caller(
        self,
        claims: Mapping[str, Any],
        headers: Mapping[str, str],
        needed: Role,
        *,
        is_change: bool,
    ) -> Caller:
        """Returns the caller. Header names are lower case. Raises ForbiddenError if the person is
        in no workspace, their role is lower than `needed`, or the workspace requires a second
        factor and they have none. Raises WorkspaceNotNamedError if the person is in several
        workspaces and the request of a change does not name one."""
        person = self.person(claims)
        membership = person.membership(headers)
        if membership is None:
            raise ForbiddenError(
                "you are not a member of any workspace; ask an owner to invite you"
            )
        if is_change and len(person.memberships) > 1 and WORKSPACE_HEADER not in headers:
            raise WorkspaceNotNamedError
        require_role(membership, needed)
        self._require_mfa(membership)
        return Caller(membership)

    def _read(self, claims: Mapping[str, Any]) -> tuple[str, int]:
        """Returns the user id, and when they signed in, in epoch seconds.

        An ID token must be refused here: the authorizer accepts it, because its audience is the
        client's id:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html"""
        user_id = claims.get("sub")
        if not user_id:
            raise UnauthorizedError("the token names no user; sign in again")
        is_access_token = claims.get("token_use") == "access"
        is_of_our_client = claims.get("client_id") == self.client_id
        is_of_our_pool = str(claims.get("iss", "")).endswith(f"/{self.user_pool_id}")
        if not (is_access_token and is_of_our_client and is_of_our_pool):
            raise UnauthorizedError(
                "the token is not an access token of the console's client; send the access "
                "token, not the ID token"
            )
        try:
            return str(user_id), int(claims["auth_time"])
        except (KeyError, ValueError) as error:
            raise UnauthorizedError("the token has no sign-in time; sign in again") from error

    def _require_mfa(self, membership: Membership) -> None:
        workspace = self.workspaces.get(membership.workspace_id, consistent=True)
        if workspace.require_mfa and not self.accounts().has_mfa(membership.user_id):
            raise MfaRequiredError(membership.workspace_id)


def require_role(membership: Membership, needed: Role) -> None:
    """Raises ForbiddenError if the member's role is lower than `needed`."""
    if membership.role.level < needed.level:
        workspace_id, role = membership.workspace_id, membership.role
        raise ForbiddenError(
            f"this requires the role {needed}; your role in {workspace_id} is {role}"
        )


def _refuse_signed_out(record: UserRecord, signed_in_at: int) -> None:
    """Raises UnauthorizedError if the token's sign-in came before the sign-out.

    A renewed token keeps its sign-in time, in whole seconds. A sign-in in the same second as the
    sign-out may have come before it, so it is refused too."""
    if record.signed_out_at is not None and signed_in_at * 1_000 <= record.signed_out_at:
        raise UnauthorizedError("you signed out everywhere; sign in again")
