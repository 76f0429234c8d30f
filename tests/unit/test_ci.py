"""Continuous integration runs the same command as a developer, and checks every file."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_continuous_integration_runs_what_a_developer_runs() -> None:
    commands = [
        line
        for line in (ROOT / ".ci" / "run").read_text().splitlines()
        if line and not line.startswith(("#", "set ", "cd "))
    ]
    assert commands == ["exec make lint types test"]


def test_every_python_file_is_linted() -> None:
    ruff = str(Path(sys.executable).with_name("ruff"))
    command = [ruff, "check", "--show-files", "."]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    linted = {ROOT / line for line in done.stdout.splitlines()}
    folders = ("layers", "functions", "local", "tests", "bench", "website")
    files = {path for folder in folders for path in (ROOT / folder).rglob("*.py")}
    assert files != set()
    assert files - linted == set()
