"""Finds the stack and the region that a command is about. `python -m local.target` prints them as
the options `--stack` and `--region`, or prints why nothing can be deployed there. With `--tags`, it
prints the stack's tags instead, as `sam deploy` takes them.

An option (`--stack`, `--region`) takes precedence over samconfig.toml, which `sam deploy` reads
too. The region in samconfig.toml takes precedence over the one in your AWS profile.
"""

import argparse
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from runledger.deployment import DEFAULT_STACK, region_problem, stack_name_problem, stack_tags

from local.settings import ROOT, LocalError


@dataclass(frozen=True, slots=True)
class Target:
    stack: str
    region: str


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stack", help="the stack's name, if not that of samconfig.toml")
    parser.add_argument("--region", help="its region, if not that of samconfig.toml")


def target_of(options: argparse.Namespace, config: Path = ROOT / "samconfig.toml") -> Target:
    """Returns the stack and the region that the options, samconfig.toml or the defaults name.
    Raises LocalError, with one line, if nothing can be deployed there."""
    stack = options.stack or _configured(config, "stack_name") or DEFAULT_STACK
    region = options.region or _configured(config, "region") or boto3.Session().region_name
    if not region:
        raise LocalError("name the region with REGION=, in samconfig.toml or in your AWS profile")
    problem = stack_name_problem(stack) or region_problem(region)
    if problem:
        raise LocalError(problem)
    return Target(stack, region)


def tags_of(target: Target, config: Path = ROOT / "samconfig.toml") -> str:
    """Returns the tags in samconfig.toml, followed by the stack's own. The stack's own tags win,
    because `sam deploy` takes the last of two tags with the same key."""
    own = [f"{key}={value}" for key, value in stack_tags(target.stack).items()]
    return " ".join([_configured(config, "tags") or "", *own]).strip()


def _configured(config: Path, name: str) -> str | None:
    """Returns a parameter from samconfig.toml. The section of the command `deploy` takes
    precedence over the section `global`, as in the SAM CLI."""
    document: dict[str, Any] = tomllib.loads(config.read_text()) if config.exists() else {}
    default = document.get("default", {})
    for command in ("deploy", "global"):
        value = default.get(command, {}).get("parameters", {}).get(name)
        if value:
            return str(value)
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="local.target", description=__doc__)
    add_options(parser)
    parser.add_argument("--tags", action="store_true", help="print the stack's tags instead")
    options = parser.parse_args(arguments)
    try:
        target = target_of(options)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    print(tags_of(target) if options.tags else f"--stack {target.stack} --region {target.region}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
