"""Schemathesis against the deployed stack: what the API's document says is what the stack does.

Run it by `make fuzz`. Each role is one run with a fixed seed. Each failure is printed together
with a command that repeats it.
"""

import json
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
# What the role is let in to, at least: of an owner nearly all that needs no id of a secret kind.
_LEAST_DONE = {"OWNER": 45, "VIEWER": 20}
# It ends the session that all other calls use, so it is tested separately.
_ENDS_THE_SESSION = "signOutEverywhere"
_HOW_TO_REPEAT = """
Each finding has a curl command. Bring a stack up by `make run`, put its address into the command,
and a token of `make token AS={role}@demo.example` in place of [Filtered]. The whole run is the same
again with the same seed, which tests/fuzz/schemathesis.toml sets: make fuzz
"""


def run(stack: Stack, role: str, report: Path, *chosen: str) -> tuple[int, str]:
    """Runs Schemathesis as the demo workspace's user of this role; returns exit code and output.
    `chosen` are options that say which operations."""
    workspace = stack.local["workspaces"][0]
    user = next(each for each in workspace["users"] if each["role"] == role)
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file",
        str(HERE / "schemathesis.toml"),
        "run",
        str(ROOT / "functions" / "query" / "openapi.json"),
        "--url",
        stack.url,
        "--header",
        f"Authorization:Bearer {stack.token(user['email'])}",
        "--report-ndjson-path",
        str(report),
        "--no-color",
        *chosen,
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


def operations_done(report: Path) -> set[str]:
    """The operations that were answered with success at least once."""
    done = set()
    for line in report.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        answers = [each.get("response") for each in recorder.get("interactions", {}).values()]
        if any(answer and answer["status_code"] < 300 for answer in answers):
            done.add(recorder["label"])
    return done


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("role", ["OWNER", "VIEWER"])
def test_schemathesis_finds_nothing(
    stack: Stack, role: str, tmp_path: Path, report_figure: Callable[[str], None]
) -> None:
    report = tmp_path / "events.ndjson"
    code, output = run(stack, role, report, "--exclude-operation-id", _ENDS_THE_SESSION)
    done = operations_done(report)
    if code:
        pytest.fail(f"as {role}:\n{output}\n{_HOW_TO_REPEAT.format(role=role.lower())}", False)
    generated = re.search(r"Test cases:\s+(\d+) generated", output)
    assert generated is not None, output
    report_figure(f"Schemathesis as {role}: {generated[1]} cases, no finding")
    assert int(generated[1]) >= CASES / 2, output
    # That nothing is found where everybody is turned away at the door says nothing.
    assert len(done) >= _LEAST_DONE[role], sorted(done)


@pytest.mark.timeout(_SECONDS)
def test_schemathesis_finds_nothing_in_what_ends_its_session(stack: Stack, tmp_path: Path) -> None:
    options = ("--include-operation-id", _ENDS_THE_SESSION)
    code, output = run(stack, "MEMBER", tmp_path / "events.ndjson", *options)
    if code:
        pytest.fail(f"as MEMBER:\n{output}\n{_HOW_TO_REPEAT.format(role='member')}", False)
