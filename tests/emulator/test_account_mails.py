"""Cognito's mails on the deployed stack: their sender and text, and the passwords and codes in
them."""

from typing import Any

from local.settings import PASSWORD, SENDER_EMAIL
from tests.support.account_mails import (
    CODE,
    FIRST_PASSWORD,
    grow_older,
    last_code,
    last_password,
    mails,
)
from tests.support.demo_users import ask_cognito, client_id, make_account, new_address, sign_in
from tests.support.stack import Stack

OWNER = "owner@demo.example"


def invited(stack: Stack, email: str) -> str:
    """Invites the address and returns the invitation's id."""
    with stack.api(OWNER) as owner:
        made = owner.post("/v1/invitations", json={"email": email, "role": "VIEWER"})
    return str(made.raise_for_status().json()["id"])


def challenge(stack: Stack, email: str, password: str) -> Any:
    return sign_in(stack, email, password).body.get("ChallengeName")


def test_a_new_account_gets_its_password_from_the_stacks_sender_with_the_consoles_address(
    stack: Stack,
) -> None:
    email = new_address()
    invited(stack, email)
    [mail] = mails(stack, email, FIRST_PASSWORD)
    assert mail["sender"] == SENDER_EMAIL
    assert f'<a href="{stack.url}">' in mail["body"]
    assert f"E-mail address: {email}</p>" in mail["body"]
    assert challenge(stack, email, last_password(stack, email)) == "NEW_PASSWORD_REQUIRED"


def test_an_expired_password_is_replaced_by_sending_the_invitation_again(stack: Stack) -> None:
    email = new_address()
    invitation = invited(stack, email)
    first = last_password(stack, email)
    grow_older(stack, email, days=7)
    late = sign_in(stack, email, first)
    assert late.error == "NotAuthorizedException"
    assert late.body["message"].startswith("Temporary password has expired")
    with stack.api(OWNER) as owner:
        again = owner.post(f"/v1/invitations/{invitation}/resend").raise_for_status().json()
    assert again["mailed"] is True
    second = last_password(stack, email)
    assert second != first
    assert sign_in(stack, email, first).status == 400
    assert challenge(stack, email, second) == "NEW_PASSWORD_REQUIRED"


def test_a_forgotten_password_is_replaced_with_the_code_of_the_mail(stack: Stack) -> None:
    email, ours, chosen = new_address(), client_id(stack), "A-new-password-1"
    make_account(stack, email)
    assert ask_cognito(stack, "ForgotPassword", ClientId=ours, Username=email).status == 200
    [mail] = mails(stack, email, CODE)
    assert mail["sender"] == SENDER_EMAIL
    assert f'<a href="{stack.url}">' in mail["body"]
    changed = ask_cognito(
        stack,
        "ConfirmForgotPassword",
        ClientId=ours,
        Username=email,
        ConfirmationCode=last_code(stack, email),
        Password=chosen,
    )
    assert changed.status == 200, changed
    assert sign_in(stack, email, chosen).status == 200
    assert sign_in(stack, email, PASSWORD).status == 400
