"""The docs are correct: links work, the make targets exist, every code block names its language,
and every JSON example has the type that the comment above the example (its mark) names.

tests/emulator/test_docs_commands.py runs the shell commands of the docs."""

from pathlib import Path

import pytest

from tests.support.docs_examples import example_problems, marked
from tests.support.docs_pages import (
    Page,
    block_problems,
    link_problems,
    list_problems,
    pages,
    target_problems,
)

ROOT = Path(__file__).parents[2]
PAGES = pages(ROOT)
# Their links are checked too.
BESIDE = [Page(name, (ROOT / name).read_text()) for name in ("CONTRIBUTING.md", "SECURITY.md")]


def named(page: Page) -> str:
    return page.path


@pytest.mark.parametrize("page", [*PAGES, *BESIDE], ids=named)
def test_every_link_has_a_target(page: Page) -> None:
    assert link_problems(page, ROOT) == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_block_has_a_language_and_its_mark(page: Page) -> None:
    blocks = marked(page.blocks())
    assert block_problems(blocks) == []
    assert target_problems(blocks, (ROOT / "Makefile").read_text()) == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_example_matches_its_mark(page: Page) -> None:
    assert [problem for block in marked(page.blocks()) for problem in example_problems(block)] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_site_shows_lists_as_lists(page: Page) -> None:
    assert list_problems(page) == []


def test_there_are_examples_and_commands() -> None:
    languages = [block.language for page in PAGES for block in page.blocks()]
    assert languages.count("json") > 20
    assert languages.count("sh") > 10
