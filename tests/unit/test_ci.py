"""Continuous integration runs the same command as a developer."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_continuous_integration_runs_what_a_developer_runs() -> None:
    commands = [
        line
        for line in (ROOT / ".ci" / "run").read_text().splitlines()
        if line and not line.startswith(("#", "set ", "cd "))
    ]
    assert commands == ["exec make lint types test"]
