"""The documentation site leads to every page and loads nothing from other hosts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from website.foreign import foreign_addresses
from website.tables import with_plain_pipes

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


class _Settings(yaml.SafeLoader):
    """Reads mkdocs.yml, whose tags name Python functions, without calling any."""


_Settings.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def pages(nav: Any) -> Iterator[str]:
    if isinstance(nav, dict):
        nav = list(nav.values())
    if isinstance(nav, str):
        yield nav
        return
    for item in nav:
        yield from pages(item)


def test_the_navigation_names_each_page_once() -> None:
    settings = yaml.load((ROOT / "website" / "mkdocs.yml").read_text(), _Settings)
    named = sorted(pages(settings["nav"]))
    there = [page.name for page in DOCS.glob("*.md")]
    folders = [f"{page.parent.name}/*" for page in DOCS.glob("*/*.md")]
    assert named == sorted([*there, *set(folders)])


def test_the_start_page_leads_each_reader() -> None:
    start = (DOCS / "index.md").read_text()
    for reader in ("Operate", "Integrate", "Own", "Change"):
        assert re.search(rf"^## {reader} ", start, re.MULTILINE)


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<script src="//cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="https://fonts.example/a.css">',
        '<img src="https://images.example/a.png">',
    ],
)
def test_a_resource_of_another_host_is_found(tag: str) -> None:
    assert len(foreign_addresses(f"<html><body><p>text{tag}</p></body></html>")) == 1


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="../assets/mermaid.js"></script>',
        '<a href="https://elsewhere.example">a link to follow</a>',
        '<link rel="canonical" href="https://runledger.example/">',
        '<img src="images/runs.png">',
        '<img src="data:image/png;base64,AAAA">',
    ],
)
def test_a_resource_of_the_site_itself_passes(tag: str) -> None:
    assert foreign_addresses(tag) == []


def test_an_escaped_pipe_of_a_tables_code_is_plain_on_the_site() -> None:
    text = "| `a \\| b` | c \\| d |\n`e \\| f`\n"
    assert with_plain_pipes(text) == "| `a | b` | c \\| d |\n`e \\| f`\n"
