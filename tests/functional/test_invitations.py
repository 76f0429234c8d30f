"""A user becomes a member only by accepting an invitation to their verified address."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from runledger.api.invitations import InvitationDocument
from runledger.clock import DAY, MINUTE, SECOND, from_iso
from runledger.errors import ConflictError, GoneError, InvalidInputError, NotFoundError
from runledger.models.invitation import EXPIRED_KEPT, INVITATION_LIFE
from runledger.models.workspace import Membership, Role
from runledger.services.workspaces import invitations as module
from runledger.services.workspaces.accounts import Account, Accounts
from runledger.services.workspaces.invitation_mail import InvitationMail
from runledger.services.workspaces.invitations import Invitations, OwnInvitations
from runledger.services.workspaces.workspaces import create_workspace
from runledger.store import keys
from runledger.store.rates import RateStore

from tests.functional.test_api_handlers import an_account, call, claims_of, deployed, pool
from tests.support.engine import Engine, client_of
from tests.support.lambda_processes import forget_settings

__all__ = ["deployed", "pool"]

BOB = "bob@example.com"
SENDER = "no-reply@example.com"


def invite(email: str = BOB, role: str = "MEMBER") -> dict[str, Any]:
    answer = call("POST", "/v1/invitations", {"email": email, "role": role})
    assert answer["status"] == 201, answer
    return dict(answer["body"])


def me(user_id: str) -> dict[str, Any]:
    answer = call("GET", "/v1/me", claims=claims_of(user_id))
    assert answer["status"] == 200, answer
    return dict(answer["body"])


def accept(user_id: str, invitation_id: str) -> dict[str, Any]:
    return call("POST", f"/v1/invitations/{invitation_id}/accept", claims=claims_of(user_id))


def listed() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = call("GET", "/v1/invitations")["body"]["items"]
    return items


def members(engine: Engine) -> set[str]:
    return {each.user_id for each in engine.stores.workspaces.members("ws_demo")}


def rows(engine: Engine, prefix: str) -> list[Any]:
    return [row for row in engine.rows() if row["pk"].startswith(prefix)]


# ── Inviting ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/v1/invitations", "/v1/members"])
def test_an_invitation_alone_adds_no_member(deployed: Engine, pool: str, path: str) -> None:
    before = members(deployed)
    made = call("POST", path, {"email": " Bob@Example.COM ", "role": "MEMBER"})
    assert made["status"] == 201
    invitation = made["body"]
    assert invitation["email"] == BOB
    assert (invitation["role"], invitation["status"]) == ("MEMBER", "PENDING")
    assert invitation["invitedBy"] == "owner@example.com"
    life = from_iso(invitation["expiresAt"]) - from_iso(invitation["invitedAt"])
    assert life == INVITATION_LIFE == 7 * DAY
    assert invitation.pop("mailed") is True
    assert listed() == [invitation]
    assert members(deployed) == before


def test_cognito_mails_the_first_password_of_a_new_account(deployed: Engine, pool: str) -> None:
    invite()
    user = client_of("cognito-idp").admin_get_user(UserPoolId=pool, Username=BOB)
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"


def test_the_answer_is_the_same_with_and_without_an_account(pool: str) -> None:
    an_account(pool, "user-eve", "eve@example.com")
    known = invite("eve@example.com")
    unknown = invite("nobody@example.com")
    varying = ("id", "email", "invitedAt", "sentAt", "expiresAt")
    assert {**known, **dict.fromkeys(varying)} == {**unknown, **dict.fromkeys(varying)}


@pytest.mark.parametrize("code", ["MessageRejected", "MailFromDomainNotVerifiedException"])
def test_an_invitation_without_a_verified_sender_is_marked_as_not_mailed(
    engine: Engine, code: str
) -> None:
    ses: Any = Scripted(send_email=refused(code))
    service = a_service(engine, mail=InvitationMail(ses, SENDER))
    made = service.invite("ws_demo", a_document(), "o@example.com", "u")
    assert made.mailed is False
    assert len(engine.stores.invitations.of_workspace("ws_demo")) == 1


def test_the_mail_names_the_workspace_without_links_from_its_name(engine: Engine) -> None:
    ses: Any = Scripted(send_email={"MessageId": "1"})
    service = a_service(engine, mail=InvitationMail(ses, SENDER))
    engine.stores.workspaces.set("ws_demo", "Win!\r\nhttps://evil.example/ <now>", 90)
    view = service.invite("ws_demo", a_document(), "owner@example.com", "https://c.example")
    assert view.mailed
    [(_, request)] = ses.asked
    assert request["Destination"] == {"ToAddresses": [BOB]}
    assert request["FromEmailAddress"] == SENDER
    content = request["Content"]["Simple"]
    text = content["Body"]["Text"]["Data"]
    assert 'the workspace "Win! https evil example now"' in text
    assert "https://c.example" in text and "evil.example" not in text
    assert "Win" not in content["Subject"]["Data"]


def test_an_invited_address_cannot_be_invited_again(deployed: Engine, pool: str) -> None:
    first = invite(role="VIEWER")
    again = call("POST", "/v1/invitations", {"email": "BOB@example.com", "role": "OWNER"})
    assert (again["status"], again["body"]["state"]) == (409, "INVITED")
    assert [each["id"] for each in listed()] == [first["id"]]
    assert [each["role"] for each in listed()] == ["VIEWER"]


def test_a_member_cannot_be_invited(engine: Engine) -> None:
    """Members are recognized by their account, whatever address they joined with."""
    cognito: Any = Scripted(
        admin_create_user=[refused("UsernameExistsException")], admin_get_user=a_user("CONFIRMED")
    )
    member = Membership(
        user_id="u-1",
        email="old@example.com",
        workspace_id="ws_demo",
        role=Role.VIEWER,
        created_at=1,
    )
    engine.stores.workspaces.put_member(member)
    service = a_service(engine, accounts=Accounts(cognito, "pool"))
    with pytest.raises(ConflictError, match="is already a member"):
        service.invite("ws_demo", a_document(role=Role.OWNER), "o@example.com", "u")


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"email": "nobody", "role": "MEMBER"}, "email"),
        ({"email": "", "role": "MEMBER"}, "email"),
        ({"email": BOB, "role": "KING"}, "role"),
        ({"email": BOB}, "role"),
        ({"email": BOB, "role": "OWNER", "userId": "user-viewer"}, "userId"),
    ],
)
def test_the_wrong_field_of_an_invitation_is_named(
    deployed: Engine, document: dict[str, str], field: str
) -> None:
    for path in ("/v1/invitations", "/v1/members"):
        answer = call("POST", path, document)
        assert (answer["status"], answer["body"]["field"]) == (422, field)


def test_the_number_of_invitations_is_limited(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_MEMBERS", 2)
    service = a_service(engine)
    service.invite("ws_demo", a_document("a@example.com"), "o@example.com", "u")
    service.invite("ws_demo", a_document("b@example.com"), "o@example.com", "u")
    with pytest.raises(ConflictError, match="at most 2"):
        service.invite("ws_demo", a_document("c@example.com"), "o@example.com", "u")


def test_mails_to_one_address_are_limited(deployed: Engine, pool: str) -> None:
    made = invite()
    path = f"/v1/invitations/{made['id']}"
    answers = [call("POST", f"{path}/resend")["status"] for _ in range(3)]
    assert answers == [200, 200, 429]
    refused = call("POST", f"{path}/resend")
    assert 0 < int(refused["headers"]["Retry-After"]) <= 60
    assert call("DELETE", path)["status"] == 204
    assert call("POST", "/v1/invitations", {"email": BOB, "role": "VIEWER"})["status"] == 429
    assert invite("other@example.com")


# ── Joining ──────────────────────────────────────────────────────────────────────────────────────


def test_a_user_without_a_workspace_sees_the_invitation_and_joins(
    deployed: Engine, pool: str
) -> None:
    an_account(pool, "user-bob", BOB)
    assert call("GET", "/v1/runs", claims=claims_of("user-bob"))["status"] == 403
    invitation = invite(role="ADMIN")
    seen = me("user-bob")
    assert (seen["workspaces"], seen["workspaceId"], seen["role"]) == ([], None, None)
    assert seen["invitations"] == [
        {
            "id": invitation["id"],
            "workspaceName": "Demo",
            "role": "ADMIN",
            "invitedBy": "owner@example.com",
            "expiresAt": invitation["expiresAt"],
        }
    ]
    joined = accept("user-bob", invitation["id"])
    assert (joined["status"], joined["body"]) == (
        200,
        {"id": "ws_demo", "name": "Demo", "role": "ADMIN", "requireMfa": False},
    )
    after = me("user-bob")
    assert (after["workspaceId"], after["role"], after["invitations"]) == ("ws_demo", "ADMIN", [])
    assert call("GET", "/v1/runs", claims=claims_of("user-bob"))["status"] == 200
    assert listed() == []
    # The same call again, of a client that heard no answer.
    assert accept("user-bob", invitation["id"])["body"] == joined["body"]
    assert rows(deployed, "INVITED#") == []


def test_a_removed_member_cannot_rejoin_with_the_same_invitation(
    deployed: Engine, pool: str
) -> None:
    an_account(pool, "user-bob", BOB)
    invitation = invite()
    assert accept("user-bob", invitation["id"])["status"] == 200
    assert call("DELETE", "/v1/members/user-bob")["status"] == 204
    assert accept("user-bob", invitation["id"])["status"] == 404
    assert "user-bob" not in members(deployed)


def test_an_account_that_claims_the_invited_address_without_proof_gets_nothing(
    deployed: Engine, pool: str
) -> None:
    """Tries to hijack an invitation: the account takes the invited address without verifying it."""
    an_account(pool, "user-mallory", "mallory@example.com")
    invitation = invite()
    client_of("cognito-idp").admin_update_user_attributes(
        UserPoolId=pool,
        Username="user-mallory",
        UserAttributes=[
            {"Name": "email", "Value": BOB},
            {"Name": "email_verified", "Value": "false"},
        ],
    )
    assert me("user-mallory")["invitations"] == []
    assert accept("user-mallory", invitation["id"])["status"] == 404
    decline = f"/v1/invitations/{invitation['id']}/decline"
    assert call("POST", decline, claims=claims_of("user-mallory"))["status"] == 404
    assert "user-mallory" not in members(deployed)
    assert [each["id"] for each in listed()] == [invitation["id"]]


def test_other_users_can_neither_see_nor_accept_an_invitation(deployed: Engine, pool: str) -> None:
    invitation = invite()
    for user in ("user-viewer", "user-owner"):
        assert me(user)["invitations"] == []
        assert accept(user, invitation["id"])["status"] == 404
    assert accept("user-viewer", "inv_none")["status"] == 404


def test_the_invited_address_is_compared_in_its_normal_form(deployed: Engine, pool: str) -> None:
    """Upper case, and composed or decomposed letters, make no difference."""
    an_account(pool, "user-jose", "Jose@Caf\u00e9.example")
    invitation = invite("JOSE@cafe\u0301.EXAMPLE")
    assert accept("user-jose", invitation["id"])["status"] == 200


def test_an_address_changed_by_an_operator_counts_for_invitations(
    deployed: Engine, pool: str
) -> None:
    an_account(pool, "user-bob", "old@example.com")
    old, new = invite("old@example.com"), invite("new@example.com")
    client_of("cognito-idp").admin_update_user_attributes(
        UserPoolId=pool,
        Username="user-bob",
        UserAttributes=[
            {"Name": "email", "Value": "new@example.com"},
            {"Name": "email_verified", "Value": "true"},
        ],
    )
    assert accept("user-bob", old["id"])["status"] == 404
    assert [each["id"] for each in me("user-bob")["invitations"]] == [new["id"]]
    assert accept("user-bob", new["id"])["status"] == 200
    assert me("user-bob")["email"] == "new@example.com"


def test_declining_ends_an_invitation(deployed: Engine, pool: str) -> None:
    an_account(pool, "user-bob", BOB)
    invitation = invite()
    path = f"/v1/invitations/{invitation['id']}/decline"
    assert call("POST", path, claims=claims_of("user-bob"))["status"] == 204
    assert call("POST", path, claims=claims_of("user-bob"))["status"] == 404
    assert listed() == [] and me("user-bob")["invitations"] == []
    assert accept("user-bob", invitation["id"])["status"] == 404


def test_withdrawing_ends_an_invitation(deployed: Engine, pool: str) -> None:
    an_account(pool, "user-bob", BOB)
    invitation = invite()
    path = f"/v1/invitations/{invitation['id']}"
    assert call("DELETE", path)["status"] == 204
    assert call("DELETE", path)["status"] == 404
    assert call("POST", f"{path}/resend")["status"] == 404
    assert accept("user-bob", invitation["id"])["status"] == 404
    assert "user-bob" not in members(deployed)
    # The address is free again, also for another role.
    assert invite(role="VIEWER")["id"] != invitation["id"]


def test_an_invitation_expires_after_a_week_and_can_be_renewed(
    deployed: Engine, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_account(pool, "user-bob", BOB)
    invitation = invite()
    end = from_iso(invitation["expiresAt"])
    _set_clock(monkeypatch, end - 1)
    assert me("user-bob")["invitations"] != []
    _set_clock(monkeypatch, end)
    assert me("user-bob")["invitations"] == []
    refused = accept("user-bob", invitation["id"])
    assert (refused["status"], refused["body"]["expiredAt"]) == (410, invitation["expiresAt"])
    assert [each["status"] for each in listed()] == ["EXPIRED"]
    renewed = call("POST", f"/v1/invitations/{invitation['id']}/resend")["body"]
    assert renewed["status"] == "PENDING"
    assert from_iso(renewed["expiresAt"]) == end + INVITATION_LIFE
    assert accept("user-bob", invitation["id"])["status"] == 200


def test_a_new_invitation_replaces_an_expired_one(
    deployed: Engine, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = invite(role="OWNER")
    _set_clock(monkeypatch, from_iso(old["expiresAt"]))
    new = invite(role="VIEWER")
    assert [(each["id"], each["role"]) for each in listed()] == [(new["id"], "VIEWER")]
    [row] = rows(deployed, "INVITED#")
    kept = from_iso(new["expiresAt"]) + EXPIRED_KEPT
    assert row["ttl"] == kept // SECOND


def _set_clock(monkeypatch: pytest.MonkeyPatch, now: int) -> None:
    monkeypatch.setattr("runledger.clock.now_ms", lambda: now)
    forget_settings()


def test_the_owner_of_another_workspace_cannot_reach_an_invitation(
    deployed: Engine, pool: str
) -> None:
    create_workspace(
        deployed.stores.workspaces, deployed.clock, workspace_id="ws_other", name="Other"
    )
    an_account(pool, "user-eve", "eve@example.com")
    eve = Membership(
        user_id="user-eve",
        email="eve@example.com",
        workspace_id="ws_other",
        role=Role.OWNER,
        created_at=1,
    )
    deployed.stores.workspaces.put_member(eve)
    invitation = invite()
    path = f"/v1/invitations/{invitation['id']}"
    as_eve = claims_of("user-eve")
    assert call("GET", "/v1/invitations", claims=as_eve)["body"]["items"] == []
    assert call("DELETE", path, claims=as_eve)["status"] == 404
    assert call("POST", f"{path}/resend", claims=as_eve)["status"] == 404
    assert [each["id"] for each in listed()] == [invitation["id"]]
    # Both workspaces may invite the same address; the invitations are independent.
    other = call("POST", "/v1/invitations", {"email": BOB, "role": "OWNER"}, claims=as_eve)
    assert other["status"] == 201
    an_account(pool, "user-bob", BOB)
    assert len(me("user-bob")["invitations"]) == 2
    assert accept("user-bob", other["body"]["id"])["body"]["id"] == "ws_other"
    assert [each["workspaceName"] for each in me("user-bob")["invitations"]] == ["Demo"]


# ── Races of the service: another caller writes between its read and its write ───────────────────


class KnownAccounts:
    """Knows only Bob's account."""

    def prepare(self, email: str) -> Account | None:
        return None

    def find(self, user_id: str) -> Account:
        return Account(user_id=user_id, email=BOB, is_verified=True, has_mfa=False)


