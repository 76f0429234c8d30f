"""Fixtures of the browser tests: one Chromium, a new profile for each test, and the API."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.browser import ChromiumMissingError, new_context, open_browser, watch_policy
from tests.console.operators import Operator, user_of
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


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    context = new_context(browser, stack.url)
    page = context.new_page()
    crashes: list[str] = []
    page.on("pageerror", lambda error: crashes.append(str(error)))
    refusals = watch_policy(page)
    yield page
    context.close()
    assert crashes == [], "an error escaped in the page"
    assert refusals == [], "the page met its Content-Security-Policy"


@pytest.fixture
def operator(stack: Stack, page: Page) -> Iterator[Operator]:
    user = user_of(stack, 0, "MEMBER")
    with stack.api(user.email) as api:
        yield Operator(user, page, api)
