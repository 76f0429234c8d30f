"""Every shell command of README and docs works on the deployed stack as its page says."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.docs_pages import Page, pages, script
from tests.support.stack import Stack

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in pages(ROOT)
    if any(block.language == "sh" and block.marked("not run") is None for block in page.blocks())
]
# The address of the stack in the docs; each test's own stack has another.
DOCUMENTED = {
    "http://127.0.0.1:8080": "url",
    "http://127.0.0.1:4599": "awsEndpoint",
    "http://127.0.0.1:4600": "demoService",
}


@pytest.fixture
def checkout(stack: Stack, tmp_path: Path) -> Iterator[Path]:
    """A folder that looks like the project, where commands may write; its stack is that of the
    tests. Afterwards no fault that a command injected is left for other tests."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for entry in ROOT.iterdir():
        if entry.name != ".runledger":
            (folder / entry.name).symlink_to(entry)
    (folder / ".runledger").mkdir()
    (folder / ".runledger" / "local.json").write_text(json.dumps(stack.local))
    yield folder
    httpx.delete(f"{stack.aws_endpoint}/_local/faults").raise_for_status()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_every_command_of_a_page_works(page: Page, stack: Stack, checkout: Path) -> None:
    commands = script(page.blocks())
    for documented, name in DOCUMENTED.items():
        commands = commands.replace(documented, str(stack.local[name]))
    inherited = {name: each for name, each in os.environ.items() if not name.startswith("MAKE")}
    environment = {
        **inherited,
        "PATH": f"{ROOT / '.venv' / 'bin'}:{inherited['PATH']}",
        "RUNLEDGER_STATE_DIR": str(checkout / ".runledger"),
    }
    ended = subprocess.run(
        ["bash", "-c", commands],
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        # Some commands wait for the tick, which comes once a minute.
        timeout=300,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