class NoMail:
    def send(self, *_: Any) -> bool:
        return True


def a_document(email: str = BOB, role: Role = Role.MEMBER) -> InvitationDocument:
    return InvitationDocument(email=email, role=role)


def a_service(engine: Engine, **parts: Any) -> Invitations:
    given: dict[str, Any] = {
        "store": engine.stores.invitations,
        "workspaces": engine.stores.workspaces,
        "rates": RateStore(engine.stores.table),
        "accounts": KnownAccounts(),
        "mail": NoMail(),
        "clock": engine.clock,
    }
    return Invitations(**{**given, **parts})


def own(engine: Engine) -> OwnInvitations:
    accounts: Any = KnownAccounts()
    return OwnInvitations(
        engine.stores.invitations, engine.stores.workspaces, accounts, engine.clock
    )


def overtaken(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, write: str, first: Callable[[], object]
) -> None:
    """Lets `first` happen once, right before this write of the invitations."""
    store = engine.stores.invitations
    real = getattr(store, write)
    left = [first]

    def late(*given: Any) -> Any:
        while left:
            left.pop()()
        return real(*given)

    monkeypatch.setattr(store, write, late)


def test_an_invitation_withdrawn_during_acceptance_is_not_accepted(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, bob = a_service(engine), own(engine)
    made = owner.invite("ws_demo", a_document(), "o@example.com", "u")
    overtaken(monkeypatch, engine, "accept", lambda: owner.withdraw("ws_demo", made.invitation.id))
    with pytest.raises(NotFoundError):
        bob.accept("bob", made.invitation.id)
    assert members(engine) == set()


def test_an_invitation_accepted_during_withdrawal_stays_accepted(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, bob = a_service(engine), own(engine)
    made = owner.invite("ws_demo", a_document(), "o@example.com", "u")
    overtaken(monkeypatch, engine, "remove", lambda: bob.accept("bob", made.invitation.id))
    with pytest.raises(NotFoundError):
        owner.withdraw("ws_demo", made.invitation.id)
    assert members(engine) == {"bob"}


def test_an_invitation_renewed_during_acceptance_is_accepted(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, bob = a_service(engine), own(engine)
    made = owner.invite("ws_demo", a_document(), "o@example.com", "u")
    engine.clock.advance(MINUTE)
    overtaken(
        monkeypatch, engine, "accept", lambda: owner.resend("ws_demo", made.invitation.id, "u")
    )
    assert bob.accept("bob", made.invitation.id).role is Role.MEMBER
    assert members(engine) == {"bob"}


def test_an_invitation_replaced_during_acceptance_is_not_accepted(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new invitation has another role."""
    owner, bob = a_service(engine), own(engine)
    made = owner.invite("ws_demo", a_document(role=Role.OWNER), "o@example.com", "u")

    def replace() -> None:
        owner.withdraw("ws_demo", made.invitation.id)
        owner.invite("ws_demo", a_document(role=Role.VIEWER), "o@example.com", "u")

    overtaken(monkeypatch, engine, "accept", replace)
    with pytest.raises(NotFoundError):
        bob.accept("bob", made.invitation.id)
    assert members(engine) == set()
    engine.clock.advance(INVITATION_LIFE)
    [left] = engine.stores.invitations.of_workspace("ws_demo")
    with pytest.raises(GoneError):
        bob.accept("bob", left.id)


def test_concurrent_acceptances_add_one_member(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, bob = a_service(engine), own(engine)
    made = owner.invite("ws_demo", a_document(), "o@example.com", "u")
    overtaken(monkeypatch, engine, "accept", lambda: bob.accept("bob", made.invitation.id))
    assert bob.accept("bob", made.invitation.id).invitation_id == made.invitation.id
    assert members(engine) == {"bob"}


def test_the_second_of_two_concurrent_invitations_is_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = a_service(engine)

    def first() -> None:
        owner.invite("ws_demo", a_document(role=Role.VIEWER), "a@example.com", "u")

    overtaken(monkeypatch, engine, "add", first)
    with pytest.raises(ConflictError, match="already invited"):
        owner.invite("ws_demo", a_document(role=Role.OWNER), "b@example.com", "u")
    [left] = engine.stores.invitations.of_workspace("ws_demo")
    assert left.role is Role.VIEWER


def test_an_invitation_does_not_change_an_existing_member(engine: Engine) -> None:
    owner, bob = a_service(engine), own(engine)
    made = owner.invite("ws_demo", a_document(role=Role.OWNER), "o@example.com", "u")
    member = Membership(
        user_id="bob", email=BOB, workspace_id="ws_demo", role=Role.VIEWER, created_at=1
    )
    engine.stores.workspaces.put_member(member)
    assert bob.pending(KnownAccounts().find("bob"), [member]) == []
    with pytest.raises(ConflictError, match="already a member of this workspace"):
        bob.accept("bob", made.invitation.id)
    assert engine.stores.workspaces.membership("ws_demo", "bob") == member
    assert engine.stores.invitations.of_workspace("ws_demo") == []


def test_both_items_of_an_invitation_are_written_and_deleted_together(engine: Engine) -> None:
    owner = a_service(engine)
    made = owner.invite("ws_demo", a_document(), "o@example.com", "u")
    assert len(rows(engine, "INVITED#")) == len(rows(engine, "WORKSPACE#ws_demo#INVITATION")) == 1
    by_address = engine.stores.table.get(keys.invited(BOB, "ws_demo"))
    by_workspace = engine.stores.table.get(keys.invitation("ws_demo", made.invitation.id))
    assert by_address is not None and by_workspace is not None
    assert BOB not in by_address["pk"]
    same = {**by_address, "pk": by_workspace["pk"], "sk": by_workspace["sk"]}
    assert same == by_workspace
    owner.withdraw("ws_demo", made.invitation.id)
    assert rows(engine, "INVITED#") == rows(engine, "WORKSPACE#ws_demo#INVITATION") == []
    assert engine.clock() >= made.invitation.sent_at


# ── What Cognito may answer ──────────────────────────────────────────────────────────────────────


class Scripted:
    """Gives the scripted answers by operation; `asked` has the calls."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def answer(**request: Any) -> Any:
            self.asked.append((operation, request))
            found = self.answers[operation]
            if isinstance(found, list):
                found = found.pop(0)
            if isinstance(found, Exception):
                raise found
            return found

        return answer


def refused(code: str) -> Exception:
    return ClientError({"Error": {"Code": code, "Message": code}}, "AdminCreateUser")


def a_user(status: str) -> dict[str, Any]:
    attributes = {"sub": "u-1", "email": BOB, "email_verified": "true"}
    return {
        "UserStatus": status,
        "UserAttributes": [{"Name": name, "Value": value} for name, value in attributes.items()],
    }


def test_a_user_who_never_signed_in_gets_another_first_password() -> None:
    cognito: Any = Scripted(
        admin_create_user=[refused("UsernameExistsException"), {}],
        admin_get_user=a_user("FORCE_CHANGE_PASSWORD"),
    )
    account = Accounts(cognito, "pool").prepare(BOB)
    assert account == Account(user_id="u-1", email=BOB, is_verified=True, has_mfa=False)
    again = cognito.asked[-1][1]
    assert (again["MessageAction"], again["DesiredDeliveryMediums"]) == ("RESEND", ["EMAIL"])


def test_a_user_who_signed_in_gets_no_first_password() -> None:
    cognito: Any = Scripted(
        admin_create_user=[refused("UsernameExistsException")], admin_get_user=a_user("CONFIRMED")
    )
    assert Accounts(cognito, "pool").prepare(BOB) is not None
    assert [name for name, _ in cognito.asked] == ["admin_create_user", "admin_get_user"]


@pytest.mark.parametrize("code", ["CodeDeliveryFailureException", "LimitExceededException"])
def test_a_first_password_that_cannot_be_mailed_is_not_reported_to_the_owner(
    engine: Engine, code: str
) -> None:
    """Otherwise the answer would reveal which addresses have an account."""
    cognito: Any = Scripted(admin_create_user=refused(code))
    made = a_service(engine, accounts=Accounts(cognito, "pool")).invite(
        "ws_demo", a_document(), "o@example.com", "u"
    )
    assert made.mailed and len(engine.stores.invitations.of_workspace("ws_demo")) == 1


def test_an_address_that_cognito_refuses_is_named() -> None:
    cognito: Any = Scripted(admin_create_user=refused("InvalidParameterException"))
    with pytest.raises(InvalidInputError) as caught:
        Accounts(cognito, "pool").prepare(BOB)
    assert caught.value.field == "email"
    assert "InvalidParameter" not in str(caught.value)
