"""Settings and members: what owners may change, and that a workspace never loses its last one."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.models.workspace import Membership, Role
from runledger.models.workspace_views import MemberDocument
from runledger.services import members as module
from runledger.services.members import Members

from tests.functional.test_api_handlers import call, deployed
from tests.support.processes import forget_clients
from tests.support.world import REGION, World

__all__ = ["deployed"]


@pytest.fixture
def pool(deployed: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The id of the user pool that the API invites people into."""
    made = boto3.client("cognito-idp", region_name=REGION).create_user_pool(
        PoolName="operators", UsernameAttributes=["email"]
    )["UserPool"]["Id"]
    monkeypatch.setenv("RUNLEDGER_USER_POOL_ID", made)
    forget_clients()
    yield made
    forget_clients()


@pytest.fixture
def members(world: World) -> Members:
    return Members(world.stores.workspaces, boto3.client("cognito-idp"), "none", world.clock)


def owner(world: World, name: str, role: Role = Role.OWNER) -> str:
    membership = Membership(
        user_id=name,
        email=f"{name}@example.com",
        workspace_id=world.workspace_id,
        role=role,
        created_at=world.clock(),
    )
    world.stores.workspaces.put_member(membership)
    return name


def roles(world: World) -> dict[str, Role]:
    """By user, from both directions, which agree."""
    workspaces = world.stores.workspaces
    found = {each.user_id: each.role for each in workspaces.members(world.workspace_id)}
    for user_id, role in found.items():
        assert [each.role for each in workspaces.memberships(user_id)] == [role]
    return found


def test_the_settings_are_replaced_and_seen_at_once(deployed: World) -> None:
    before = call("GET", "/v1/settings")
    assert (before["status"], before["body"]) == (200, {"name": "Demo", "retentionDays": 90})
    changed = call("PUT", "/v1/settings", {"name": " Acme ", "retentionDays": 30})
    assert (changed["status"], changed["body"]) == (200, {"name": "Acme", "retentionDays": 30})
    assert call("GET", "/v1/settings")["body"] == changed["body"]
    assert call("GET", "/v1/me", role="viewer")["body"]["workspaces"] == [
        {"id": "ws_demo", "name": "Acme", "role": "VIEWER"}
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"retentionDays": 0}, "retentionDays"),
        ({"retentionDays": 3_651}, "retentionDays"),
        ({"retentionDays": "long"}, "retentionDays"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"shards": 4}, "shards"),
    ],
)
def test_what_cannot_be_set_is_named(deployed: World, wrong: dict[str, Any], field: str) -> None:
    answer = call("PUT", "/v1/settings", {"name": "Demo", "retentionDays": 90, **wrong})
    assert (answer["status"], answer["body"]["field"]) == (422, field)
    assert call("GET", "/v1/settings")["body"] == {"name": "Demo", "retentionDays": 90}


@pytest.mark.parametrize("role", ["viewer", "member", "admin"])
def test_settings_and_members_are_for_owners(deployed: World, role: str) -> None:
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/v1/settings", None),
        ("PUT", "/v1/settings", {"name": "Mine", "retentionDays": 1}),
        ("GET", "/v1/members", None),
        ("POST", "/v1/members", {"email": "eve@example.com", "role": "OWNER"}),
        ("PUT", f"/v1/members/user-{role}", {"role": "OWNER"}),
        ("DELETE", "/v1/members/user-owner", None),
    ]
    for method, path, body in calls:
        answer = call(method, path, body, role=role)
        assert answer["status"] == 403, (method, path)
    assert len(roles(deployed)) == len(Role)
    assert deployed.stores.workspaces.get("ws_demo").name == "Demo"


