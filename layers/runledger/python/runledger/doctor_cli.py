"""The command `runledger doctor`, for the operator of an AWS account."""

import argparse
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

import boto3
import httpx
from botocore.config import Config

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import now_ms
from runledger.deployment import DEFAULT_STACK
from runledger.doctor.account import EXAMPLE_SENDER, AccountChecks, Wanted
from runledger.doctor.deployed import DeployedStack, StackChecks, find_stack
from runledger.doctor.findings import Check, Level

Subparsers = Any  # argparse keeps the class of its sub-parsers to itself.

_PROBLEMS, _FAILED = 1, 2
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=20
)
_SECONDS = 10


def add_doctor_command(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "doctor",
        help="check your AWS account before a deployment, and a stack after it",
        description=(
            "Checks the account: region, concurrency, quota of a table, SES and its sender, the "
            "console's certificate. If the stack exists, checks it too, with its own parameters. "
            "Changes nothing. Uses your AWS credentials. Ends with 1 if there is a problem."
        ),
    )
    parser.add_argument("--stack", default=DEFAULT_STACK, help="the stack's name")
    parser.add_argument("--region", help="its region, if not that of your AWS profile")
    parser.add_argument("--sender", metavar="EMAIL", help="the SenderEmail to check")
    parser.add_argument("--domain", help="the ConsoleDomain to check")
    parser.add_argument("--certificate", metavar="ARN", help="the ConsoleCertificateArn to check")
    parser.add_argument(
        "--intake-concurrency", type=int, metavar="N", help="the IntakeConcurrency to check"
    )
    parser.add_argument("--url", help="the stack's address, if not its output ConsoleUrl")
    parser.set_defaults(run=run_doctor)


def run_doctor(options: argparse.Namespace) -> int:
    session: Any = boto3.Session(region_name=options.region)
    if session.region_name is None:
        return _refused("name the region with --region or in your AWS profile")

    @cache
    def client(service: str, region: str | None = None) -> Any:
        return session.client(service, region_name=region, config=_CONFIG)

    try:
        stack = find_stack(client, options.stack)
    except AWS_ERRORS as error:
        return _refused(domain_error(error).for_log())
    wanted = _wanted(options, session.region_name, stack)
    checks = AccountChecks(client, wanted, now_ms).all()
    if stack is None:
        print(f"{options.stack} is not deployed to {wanted.region}: checking the account alone")
    elif "TableName" not in stack.outputs:
        return _refused(f"{stack.name} ({stack.status}) is not a stack of Runledger")
    else:
        url = options.url or stack.outputs["ConsoleUrl"]
        checks += StackChecks(client, stack, now_ms, _status, url).all()
    return _report(checks)


def _wanted(options: argparse.Namespace, region: str, stack: DeployedStack | None) -> Wanted:
    """Returns what the account must allow. An option of the command overrides a parameter of
    the deployed stack."""
    of_stack = {} if stack is None else stack.parameters
    reserved = int(of_stack.get("IntakeConcurrency") or 0)
    wanted = reserved if options.intake_concurrency is None else options.intake_concurrency
    return Wanted(
        region=region,
        sender=options.sender or of_stack.get("SenderEmail") or EXAMPLE_SENDER,
        domain=options.domain or of_stack.get("ConsoleDomain", ""),
        certificate=options.certificate or of_stack.get("ConsoleCertificateArn", ""),
        reserved=max(0, wanted - reserved),
    )


def _report(checks: Sequence[Check]) -> int:
    levels = []
    for check in checks:
        for finding in check.findings():
            levels.append(finding.level)
            print(finding)
    problems = levels.count(Level.PROBLEM)
    others = len(levels) - problems - levels.count(Level.OK)
    print(f"{problems} problems, {others} warnings or unknown")
    return _PROBLEMS if problems else 0


def _status(url: str) -> int | str:
    try:
        return httpx.get(url, timeout=_SECONDS).status_code
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"


def _refused(reason: str) -> int:
    print(f"runledger: {reason}", file=sys.stderr)
    return _FAILED
