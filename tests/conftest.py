"""Shared by every tier: the depth of the test session (all cases, or only a sample of them), and
the report of figures that tests measure."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from tests.support import depth
from tests.support.stack import START_SECONDS, launch, stack

# Here, not in the tiers that use it, so that one stack serves both in one session.
__all__ = ["launch", "stack"]

_FIGURE = "figure"
# Of the files that one process runs whole. They come first, so that both processes end together.
LONGEST = (
    "console_access",
    "delivery_retries",
    "console_recovery",
    "faults",
    "console_runs",
    "console_filters",
    "console_actions",
    "date_triggers",
    "docs_commands",
    "console_sign_in",
    "aws_faults",
    "webhook_intake",
    "console_operate",
    "console_automations",
    "mailing",
    "local_restart",
    "stranded_runs",
    "many_webhooks",
)

# Quick properties try the same examples each time, so a failure of `make test` can be repeated.
# How long an example takes to draw depends on what else the machine does.
ANY_SPEED = [HealthCheck.too_slow]
settings.register_profile(
    "quick",
    max_examples=depth.FEWEST,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=ANY_SPEED,
)
settings.register_profile("deep", settings.get_profile("default"), suppress_health_check=ANY_SPEED)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deep", action="store_true", help="try in full what is sampled otherwise")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "deep: a long test, which only --deep runs")
    config.addinivalue_line("markers", "sampled(count): so many of its cases run without --deep")
    config.addinivalue_line("markers", "dynamodb: needs moto's DynamoDB also without --deep")
    is_deep: bool = config.getoption("--deep")
    depth.go_deep(is_deep)
    settings.load_profile("deep" if is_deep else "quick")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Removes deep tests from a quick session, except those requested by name."""
    items.sort(key=_place)
    for item in items:
        # The first such test of a process waits until its stack is up and seeded.
        if "stack" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(START_SECONDS + 120))
    if config.getoption("--deep"):
        return
    asked = tuple(str(each) for each in config.invocation_params.args if "::" in str(each))
    left = {item for item in items if item.get_closest_marker("deep")}
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item not in left and item.get_closest_marker("sampled"):
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for together in cases.values():
        mark = together[0].get_closest_marker("sampled")
        assert mark is not None
        left.update(depth.by_turn(together, lambda item: item.nodeid)[mark.args[0] :])
    left -= {item for item in left if asked and item.nodeid.startswith(asked)}
    if left:
        items[:] = [item for item in items if item not in left]
        config.hook.pytest_deselected(items=list(left))


def _place(item: pytest.Item) -> int:
    name = item.path.stem.removeprefix("test_")
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


@pytest.fixture
def report_figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Returns a function that reports a figure as a line of text. All such lines are printed at the
    end of the session, even if the tests run in several processes."""
    return lambda text: record_property(_FIGURE, text)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names a test's parameter of bytes by its length instead of its content.

    Compressed bytes may contain the time of day, but all processes of a session must collect tests
    with the same names. The names must also be readable in a report.
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
