"""Signing in, staying signed in, and signing in again."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect
from runledger.models.workspace import Role

from local.settings import PASSWORD
from tests.console.browser import new_context, sign_in
from tests.console.operators import Operator, user_of
from tests.support.account_mails import (
    CODE,
    last_code,
    last_password,
    let_invitation_expire,
    mails,
)
from tests.support.demo_users import join, new_address, open_workspace, totp
from tests.support.stack import Stack


@pytest.fixture
def operator(stack: Stack, page: Page) -> Iterator[Operator]:
    """A user who has not signed in yet."""
    user = user_of(stack, 0, "MEMBER")
    with stack.api(user.email) as api:
        yield Operator(user, page, api)


def test_the_operator_signs_in_and_sees_runs(operator: Operator) -> None:
    page = operator.page
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    operator.sign_in()
    expect(page).to_have_url(f"{operator.api.base_url}/")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.get_by_role("link", name="Run history", exact=True).click()
    expect(page.locator("tr[data-row]").first).to_be_visible()
    expect(page.get_by_text(operator.user.email, exact=True)).to_be_visible()


def test_a_wrong_password_is_reported(operator: Operator) -> None:
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


def test_tokens_are_kept_only_in_the_tab(operator: Operator) -> None:
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


def test_an_invited_person_chooses_their_own_password(page: Page, stack: Stack) -> None:
    email = f"{uuid4().hex}@demo.example"
    _invite(page, stack, email)
    sent = last_password(stack, email)
    page.get_by_role("button", name="Sign out").click()

    page.goto("/runs?range=30d")
    sign_in(page, email, sent)
    expect(page.get_by_role("heading", name="Choose your password")).to_be_visible()
    _choose_password(page, "too-short-1")
    expect(page.get_by_role("alert")).to_contain_text("it needs 12 characters, with uppercase")
    _choose_password(page, f"Mine-{sent}")
    # They are not in a workspace before they accept.
    expect(page.get_by_role("heading", name="You are not in a workspace yet")).to_be_visible()
    page.get_by_role("button", name="Accept the invitation to Demo").click()
    expect(page.locator("tr[data-row]").first).to_be_visible()
    expect(page.get_by_text(email, exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    sign_in(page, email, sent)
    expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    sign_in(page, email, f"Mine-{sent}")
    expect(page.get_by_text(email, exact=True)).to_be_visible()


def test_an_expired_invitation_is_sent_again(page: Page, browser: Browser, stack: Stack) -> None:
    email = f"{uuid4().hex}@demo.example"
    _invite(page, stack, email)
    first = last_password(stack, email)
    let_invitation_expire(stack, email)

    elsewhere = new_context(browser, stack.url)
    invited = elsewhere.new_page()
    invited.goto("/runs?range=30d")
    sign_in(invited, email, first)
    expect(invited.get_by_role("alert")).to_contain_text(
        "The password from your invitation has expired."
    )
    # Nor can it be reset: they have no password of their own yet.
    _ask_for_code(invited, email)
    expect(invited.get_by_role("alert")).to_contain_text("You have not chosen a password yet.")

    page.reload()
    invitations = page.get_by_role("list", name="Invitations", exact=True)
    entry = invitations.get_by_role("listitem").filter(has_text=email)
    expect(entry).to_contain_text("Expired")
    page.get_by_role("button", name=f"Resend the invitation to {email}").click()
    expect(page.get_by_text(f"Invitation sent to {email}")).to_be_visible()
    expect(entry).to_contain_text("Expires")

    invited.get_by_role("button", name="Back to signing in").click()
    sent = last_password(stack, email)
    sign_in(invited, email, sent)
    _choose_password(invited, f"Mine-{sent}")
    invited.get_by_role("button", name="Accept the invitation to Demo").click()
    expect(invited.locator("tr[data-row]").first).to_be_visible()
    elsewhere.close()


def test_a_forgotten_password_is_replaced_with_the_mailed_code(page: Page, stack: Stack) -> None:
    email, chosen = new_address(), "Not-forgotten-1"
    open_workspace(stack, "Forgetful", email)
    page.goto("/account")
    sign_in(page, email, "what was it again")
    expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    _ask_for_code(page, email)
    expect(page.get_by_text(f"If {email} has an account, a code is on its way.")).to_be_visible()
    right = last_code(stack, email)
    code = page.get_by_label("Code from the e-mail")
    code.fill(_wrong(right))
    _choose_password(page, chosen)
    expect(page.get_by_role("alert")).to_contain_text("The code is wrong.")
    code.fill(right)
    _choose_password(page, "too-short-1")
    expect(page.get_by_role("alert")).to_contain_text("it needs 12 characters, with uppercase")
    _choose_password(page, chosen)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()

    sign_in(page, email, PASSWORD)
    expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    sign_in(page, email, chosen)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()

    # A stranger's address gets the same answer, and no mail.
    nobody = new_address("nobody")
    _ask_for_code(page, nobody)
    expect(page.get_by_text(f"If {nobody} has an account, a code is on its way.")).to_be_visible()
    assert mails(stack, nobody, CODE) == []


def test_an_invitation_reaches_a_user_with_an_account_and_a_workspace(
    page: Page, stack: Stack
) -> None:
    email = new_address()
    open_workspace(stack, "Their own", email)
    with stack.api(user_of(stack, 0, "OWNER").email) as owner:
        invited = {"email": email, "role": "VIEWER"}
        owner.post("/v1/invitations", json=invited).raise_for_status()
    page.goto("/automations")
    sign_in(page, email, PASSWORD)
    page.get_by_role("link", name="See your invitations").click()
    page.get_by_role("button", name="Accept the invitation to Demo").click()
    workspaces = page.get_by_role("combobox", name="Workspace", exact=True)
    expect(workspaces).to_have_value("ws_demo")
    # A change goes to the other workspace after switching back: every call names its workspace.
    workspaces.select_option(label="Their own")
    page.get_by_role("link", name="Contacts").click()
    page.get_by_role("link", name="New contact").first.click()
    page.get_by_label("First name").fill("Ada")
    page.get_by_role("button", name="Create contact").click()
    expect(page.get_by_role("heading", name="Ada", exact=True)).to_be_visible()


def test_a_second_factor_is_switched_on_and_required(page: Page, stack: Stack) -> None:
    email = new_address()
    workspace = open_workspace(stack, "Careful", email)
    page.goto("/runs")
    sign_in(page, email, PASSWORD)
    page.get_by_role("link", name=email).click()
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    secret = page.locator("main code").inner_text().replace(" ", "")
    code = page.get_by_label("Code from the app")
    code.fill(_wrong(totp(secret)))
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("alert")).to_contain_text("The code is wrong.")
    code.fill(totp(secret))
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("button", name="Switch off")).to_be_visible()

    page.goto("/settings?tab=workspace")
    page.get_by_label("Require a second factor").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    sign_in(page, email, PASSWORD)
    code = page.get_by_label("Code from your authenticator app")
    code.fill(_wrong(totp(secret)))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("The code is wrong.")
    code.fill(totp(secret))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Careful", exact=True)).to_be_visible()

    # A user without a second factor sees what to do, and nothing of the workspace.
    other = new_address("other")
    join(stack, workspace, other, Role.VIEWER)
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, other, PASSWORD)
    expect(page.get_by_role("heading", name="Careful requires a second factor")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Your account").click()
    expect(page.get_by_role("button", name="Set up")).to_be_visible()


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.mark.deep
def test_signing_out_everywhere_ends_the_sessions_of_other_browsers(
    page: Page, browser: Browser, stack: Stack
) -> None:
    email = new_address()
    open_workspace(stack, "Mine", email)
    elsewhere = new_context(browser, stack.url)
    other = elsewhere.new_page()
    for each in (page, other):
        each.goto("/account")
        sign_in(each, email, PASSWORD)
        expect(each.get_by_role("heading", name="Your account")).to_be_visible()
    page.get_by_role("button", name="Sign out everywhere").click()
    page.get_by_role("button", name="End all sessions").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    other.reload()
    expect(other.get_by_text("Your session has ended")).to_be_visible()
    elsewhere.close()


def _invite(page: Page, stack: Stack, email: str) -> None:
    """Signs in as an owner and invites the address."""
    owner = user_of(stack, 0, "OWNER")
    page.goto("/settings?tab=members")
    sign_in(page, owner.email, owner.password)
    form = page.get_by_role("form", name="Invite a member")
    form.get_by_label("E-mail address").fill(email)
    form.get_by_label("Role").select_option("MEMBER")
    form.get_by_role("button", name="Send invitation").click()
    invitations = page.get_by_role("list", name="Invitations", exact=True)
    expect(invitations.get_by_text(email)).to_be_visible()


def _ask_for_code(page: Page, email: str) -> None:
    """Asks for a new password at the sign-in form."""
    page.get_by_role("button", name="Forgot password?").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Send a code").click()


def _choose_password(page: Page, password: str) -> None:
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("Repeat the password").fill(password)
    page.get_by_role("button", name="Set the password and sign in").click()


def _spoil_tokens(page: Page) -> None:
    """Replaces both tokens with expired ones."""
    page.evaluate(
        """sessionStorage.setItem('runledger.tokens', JSON.stringify(
             {accessToken: 'spoilt', refreshToken: 'spoilt', expiresAt: 0}))"""
    )
