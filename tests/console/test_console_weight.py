"""What the console's first pages weigh: the files of the build, gzipped, without a browser."""

import gzip
import re
from collections.abc import Iterable

import pytest

from local.settings import ROOT

DIST = ROOT / "console" / "dist"
ASSETS = DIST / "assets"
INDEX = DIST / "index.html"
# Bytes. The initial script is all that the first paint waits for; a first page is that, the frame
# around the pages, and the page itself, with its chart.
MAX_INITIAL_SCRIPT = 110_000
MAX_SCRIPTS_OF_A_PAGE = 225_000
MAX_STYLES_OF_A_PAGE = 25_000
MAX_CHART = 60_000
# Each file costs a request, in a fresh browser.
MAX_FILES_OF_A_PAGE = 30
FIRST_PAGES = ("RunsPage",)
# As the build writes them: `import{a as b}from"./x.js"` and `import"./x.js"`, but not
# `import("./x.js")`.
_STATIC_IMPORT = re.compile(r'(?:from|import)\s*"\./([\w.-]+\.js)"')
_LATER = r"import\(.\./{name}-[\w-]+\.js.\)(?:\.then\([^)]*\))?,__vite__mapDeps\(\[([\d,]*)\]\)"
_HEAVY = {"GraphView", "GraphCanvas", "RunGraph", "JsonEditor"}


def weight(names: Iterable[str]) -> int:
    return sum(len(gzip.compress((ASSETS / name).read_bytes())) for name in names)


def with_imports(names: Iterable[str]) -> set[str]:
    """Returns these scripts and all scripts that they import statically, directly or through
    others."""
    found = set(names)
    waiting = list(found)
    while waiting:
        for name in _STATIC_IMPORT.findall((ASSETS / waiting.pop()).read_text()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def of_the_document() -> tuple[set[str], set[str]]:
    """Returns the scripts and the style sheets that the document itself loads."""
    document = INDEX.read_text()
    initial = re.findall(r'"/assets/([^"]+\.js)"', document)
    # The first script, and the app that it imports once the language is active.
    assert {"index", "start"} <= {name.partition("-")[0] for name in initial}
    styles = re.findall(r'<link rel="stylesheet"[^>]* href="/assets/([^"]+)"', document)
    return with_imports(initial), set(styles)


def files_of_imports(script: str, name: str) -> set[str]:
    """Returns the files for which a script asks when it imports a part of the console."""
    text = (ASSETS / script).read_text()
    found = re.search(_LATER.format(name=name), text)
    files = re.search(r"m\.f=(\[[^\]]*\])", text)
    if not found or not files:
        return set()
    listed = re.findall(r'"assets/([^"]+)"', files[1])
    return {listed[int(index)] for index in found[1].split(",")}


def loaded_later(name: str) -> set[str]:
    """Returns the files that load together with a page or another part of the console."""
    for script in ASSETS.glob("*.js"):
        if files := files_of_imports(script.name, name):
            return files
    raise LookupError(f"no script of the build loads {name}")


def of_a_page(name: str) -> tuple[set[str], set[str]]:
    """Returns all scripts and style sheets that a browser loads if this page is the first one that
    it opens."""
    scripts, styles = of_the_document()
    later = loaded_later("Pages") | loaded_later(name)
    scripts |= with_imports(file for file in later if file.endswith(".js"))
    return scripts, styles | {file for file in later if file.endswith(".css")}


def test_the_initial_script_is_small() -> None:
    scripts, _ = of_the_document()
    assert weight(scripts) <= MAX_INITIAL_SCRIPT


@pytest.mark.parametrize("name", FIRST_PAGES)
def test_a_first_page_is_small(name: str) -> None:
    scripts, styles = of_a_page(name)
    assert weight(scripts) <= MAX_SCRIPTS_OF_A_PAGE
    assert weight(styles) <= MAX_STYLES_OF_A_PAGE
    # Loaded only on demand.
    assert _HEAVY.isdisjoint(script.partition("-")[0] for script in scripts)


@pytest.mark.parametrize("name", FIRST_PAGES)
def test_a_first_page_has_few_files(name: str) -> None:
    scripts, styles = of_a_page(name)
    assert len(scripts) + len(styles) <= MAX_FILES_OF_A_PAGE


@pytest.mark.parametrize("name", ["Pages", *FIRST_PAGES])
def test_the_first_script_asks_for_all_files_of_a_page_at_once(name: str) -> None:
    """A browser asks for files in two steps: first for those that the document names, then for
    those that the first script names."""
    initial, _ = of_the_document()
    [first] = re.findall(r'<script type="module"[^>]* src="/assets/([^"]+)"', INDEX.read_text())
    asked = files_of_imports(first, name)
    assert asked
    assert with_imports(file for file in asked if file.endswith(".js")) <= asked | initial


def test_the_chart_is_small() -> None:
    """The chart is in the script of the runs page. So the chart is small enough if this script
    is."""
    scripts, _ = of_a_page("RunsPage")
    assert 0 < weight(name for name in scripts if name.startswith("RunsPage-")) <= MAX_CHART


def test_the_build_has_no_source_maps() -> None:
    assert list(DIST.rglob("*.map")) == []
