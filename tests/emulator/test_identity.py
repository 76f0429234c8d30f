"""Attacks on identity and membership, tried on the deployed stack: each of them fails."""

import uuid
from typing import Any

import httpx
import pytest
from runledger.models.workspace import Role

from local.settings import PASSWORD
from tests.support.demo_users import (
    Answer,
    api,
    ask_cognito,
    client_id,
    join,
    make_account,
    new_address,
    next_second,
    open_workspace,
    pool_id,
    sign_in,
    tokens,
    totp,
)
from tests.support.stack import Stack

OWNER = "owner@demo.example"


def invite(stack: Stack, email: str, role: str = "MEMBER") -> dict[str, Any]:
    with stack.api(OWNER) as owner:
        answer = owner.post("/v1/invitations", json={"email": email, "role": role})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def member_addresses(stack: Stack) -> set[str]:
    with stack.api(OWNER) as owner:
        return {each["email"] for each in owner.get("/v1/members").json()["items"]}


def me(stack: Stack, token: str) -> dict[str, Any]:
    with api(stack, token) as person:
        answer = person.get("/v1/me")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


# ── Taking over an invitation ────────────────────────────────────────────────────────────────────


def test_a_user_cannot_take_over_an_address_that_will_be_invited(stack: Stack) -> None:
    victim = new_address("victim")
    mallory = tokens(stack, "viewer@other.example")["AccessToken"]
    for attribute, value in (
        ("email", victim),
        ("email_verified", "true"),
        ("phone_number", "+491701234567"),
        ("preferred_username", victim),
        ("sub", str(uuid.uuid4())),
    ):
        tried = ask_cognito(
            stack,
            "UpdateUserAttributes",
            AccessToken=mallory,
            UserAttributes=[{"Name": attribute, "Value": value}],
        )
        assert (tried.status, tried.error) == (400, "NotAuthorizedException"), attribute
    # Beside an attribute that she may write, too.
    both = [{"Name": "name", "Value": "Victim"}, {"Name": "email", "Value": victim}]
    tried = ask_cognito(stack, "UpdateUserAttributes", AccessToken=mallory, UserAttributes=both)
    assert tried.status == 400
    # Our own API has no way to change it either.
    with api(stack, mallory) as person:
        for method in ("PUT", "POST", "DELETE"):
            assert person.request(method, "/v1/me", json={"email": victim}).status_code == 405

    invitation = invite(stack, victim, "OWNER")
    told = me(stack, mallory)
    assert (told["email"], told["invitations"]) == ("viewer@other.example", [])
    path = f"/v1/invitations/{invitation['id']}"
    with api(stack, mallory) as person:
        assert person.post(f"{path}/accept").status_code == 404
        assert person.post(f"{path}/decline").status_code == 404
        assert person.delete(path).status_code == 403
        named = person.get("/v1/runs", headers={"X-Workspace-Id": "ws_demo"})
        assert named.status_code == 404
    assert victim not in member_addresses(stack)
    with stack.api(OWNER) as owner:
        assert owner.delete(path).status_code == 204


def test_strangers_cannot_create_an_account_or_password_for_an_invited_address(
    stack: Stack,
) -> None:
    victim = new_address("victim")
    invitation = invite(stack, victim)
    ours = client_id(stack)
    attempts: dict[str, Answer] = {
        "sign up": ask_cognito(
            stack,
            "SignUp",
            ClientId=ours,
            Username=new_address(),
            Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": victim}],
        ),
        "first password without the mailed one": ask_cognito(
            stack,
            "RespondToAuthChallenge",
            ClientId=ours,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session="none",
            ChallengeResponses={"USERNAME": victim, "NEW_PASSWORD": PASSWORD},
        ),
        "a second factor that was never set up": ask_cognito(
            stack,
            "RespondToAuthChallenge",
            ClientId=ours,
            ChallengeName="MFA_SETUP",
            Session="none",
            ChallengeResponses={"USERNAME": victim},
        ),
        "a reset before the first sign-in": ask_cognito(
            stack, "ForgotPassword", ClientId=ours, Username=victim
        ),
        "a reset that nobody asked for": ask_cognito(
            stack,
            "ConfirmForgotPassword",
            ClientId=ours,
            Username=victim,
            ConfirmationCode="654321",
            Password=PASSWORD,
        ),
    }
    assert {what: each.status for what, each in attempts.items()} == dict.fromkeys(attempts, 400)
    assert sign_in(stack, victim).status == 400
    assert victim not in member_addresses(stack)
    with stack.api(OWNER) as owner:
        assert owner.delete(f"/v1/invitations/{invitation['id']}").status_code == 204


