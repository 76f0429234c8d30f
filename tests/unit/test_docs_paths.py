"""Every file whose path is given in the docs exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "runledger" / "python" / "runledger"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMED = re.compile(r"`((?:[\w-]+/)+[\w.-]+\.(?:py|yaml|json|toml|tsx?|md))`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    for name in NAMED.findall(page.read_text()):
        places = (ROOT / name, PACKAGE / name, ROOT / "console" / name, page.parent / name)
        assert any(place.exists() for place in places), name


def test_pages_name_files() -> None:
    named = [name for page in PAGES for name in NAMED.findall(page.read_text())]
    assert "store/keys.py" in named