def test_somebody_is_let_in_changed_and_taken_out(deployed: World, pool: str) -> None:
    added = call("POST", "/v1/members", {"email": " Bob@Example.com ", "role": "MEMBER"})
    assert added["status"] == 201
    bob = added["body"]
    assert (bob["email"], bob["role"]) == ("bob@example.com", "MEMBER")
    cognito = boto3.client("cognito-idp", region_name=REGION)
    user = cognito.admin_get_user(UserPoolId=pool, Username="bob@example.com")
    # Cognito mails a password of its own, which is good for one sign-in.
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"

    listed = call("GET", "/v1/members")["body"]
    assert [each["role"] for each in listed["items"]] == [*Role, "MEMBER"]
    assert (listed["items"][-1], listed["nextCursor"]) == (bob, None)

    again = call("POST", "/v1/members", {"email": "bob@example.com", "role": "OWNER"})
    assert (again["status"], again["body"]["detail"]) == (
        409,
        "bob@example.com is a member already",
    )
    path = f"/v1/members/{bob['userId']}"
    changed = call("PUT", path, {"role": "ADMIN"})
    assert (changed["status"], changed["body"]) == (200, {**bob, "role": "ADMIN"})
    assert roles(deployed)[bob["userId"]] is Role.ADMIN
    assert call("DELETE", path)["status"] == 204
    assert call("DELETE", path)["status"] == 404
    assert call("PUT", path, {"role": "ADMIN"})["status"] == 404
    assert deployed.stores.workspaces.memberships(bob["userId"]) == []
    # The account stays, and may be let in again.
    assert (
        call("POST", "/v1/members", {"email": "bob@example.com", "role": "VIEWER"})["body"][
            "userId"
        ]
        == (bob["userId"])
    )


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"email": "nobody", "role": "MEMBER"}, "email"),
        ({"email": "", "role": "MEMBER"}, "email"),
        ({"email": "bob@example.com", "role": "KING"}, "role"),
        ({"email": "bob@example.com"}, "role"),
    ],
)
def test_a_wrong_invitation_is_named(
    deployed: World, pool: str, document: dict[str, str], field: str
) -> None:
    answer = call("POST", "/v1/members", document)
    assert (answer["status"], answer["body"]["field"]) == (422, field)


def test_a_removed_member_is_out_with_their_next_call(deployed: World) -> None:
    assert call("GET", "/v1/runs", role="admin")["status"] == 200
    assert call("DELETE", "/v1/members/user-admin")["status"] == 204
    assert call("GET", "/v1/runs", role="admin")["status"] == 403


def test_the_last_owner_stays_one(deployed: World) -> None:
    path = "/v1/members/user-owner"
    for answer in (call("DELETE", path), call("PUT", path, {"role": "ADMIN"})):
        assert answer["status"] == 409
        assert answer["body"]["detail"] == "owner@example.com is the last owner of the workspace"
    assert call("PUT", path, {"role": "OWNER"})["status"] == 200
    assert call("PUT", "/v1/members/user-admin", {"role": "OWNER"})["status"] == 200
    assert call("DELETE", path)["status"] == 204
    assert call("DELETE", "/v1/members/user-admin", role="admin")["status"] == 409


def demote(members: Members, workspace_id: str, user_id: str) -> None:
    members.change_role(workspace_id, user_id, Role.VIEWER)


@pytest.mark.parametrize("one", [demote, Members.remove])
@pytest.mark.parametrize("other", [demote, Members.remove])
def test_two_owners_cannot_take_each_other_out_at_once(
    world: World,
    members: Members,
    monkeypatch: pytest.MonkeyPatch,
    one: Callable[..., None],
    other: Callable[..., None],
) -> None:
    ada, bob = owner(world, "ada"), owner(world, "bob")
    read = world.stores.workspaces.members
    waiting = [bob]

    def overtaken(workspace_id: str) -> list[Membership]:
        """Between the reading and the writing of one, the other reads and writes."""
        found = read(workspace_id)
        while waiting:
            other(members, workspace_id, waiting.pop())
        return found

    monkeypatch.setattr(world.stores.workspaces, "members", overtaken)
    with pytest.raises(ConflictError, match="last owner"):
        one(members, world.workspace_id, ada)
    left = {each.user_id: each.role for each in read(world.workspace_id)}
    assert left["ada"] is Role.OWNER
    assert left.get("bob") in (None, Role.VIEWER)


def test_a_change_is_made_of_the_member_as_they_are(world: World, members: Members) -> None:
    owner(world, "ada")
    bob = owner(world, "bob", Role.VIEWER)
    stale = next(each for each in world.stores.workspaces.members("ws_demo") if each.user_id == bob)
    members.change_role("ws_demo", bob, Role.ADMIN)
    with pytest.raises(ConditionFailedError):
        world.stores.workspaces.change_role(stale, Role.MEMBER, None)
    with pytest.raises(ConditionFailedError):
        world.stores.workspaces.remove_member(stale, None)
    assert roles(world) == {"ada": Role.OWNER, "bob": Role.ADMIN}


def test_members_of_another_workspace_are_not_there(world: World, members: Members) -> None:
    owner(world, "ada")
    for change in (demote, Members.remove):
        with pytest.raises(NotFoundError):
            change(members, "ws_other", "ada")


def test_there_is_a_bound(world: World, members: Members, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MEMBERS", 2)
    owner(world, "ada"), owner(world, "bob")
    with pytest.raises(ConflictError, match="at most 2 members"):
        members.add("ws_demo", MemberDocument(email="eve@example.com", role=Role.VIEWER))
