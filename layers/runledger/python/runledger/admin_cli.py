"""The commands `runledger workspace`, `runledger member` and `runledger names`, for operators of a
deployed stack."""

import argparse
from typing import Any

import boto3

from runledger.clock import now_ms
from runledger.errors import NotFoundError, RunledgerError
from runledger.models.addresses import normalize_email
from runledger.models.contact import Contact
from runledger.models.workspace import Role, Workspace
from runledger.operators import outputs_of, refused
from runledger.services.workspaces.accounts import Accounts
from runledger.services.workspaces.workspaces import add_member, create_workspace
from runledger.store.contacts import ContactStore
from runledger.store.table import DynamoTable
from runledger.store.workspaces import WorkspaceStore

_CONTACTS_READ = 200
Subparsers = Any  # argparse keeps the class of its sub-parsers to itself.


def add_workspace_command(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "workspace",
        help="open a workspace on a deployed stack",
        description=(
            "Opens a workspace and invites its first owner. Cognito sends them a first "
            "password by e-mail. Uses your AWS credentials and region."
        ),
    )
    parser.add_argument(
        "id", help="ws_ and 1 to 13 lower-case letters or digits; cannot be changed later"
    )
    parser.add_argument("name", help="the name that people see")
    parser.add_argument("--owner", required=True, metavar="EMAIL")
    parser.add_argument(
        "--shards", type=int, default=1, help="the number of index shards; cannot be changed later"
    )
    parser.add_argument("--stack", default="runledger", help="the stack's name")
    parser.set_defaults(run=run_workspace)


def add_member_command(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "member", help="add a person to a workspace of a deployed stack, or change their role"
    )
    parser.add_argument("workspace", help="the workspace's id")
    parser.add_argument("email")
    parser.add_argument("role", choices=[role.value for role in Role])
    parser.add_argument("--stack", default="runledger", help="the stack's name")
    parser.set_defaults(run=run_member)


def add_names_command(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "names",
        help="let the search find contacts of earlier releases by name",
        description=(
            "Adds the names of all contacts of a workspace to the search. Needed once after an "
            "update from a release without it; may be repeated at any time."
        ),
    )
    parser.add_argument("workspace", help="the workspace's id")
    parser.add_argument("--stack", default="runledger", help="the stack's name")
    parser.set_defaults(run=run_names)


def run_workspace(options: argparse.Namespace) -> int:
    try:
        # Checked first, so that no workspace is left that nobody can enter.
        normalize_email(options.owner)
        found = outputs_of(options.stack)
        store = _store(found)
        workspace = create_workspace(
            store,
            now_ms,
            workspace_id=options.id,
            name=options.name,
            shards=options.shards,
        )
        _add(store, found, workspace, options.owner, Role.OWNER)
    except (RunledgerError, ValueError) as error:
        return refused(error)
    print(f"opened {workspace.id} with the owner {options.owner}")
    return 0


def run_member(options: argparse.Namespace) -> int:
    try:
        found = outputs_of(options.stack)
        store = _store(found)
        workspace = store.get(options.workspace)
        _add(store, found, workspace, options.email, Role(options.role))
    except (RunledgerError, ValueError) as error:
        return refused(error)
    print(f"{options.email} is now {options.role} of {workspace.id}")
    return 0


def run_names(options: argparse.Namespace) -> int:
    try:
        found = outputs_of(options.stack)
        workspace = _store(found).get(options.workspace)
        count = _list_names(ContactStore(_table(found)), workspace.id)
    except RunledgerError as error:
        return refused(error)
    print(f"the search finds the {count} contacts of {workspace.id} by their names")
    return 0


def _list_names(contacts: ContactStore, workspace_id: str) -> int:
    count, after, goes_on = 0, None, True
    while goes_on:
        page, after = contacts.in_order(workspace_id, _CONTACTS_READ, after)
        for contact in page:
            _list_name(contacts, contact)
        count += len(page)
        goes_on = after is not None
    return count


def _list_name(contacts: ContactStore, contact: Contact) -> None:
    while not contacts.list_names(contact):
        try:
            contact = contacts.get(contact.workspace_id, contact.id)
        except NotFoundError:
            # It was erased meanwhile.
            return


def _add(
    store: WorkspaceStore, found: dict[str, str], workspace: Workspace, email: str, role: Role
) -> None:
    add_member(
        store,
        Accounts(boto3.client("cognito-idp"), found["UserPoolId"]),
        now_ms,
        workspace=workspace,
        email=email,
        role=role,
    )


def _store(found: dict[str, str]) -> WorkspaceStore:
    return WorkspaceStore(_table(found))


def _table(found: dict[str, str]) -> DynamoTable:
    return DynamoTable(boto3.client("dynamodb"), found["TableName"])
