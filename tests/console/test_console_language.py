"""The console in a pseudo language, which shows every text of the catalogue in wide letters. Text
in ordinary letters then either comes from the API, or is missing in the catalogue, where
translators would not see it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from local.settings import ROOT
from tests.console.browser import new_context
from tests.console.operators import at_work
from tests.console.pages import IS_LOADED, every_address, visit
from tests.support.stack import Stack

CONSOLE = ROOT / "console"
NPX = Path(sys.executable).parent / "npx"
# Japanese dates and numbers have no Latin letters.
SETTING = {"language": "en-XA", "format": "ja-JP", "zone": "UTC", "clock": "24"}

TEXTS = """() => {
  // Code, the summary of a node's configuration, and names that Intl writes.
  const passed = `code, pre, kbd, samp, script, style, noscript, textarea, .cm-editor,
    .react-flow__node, [aria-label="React Flow attribution"], select[name="language"],
    select[name="format"], select[name="zone"]`;
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!element.closest(passed)) found.push(walker.currentNode.data);
  }
  for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-description']) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      if (!element.closest(passed)) found.push(element.getAttribute(name));
    }
  }
  return found;
}"""

# Pieces of a text that no catalogue has.
UNTRANSLATED = re.compile(
    r"""Runledger
    | \b\d+ \s (?:sec|min|hr|day|days|mo|yr)\.?(?:\s ago)?
    | \bin \s (?=\d) | \byesterday\b | \btomorrow\b
    | \b(?:UTC|GMT) (?:[+-]\d+(?::\d+)?)?
    | \bCtrl\b | \bJSON\b | \bID\b | \bv\d+\b | \b\d+ (?:h|d|s|ms|kB|MB)\b
    | \b[A-Z][\w-]+ (?:/[A-Z][\w+-]+)+  # A time zone.
    | \{\{[^}]*\}\}  # What Liquid replaces.
    | \d{4}-\d\d-\d\dT[\d:.]+Z
    """,
    re.VERBOSE,
)


@pytest.fixture(scope="module")
def pseudo_console(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Builds the console with the pseudo language."""
    out = tmp_path_factory.mktemp("pseudo")
    options = ["--mode", "pseudo", "--outDir", str(out), "--logLevel", "error"]
    subprocess.run([str(NPX), "vite", "build", *options], cwd=CONSOLE, check=True)
    return out


def wide(text: str) -> str:
    """Returns a text as the pseudo language shows it."""
    return re.sub("[A-Za-z]", lambda letter: chr(ord(letter[0]) + 0xFEE0), text)


def widened(selector: str) -> str:
    """Returns a selector whose labels are in the pseudo language."""
    labels = r"(?<=aria-label=')[^']+|(?<=aria-label\^=')[^']+"
    return re.sub(labels, lambda label: wide(label[0]), selector)


def strings_in(value: Any) -> Iterator[str]:
    """Yields all texts of a JSON value, the names of its fields too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        if "firstName" in value:
            yield f"{value['firstName']} {value.get('lastName')}"
        for name, part in value.items():
            yield name
            yield from strings_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings_in(part)


# A value behind its name: `order id A-1004`, `expected status 1`.
_NUMBER = re.compile(r" \S*\d\S*\s*$")


def plain(text: str) -> str:
    """Returns a text as words in small letters: `SEND_MESSAGE` and `sendMessage` are the same."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text.replace("`", ""))
    return re.sub(r"\s+", " ", UNTRANSLATED.sub(" ", apart)).casefold()


def untranslated(text: str, of_api: str) -> list[str]:
    """Returns the pieces of a page's text that are in ordinary letters and do not occur in
    `of_api`, the texts that the API sent. The pseudo language shows translated texts in wide
    letters, so these pieces are not translated."""
    pieces = re.split(r"[,:;()·\u00d7→…\uff21-\uff3a\uff41-\uff5a]+", UNTRANSLATED.sub(" ", text))
    stripped = (
        _NUMBER.sub("", plain(piece)).strip(" .!?\u2013\u2014-“”\u2019'\"/+{}") for piece in pieces
    )
    return [each for each in stripped if re.search("[a-z]{2}", each) and each not in of_api]


# Markup and quotes, in which a value would be cut into pieces.
_MARKED = re.compile("[<>='\"]")


def without_values(text: str, sent: Iterable[str]) -> str:
    """Removes from a text the values in `sent`. These are values of the API that contain markup or
    quotes: other tests store such values to attack the pages."""
    for value in sent:
        text = text.replace(value, " ")
    return text


def test_values_with_markup_are_left_out() -> None:
    hostile = "<img src=x onerror='window.pwned = 1'>"
    assert untranslated(f"order id {hostile}", "order id") != []
    assert untranslated(without_values(f"order id {hostile}", [hostile]), "order id") == []
    assert untranslated(without_values(f"{wide('Order')} of {hostile}", [hostile]), "") == ["of"]


def test_no_text_is_outside_the_catalogue(
    browser: Browser, stack: Stack, pseudo_console: Path
) -> None:
    sent: set[str] = set()

    def serve(route: Route) -> None:
        if route.request.resource_type == "document":
            page = (pseudo_console / "index.html").read_text()
            route.fulfill(response=route.fetch(), body=page)
        elif "/assets/" in route.request.url:
            route.fulfill(path=pseudo_console / "assets" / route.request.url.rpartition("/")[2])
        elif "/v1/" in route.request.url:
            answer = route.fetch()
            if "json" in answer.headers.get("content-type", ""):
                sent.update(strings_in(answer.json()))
            route.fulfill(response=answer)
        else:
            route.fallback()

    with new_context(browser, stack.url) as context:
        context.add_init_script(
            f"localStorage.setItem('runledger.locale', {json.dumps(json.dumps(SETTING))})"
        )
        page = context.new_page()
        with at_work(stack, page, "OWNER") as operator:
            addresses = every_address(stack, operator.api)
            context.route("**/*", serve)
            operator.open("/account")
            missed: dict[str, list[str]] = {}
            for address in addresses:
                visit(page, address.path, widened(address.shown))
                page.wait_for_function(widened(IS_LOADED), timeout=15_000)
                texts = page.evaluate(TEXTS)
                of_api = "\n".join(map(plain, {*sent, operator.user.email}))
                marked = sorted(filter(_MARKED.search, sent), key=len, reverse=True)
                found = {
                    piece
                    for text in texts
                    for piece in untranslated(without_values(text, marked), of_api)
                }
                if found:
                    missed[address.path] = sorted(found)
        assert missed == {}, json.dumps(missed, indent=1)
