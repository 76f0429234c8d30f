"""The checks of the docs find a broken command, link or example."""

import subprocess
from pathlib import Path

import pytest

from tests.support.docs_examples import example_problems, marked
from tests.support.docs_pages import (
    Page,
    block_problems,
    link_problems,
    list_problems,
    script,
    target_problems,
)

MAKEFILE = "run: deps\n\techo\ntoken:\n\techo\n"


def page(text: str, path: str = "docs/page.md") -> Page:
    return Page(path, text)


def fenced(language: str, text: str, mark: str = "") -> Page:
    return page(f"# Title\n{mark}\n```{language}\n{text}\n```\n")


# ── blocks ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (fenced("", "anything"), "no language"),
        (fenced("bash", "make run"), "bash"),
        (fenced("text", "curl http://127.0.0.1:8080"), "its language is sh"),
        (fenced("text", "$ make run"), "its language is sh"),
        (fenced("text", '{"id": 1}'), "its language is json"),
        (fenced("sh", "if true; then"), "cannot read"),
        (fenced("sh", "make run", "<!-- not run: no -->"), "say why"),
        (fenced("sh", "curl x", "<!-- answers: 200 -->"), "no status of a refusal"),
        (fenced("json", "{}"), "needs a mark"),
        (fenced("json", "{}", "<!-- not run: because of a reason -->"), "takes no mark"),
        (page("```sh\nmake run\n"), "unclosed"),
    ],
)
def test_a_block_without_a_mark_is_found(block: Page, said: str) -> None:
    problems = block_problems(block.blocks())
    assert problems and said in problems[0]


@pytest.mark.parametrize(
    "block",
    [
        fenced("text", "QUEUED ─► SENT"),
        fenced("sh", "make run"),
        fenced("sh", "make run", "<!-- not run: starts the stack -->"),
        fenced("sh", "curl x", "<!-- answers: 422 -->"),
        fenced("json", "{}", "<!-- example: MERGE config -->"),
    ],
)
def test_a_block_with_a_mark_passes(block: Page) -> None:
    assert block_problems(block.blocks()) == []


def test_a_mark_belongs_to_the_block_directly_below() -> None:
    apart = page("<!-- example: MERGE config -->\n\n```json\n{}\n```\n")
    assert "needs a mark" in block_problems(apart.blocks())[0]


@pytest.mark.parametrize("mark", ["", "<!-- not run: starts the stack -->"])
def test_an_unknown_make_target_is_found_in_every_shell_block(mark: str) -> None:
    blocks = fenced("sh", "make -s token AS=a@b.example\nT=$(make tokn)\nmake run", mark).blocks()
    assert target_problems(blocks, MAKEFILE) == ["docs/page.md:3: make has no target 'tokn'"]


# ── commands ───────────────────────────────────────────────────────────────────────────────────


def run(*blocks: Page) -> "subprocess.CompletedProcess[str]":
    commands = script([block for each in blocks for block in each.blocks()])
    # What curl does with a server's answer, without a server.
    stand_in = 'curl() { echo "curl: (22) The requested URL returned error: $1" >&2; return 22; }\n'
    prelude, _, rest = commands.partition("BLOCK=")
    return subprocess.run(
        ["bash", "-c", f"{prelude}{stand_in}BLOCK={rest}"], capture_output=True, text=True
    )


@pytest.mark.parametrize(
    "commands",
    [
        "false",
        "false\ntrue",
        "no-such-command",
        "false | cat",
        "X=$(false)\ntrue",
        "curl 500",
        "$UNSET",
    ],
)
def test_a_failing_command_fails_its_page_and_names_the_line(commands: str) -> None:
    ended = run(fenced("sh", "true"), fenced("sh", commands))
    assert ended.returncode != 0
    assert ended.stderr.splitlines()[-1].startswith("docs/page.md:3: failed")


def test_blocks_of_a_page_share_their_variables() -> None:
    assert run(fenced("sh", "A=1"), fenced("sh", 'test "$A" = 1')).returncode == 0


@pytest.mark.parametrize(
    ("commands", "status", "passes"),
    [
        ("curl 403", "403", True),
        ("curl 404", "403", False),
        ("true", "403", False),
        ("false\ncurl 403", "403", False),
    ],
)
def test_a_block_that_shows_a_refusal_must_get_that_status(
    commands: str, status: str, passes: bool
) -> None:
    ended = run(fenced("sh", commands, f"<!-- answers: {status} -->"), fenced("sh", "true"))
    assert (ended.returncode == 0) is passes, ended.stderr