def test_resetting_a_password_needs_the_mailed_code(stack: Stack) -> None:
    email = new_address()
    make_account(stack, email)
    ours = client_id(stack)
    assert ask_cognito(stack, "ForgotPassword", ClientId=ours, Username=email).status == 200
    for code in ("123456", "654321", "000000"):
        tried = ask_cognito(
            stack,
            "ConfirmForgotPassword",
            ClientId=ours,
            Username=email,
            ConfirmationCode=code,
            Password="Another-password-1",
        )
        assert tried.error == "CodeMismatchException"
    assert sign_in(stack, email).status == 200


@pytest.mark.parametrize(
    "action", ["AdminUpdateUserAttributes", "AdminSetUserPassword", "AdminGetUser", "ListUsers"]
)
def test_administrative_calls_are_closed_to_the_console(stack: Stack, action: str) -> None:
    tried = ask_cognito(
        stack,
        action,
        UserPoolId=pool_id(stack),
        Username=OWNER,
        Password="Taken-over-by-me-1",
        Permanent=True,
        UserAttributes=[{"Name": "email", "Value": new_address()}],
    )
    assert tried.status in (400, 403), tried
    assert sign_in(stack, OWNER).status == 200


def test_an_existing_user_joins_by_accepting(stack: Stack) -> None:
    """An existing user is invited with a mail of our own, because Cognito writes only to new
    users."""
    email = new_address()
    user_id = make_account(stack, email)
    token = tokens(stack, email)["AccessToken"]
    assert me(stack, token)["workspaces"] == []
    with api(stack, token) as person:
        assert person.get("/v1/runs").status_code == 403
        invitation = invite(stack, email, "VIEWER")
        assert invitation["mailed"] is True
        sent = httpx.get(f"{stack.aws_endpoint}/_local/messages", params={"to": email}).json()
        [mail] = [each for each in sent["items"] if "Demo" in each["body"]]
        assert stack.url in mail["body"] and OWNER in mail["body"]
        assert user_id not in {each["userId"] for each in _members(stack)}

        [seen] = me(stack, token)["invitations"]
        assert (seen["id"], seen["workspaceName"]) == (invitation["id"], "Demo")
        path = f"/v1/invitations/{seen['id']}/accept"
        joined = person.post(path)
        assert (joined.status_code, joined.json()["role"]) == (200, "VIEWER")
        assert person.post(path).json() == joined.json()
        assert person.get("/v1/runs").status_code == 200
        with stack.api(OWNER) as owner:
            assert owner.delete(f"/v1/members/{user_id}").status_code == 204
        assert person.get("/v1/runs").status_code == 403
        assert person.post(path).status_code == 404


def _members(stack: Stack) -> list[dict[str, Any]]:
    with stack.api(OWNER) as owner:
        items: list[dict[str, Any]] = owner.get("/v1/members").json()["items"]
        return items


