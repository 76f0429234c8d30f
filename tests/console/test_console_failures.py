"""Failures between the console and the API are shown where they happen, with what to do about
them."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.console.browser import new_context, open_page
from tests.console.operators import Operator
from tests.console.webhooks import fire
from tests.support.stack import Stack

# How often a request is retried before its failure is shown.
RETRIES = 2


@dataclass(frozen=True)
class Failure:
    """A request of the console that fails, and the notice about it. Without a `status`, the API
    does not answer at all."""

    status: int | None
    title: str
    advice: str
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status or 'offline'}{' with Retry-After' if self.headers else ''}"

    @property
    def may_pass(self) -> bool:
        """Whether the console retries before it shows the failure."""
        return self.status in (None, 429, 503) and not self.headers

    @property
    def detail(self) -> str:
        return f"This is the server's own word about {self.status}."

    def answer(self, route: Route) -> None:
        if self.status is None:
            route.abort("internetdisconnected")
            return
        problem = {"type": "about:blank", "title": "No", "status": self.status}
        route.fulfill(
            status=self.status,
            headers=self.headers,
            content_type="application/problem+json",
            body=json.dumps(problem | {"detail": self.detail}),
        )


OFFLINE = Failure(None, "No answer from the server", "Check your connection.")
FORBIDDEN = Failure(403, "Your role does not allow this", "Ask an owner of the workspace")
MISSING = Failure(404, "Not found in this workspace", "Check the link.")
HASTY = Failure(429, "Too many requests", "Wait a moment, then try again.")
RETRY_LATER = Failure(429, "Too many requests", "Wait 7 s, then try again.", {"Retry-After": "7"})
AWAY = Failure(503, "Server error", "Try again in a moment.")

FAILURES = (OFFLINE, FORBIDDEN, MISSING, HASTY, RETRY_LATER, AWAY)


@contextmanager
def failing(page: Page, address: re.Pattern[str], failure: Failure) -> Iterator[list[str]]:
    """Lets requests to the address fail; yields the list of requested URLs."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        failure.answer(route)

    page.route(address, answer)
    yield asked
    page.unroute(address, answer)


def expect_notice(place: Locator, failure: Failure) -> Locator:
    notice = place.get_by_role("alert").filter(has_text=failure.title)
    expect(notice).to_contain_text(failure.advice)
    if failure.status is not None:
        expect(notice).to_contain_text(failure.detail)
    return notice


def ask_until_reported(
    page: Page, failure: Failure, address: re.Pattern[str], ask: Callable[[], object]
) -> None:
    """Calls `ask`, which makes the console send the request. Moves the clock forward through all
    retries, so that the test does not wait for them."""
    with page.expect_request(address):
        ask()
    for _ in range(RETRIES if failure.may_pass else 0):
        with page.expect_request(address):
            page.clock.fast_forward(4_000)


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A tab in a profile of its own, because the clock that a test moves is the profile's."""
    with new_context(browser, stack.url) as context, open_page(context) as page:
        yield page


@pytest.fixture
def reader(operator: Operator) -> Operator:
    operator.page.clock.install()
    operator.open("/settings")
    expect(operator.page.get_by_role("heading", name="Settings")).to_be_visible()
    return operator


@pytest.mark.parametrize("failure", FAILURES, ids=str)
@pytest.mark.sampled(2)
def test_a_failed_list_is_reported(reader: Operator, failure: Failure) -> None:
    page = reader.page
    address = re.compile(r"/v1/runs\?")
    rows = page.locator("tr[data-row]")
    with failing(page, address, failure) as asked:
        link = page.get_by_role("link", name="Run history", exact=True)
        ask_until_reported(page, failure, address, link.click)
        expect_notice(page.get_by_role("main"), failure)
        expect(rows).to_have_count(0)
        assert len(asked) == (1 + RETRIES if failure.may_pass else 1)
    page.get_by_role("button", name="Try again").click()
    expect(rows.first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_failed_run_page_is_reported(reader: Operator) -> None:
    page = reader.page
    run = reader.newest_run("Order paid", "COMPLETED")
    address = re.compile(rf"/v1/runs/{run['id']}$")
    for failure in (OFFLINE, FORBIDDEN, RETRY_LATER, AWAY):
        with failing(page, address, failure):
            ask_until_reported(page, failure, address, partial(page.goto, f"/runs/{run['id']}"))
            expect_notice(page.get_by_role("main"), failure)
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("li[data-step]").first).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
    with failing(page, address, MISSING):
        page.goto(f"/runs/{run['id']}")
        heading = page.get_by_role("heading", name="Run not found")
        expect(heading).to_be_visible()
        page.get_by_role("main").get_by_role("link", name="Go to Run history").click()
        expect(page.locator("tr[data-row]").first).to_be_visible()


def test_a_refused_action_can_be_repeated(operator: Operator, stack: Stack) -> None:
    page = operator.page
    email = f"{uuid4().hex}@customer.example"
    run_id = fire(stack.local, "Welcome", {"email": email, "plan": "team"})
    operator.open(f"/runs/{run_id}")
    page.get_by_role("button", name="Cancel…").click()
    dialog = page.get_by_role("dialog", name="Cancel this run?")
    dialog.get_by_label("Reason").fill("Signed up twice")
    cancel = dialog.get_by_role("button", name="Cancel run")
    address = re.compile(rf"/v1/runs/{run_id}/cancel$")
    for failure in FAILURES:
        with failing(page, address, failure) as asked:
            cancel.click()
            expect_notice(dialog, failure)
            # The outcome is unknown, so only the user may decide to repeat the action.
            assert len(asked) == 1
        expect(dialog.get_by_label("Reason")).to_have_value("Signed up twice")
    cancel.click()
    expect(page.get_by_role("region", name="Canceled")).to_contain_text("Signed up twice")
    expect(page.get_by_role("alert")).to_have_count(0)
