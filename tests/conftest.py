"""What every tier shares: a place for the figures that tests find."""

from collections.abc import Callable

import pytest

_FIGURE = "figure"


@pytest.fixture
def report_figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Prints a line at the end of the session, whichever process the test ran in."""
    return lambda text: record_property(_FIGURE, text)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names bytes by their length: what a packer writes may hold the time of day.

    Both processes of a run must collect the same names, and a report must be readable.
    """
    return f"{argname} of {len(val)} bytes" if isinstance(val, bytes) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        report
        for found in terminalreporter.stats.values()
        for report in found
        if isinstance(report, pytest.TestReport) and report.when == "call"
    ]
    figures = [
        str(value)
        for report in sorted(reports, key=lambda report: report.nodeid)
        for name, value in report.user_properties
        if name == _FIGURE
    ]
    if figures:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(figures))