def test_the_owner_resends_and_withdraws_an_invitation(stack: Stack) -> None:
    email = new_address()
    make_account(stack, email)
    invitation = invite(stack, email)
    path = f"/v1/invitations/{invitation['id']}"
    with stack.api(OWNER) as owner, stack.api("admin@demo.example") as admin:
        listed = owner.get("/v1/invitations").json()["items"]
        assert invitation["id"] in [each["id"] for each in listed]
        again = owner.post(f"{path}/resend")
        assert (again.status_code, again.json()["mailed"]) == (200, True)
        sent = httpx.get(f"{stack.aws_endpoint}/_local/messages", params={"to": email}).json()
        assert len(sent["items"]) == 2
        assert admin.get("/v1/invitations").status_code == 403
        assert admin.delete(path).status_code == 403
        assert owner.delete(path).status_code == 204
    with api(stack, tokens(stack, email)["AccessToken"]) as person:
        assert person.post(f"{path}/accept").status_code == 404


def test_a_user_of_two_workspaces_must_name_one_for_a_change(stack: Stack) -> None:
    email = new_address()
    first = open_workspace(stack, "First", email)
    second = open_workspace(stack, "Second", email)
    token = tokens(stack, email)["AccessToken"]
    with api(stack, token) as person:
        assert person.get("/v1/settings").json()["name"] == "First"
        refused = person.post("/v1/contacts", json={"firstName": "Ada"})
        assert (refused.status_code, refused.json()["field"]) == (400, "X-Workspace-Id")
    for workspace, made in ((second, 1), (first, 0)):
        with api(stack, token, workspace.id) as person:
            if made:
                assert person.post("/v1/contacts", json={"firstName": "Ada"}).status_code == 201
            assert len(person.get("/v1/contacts").json()["items"]) == made


# ── Tokens and sessions ──────────────────────────────────────────────────────────────────────────


def test_only_access_tokens_of_our_client_open_the_api(stack: Stack) -> None:
    granted = tokens(stack, OWNER)
    for kind, wanted in (("AccessToken", 200), ("IdToken", 401), ("RefreshToken", 401)):
        with api(stack, granted[kind]) as person:
            assert person.get("/v1/me").status_code == wanted, kind
            assert person.get("/v1/runs").status_code == wanted, kind
            changed = person.put("/v1/members/nobody", json={"role": "VIEWER"})
            assert changed.status_code == (404 if wanted == 200 else 401), kind
            left = person.post("/v1/invitations/inv_x/accept").status_code
            assert left == (404 if wanted == 200 else 401), kind


