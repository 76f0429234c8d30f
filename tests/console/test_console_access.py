"""Everybody can use it: axe in both themes, a phone's width, and a light first load."""

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from local.settings import ROOT
from tests.console.axe import grave_violations
from tests.console.browser import DESKTOP, PHONE, ColorScheme, new_context, sign_in
from tests.console.operators import user_of
from tests.support.stack import Stack

MAX_INITIAL_SCRIPT_BYTES = 250_000
DIST = ROOT / "console" / "dist"
ASSETS = DIST / "assets"
# As the build writes them: `import{a as b}from"./x.js"` and `import"./x.js"`, but not
# `import("./x.js")`.
STATIC_IMPORT = re.compile(r'(?:from|import)\s*"\./([\w.-]+\.js)"')


def open_runs(page: Page, stack: Stack, search: str = "") -> None:
    user = user_of(stack, 0, "MEMBER")
    page.goto(f"/runs{search}")
    sign_in(page, user.email, user.password)
    expect(page.locator("tr[data-row]").first).to_be_visible()


def open_failed_run(page: Page, stack: Stack) -> None:
    open_runs(page, stack, "?status=FAILED")
    page.locator("tr[data-row]").first.get_by_role("link").click()
    page.get_by_role("link", name="Open the step").click()
    expect(page.locator("li[data-step] [aria-expanded='true']")).to_be_visible()
    expect(page.locator(".react-flow__node").first).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    browser: Browser, stack: Stack, color_scheme: ColorScheme, size: tuple[int, int]
) -> None:
    with new_context(browser, stack.url, size, color_scheme) as context:
        page = context.new_page()
        page.goto("/runs")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert grave_violations(page) == []
        open_runs(page, stack)
        page.locator("tr[data-row] button").first.click()
        expect(page.locator("li[data-step]").first).to_be_visible()
        assert grave_violations(page) == []
        page.get_by_role("button", name="Export…").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert grave_violations(page) == []
    with new_context(browser, stack.url, size, color_scheme) as context:
        page = context.new_page()
        open_failed_run(page, stack)
        assert grave_violations(page) == []


def test_nothing_is_wider_than_a_phone(browser: Browser, stack: Stack) -> None:
    with new_context(browser, stack.url, PHONE) as context:
        page = context.new_page()
        open_failed_run(page, stack)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        page.get_by_role("button", name="Open the menu").click()
        page.get_by_role("link", name="Run history", exact=True).first.click()
        expect(page.locator("tr[data-row]").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_the_theme_can_be_switched_and_is_kept(browser: Browser, stack: Stack) -> None:
    with new_context(browser, stack.url) as context:
        page = context.new_page()
        open_runs(page, stack)
        root = page.locator("html")
        expect(root).to_have_attribute("data-mantine-color-scheme", "light")
        page.get_by_role("button", name="Switch to dark colours").click()
        expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
        page.reload()
        expect(root).to_have_attribute("data-mantine-color-scheme", "dark")


def scripts_of(entry: Path) -> set[Path]:
    """A script and every other that it cannot run without."""
    found = {entry}
    waiting = [entry]
    while waiting:
        for name in STATIC_IMPORT.findall(waiting.pop().read_text()):
            script = ASSETS / name
            if script not in found:
                found.add(script)
                waiting.append(script)
    return found


def test_the_first_load_is_light() -> None:
    [entry] = re.findall(r'<script[^>]* src="/assets/([^"]+)"', (DIST / "index.html").read_text())
    [page] = ASSETS.glob("RunsPage-*.js")
    scripts = scripts_of(ASSETS / entry) | scripts_of(page)
    size = sum(len(gzip.compress(script.read_bytes())) for script in scripts)
    assert size <= MAX_INITIAL_SCRIPT_BYTES
    # What is loaded when it is needed, and not before.
    heavy = {path.name.partition("-")[0] for path in scripts}
    assert heavy.isdisjoint({"GraphView", "GraphCanvas", "RunGraph", "RunChart", "JsonEditor"})
