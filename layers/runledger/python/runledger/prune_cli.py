"""The command `runledger prune`, for the operator of a deployed stack."""

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import boto3

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import DAY, SECOND, now_ms
from runledger.deployment import DEFAULT_STACK
from runledger.errors import RunledgerError
from runledger.operators import outputs_of

Subparsers = Any  # argparse keeps the class of its sub-parsers to itself.

# AWS does not document whether an invocation ends when its version is deleted. The longest takes
# minutes.
_KEPT = 1 * DAY


def add_prune_command(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "prune",
        help="delete old versions of a stack's functions",
        description=(
            "Deletes the published versions of the stack's functions that no alias names and that "
            "were replaced more than a day ago. They count towards the account's storage of code, "
            "and AWS charges for those with a snapshot. Uses your AWS credentials."
        ),
    )
    parser.add_argument("--stack", default=DEFAULT_STACK, help="the stack's name")
    parser.add_argument("--region", help="its region, if not that of your AWS profile")
    parser.set_defaults(run=run_prune)


def run_prune(options: argparse.Namespace) -> int:
    deleted = 0
    try:
        outputs_of(options.stack, options.region)  # Refuses a stack of another application.
        session: Any = boto3.Session(region_name=options.region)
        functions: Any = session.client("lambda")
        for name in _functions(session.client("cloudformation"), options.stack):
            for version in old_versions(functions, name, now_ms()):
                functions.delete_function(FunctionName=name, Qualifier=version)
                deleted += 1
    except RunledgerError as error:
        return _failed(error)
    except AWS_ERRORS as error:
        return _failed(domain_error(error))
    print(f"deleted {deleted} old versions")
    return 0


def _failed(error: RunledgerError) -> int:
    print(f"runledger: {error.for_log()}", file=sys.stderr)
    return 2


def old_versions(functions: Any, name: str, now: int) -> list[str]:
    """Returns the versions of a function that may be deleted. `functions` is Lambda's client."""
    named: set[str] = set()
    for alias in _pages(functions, "list_aliases", "Aliases", name):
        named.add(alias["FunctionVersion"])
        # An alias may send a share of its invocations to another version.
        named.update(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))
    published = [
        (int(each["Version"]), _moment(each["LastModified"]))
        for each in _pages(functions, "list_versions_by_function", "Versions", name)
        if each["Version"] != "$LATEST"
    ]
    published.sort()
    # A version was replaced when the next one was published.
    replaced = pairwise(published)
    return [
        str(version)
        for (version, _), (_, moment) in replaced
        if moment + _KEPT < now and str(version) not in named
    ]


def _functions(cloudformation: Any, stack: str) -> Iterator[str]:
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    for page in pages:
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == "AWS::Lambda::Function":
                yield resource["PhysicalResourceId"]


def _pages(functions: Any, operation: str, key: str, name: str) -> Iterator[dict[str, Any]]:
    for page in functions.get_paginator(operation).paginate(FunctionName=name):
        yield from page[key]


def _moment(text: str) -> int:
    """Returns Lambda's `2026-02-01T10:00:00.000+0000` in milliseconds."""
    return round(datetime.fromisoformat(text).timestamp() * SECOND)
