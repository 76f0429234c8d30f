"""Checks the main job of a deployed stack of your own: `make smoke STACK=`, or `make smoke LOCAL=1`
for the stack of `make run`.

With your AWS credentials it opens the workspace `ws_smoke`, which keeps runs for one day, and an
account in it. It signs in as the console does, and lets `local/smoke.py` do the rest. At the end it
removes the account.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import boto3
import httpx
from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import now_ms
from runledger.errors import ConflictError, RunledgerError
from runledger.models.workspace import Role, Workspace
from runledger.services.workspaces.accounts import Accounts
from runledger.services.workspaces.workspaces import add_member, create_workspace
from runledger.store.table import DynamoTable
from runledger.store.workspaces import WorkspaceStore

from local import smoke
from local.settings import STACK_NAME, LocalError, Ports, Stack, default_state_dir
from local.sign_in import access_token
from local.target import add_options, target_of

_WORKSPACE = "ws_smoke"


def run(
    outputs: dict[str, str],
    url: str,
    *,
    region: str,
    compared: str | None = None,
    deliver: Callable[[str], None] | None = None,
    report: smoke.Report = print,
) -> list[str]:
    """Checks the stack with these outputs, whose console answers at `url`. Returns the problems."""
    with _member(outputs, region) as (email, password):
        token = access_token(url, email, password)
        report(f"signed in as {email}")
        return smoke.check(url, token, report=report, compared=compared, deliver=deliver)


@contextmanager
def _member(outputs: dict[str, str], region: str) -> Iterator[tuple[str, str]]:
    """Yields address and password of a new OWNER of the workspace. No mail is sent."""
    cognito = boto3.client("cognito-idp", region_name=region)
    dynamodb = boto3.client("dynamodb", region_name=region)
    store = WorkspaceStore(DynamoTable(dynamodb, outputs["TableName"]))
    email = f"smoke-{secrets.token_hex(8)}@runledger.example"
    password = f"Aa1-{secrets.token_urlsafe(24)}"
    accounts = Accounts(cognito, outputs["UserPoolId"])
    workspace = _workspace(store)
    try:
        membership = add_member(
            store,
            accounts,
            now_ms,
            workspace=workspace,
            email=email,
            role=Role.OWNER,
            password=password,
        )
        try:
            yield email, password
        finally:
            store.remove_member(membership, None)
    finally:
        # The account is an OWNER's: it must not stay, whatever failed before.
        with suppress(cognito.exceptions.UserNotFoundException):
            cognito.admin_delete_user(UserPoolId=outputs["UserPoolId"], Username=email)


def _workspace(store: WorkspaceStore) -> Workspace:
    try:
        create_workspace(store, now_ms, workspace_id=_WORKSPACE, name=smoke.NAME)
    except ConflictError:
        # From an earlier test.
        return store.get(_WORKSPACE)
    return store.set(_WORKSPACE, smoke.NAME, 1)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__)
    add_options(parser)
    parser.add_argument("--local", action="store_true", help="check the stack of `make run`")
    parser.add_argument("--compared", help="another address of the API, whose problems are shown")
    options = parser.parse_args(arguments)
    try:
        problems = _local() if options.local else _deployed(options)
    except (LocalError, httpx.HTTPError) as error:
        print(error, file=sys.stderr)
        return 1
    except RunledgerError as error:
        print(error.for_log(), file=sys.stderr)
        return 1
    except AWS_ERRORS as error:
        print(domain_error(error).for_log(), file=sys.stderr)
        return 1
    return 1 if problems else 0


def _deployed(options: argparse.Namespace) -> list[str]:
    target = target_of(options)
    outputs = outputs_of(target.stack, target.region)
    url = outputs["ConsoleUrl"]
    return run(outputs, url, region=target.region, compared=options.compared)


def _local() -> list[str]:
    stack = Stack(Ports.from_environment(os.environ), default_state_dir())
    up = stack.read_note("local.json")
    if not up:
        raise LocalError("the stack is not running; start it with `make run`")
    os.environ.update({**stack.aws_environment(), "AWS_ENDPOINT_URL": up["awsEndpoint"]})
    outputs = outputs_of(STACK_NAME, up["region"])
    deliver = delivered_by(up["awsEndpoint"])
    return run(outputs, up["url"], region=up["region"], deliver=deliver)


def outputs_of(stack: str, region: str) -> dict[str, str]:
    found: Any = boto3.client("cloudformation", region_name=region)
    listed = found.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return {each["OutputKey"]: each["OutputValue"] for each in listed}


def delivered_by(aws_endpoint: str) -> Callable[[str], None]:
    """Returns a function that reports a message of the local stack as delivered, because no
    provider does."""

    def deliver(delivery_id: str) -> None:
        asked = {"deliveryId": delivery_id, "kind": "DELIVERED"}
        httpx.post(f"{aws_endpoint}/_local/feedback", json=asked).raise_for_status()

    return deliver


if __name__ == "__main__":
    sys.exit(main())
