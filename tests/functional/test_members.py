"""Settings and members: what owners may change, and that a workspace always keeps an owner."""

from collections.abc import Callable
from typing import Any

import pytest
from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.models.workspace import Membership, Role
from runledger.services.workspaces.members import Members

from tests.functional.test_api_handlers import call, deployed, pool
from tests.support.engine import Engine

__all__ = ["deployed", "pool"]


SETTINGS = {"name": "Demo", "retentionDays": 90, "requireMfa": False}


@pytest.fixture
def members(engine: Engine) -> Members:
    return engine.members


def owner(engine: Engine, name: str, role: Role = Role.OWNER) -> str:
    membership = Membership(
        user_id=name,
        email=f"{name}@example.com",
        workspace_id=engine.workspace_id,
        role=role,
        created_at=engine.clock(),
    )
    engine.stores.workspaces.put_member(membership)
    return name


def roles(engine: Engine) -> dict[str, Role]:
    """Returns the role by user; checks that both directions of memberships agree."""
    workspaces = engine.stores.workspaces
    found = {each.user_id: each.role for each in workspaces.members(engine.workspace_id)}
    for user_id, role in found.items():
        assert [each.role for each in workspaces.memberships(user_id)] == [role]
    return found


def test_changed_settings_are_visible_at_once(pool: str) -> None:
    before = call("GET", "/v1/settings")
    assert (before["status"], before["body"]) == (200, SETTINGS)
    changed = call("PUT", "/v1/settings", {"name": " Acme ", "retentionDays": 30})
    assert changed["status"] == 200
    assert changed["body"] == {**SETTINGS, "name": "Acme", "retentionDays": 30}
    assert call("GET", "/v1/settings")["body"] == changed["body"]
    assert call("GET", "/v1/me", role="viewer")["body"]["workspaces"] == [
        {"id": "ws_demo", "name": "Acme", "role": "VIEWER", "requireMfa": False}
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
        ({"requireMfa": "perhaps"}, "requireMfa"),
    ],
)
def test_an_invalid_setting_is_named(deployed: Engine, wrong: dict[str, Any], field: str) -> None:
    answer = call("PUT", "/v1/settings", {"name": "Demo", "retentionDays": 90, **wrong})
    assert (answer["status"], answer["body"]["field"]) == (422, field)
    assert call("GET", "/v1/settings")["body"] == SETTINGS


@pytest.mark.parametrize("role", ["viewer", "member", "admin"])
def test_only_owners_reach_settings_and_members(deployed: Engine, role: str) -> None:
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/v1/settings", None),
        ("PUT", "/v1/settings", {"name": "Mine", "retentionDays": 1}),
        ("GET", "/v1/members", None),
        ("POST", "/v1/members", {"email": "eve@example.com", "role": "OWNER"}),
        ("POST", "/v1/invitations", {"email": "eve@example.com", "role": "OWNER"}),
        ("GET", "/v1/invitations", None),
        ("POST", "/v1/invitations/inv_x/resend", None),
        ("DELETE", "/v1/invitations/inv_x", None),
        ("PUT", f"/v1/members/user-{role}", {"role": "OWNER"}),
        ("DELETE", "/v1/members/user-owner", None),
    ]
    for method, path, body in calls:
        answer = call(method, path, body, role=role)
        assert answer["status"] == 403, (method, path)
    assert len(roles(deployed)) == len(Role)
    assert deployed.stores.workspaces.get("ws_demo").name == "Demo"


def test_a_member_is_changed_and_removed(deployed: Engine) -> None:
    listed = call("GET", "/v1/members")["body"]
    assert [each["role"] for each in listed["items"]] == list(Role)
    assert listed["nextCursor"] is None
    path = "/v1/members/user-viewer"
    changed = call("PUT", path, {"role": "ADMIN"})
    assert (changed["status"], changed["body"]["role"]) == (200, "ADMIN")
    assert roles(deployed)["user-viewer"] is Role.ADMIN
    assert call("DELETE", path)["status"] == 204
    assert call("DELETE", path)["status"] == 404
    assert call("PUT", path, {"role": "ADMIN"})["status"] == 404
    assert deployed.stores.workspaces.memberships("user-viewer") == []


