"""Signing in, staying signed in, and being asked again."""

from playwright.sync_api import Page, expect

from tests.console.browser import sign_in
from tests.console.operators import Operator


def test_the_operator_signs_in_and_sees_runs(operator: Operator) -> None:
    page = operator.page
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    operator.sign_in()
    expect(page).to_have_url(f"{operator.api.base_url}/runs")
    expect(page.locator("tr[data-row]").first).to_be_visible()
    expect(page.get_by_text(operator.user.email, exact=True)).to_be_visible()


def test_a_wrong_password_is_told_clearly(operator: Operator) -> None:
    page = operator.page
    page.goto("/runs")
    sign_in(page, operator.user.email, "not the password")
    expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_enabled()


def test_a_reload_keeps_the_session_and_signing_out_ends_it(operator: Operator) -> None:
    page = operator.page
    operator.open("/runs")
    page.reload()
    expect(page.locator("tr[data-row]").first).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_tokens_are_kept_for_the_tab_alone(operator: Operator) -> None:
    operator.open("/runs")
    expect(operator.page.locator("tr[data-row]").first).to_be_visible()
    stored = operator.page.evaluate("JSON.stringify(localStorage) + document.cookie")
    assert "eyJ" not in stored
    assert operator.user.password not in operator.page.evaluate("JSON.stringify(sessionStorage)")


def test_an_expired_session_returns_to_where_it_was(operator: Operator) -> None:
    page = operator.page
    operator.open("/runs?status=FAILED&range=30d")
    expect(page.locator("tr[data-row]").first).to_be_visible()
    _spoil_tokens(page)
    page.reload()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    operator.sign_in()
    expect(page).to_have_url(f"{operator.api.base_url}/runs?status=FAILED&range=30d")
    expect(page.locator("tr[data-row]").first).to_be_visible()


def _spoil_tokens(page: Page) -> None:
    """As if both tokens had outlived their time."""
    page.evaluate(
        """sessionStorage.setItem('runledger.tokens', JSON.stringify(
             {accessToken: 'spoilt', refreshToken: 'spoilt', expiresAt: 0}))"""
    )
