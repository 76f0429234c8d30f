"""Known vulnerabilities in a build: findings, exceptions, and databases that do not answer."""

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from local.audit import (
    EXCEPTIONS,
    ExceptionsError,
    Exempt,
    Finding,
    Report,
    judge,
    read_exceptions,
    read_npm_audit,
    read_pip_audit,
)

ROOT = Path(__file__).parents[2]
TODAY = date(2027, 1, 15)
FINDING = Finding("jinja2", frozenset({"PYSEC-2026-1", "CVE-2026-1"}), "fixed in 4.0")
ENTRY = """
[[exception]]
id = "CVE-2026-1"
package = "jinja2"
reason = "Only our own templates are rendered."
review = 2027-01-31
"""


def test_the_current_list_is_valid_and_not_expired() -> None:
    exceptions = read_exceptions(EXCEPTIONS.read_text())
    assert [each for each in exceptions if each.review < date.today()] == []


def test_an_exception_is_read() -> None:
    (exempt,) = read_exceptions(ENTRY)
    assert exempt.review == date(2027, 1, 31)
    assert exempt.reason == "Only our own templates are rendered."


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[exception]\n", "not TOML"),
        (ENTRY.replace("reason", "because"), "fields id, package, reason, review"),
        (ENTRY.replace('reason = "Only our own templates are rendered."', 'reason = " "'), "texts"),
        (ENTRY.replace("2027-01-31", '"soon"'), "review must be a date"),
        (ENTRY.replace("2027-01-31", "2027-01-31T00:00:00"), "review must be a date"),
        (ENTRY + ENTRY, "two exceptions are for"),
    ],
)
def test_an_exception_without_reason_or_review_is_refused(text: str, fault: str) -> None:
    with pytest.raises(ExceptionsError, match=fault):
        read_exceptions(text)


def test_a_finding_fails() -> None:
    is_well, lines = judge([Report("PyPI", (FINDING,))], [], TODAY)
    assert not is_well
    assert lines == ["VULNERABLE (PyPI) jinja2: CVE-2026-1, PYSEC-2026-1: fixed in 4.0"]


def test_an_excepted_finding_passes_until_its_review_is_due() -> None:
    exceptions = read_exceptions(ENTRY)
    reports = [Report("PyPI", (FINDING,))]
    assert judge(reports, exceptions, TODAY) == (True, [])
    assert judge(reports, exceptions, date(2027, 1, 31))[0]
    is_well, lines = judge(reports, exceptions, date(2027, 2, 1))
    assert not is_well
    assert lines == ["EXPIRED: the exception of CVE-2026-1 was due for review by 2027-01-31"]


def test_an_exception_covers_one_vulnerability_of_one_package() -> None:
    reports = [Report("PyPI", (FINDING,))]
    for exempt in (
        Exempt("CVE-2026-1", "markupsafe", "x", TODAY),
        Exempt("CVE-2026-2", "jinja2", "x", TODAY),
    ):
        assert not judge(reports, [exempt], TODAY)[0]


def test_an_expired_exception_fails_even_if_no_database_answers() -> None:
    silent = [Report("PyPI", unknown="the database did not answer")]
    assert not judge(silent, [Exempt("CVE-1", "x", "x", date(2027, 1, 1))], TODAY)[0]


def test_a_silent_database_is_reported_and_fails_nothing() -> None:
    is_well, lines = judge([Report("PyPI", unknown="the database did not answer")], [], TODAY)
    assert is_well
    assert lines == ["NOT AUDITED (PyPI): the database did not answer"]


def test_a_finding_fails_even_if_other_packages_are_unknown() -> None:
    assert not judge([Report("PyPI", (FINDING,), "nothing of 1 of 2")], [], TODAY)[0]


def test_an_unneeded_exception_is_reported_and_fails_nothing() -> None:
    is_well, lines = judge([Report("PyPI")], read_exceptions(ENTRY), TODAY)
    assert is_well
    assert lines[-1] == "the exception of CVE-2026-1 of jinja2 is no longer needed; remove it"


class TestPipAudit:
    def test_findings(self) -> None:
        fault = {"id": "PYSEC-1", "fix_versions": ["2", "3"], "aliases": ["CVE-1"]}
        output = {"dependencies": [{"name": "a", "version": "1", "vulns": [fault]}]}
        report = read_pip_audit(json.dumps(output))
        ids = frozenset({"PYSEC-1", "CVE-1"})
        assert report == Report("PyPI", (Finding("a", ids, "fixed in 2, 3"),))

    def test_a_package_that_was_skipped_was_not_audited(self) -> None:
        known = {"name": "a", "version": "1", "vulns": []}
        output = {"dependencies": [known, {"name": "b", "skip_reason": "not found"}]}
        report = read_pip_audit(json.dumps(output))
        assert report.unknown == "the database has no data on 1 of 2 packages"

    @pytest.mark.parametrize("output", ["", "not JSON", "[]", "{}", '{"dependencies": []}'])
    def test_no_answer(self, output: str) -> None:
        assert read_pip_audit(output).unknown is not None


class TestNpmAudit:
    VIA: Mapping[str, Any] = {
        "source": 1096525,
        "name": "vite",
        "dependency": "vite",
        "title": "a dev server serves any file",
        "url": "https://github.com/advisories/GHSA-1",
        "severity": "high",
    }

    def test_each_finding_is_reported_once(self) -> None:
        output = {
            "auditReportVersion": 2,
            "vulnerabilities": {"vite": {"via": [dict(self.VIA)]}, "plugin": {"via": ["vite"]}},
        }
        report = read_npm_audit("npm, console", json.dumps(output))
        (finding,) = report.findings
        assert (finding.package, finding.title) == ("vite", "high, a dev server serves any file")
        assert finding.ids == {"GHSA-1", "1096525"}
        assert report.unknown is None

    @pytest.mark.parametrize(
        "output", ["", '{"message": "405 Method Not Allowed", "statusCode": 405}']
    )
    def test_no_answer(self, output: str) -> None:
        assert read_npm_audit("npm", output).unknown == "the database did not answer"


class TestRenovate:
    CONFIG = json.loads((ROOT / "renovate.json").read_text())

    def test_every_rule_gives_its_reason(self) -> None:
        rules = [*self.CONFIG["packageRules"], *self.CONFIG["customManagers"]]
        assert [rule for rule in rules if not rule.get("description")] == []

    def test_the_emulator_has_the_version_that_the_patches_expect(self) -> None:
        excluded = [
            name
            for rule in self.CONFIG["packageRules"]
            if rule.get("enabled") is False
            for name in rule.get("matchPackageNames", [])
        ]
        assert excluded == ["ministack"]
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        tools = project["dependency-groups"]["dev"]
        assert [tool for tool in tools if re.match(r"ministack==", tool)] != []

    def test_the_makefile_pins_the_watched_versions(self) -> None:
        makefile = (ROOT / "Makefile").read_text()
        for manager in self.CONFIG["customManagers"]:
            (pattern,) = manager["matchStrings"]
            assert re.search(pattern.replace("(?<", "(?P<"), makefile), pattern
