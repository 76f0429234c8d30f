"""What an operator does once on a new stack: the sender's identity, workspaces and members."""

import time
from collections.abc import Iterator
from typing import Any

import boto3
from runledger.models.workspace import Membership, Role, Workspace
from runledger.store.table import DynamoTable
from runledger.store.workspaces import WorkspaceStore

from local.settings import PASSWORD, ROLES, SENDER_EMAIL, WORKSPACES, Stack


def users(domain: str) -> Iterator[dict[str, str]]:
    """A user of every role, as local.json lists them."""
    for role in ROLES:
        yield {"email": f"{role.lower()}@{domain}", "password": PASSWORD, "role": role}


def workspaces() -> list[dict[str, Any]]:
    return [
        {"id": workspace_id, "name": name, "users": list(users(domain))}
        for workspace_id, name, domain in WORKSPACES
    ]


def verify_sender(stack: Stack) -> None:
    """The emulator counts an identity as verified once it exists."""
    ses = boto3.client("sesv2", endpoint_url=stack.aws_endpoint)
    ses.create_email_identity(EmailIdentity=SENDER_EMAIL)


def open_workspaces(outputs: dict[str, str]) -> None:
    """Creates the workspaces and their members; a user's member id is Cognito's `sub`."""
    cognito = boto3.client("cognito-idp")
    store = WorkspaceStore(DynamoTable(boto3.client("dynamodb"), outputs["TableName"]))
    now = int(time.time() * 1_000)
    for workspace in workspaces():
        opened = Workspace(id=workspace["id"], name=workspace["name"], shards=1, created_at=now)
        store.create(opened)
        for user in workspace["users"]:
            membership = Membership(
                user_id=_sign_up(cognito, outputs["UserPoolId"], user["email"], user["password"]),
                email=user["email"],
                workspace_id=opened.id,
                workspace_name=opened.name,
                role=Role(user["role"]),
                created_at=now,
            )
            store.put_member(membership)


def _sign_up(cognito: Any, pool_id: str, email: str, password: str) -> str:
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    user = cognito.admin_create_user(
        UserPoolId=pool_id, Username=email, MessageAction="SUPPRESS", UserAttributes=attributes
    )["User"]
    cognito.admin_set_user_password(
        UserPoolId=pool_id, Username=email, Password=password, Permanent=True
    )
    return str(next(a["Value"] for a in user["Attributes"] if a["Name"] == "sub"))