def test_a_block_that_is_marked_as_not_run_is_skipped() -> None:
    assert run(fenced("sh", "false", "<!-- not run: needs AWS -->")).returncode == 0


# ── links ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs" / "adr").mkdir(parents=True)
    (tmp_path / "README.md").write_text("# Readme\n")
    (tmp_path / "docs" / "there.md").write_text("# Title\n## What is `held` (at once)\n")
    (tmp_path / "docs" / "page.md").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    "link",
    [
        "[a](gone.md)",
        "[a](there.md#gone)",
        "[a](#gone)",
        "![a](images/gone.png)",
        "[a](../README.md)",
        "[a](adr)",
        "[a](http://plain.example)",
        "[![a](there.md)](gone.md)",
        "[a]()  [b](there.md) [c](gone.md)",
    ],
)
def test_a_broken_link_is_found(root: Path, link: str) -> None:
    assert link_problems(page(f"# Here\n{link}\n"), root)


@pytest.mark.parametrize(
    "text",
    [
        "[a](there.md)",
        "[a](there.md#what-is-held-at-once)",
        "[a](#here)",
        "[a](https://elsewhere.example/page)",
        "`[a](gone.md)`",
        "```text\n[a](gone.md)\n```",
    ],
)
def test_a_working_link_passes(root: Path, text: str) -> None:
    assert link_problems(page(f"# Here\n{text}\n"), root) == []


def test_a_list_that_the_site_would_not_show_is_found() -> None:
    assert list_problems(page("Three things:\n- one\n"))
    assert list_problems(page("Three things:\n\n- one\n- two\n")) == []


# ── examples ───────────────────────────────────────────────────────────────────────────────────

GRAPH = """{"name": "A", "nodes": [
  {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
  {"id": "end", "type": "END"}], "edges": [{"source": "start", "target": "%s"}]}"""
EVENT = '{"source": "runledger", "detail-type": "%s", "detail": {"status": "%s"}}'


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("OpenedView", '{"runId": "run_1", "status": "PENDING",}', "not JSON"),
        ("OpenedView", '{"runId": "run_1"}', "'status' is a required property"),
        ("OpenedView", '{"runId": "run_1", "status": "LOST"}', "is not one of"),
        ("part of OpenedView", '{"run": "run_1"}', "Additional properties"),
        ("NoSuchView", "{}", "no schema NoSuchView"),
        ("AutomationDocument", GRAPH % "gone", "DANGLING_EDGE"),
        ("WAIT config", '{"delayMinutes": 0}', "delayMinutes"),
        ("WEIGHT config", "{}", "WEIGHT"),
        ("event", EVENT % ("run.failed", "COMPLETED"), "the status is another"),
        ("event", EVENT % ("run.failed", "FAILED"), "required property"),
        ("event", EVENT % ("order.failed", "FAILED"), "another's"),
        ("event pattern", '{"source": ["runledger"], "detail": {}}', "'detail-type'"),
        (
            "event pattern",
            '{"source": ["runledger"], "detail-type": ["run.failed"], "detail": {"color": [1]}}',
            "no 'color'",
        ),
    ],
)
def test_an_example_that_its_model_refuses_is_found(kind: str, text: str, said: str) -> None:
    (block,) = fenced("json", text, f"<!-- example: {kind} -->").blocks()
    problems = example_problems(block)
    assert problems and any(said in problem for problem in problems), problems
    assert problems[0].startswith("docs/page.md:3: ")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("OpenedView", '{"runId": "run_1", "status": "PENDING"}'),
        ("part of OpenedView", '{"status": "PENDING"}'),
        ("AutomationDocument", GRAPH % "end"),
        ("WAIT config", '{"delayMinutes": 5}'),
    ],
)
def test_an_example_that_its_model_accepts_passes(kind: str, text: str) -> None:
    (block,) = fenced("json", text, f"<!-- example: {kind} -->").blocks()
    assert example_problems(block) == []


def test_examples_of_the_generated_page_are_marked_by_their_headings() -> None:
    text = "## WAIT: Wait\n\n```json\n{}\n```\n"
    (block,) = marked(page(text, "docs/nodes.md").blocks())
    assert block.marked("example") == "WAIT config"
