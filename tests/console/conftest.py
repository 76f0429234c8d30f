"""Fixtures of the browser tests: one Chromium, a new tab for each test, and the API."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.console.browser import ChromiumMissingError, new_context, open_browser, open_page
from tests.console.operators import Operator, at_work
from tests.support.stack import Stack

# A page of the local stack takes milliseconds; the limit allows for a busy machine.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        with open_browser() as browser:
            yield browser
    except ChromiumMissingError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def profile(browser: Browser, stack: Stack) -> Iterator[BrowserContext]:
    """The browser profile that the tabs of all tests share. A session belongs to one tab, so each
    test starts signed out. One page stays open, so that other tabs need not load and compile the
    console again."""
    with new_context(browser, stack.url) as context:
        context.new_page().goto("/")
        yield context


@pytest.fixture
def page(profile: BrowserContext) -> Iterator[Page]:
    with open_page(profile) as page:
        yield page
    profile.set_offline(False)
    profile.clear_permissions()


@pytest.fixture
def operator(stack: Stack, page: Page) -> Iterator[Operator]:
    with at_work(stack, page, "MEMBER") as operator:
        yield operator


@pytest.fixture
def admin(stack: Stack, page: Page) -> Iterator[Operator]:
    with at_work(stack, page, "ADMIN") as operator:
        yield operator
