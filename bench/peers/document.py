"""Describes the machine of a measurement, and writes the measurement into docs/performance.md."""

import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from local.settings import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- written by make bench-peers -->", "<!-- end of what make bench-peers writes -->"


def replaced(text: str, lines: Iterable[str]) -> str:
    """Returns the page with these lines between its markers. Raises ValueError unless it has each
    of the two markers exactly once, in their order."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{PAGE.name} needs {BEGIN} and then {END}, each once")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return "\n".join([f"{before}{BEGIN}", *lines, f"{END}{after}"])


def write(lines: Iterable[str], page: Path = PAGE) -> None:
    page.write_text(replaced(page.read_text(), lines))


def machine(n8n: str, node: str, passes: int) -> str:
    """Returns a line about this machine, the versions, and how busy the machine was."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    cores, release = os.cpu_count(), platform.release().partition("-")[0]
    measured = "one pass" if passes == 1 else f"medians of {passes} passes"
    python, emulator = platform.python_version(), version("ministack")
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores ({_processor()}), Linux {release}, "
        f"{measured}. n8n {n8n} on Node {node}; Runledger {commit.stdout.strip()} on Python "
        f"{python}, MiniStack {emulator}. Load of the machine before the first pass: "
        f"{os.getloadavg()[0]:.1f}."
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
