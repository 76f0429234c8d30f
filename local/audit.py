"""Looks up known vulnerabilities of every pinned package: `make audit`.

A finding fails the audit, unless audit-exceptions.toml has an exception for it with a reason and a
review date. If a database does not answer, the audit says so and does not fail, because a build
must not depend on it.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EXCEPTIONS = ROOT / "audit-exceptions.toml"
NODE_PROJECTS = ("console", "tests/interpreters")
_SECONDS = 90
_FIELDS = {"id", "package", "reason", "review"}


class ExceptionsError(ValueError):
    """The list of exceptions is invalid; the message is for a person."""


@dataclass(frozen=True, slots=True)
class Exempt:
    """A vulnerability that is known and accepted until its review date."""

    id: str
    package: str
    reason: str
    review: date


@dataclass(frozen=True, slots=True)
class Finding:
    """A vulnerability of a package; `ids` are all its names."""

    package: str
    ids: frozenset[str]
    title: str

    def __str__(self) -> str:
        return f"{self.package}: {', '.join(sorted(self.ids))}: {self.title}"


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of one database. `unknown` says why there is no answer for some or all
    packages."""

    source: str
    findings: tuple[Finding, ...] = ()
    unknown: str | None = None


def read_exceptions(text: str) -> list[Exempt]:
    """Reads the exceptions. Raises ExceptionsError if an entry is incomplete, repeated or without a
    review date."""
    try:
        entries = tomllib.loads(text).get("exception", [])
    except tomllib.TOMLDecodeError as error:
        raise ExceptionsError(f"the file is not TOML: {error}") from error
    found: list[Exempt] = []
    for number, entry in enumerate(entries, start=1):
        if set(entry) != _FIELDS:
            raise ExceptionsError(
                f"exception {number} must have exactly the fields {', '.join(sorted(_FIELDS))}"
            )
        known, package, reason = (entry[name] for name in ("id", "package", "reason"))
        if not all(isinstance(each, str) and each.strip() for each in (known, package, reason)):
            raise ExceptionsError(f"exception {number}: id, package and reason must be texts")
        if type(entry["review"]) is not date:
            raise ExceptionsError(f"exception {number}: review must be a date, such as 2027-01-31")
        found.append(Exempt(known, package, reason, entry["review"]))
    keys = [(each.id, each.package) for each in found]
    for key in keys:
        if keys.count(key) > 1:
            raise ExceptionsError(f"two exceptions are for {key[0]} of {key[1]}; remove one")
    return found


def judge(
    reports: Sequence[Report], exceptions: Iterable[Exempt], today: date
) -> tuple[bool, list[str]]:
    """Returns whether the audit passes, and the lines to print."""
    exceptions = list(exceptions)
    used: set[Exempt] = set()
    is_well, lines = True, []
    for report in reports:
        for finding in report.findings:
            excepted = [
                each
                for each in exceptions
                if each.package == finding.package and each.id in finding.ids
            ]
            used.update(excepted)
            if not excepted:
                is_well = False
                lines.append(f"VULNERABLE ({report.source}) {finding}")
        if report.unknown:
            lines.append(f"NOT AUDITED ({report.source}): {report.unknown}")
        elif not report.findings:
            lines.append(f"{report.source}: no known vulnerability")
    for each in exceptions:
        if each.review < today:
            is_well = False
            lines.append(f"EXPIRED: the exception of {each.id} was due for review by {each.review}")
        elif each not in used and not any(report.unknown for report in reports):
            lines.append(
                f"the exception of {each.id} of {each.package} is no longer needed; remove it"
            )
    return is_well, lines


def read_pip_audit(output: str) -> Report:
    """Reads pip-audit's JSON. If pip-audit's database does not know a package, the JSON has a
    `skip_reason` for that package."""
    source = "PyPI"
    try:
        dependencies = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Report(source, unknown="the database did not answer")
    findings = [
        Finding(
            each["name"],
            frozenset({fault["id"], *fault.get("aliases", [])}),
            f"fixed in {', '.join(fault['fix_versions']) or 'no version'}",
        )
        for each in dependencies
        for fault in each.get("vulns", [])
    ]
    skipped = [each["name"] for each in dependencies if "skip_reason" in each]
    unknown = None
    if skipped or not dependencies:
        unknown = f"the database has no data on {len(skipped)} of {len(dependencies)} packages"
    return Report(source, tuple(findings), unknown)


def read_npm_audit(source: str, output: str) -> Report:
    try:
        document = json.loads(output)
        vulnerabilities: dict[str, Any] = document["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return Report(source, unknown="the database did not answer")
    findings = {
        Finding(via["name"], _ids(via), f"{via['severity']}, {via['title']}")
        for package in vulnerabilities.values()
        for via in package["via"]
        # A text names another package of this list, which causes the fault.
        if isinstance(via, dict)
    }
    return Report(source, tuple(sorted(findings, key=str)))


def _ids(via: dict[str, Any]) -> frozenset[str]:
    """Returns the ids of a vulnerability that npm reports: the advisory's id and npm's number."""
    return frozenset({via["url"].rsplit("/", 1)[-1], str(via["source"])})


def _output(command: Sequence[str], folder: Path) -> str:
    """Returns the command's output, whatever its exit code; empty if it takes too long."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout


def _python() -> Report:
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        export = ["uv", "export", "--frozen", "--quiet", "--all-groups", "--no-emit-project"]
        export += ["--no-hashes", "--no-header", "--output-file", str(requirements)]
        subprocess.run(export, cwd=ROOT, check=True, capture_output=True, timeout=_SECONDS)
        audit = ["pip-audit", "--requirement", str(requirements), "--no-deps", "--disable-pip"]
        audit += ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
        return read_pip_audit(_output(audit, ROOT))


def _node(project: str) -> Report:
    audit = ["npm", "audit", "--json", "--fetch-retries=0", "--fetch-timeout=15000"]
    return read_npm_audit(f"npm, {project}", _output(audit, ROOT / project))


def main() -> int:
    try:
        exceptions = read_exceptions(EXCEPTIONS.read_text())
    except ExceptionsError as error:
        sys.stderr.write(f"{EXCEPTIONS.name}: {error}\n")
        return 1
    reports = [_python(), *(_node(project) for project in NODE_PROJECTS)]
    is_well, lines = judge(reports, exceptions, date.today())
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