def test_a_changed_role_applies_to_the_next_call(deployed: Engine) -> None:
    secret = ("PUT", "/v1/secrets/KEY", {"value": "a secret"})
    assert call(*secret, role="admin")["status"] == 200
    assert call("PUT", "/v1/members/user-admin", {"role": "VIEWER"})["status"] == 200
    assert call(*secret, role="admin")["status"] == 403
    assert call("PUT", "/v1/members/user-viewer", {"role": "ADMIN"})["status"] == 200
    assert call(*secret, role="viewer")["status"] == 200


def test_the_next_call_of_a_removed_member_is_refused(deployed: Engine) -> None:
    assert call("GET", "/v1/runs", role="admin")["status"] == 200
    assert call("DELETE", "/v1/members/user-admin")["status"] == 204
    assert call("GET", "/v1/runs", role="admin")["status"] == 403


def test_the_last_owner_cannot_be_removed_or_demoted(deployed: Engine) -> None:
    path = "/v1/members/user-owner"
    for answer in (call("DELETE", path), call("PUT", path, {"role": "ADMIN"})):
        assert answer["status"] == 409
        detail = answer["body"]["detail"]
        assert detail.startswith("owner@example.com is the last owner of the workspace;")
    assert call("PUT", path, {"role": "OWNER"})["status"] == 200
    assert call("PUT", "/v1/members/user-admin", {"role": "OWNER"})["status"] == 200
    assert call("DELETE", path)["status"] == 204
    assert call("DELETE", "/v1/members/user-admin", role="admin")["status"] == 409


def demote(members: Members, workspace_id: str, user_id: str) -> None:
    members.change_role(workspace_id, user_id, Role.VIEWER)


@pytest.mark.parametrize("one", [demote, Members.remove])
@pytest.mark.parametrize("other", [demote, Members.remove])
def test_two_owners_cannot_remove_each_other_concurrently(
    engine: Engine,
    members: Members,
    monkeypatch: pytest.MonkeyPatch,
    one: Callable[..., None],
    other: Callable[..., None],
) -> None:
    ada, bob = owner(engine, "ada"), owner(engine, "bob")
    read = engine.stores.workspaces.members
    waiting = [bob]

    def overtaken(workspace_id: str) -> list[Membership]:
        """Reads the members for the change of the first owner. Then lets the other owner's change
        happen, before the first owner's change is written."""
        found = read(workspace_id)
        while waiting:
            other(members, workspace_id, waiting.pop())
        return found

    monkeypatch.setattr(engine.stores.workspaces, "members", overtaken)
    with pytest.raises(ConflictError, match="last owner"):
        one(members, engine.workspace_id, ada)
    left = {each.user_id: each.role for each in read(engine.workspace_id)}
    assert left["ada"] is Role.OWNER
    assert left.get("bob") in (None, Role.VIEWER)


def test_a_change_based_on_a_stale_member_is_refused(engine: Engine, members: Members) -> None:
    owner(engine, "ada")
    bob = owner(engine, "bob", Role.VIEWER)
    stale = next(
        each for each in engine.stores.workspaces.members("ws_demo") if each.user_id == bob
    )
    members.change_role("ws_demo", bob, Role.ADMIN)
    with pytest.raises(ConditionFailedError):
        engine.stores.workspaces.change_role(stale, Role.MEMBER, None)
    with pytest.raises(ConditionFailedError):
        engine.stores.workspaces.remove_member(stale, None)
    assert roles(engine) == {"ada": Role.OWNER, "bob": Role.ADMIN}


def test_members_of_another_workspace_are_not_found(engine: Engine, members: Members) -> None:
    owner(engine, "ada")
    for change in (demote, Members.remove):
        with pytest.raises(NotFoundError):
            change(members, "ws_other", "ada")
