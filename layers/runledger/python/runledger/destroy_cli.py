"""The command `runledger destroy`, for the operator of a deployed stack."""

import argparse
import sys
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from runledger.aws import AWS_ERRORS, domain_error
from runledger.deployment import DEFAULT_STACK
from runledger.errors import RunledgerError
from runledger.operators import OUTPUTS
from runledger.stack_removal import DeployedStack, StackRemoval

Subparsers = Any  # argparse keeps the class of its sub-parsers to itself.

# Step Functions allows about one deletion of a machine a second; this mode slows down to that.
_PATIENT = Config(retries={"mode": "adaptive", "total_max_attempts": 20})
_CONFIRMATION = "delete"


def add_destroy_command(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "destroy",
        help="remove a deployed stack, with everything that it made at run time",
        description=(
            "Stops the stack's functions and executions, deletes its state machines, schedules and "
            "secrets, and then the stack. Asks before it deletes anything. The table, the objects "
            "and the accounts are kept unless you say otherwise. Uses your AWS credentials."
        ),
    )
    parser.add_argument("--stack", default=DEFAULT_STACK, help="the stack's name or ARN")
    parser.add_argument("--region", help="its region, if not that of your AWS profile")
    parser.add_argument(
        "--delete-objects",
        action="store_true",
        help="also delete the data for good: the table, the objects in S3 and all accounts",
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.set_defaults(run=run_destroy)


def run_destroy(options: argparse.Namespace) -> int:
    session: Any = boto3.Session(region_name=options.region)

    @cache
    def client(service: str) -> Any:
        return session.client(service, config=_PATIENT)

    removal = StackRemoval(client, print)
    try:
        stack = removal.find(options.stack)
        missing = OUTPUTS - {*stack.outputs}
        if missing:
            return _refused(
                f"{stack.name} is not a stack of Runledger: it has no output {min(missing)}"
            )
        print(f"{stack.name} in {session.region_name} has {removal.runtime_resources(stack)}")
        if stack.gone:
            print("CloudFormation has deleted the stack itself; its data may still be there")
        if not options.yes and _ask(f"Type {stack.name} to delete this stack: ") != stack.name:
            return _refused("nothing was deleted")
        with_data = options.delete_objects or (not options.yes and _wants_data_deleted(stack))
        removal.remove(stack, with_data=with_data)
    except RunledgerError as error:
        return _refused(error.for_log())
    except AWS_ERRORS as error:
        return _refused(domain_error(error).for_log())
    if not with_data:
        print(f"kept {_data(stack)}; secrets can be restored for 30 days")
    return 0


def _wants_data_deleted(stack: DeployedStack) -> bool:
    print(f"Its data can be kept: {_data(stack)}.")
    answer = _ask(f"Type {_CONFIRMATION} to delete it for good, or press Enter to keep it: ")
    return answer == _CONFIRMATION


def _data(stack: DeployedStack) -> str:
    return f"the table {stack.table}, the bucket {stack.bodies}, the user pool {stack.user_pool}"


def _ask(question: str) -> str:
    """Returns the answer; empty if there is nobody to ask."""
    try:
        return input(question).strip()
    except EOFError:
        return ""


def _refused(reason: str) -> int:
    print(f"runledger: {reason}", file=sys.stderr)
    return 1
