"""Signing in, staying signed in, and being asked again."""

from uuid import uuid4

import httpx
from playwright.sync_api import Page, expect

from tests.console.browser import sign_in
from tests.console.operators import Operator, user_of
from tests.support.stack import Stack


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


def test_whoever_is_invited_chooses_a_password_of_their_own(page: Page, stack: Stack) -> None:
    email = f"{uuid4().hex}@demo.example"
    owner = user_of(stack, 0, "OWNER")
    page.goto("/settings?tab=members")
    sign_in(page, owner.email, owner.password)
    form = page.get_by_role("form", name="Add a member")
    form.get_by_label("E-mail address").fill(email)
    form.get_by_label("Role").select_option("MEMBER")
    form.get_by_role("button", name="Add the member").click()
    expect(page.get_by_role("button", name=f"Remove {email}")).to_be_visible()
    sent = _make_password_temporary(stack, email)
    page.get_by_role("button", name="Sign out").click()

    page.goto("/runs?range=30d")
    sign_in(page, email, sent)
    expect(page.get_by_role("heading", name="Choose your password")).to_be_visible()
    _choose_password(page, "too-short-1")
    expect(page.get_by_role("alert")).to_contain_text("it needs 12 characters, with capitals")
    _choose_password(page, f"Mine-{sent}")
    # Where they wanted to go.
    expect(page.locator("tr[data-row]").first).to_be_visible()
    expect(page).to_have_url(f"{stack.url}/runs?range=30d")
    expect(page.get_by_text(email, exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    sign_in(page, email, sent)
    expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    sign_in(page, email, f"Mine-{sent}")
    expect(page.get_by_text(email, exact=True)).to_be_visible()


def _make_password_temporary(stack: Stack, email: str) -> str:
    """In place of the password in the mail that Cognito itself sends to whoever is invited."""
    cognito = stack.aws("cognito-idp")
    client_id = httpx.get(f"{stack.url}/config.json").raise_for_status().json()["userPoolClientId"]
    password = f"{uuid4()}-Aa1"
    for pool in cognito.list_user_pools(MaxResults=10)["UserPools"]:
        clients = cognito.list_user_pool_clients(UserPoolId=pool["Id"])["UserPoolClients"]
        if client_id in [client["ClientId"] for client in clients]:
            user = cognito.admin_get_user(UserPoolId=pool["Id"], Username=email)
            assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
            cognito.admin_set_user_password(
                UserPoolId=pool["Id"], Username=email, Password=password, Permanent=False
            )
    return password


def _choose_password(page: Page, password: str) -> None:
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("The same again").fill(password)
    page.get_by_role("button", name="Set the password and sign in").click()


def _spoil_tokens(page: Page) -> None:
    """As if both tokens had outlived their time."""
    page.evaluate(
        """sessionStorage.setItem('runledger.tokens', JSON.stringify(
             {accessToken: 'spoilt', refreshToken: 'spoilt', expiresAt: 0}))"""
    )
