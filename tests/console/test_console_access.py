"""Accessibility in both themes, and at the width of a phone."""

import re
from collections.abc import Iterator
from itertools import cycle, repeat

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.axe import violations
from tests.console.browser import (
    DESKTOP,
    PHONE,
    ColorScheme,
    new_context,
    sign_in,
    watch_policy,
)
from tests.console.motion import moving
from tests.console.operators import Operator, user_of
from tests.console.pages import every_address, routes, visit
from tests.support import depth
from tests.support.demo_users import new_address
from tests.support.stack import Stack


def open_runs(page: Page, stack: Stack, search: str = "") -> None:
    user = user_of(stack, 0, "MEMBER")
    page.goto(f"/runs{search}")
    sign_in(page, user.email, user.password)
    expect(page.locator("tr[data-row]").first).to_be_visible()


def open_failed_run(page: Page, stack: Stack) -> None:
    user = user_of(stack, 0, "MEMBER")
    with stack.api(user.email) as api:
        # Other tests leave runs that failed outside any node and have no step to open.
        run = Operator(user, page, api).newest_run("Order paid", "FAILED")
    open_runs(page, stack)
    page.goto(f"/runs/{run['id']}")
    page.get_by_role("link", name="Open the step").click()
    expect(page.locator("li[data-step] [aria-expanded='true']").first).to_be_visible()
    folded = page.locator("summary", has_text="Path through the graph")
    if folded.is_visible():
        folded.click()
    expect(page.locator(".react-flow__node").first).to_be_visible()


FITS = "width => document.documentElement.scrollWidth === width"


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    # A chart redraws a moment later.
    page.wait_for_function(FITS, arg=size[0])


Sizes = tuple[tuple[int, int], ...]


def sizes_of_each() -> Iterator[Sizes]:
    """Yields the screen sizes for each page or dialog that is checked: both in a deep session,
    otherwise one, desktop and phone alternately."""
    return repeat((DESKTOP, PHONE)) if depth.is_deep() else cycle([(DESKTOP,), (PHONE,)])


def expect_usable(page: Page, where: str, sizes: Sizes, within: str = "html") -> None:
    for size in sizes:
        if size is PHONE:
            resize(page, size)
        assert violations(page, within) == [], f"{where} at {size}"
        if size is PHONE:
            resize(page, DESKTOP)


def expect_dialog_usable(page: Page, where: str, sizes: Sizes) -> None:
    """Checks the open dialog as `expect_usable` does, and closes it."""
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("status", name=re.compile("^Looking"))).to_have_count(0)
    # A button that becomes ready while axe looks has the colors of neither state.
    expect(page.get_by_role("dialog").locator("[aria-busy='true']")).to_have_count(0)
    expect_usable(page, where, sizes, "[role='dialog']")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("color_scheme", ["light", pytest.param("dark", marks=pytest.mark.deep)])
def test_every_page_is_accessible(
    browser: Browser, stack: Stack, color_scheme: ColorScheme
) -> None:
    user = user_of(stack, 0, "OWNER")
    with (
        new_context(browser, stack.url, color_scheme=color_scheme) as context,
        stack.api(user.email) as api,
    ):
        page = context.new_page()
        refused_by_policy = watch_policy(page)
        addresses = every_address(stack, api)
        paths = [address.path.partition("?")[0] for address in addresses]
        for route in routes():
            assert any(route.fullmatch(path) for path in paths), route.pattern
        sizes = sizes_of_each()
        page.goto("/runs")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        expect_usable(page, "signing in", next(sizes))
        page.get_by_role("button", name="Forgot password?").click()
        expect_usable(page, "asking for a code", next(sizes))
        page.get_by_label("E-mail address").fill(new_address())
        page.get_by_role("button", name="Send a code").click()
        expect(page.get_by_label("Code from the e-mail")).to_be_visible()
        expect_usable(page, "choosing a new password", next(sizes))
        page.get_by_role("button", name="Back to signing in").click()
        sign_in(page, user.email, user.password)
        expect(page.get_by_text(user.email, exact=True)).to_be_visible()
        for address in addresses:
            visit(page, address.path, address.shown)
            assert moving(page) == [], address.path
            expect_usable(page, address.path, next(sizes))
            for name in address.dialogs:
                for button in name.split(" > "):
                    page.get_by_role("button", name=re.compile(f"^{button}")).first.click()
                expect_dialog_usable(page, f"{name} of {address.path}", next(sizes))
            for key in address.keys:
                page.keyboard.press(key)
                expect_dialog_usable(page, f"{key} of {address.path}", next(sizes))
        assert refused_by_policy == []


def test_no_page_is_wider_than_a_phone(browser: Browser, stack: Stack) -> None:
    with new_context(browser, stack.url, PHONE) as context:
        page = context.new_page()
        open_failed_run(page, stack)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        page.get_by_role("button", name="Open the menu").click()
        assert violations(page) == []
        page.get_by_role("link", name="Run history", exact=True).first.click()
        expect(page.locator("tr[data-row]").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_a_switched_theme_is_kept(browser: Browser, stack: Stack) -> None:
    with new_context(browser, stack.url) as context:
        page = context.new_page()
        open_runs(page, stack)
        root = page.locator("html")
        expect(root).to_have_attribute("data-mantine-color-scheme", "light")
        page.get_by_role("button", name="Switch to dark theme").click()
        expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
        page.reload()
        expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