def test_a_token_of_another_pool_is_refused(stack: Stack) -> None:
    cognito = stack.aws("cognito-idp")
    pool = cognito.create_user_pool(PoolName="strangers", UsernameAttributes=["email"])["UserPool"]
    try:
        client = cognito.create_user_pool_client(
            UserPoolId=pool["Id"],
            ClientName="stranger",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        )["UserPoolClient"]
        cognito.admin_create_user(UserPoolId=pool["Id"], Username=OWNER, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(
            UserPoolId=pool["Id"], Username=OWNER, Password=PASSWORD, Permanent=True
        )
        granted = cognito.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=client["ClientId"],
            AuthParameters={"USERNAME": OWNER, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        for kind in ("AccessToken", "IdToken"):
            with api(stack, granted[kind]) as person:
                assert person.get("/v1/me").status_code == 401
    finally:
        cognito.delete_user_pool(UserPoolId=pool["Id"])


def renew(stack: Stack, refresh_token: str) -> Answer:
    return ask_cognito(
        stack,
        "InitiateAuth",
        ClientId=client_id(stack),
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": refresh_token},
    )


def test_signing_out_everywhere_ends_every_session_at_once(stack: Stack) -> None:
    email = new_address()
    open_workspace(stack, "Mine", email)
    here, there = tokens(stack, email), tokens(stack, email)
    next_second()
    # Renewed later, and still as old as its sign-in.
    renewed = renew(stack, there["RefreshToken"]).body["AuthenticationResult"]["AccessToken"]
    for token in (here["AccessToken"], there["AccessToken"], renewed):
        with api(stack, token) as person:
            assert person.get("/v1/runs").status_code == 200
    with api(stack, here["AccessToken"]) as person:
        assert person.post("/v1/me/sign-out-everywhere").status_code == 204
    for token in (here["AccessToken"], there["AccessToken"], renewed):
        with api(stack, token) as person:
            for path in ("/v1/runs", "/v1/me"):
                assert person.get(path).status_code == 401
            assert person.post("/v1/contacts", json={"firstName": "Eve"}).status_code == 401
    for granted in (here, there):
        assert renew(stack, granted["RefreshToken"]).error == "NotAuthorizedException"
    next_second()
    with api(stack, tokens(stack, email)["AccessToken"]) as person:
        assert person.get("/v1/runs").status_code == 200


# ── The second factor ────────────────────────────────────────────────────────────────────────────


def switch_on(stack: Stack, token: str) -> str:
    """Switches a second factor on as the console does; returns the secret for an
    authenticator app."""
    secret = str(ask_cognito(stack, "AssociateSoftwareToken", AccessToken=token).body["SecretCode"])
    verified = ask_cognito(stack, "VerifySoftwareToken", AccessToken=token, UserCode=totp(secret))
    assert verified.body["Status"] == "SUCCESS", verified
    # Verified is not switched on.
    assert me(stack, token)["mfa"] is False
    preferred = ask_cognito(
        stack,
        "SetUserMFAPreference",
        AccessToken=token,
        SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
    )
    assert preferred.status == 200, preferred
    return secret


def answer_code(stack: Stack, email: str, session: str, code: str) -> Answer:
    return ask_cognito(
        stack,
        "RespondToAuthChallenge",
        ClientId=client_id(stack),
        ChallengeName="SOFTWARE_TOKEN_MFA",
        Session=session,
        ChallengeResponses={"USERNAME": email, "SOFTWARE_TOKEN_MFA_CODE": code},
    )


def test_a_workspace_requires_a_second_factor(stack: Stack) -> None:
    owner_email, viewer_email = new_address("owner"), new_address("viewer")
    workspace = open_workspace(stack, "Careful", owner_email)
    join(stack, workspace, viewer_email, Role.VIEWER)
    owner_token = tokens(stack, owner_email)["AccessToken"]
    viewer_token = tokens(stack, viewer_email)["AccessToken"]
    with api(stack, owner_token) as owner, api(stack, viewer_token) as viewer:
        settings = {**owner.get("/v1/settings").json(), "requireMfa": True}
        # An owner cannot lock themselves out.
        assert owner.put("/v1/settings", json=settings).status_code == 409
        unverified = ask_cognito(
            stack,
            "SetUserMFAPreference",
            AccessToken=owner_token,
            SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
        )
        assert unverified.error == "InvalidParameterException"
        switch_on(stack, owner_token)
        assert owner.put("/v1/settings", json=settings).status_code == 200
        assert owner.get("/v1/runs").status_code == 200
        refused = viewer.get("/v1/runs")
        assert (refused.status_code, refused.json()["code"]) == (403, "MFA_REQUIRED")
        secret = switch_on(stack, viewer_token)
        assert viewer.get("/v1/runs").status_code == 200

    # From now on the password alone is not enough, and neither is the code alone.
    asked = sign_in(stack, viewer_email)
    assert asked.body["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert "AuthenticationResult" not in asked.body
    code, session = totp(secret), asked.body["Session"]
    assert answer_code(stack, viewer_email, "none", code).error == "NotAuthorizedException"
    assert answer_code(stack, owner_email, session, code).error == "NotAuthorizedException"
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert answer_code(stack, viewer_email, session, wrong).error == "CodeMismatchException"
    granted = answer_code(stack, viewer_email, session, totp(secret))
    assert granted.status == 200, granted
    # The session was good for one sign-in.
    assert answer_code(stack, viewer_email, session, totp(secret)).status == 400
    with api(stack, granted.body["AuthenticationResult"]["AccessToken"]) as viewer:
        assert viewer.get("/v1/runs").status_code == 200
