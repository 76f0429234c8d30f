"""Opening workspaces and letting people in. Workspaces are opened by operators of the installation
alone."""

import re
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from runledger.aws import AWS_ERRORS, domain_error
from runledger.errors import InvalidInputError, ServiceError
from runledger.models.addresses import normalize_email
from runledger.models.workspace import Membership, Role, Workspace

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AdminCreateUserRequestTypeDef

    from runledger.clock import Clock
    from runledger.store.workspaces import WorkspaceStore

# Part of the keys of every row, so it is kept short.
_WORKSPACE_ID = re.compile(r"ws_[a-z0-9]{1,13}")


def create_workspace(
    store: "WorkspaceStore", clock: "Clock", *, workspace_id: str, name: str, shards: int = 1
) -> Workspace:
    """ConflictError where the id is taken."""
    if not _WORKSPACE_ID.fullmatch(workspace_id):
        raise InvalidInputError(
            "a workspace id is ws_ and 1 to 13 lower case letters or digits", field="workspaceId"
        )
    workspace = Workspace(id=workspace_id, name=name, shards=shards, created_at=clock())
    store.create(workspace)
    return workspace


def add_member(
    store: "WorkspaceStore",
    cognito: "CognitoIdentityProviderClient",
    clock: "Clock",
    *,
    user_pool_id: str,
    workspace: Workspace,
    email: str,
    role: Role,
    password: str | None = None,
) -> Membership:
    """Makes the user where there is none and gives them the role, whatever theirs was. With
    `password` they can sign in at once; without, as `invited`."""
    membership = invited(
        cognito,
        clock,
        user_pool_id=user_pool_id,
        workspace_id=workspace.id,
        email=email,
        role=role,
        password=password,
    )
    store.put_member(membership)
    return membership


def invited(
    cognito: "CognitoIdentityProviderClient",
    clock: "Clock",
    *,
    user_pool_id: str,
    workspace_id: str,
    email: str,
    role: Role,
    password: str | None = None,
) -> Membership:
    """A membership to be stored, of a user who is made where there is none: Cognito mails them a
    password that they change at first sign-in."""
    address = normalize_email(email)
    return Membership(
        user_id=_user(cognito, user_pool_id, address, password),
        email=address,
        workspace_id=workspace_id,
        role=role,
        created_at=clock(),
    )


def _user(
    cognito: "CognitoIdentityProviderClient", pool: str, email: str, password: str | None
) -> str:
    try:
        try:
            request: AdminCreateUserRequestTypeDef = {
                "UserPoolId": pool,
                "Username": email,
                "UserAttributes": [
                    {"Name": "email", "Value": email},
                    {"Name": "email_verified", "Value": "true"},
                ],
            }
            if password is not None:
                request["MessageAction"] = "SUPPRESS"
            cognito.admin_create_user(**request)
        except ClientError as error:
            ours = domain_error(error)
            if not isinstance(ours, ServiceError) or ours.code != "UsernameExistsException":
                raise
        if password is not None:
            cognito.admin_set_user_password(
                UserPoolId=pool, Username=email, Password=password, Permanent=True
            )
        user = cognito.admin_get_user(UserPoolId=pool, Username=email)
    except AWS_ERRORS as error:
        raise domain_error(error) from error
    attributes = {each["Name"]: each.get("Value", "") for each in user["UserAttributes"]}
    return attributes["sub"]
