"""The users of the demo workspaces, and a user who works in a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.console.browser import enter, sign_in
from tests.support.stack import Stack


@dataclass(frozen=True)
class User:
    email: str
    password: str


def user_of(stack: Stack, workspace: int, role: str) -> User:
    """The user of a role in the workspace at this position of local.json."""
    for user in stack.local["workspaces"][workspace]["users"]:
        if user["role"] == role:
            return User(user["email"], user["password"])
    raise LookupError(f"local.json names no {role} of workspace {workspace}")


@contextmanager
def at_work(stack: Stack, page: Page, role: str, workspace: int = 0) -> Iterator["Operator"]:
    """Yields a user with this role, who is already signed in: the first page opens without the
    sign-in form."""
    with signed_in(stack, page, user_of(stack, workspace, role)) as operator:
        yield operator


@contextmanager
def signed_in(stack: Stack, page: Page, user: User) -> Iterator["Operator"]:
    """Yields an operator who is already signed in as this user, whose password is PASSWORD."""
    enter(page, user.email, stack.granted(user.email))
    with stack.api(user.email) as api:
        yield Operator(user, page, api)


@dataclass(frozen=True)
class Operator:
    """The demo operator, with a browser page and an API client."""

    user: User
    page: Page
    api: httpx.Client

    def get(self, path: str, **parameters: str | int) -> Any:
        response = self.api.get(path, params=parameters)
        response.raise_for_status()
        return response.json()

    def every(self, path: str, **filters: str) -> Iterator[dict[str, Any]]:
        """Yields the rows of all pages of a list, which earlier tests may have made long."""
        query: dict[str, str | int] = {**filters, "limit": 200}
        while True:
            page = self.get(path, **query)
            yield from page["items"]
            if page["nextCursor"] is None:
                return
            query["cursor"] = page["nextCursor"]

    def automation_id(self, name: str) -> str:
        """Returns the id of the demo's automation with this name."""
        automations = self.every("/v1/automations")
        return str(next(each["id"] for each in automations if each["name"] == name))

    def newest_run(self, automation: str, status: str, **filters: str) -> dict[str, Any]:
        """Returns the row of the newest run with this status of a demo automation, no matter how
        many runs of others are newer."""
        mine = {"automationId": self.automation_id(automation), "status": status, **filters}
        run: dict[str, Any] = self.get("/v1/runs", range="30d", limit=1, **mine)["items"][0]
        return run

    def sign_in(self) -> None:
        """Signs in with the form that the page shows."""
        sign_in(self.page, self.user.email, self.user.password)
        expect(self.page.get_by_role("navigation", name="Main")).to_be_visible()

    def open(self, path: str) -> None:
        """Goes to a page of the console, and signs in if asked."""
        self.page.goto(path)
        if not self.page.evaluate("sessionStorage.getItem('runledger.tokens')"):
            self.sign_in()

    def choose_status(self, word: str) -> None:
        """Selects one of the status chips."""
        self.page.get_by_role("radiogroup", name="Status").get_by_text(word).click()
