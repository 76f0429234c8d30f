"""Which tokens are accepted, for how long, and who must use a second factor."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.cognitoidp.models import cognitoidp_backends
from moto.core import DEFAULT_ACCOUNT_ID
from runledger.clock import SECOND
from runledger.errors import MfaRequiredError, TransientError, UnauthorizedError
from runledger.models.workspace import Membership, Role
from runledger.services.workspaces.accounts import MFA_CACHED_SECONDS, Account, Accounts
from runledger.services.workspaces.identity import Identity
from runledger.services.workspaces.me import end_sessions
from runledger.services.workspaces.workspaces import create_workspace

from tests.functional.test_api_handlers import an_account, call, claims_of, deployed, pool
from tests.support.engine import Engine, client_of
from tests.support.environment import REGION

__all__ = ["deployed", "pool"]

NOW = 1_800_000_000
PERSONAL = [
    ("GET", "/v1/me"),
    ("GET", "/v1/runs"),
    ("GET", "/v1/members"),
    ("POST", "/v1/templates"),
    ("POST", "/v1/invitations/inv_x/accept"),
    ("POST", "/v1/me/sign-out-everywhere"),
]


# ── Tokens ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "wrong",
    [
        {"token_use": "id"},
        {"token_use": "refresh"},
        {"token_use": ""},
        {"client_id": "another client of the pool"},
        {"client_id": ""},
        {"aud": "the console's client of this test", "client_id": ""},
        {"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_another"},
        {"iss": ""},
        {"sub": ""},
        {"auth_time": "yesterday"},
        {"auth_time": ""},
    ],
    ids=str,
)
def test_only_access_tokens_of_our_client_are_accepted(
    deployed: Engine, pool: str, wrong: dict[str, str]
) -> None:
    claims = {**claims_of("user-owner"), **wrong}
    for method, path in PERSONAL:
        assert call(method, path, claims=claims)["status"] == 401, (method, path)


@pytest.mark.parametrize("missing", ["sub", "token_use", "client_id", "iss", "auth_time"])
def test_a_token_without_a_required_claim_is_refused(deployed: Engine, missing: str) -> None:
    claims = claims_of("user-owner")
    del claims[missing]
    assert call("GET", "/v1/runs", claims=claims)["status"] == 401


def test_an_id_token_is_refused(deployed: Engine) -> None:
    """The token is as Cognito makes it, with an audience and with the owner's address."""
    access = claims_of("user-owner")
    claims = {
        **{name: access[name] for name in ("sub", "iss", "auth_time")},
        "aud": access["client_id"],
        "token_use": "id",
        "email": "owner@example.com",
        "email_verified": "true",
    }
    assert call("GET", "/v1/runs", claims=claims)["status"] == 401


# ── Signing out everywhere ───────────────────────────────────────────────────────────────────────


