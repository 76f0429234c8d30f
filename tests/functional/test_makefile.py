"""What `make` runs for a target."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("typed", "set_before", "asked_for"),
    [
        (["token"], {}, ""),
        (["token", "AS=viewer@demo.example"], {}, " viewer@demo.example"),
        (["token"], {"AS": "admin@demo.example"}, " admin@demo.example"),
    ],
)
def test_make_token_passes_on_the_named_user_if_there_is_one(
    typed: list[str], set_before: dict[str, str], asked_for: str
) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    inherited.pop("AS", None)
    told = subprocess.run(
        ["make", "--dry-run", *typed],
        cwd=ROOT,
        env={**inherited, **set_before},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines()[-1].rstrip() == f".venv/bin/python -m local.token{asked_for}"
