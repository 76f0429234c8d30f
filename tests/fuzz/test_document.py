"""Schemathesis against the deployed stack: what the API's document says is what the stack does.

Run it by `make fuzz`. Each role is one run with a fixed seed; its failures are printed with a
command for each that repeats it.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local.settings import ROOT
from tests.support.stack import Stack

HERE = Path(__file__).parent
CASES = 1_500
_SECONDS = 900
_HOW_TO_REPEAT = """
Each finding has a curl command. Bring a stack up by `make run`, put its address into the command,
and a token of `make token AS={role}@demo.example` in place of [Filtered]. The whole run is the same
again with the same seed, which tests/fuzz/schemathesis.toml sets: make fuzz
"""


def run(stack: Stack, role: str, report: Path) -> tuple[int, str]:
    """The exit code of Schemathesis as the demo workspace's user of this role, and its output."""
    workspace = stack.local["workspaces"][0]
    user = next(each for each in workspace["users"] if each["role"] == role)
    command = [
        Path(sys.executable).with_name("schemathesis"),
        "--config-file",
        HERE / "schemathesis.toml",
        "run",
        ROOT / "functions" / "query" / "openapi.json",
        "--url",
        stack.url,
        "--header",
        f"Authorization:Bearer {stack.token(user['email'])}",
        "--report-ndjson-path",
        report,
        "--no-color",
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "FUZZ_WORKSPACE": workspace["id"], "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
    )
    return done.returncode, done.stdout


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("role", ["OWNER", "VIEWER"])
def test_schemathesis_finds_nothing(
    stack: Stack, role: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    code, output = run(stack, role, tmp_path / "events.ndjson")
    if code:
        pytest.fail(f"as {role}:\n{output}\n{_HOW_TO_REPEAT.format(role=role.lower())}", False)
    generated = re.search(r"Test cases:\s+(\d+) generated", output)
    assert generated is not None, output
    tell(f"Schemathesis as {role}: {generated[1]} cases, no finding")
    assert int(generated[1]) >= CASES / 2, output
