"""A Chromium from the system's packages, and the steps of signing in and navigating."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

LAUNCH_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--disable-extensions",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The tabs of a profile share what the first of them compiled.
    "--process-per-site",
)
DESKTOP = (1440, 900)
PHONE = (390, 844)

ColorScheme = Literal["light", "dark"]


class ChromiumMissingError(Exception):
    """Chromium is not installed; the message says how to install it."""


@contextmanager
def open_browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        raise ChromiumMissingError(
            "chromium is not installed; `make test` installs it, or run: apt-get install chromium"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=list(LAUNCH_ARGUMENTS)
        )
        try:
            yield browser
        finally:
            browser.close()


def new_context(
    browser: Browser,
    url: str,
    size: tuple[int, int] = DESKTOP,
    color_scheme: ColorScheme = "light",
) -> BrowserContext:
    """Opens a fresh profile, without the state of other tests."""
    width, height = size
    return browser.new_context(
        base_url=url,
        viewport={"width": width, "height": height},
        color_scheme=color_scheme,
        locale="en-GB",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )


def sign_in(page: Page, email: str, password: str) -> None:
    """Fills in and submits the sign-in form, which the console shows instead of the requested
    page."""
    # The page before it may have a field of the same name.
    page.get_by_role("heading", name="Sign in").wait_for()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


@contextmanager
def open_page(context: BrowserContext) -> Iterator[Page]:
    """Yields a new tab. Raises AssertionError if the page had an uncaught error, or did something
    that its Content-Security-Policy forbids."""
    page = context.new_page()
    crashes: list[str] = []
    page.on("pageerror", lambda error: crashes.append(str(error)))
    refusals = watch_policy(page)
    try:
        yield page
    finally:
        page.close()
    assert crashes == [], f"errors escaped in the page: {crashes}"
    assert refusals == [], "the page met its Content-Security-Policy"


SIGN_IN = """(kept => {
  // A sandboxed frame has no storage.
  if (window !== top) return;
  if (sessionStorage.getItem('tests.signedIn')) return;
  sessionStorage.setItem('tests.signedIn', 'once');
  for (const [name, value] of Object.entries(kept)) sessionStorage.setItem(name, value);
})"""


def enter(page: Page, email: str, granted: dict[str, Any]) -> None:
    """Signs in without the form: the tab's first page starts with the tokens that signing in would
    have stored. `granted` is Cognito's AuthenticationResult."""
    tokens = {
        "accessToken": granted["AccessToken"],
        "refreshToken": granted["RefreshToken"],
        "expiresAt": round((time.time() + granted["ExpiresIn"]) * 1_000),
    }
    kept = {"runledger.tokens": json.dumps(tokens), "runledger.person": email}
    page.add_init_script(f"{SIGN_IN}({json.dumps(kept)})")


GO = """address => {
  history.pushState(null, '', address);
  dispatchEvent(new PopStateEvent('popstate'));
}"""


def go(page: Page, address: str) -> None:
    """Navigates like a link of the console, without a page load."""
    page.evaluate(GO, address)


def watch_policy(page: Page) -> list[str]:
    """Returns a list that collects what the page's Content-Security-Policy refuses."""
    refusals: list[str] = []
    page.on(
        "console",
        lambda message: (
            refusals.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    return refusals
