"""What an operator does once on a new stack: verify the sender, create workspaces and members."""

from collections.abc import Iterator
from typing import Any

import boto3
from runledger.clock import now_ms
from runledger.errors import ConflictError
from runledger.models.workspace import Role, Workspace
from runledger.services.workspaces.accounts import Accounts
from runledger.services.workspaces.workspaces import add_member, create_workspace
from runledger.store.table import DynamoTable
from runledger.store.workspaces import WorkspaceStore

from local.settings import PASSWORD, ROLES, SENDER_EMAIL, STACK_NAME, WORKSPACES, Stack


def users(domain: str) -> Iterator[dict[str, str]]:
    """Yields a user of every role, as local.json lists them."""
    for role in ROLES:
        yield {"email": f"{role.lower()}@{domain}", "password": PASSWORD, "role": role}


def workspaces() -> list[dict[str, Any]]:
    return [
        {"id": workspace_id, "name": name, "users": list(users(domain))}
        for workspace_id, name, domain in WORKSPACES
    ]


def verify_sender(stack: Stack) -> None:
    """Creates the sender's identity. The emulator then counts it as verified."""
    ses = boto3.client("sesv2", endpoint_url=stack.aws_endpoint)
    ses.create_email_identity(EmailIdentity=SENDER_EMAIL)


def name_console(stack: Stack) -> None:
    """Stores the gateway's address as the console's address, in place of the distribution's."""
    ssm = boto3.client("ssm", endpoint_url=stack.aws_endpoint)
    name = f"/runledger/{STACK_NAME}/console-address"
    ssm.put_parameter(Name=name, Value=stack.url, Overwrite=True)


def open_workspaces(outputs: dict[str, str]) -> None:
    """Creates the workspaces and their members with the operator's commands."""
    accounts = Accounts(boto3.client("cognito-idp"), outputs["UserPoolId"])
    store = WorkspaceStore(DynamoTable(boto3.client("dynamodb"), outputs["TableName"]))
    for wanted in workspaces():
        workspace = _open(store, wanted["id"], wanted["name"])
        for user in wanted["users"]:
            add_member(
                store,
                accounts,
                now_ms,
                workspace=workspace,
                email=user["email"],
                role=Role(user["role"]),
                password=user["password"],
            )


def _open(store: WorkspaceStore, workspace_id: str, name: str) -> Workspace:
    try:
        return create_workspace(store, now_ms, workspace_id=workspace_id, name=name)
    except ConflictError:
        # An earlier start was interrupted after this.
        return store.get(workspace_id)