@pytest.fixture
def clock(pool: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The time of the API's clock, in milliseconds."""
    shown = [NOW * SECOND]
    monkeypatch.setattr("runledger.clock.now_ms", lambda: shown[0])
    yield shown


def asked_by(signed_in_at: int, user: str = "user-owner", path: str = "/v1/me") -> int:
    return int(call("GET", path, claims=claims_of(user, signed_in_at))["status"])


def sign_out(signed_in_at: int, user: str = "user-owner") -> int:
    claims = claims_of(user, signed_in_at)
    return int(call("POST", "/v1/me/sign-out-everywhere", claims=claims)["status"])


def test_signing_out_everywhere_applies_at_once(clock: list[int]) -> None:
    assert asked_by(NOW - 100) == asked_by(NOW - 50) == 200
    assert sign_out(NOW - 100) == 204
    # Every earlier session of this user on every route, but not those of others.
    for path in ("/v1/me", "/v1/runs", "/v1/members"):
        assert asked_by(NOW - 100, path=path) == asked_by(NOW - 50, path=path) == 401
    assert asked_by(NOW - 100, "user-admin") == 200
    assert asked_by(NOW + 1) == 200


def test_a_token_renewed_after_signing_out_is_refused(clock: list[int]) -> None:
    assert sign_out(NOW - 100) == 204
    renewed = {**claims_of("user-owner", NOW - 100), "iat": str(NOW + 600)}
    assert call("GET", "/v1/me", claims=renewed)["status"] == 401


@pytest.mark.parametrize("millisecond", [0, 1, 999])
def test_a_sign_in_in_the_second_of_signing_out_is_refused(
    clock: list[int], millisecond: int
) -> None:
    clock[0] = NOW * SECOND + millisecond
    assert sign_out(NOW - 100) == 204
    assert asked_by(NOW - 1) == asked_by(NOW) == 401
    assert asked_by(NOW + 1) == 200


def test_a_late_clock_does_not_undo_signing_out(clock: list[int], deployed: Engine) -> None:
    assert sign_out(NOW - 100) == 204
    deployed.stores.workspaces.sign_out("user-owner", (NOW - 50) * SECOND)
    assert asked_by(NOW - 40) == 401
    assert deployed.stores.workspaces.user("user-owner").signed_out_at == NOW * SECOND


def test_a_user_without_a_workspace_can_sign_out_everywhere(clock: list[int], pool: str) -> None:
    an_account(pool, "user-bob", "bob@example.com")
    assert asked_by(NOW - 1, "user-bob") == 200
    assert sign_out(NOW - 1, "user-bob") == 204
    assert asked_by(NOW - 1, "user-bob") == 401


def test_a_deleted_account_is_refused(pool: str) -> None:
    cognito = client_of("cognito-idp")
    cognito.admin_delete_user(UserPoolId=pool, Username="user-viewer")
    assert asked_by(NOW, "user-viewer") == 401


def test_signing_out_is_recorded_even_if_cognito_fails(engine: Engine) -> None:
    """The record is written first, so renewed tokens are refused in any case."""

    class Broken:
        def sign_out(self, user_id: str) -> None:
            raise TransientError("Cognito is away")

    accounts: Any = Broken()
    with pytest.raises(TransientError):
        end_sessions(engine.stores.workspaces, accounts, lambda: NOW, "user-1")
    assert engine.stores.workspaces.user("user-1").signed_out_at == NOW


# ── Naming the workspace ─────────────────────────────────────────────────────────────────────────


@pytest.fixture
def two(deployed: Engine, pool: str) -> Engine:
    """An engine whose owner is also a member of a second workspace."""
    workspaces = deployed.stores.workspaces
    create_workspace(workspaces, deployed.clock, workspace_id="ws_two", name="Two")
    workspaces.put_member(
        Membership(
            user_id="user-owner",
            email="owner@example.com",
            workspace_id="ws_two",
            role=Role.ADMIN,
            created_at=deployed.clock() + 1,
        )
    )
    return deployed


def test_a_user_of_several_workspaces_must_name_one_for_a_change(two: Engine) -> None:
    secret = ("PUT", "/v1/secrets/KEY", {"value": "a secret"})
    refused = call(*secret)
    assert (refused["status"], refused["body"]["field"]) == (400, "X-Workspace-Id")
    assert "X-Workspace-Id" in refused["body"]["detail"]
    for method, path in (("POST", "/v1/contacts"), ("DELETE", "/v1/members/user-viewer")):
        assert call(method, path, {})["status"] == 400
    # What is wrong in the body is not looked at before.
    assert call("POST", "/v1/templates", {"no": "such"})["status"] == 400
    assert call(*secret, headers={"x-workspace-id": "ws_two"})["status"] == 200
    names = two.stores.secrets.names
    assert [each.name for each in names("ws_two")] == ["KEY"]
    assert names("ws_demo") == []


def test_reading_defaults_to_the_first_workspace(two: Engine) -> None:
    assert call("GET", "/v1/me")["body"]["workspaceId"] == "ws_demo"
    assert call("GET", "/v1/settings")["body"]["name"] == "Demo"
    named = call("GET", "/v1/me", headers={"x-workspace-id": "ws_two"})["body"]
    assert (named["workspaceId"], named["role"]) == ("ws_two", "ADMIN")
    assert len(named["workspaces"]) == 2


def test_a_user_of_one_workspace_need_not_name_it(deployed: Engine) -> None:
    assert call("PUT", "/v1/secrets/KEY", {"value": "a secret"})["status"] == 200


def test_personal_routes_need_no_workspace(two: Engine) -> None:
    assert call("POST", "/v1/invitations/inv_x/accept")["status"] == 404
    assert call("POST", "/v1/me/sign-out-everywhere")["status"] == 204


# ── The second factor ────────────────────────────────────────────────────────────────────────────


def switch_on(pool: str, user: str, *, on: bool = True) -> None:
    """Switches a user's second factor on or off in Cognito, as if the user had verified a code."""
    account = cognitoidp_backends[DEFAULT_ACCOUNT_ID][REGION].user_pools[pool].users[user]
    account.token_verified = True
    client_of("cognito-idp").admin_set_user_mfa_preference(
        UserPoolId=pool,
        Username=user,
        SoftwareTokenMfaSettings={"Enabled": on, "PreferredMfa": on},
    )


SETTINGS = {"name": "Demo", "retentionDays": 90}


def test_a_workspace_that_requires_a_second_factor_admits_only_users_with_one(
    deployed: Engine, pool: str
) -> None:
    switch_on(pool, "user-owner")
    asked = call("PUT", "/v1/settings", {**SETTINGS, "requireMfa": True})
    assert (asked["status"], asked["body"]["requireMfa"]) == (200, True)
    assert call("GET", "/v1/runs")["status"] == 200
    for method, path in (("GET", "/v1/runs"), ("POST", "/v1/templates")):
        refused = call(method, path, role="admin")
        assert (refused["status"], refused["body"]["code"]) == (403, "MFA_REQUIRED")
        assert "set one up" in refused["body"]["detail"]
    # They see why, and switch it on: then they are in at once.
    me = call("GET", "/v1/me", role="admin")["body"]
    assert (me["mfa"], me["workspaces"][0]["requireMfa"]) == (False, True)
    switch_on(pool, "user-admin")
    assert call("GET", "/v1/runs", role="admin")["status"] == 200
    assert call("GET", "/v1/me", role="admin")["body"]["mfa"] is True


def test_an_owner_without_a_second_factor_cannot_require_it(deployed: Engine, pool: str) -> None:
    refused = call("PUT", "/v1/settings", {**SETTINGS, "name": "New", "requireMfa": True})
    assert (refused["status"], refused["body"]["state"]) == (409, "NO_MFA")
    assert call("GET", "/v1/settings")["body"] == {**SETTINGS, "requireMfa": False}
    assert call("PUT", "/v1/settings", {**SETTINGS, "requireMfa": False})["status"] == 200


def test_settings_without_the_field_keep_the_required_second_factor(
    deployed: Engine, pool: str
) -> None:
    switch_on(pool, "user-owner")
    call("PUT", "/v1/settings", {**SETTINGS, "requireMfa": True})
    renamed = call("PUT", "/v1/settings", {**SETTINGS, "name": "New"})
    assert renamed["body"] == {"name": "New", "retentionDays": 90, "requireMfa": True}
    off = call("PUT", "/v1/settings", {**SETTINGS, "requireMfa": False})
    assert off["body"]["requireMfa"] is False
    assert call("GET", "/v1/runs", role="viewer")["status"] == 200


class OneAccount:
    """One account in Cognito; counts how often it is read."""

    def __init__(self, *, has_mfa: bool) -> None:
        self.has_mfa = has_mfa
        self.asked = 0
        self.error: Exception | None = None

    def admin_get_user(self, **_: Any) -> dict[str, Any]:
        self.asked += 1
        if self.error:
            raise self.error
        return {
            "UserAttributes": [{"Name": "sub", "Value": "u"}],
            "UserMFASettingList": ["SOFTWARE_TOKEN_MFA"] if self.has_mfa else [],
        }


def test_a_second_factor_is_cached_for_five_minutes() -> None:
    age = [0.0]
    cognito: Any = OneAccount(has_mfa=True)
    accounts = Accounts(cognito, "pool", lambda: age[0])
    assert MFA_CACHED_SECONDS == 300
    assert accounts.has_mfa("u") and accounts.has_mfa("u")
    assert cognito.asked == 1
    cognito.has_mfa = False
    age[0] = 299.9
    assert accounts.has_mfa("u")
    age[0] = 300
    assert not accounts.has_mfa("u")
    # That there is none is never kept.
    cognito.has_mfa = True
    assert accounts.has_mfa("u")
    assert cognito.asked == 3


def test_the_second_factor_cannot_be_bypassed_while_cognito_fails(engine: Engine) -> None:
    cognito: Any = OneAccount(has_mfa=True)
    throttled: Any = {"Error": {"Code": "TooManyRequestsException", "Message": "slow down"}}
    cognito.error = ClientError(throttled, "AdminGetUser")
    accounts = Accounts(cognito, "pool")
    workspaces = engine.stores.workspaces
    workspaces.set("ws_demo", "Demo", 90, require_mfa=True)
    member = Membership(
        user_id="u", email="u@example.com", workspace_id="ws_demo", role=Role.OWNER, created_at=1
    )
    workspaces.put_member(member)
    identity = Identity(workspaces, lambda: accounts, "pool", "client")
    claims = {
        "sub": "u",
        "token_use": "access",
        "client_id": "client",
        "iss": "https://issuer/pool",
        "auth_time": "1",
    }
    with pytest.raises(TransientError):
        identity.caller(claims, {}, Role.VIEWER, is_change=False)
    cognito.error, cognito.has_mfa = None, False
    with pytest.raises(MfaRequiredError):
        identity.caller(claims, {}, Role.VIEWER, is_change=False)
    cognito.error = ClientError(
        {"Error": {"Code": "UserNotFoundException", "Message": "gone"}}, "AdminGetUser"
    )
    with pytest.raises(UnauthorizedError):
        identity.caller(claims, {}, Role.VIEWER, is_change=False)


def test_an_invalid_address_is_never_proven() -> None:
    account = Account(user_id="u", email="not an address", is_verified=False, has_mfa=False)
    assert account.proven_email is None
    cognito: Any = OneAccount(has_mfa=False)
    assert Accounts(cognito, "pool").find("u").proven_email is None
