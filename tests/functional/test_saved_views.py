"""Saved views: who sees and changes them, which filters they keep, and what a removed member
leaves."""

from typing import Any

import pytest
from runledger.models.saved_view import MOST_OWN, MOST_SHARED
from runledger.models.workspace import Membership, Role

from tests.functional.test_api_handlers import call, deployed, pool
from tests.functional.test_editing import tag_of
from tests.support.engine import Engine

__all__ = ["deployed", "pool"]

FAILED: dict[str, Any] = {
    "list": "RUNS",
    "name": "Failed today",
    "filter": {"status": ["FAILED"], "range": "24h"},
}


def saved(document: dict[str, Any] | None = None, role: str = "member") -> dict[str, Any]:
    answer = call("POST", "/v1/views", document or FAILED, role=role)
    assert answer["status"] == 201, answer
    return dict(answer["body"])


def names(role: str, list_: str = "RUNS") -> list[str]:
    found = call("GET", "/v1/views", query=f"list={list_}", role=role)["body"]
    assert found["nextCursor"] is None
    return [each["name"] for each in found["items"]]


def shared(name: str = "Failed today") -> dict[str, Any]:
    return {**FAILED, "name": name, "shared": True}


def test_a_view_keeps_the_filters_as_they_were_given(deployed: Engine) -> None:
    answer = call("POST", "/v1/views", {**FAILED, "name": " Failed today "}, role="member")
    view = answer["body"]
    assert (answer["status"], tag_of(answer)) == (201, f'"{view["revision"]}"')
    assert (view["name"], view["createdBy"]) == ("Failed today", "member@example.com")
    assert (view["isOwn"], view["isDefault"], view["mayChange"]) == (True, False, True)
    set_ = {name: value for name, value in view["filter"].items() if value not in (None, [])}
    # The range ends when the view is opened.
    assert set_ == FAILED["filter"]
    assert call("GET", f"/v1/views/{view['id']}", role="member")["body"] == view
    assert call("PUT", f"/v1/views/{view['id']}", view, role="member")["status"] == 200


def test_only_its_owner_sees_a_view_until_it_is_shared(deployed: Engine) -> None:
    path = f"/v1/views/{saved()['id']}"
    for role in ("viewer", "admin", "owner"):
        assert names(role) == []
        for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
            assert call(method, path, body, role=role)["status"] == 404
        assert call("PUT", f"{path}/default", role=role)["status"] == 404
    call("PATCH", path, {"shared": True}, role="member")
    assert [names(role) for role in ("viewer", "member", "owner")] == [["Failed today"]] * 3
    call("PATCH", path, {"shared": False}, role="member")
    assert [names(role) for role in ("viewer", "member", "owner")] == [[], ["Failed today"], []]
    # Two rows of one view would show it twice.
    assert len([row for row in deployed.rows() if "viewId" in row]) == 1


def test_a_shared_view_is_changed_by_its_owner_or_an_admin(deployed: Engine) -> None:
    view = saved(shared())
    path = f"/v1/views/{view['id']}"
    assert call("GET", path, role="viewer")["body"]["mayChange"] is False
    for method, body in (("PATCH", {"name": "Mine"}), ("DELETE", None)):
        assert call(method, path, body, role="viewer")["status"] == 403
    renamed = call("PATCH", path, {"name": "Failed"}, role="admin")
    assert (renamed["status"], renamed["body"]["createdBy"]) == (200, "member@example.com")
    kept = call("PATCH", path, {"shared": False}, role="admin")
    assert (kept["status"], names("viewer")) == (403, ["Failed"])
    assert call("DELETE", path, role="admin")["status"] == 204
    assert call("DELETE", path, role="admin")["status"] == 404
    assert names("member") == []


def test_a_stale_change_of_a_view_is_refused(deployed: Engine) -> None:
    view = saved()
    path, tag = f"/v1/views/{view['id']}", f'"{view["revision"]}"'
    first = call("PATCH", path, {"name": "First"}, role="member", headers={"if-match": tag})
    assert first["status"] == 200
    late = call("PUT", path, {**FAILED}, role="member", headers={"if-match": tag})
    assert (late["status"], late["body"]["revision"]) == (412, first["body"]["revision"])
    older = call("PUT", path, {**FAILED, "revision": view["revision"]}, role="member")
    assert (older["status"], names("member")) == (409, ["First"])


def test_a_patch_merges_filters(deployed: Engine) -> None:
    path = f"/v1/views/{saved()['id']}"
    change = {"filter": {"range": None, "from": "2026-01-01", "order": "oldest"}}
    after = call("PATCH", path, change, role="member")["body"]["filter"]
    assert after["status"] == ["FAILED"]
    assert (after["range"], after["from"], after["order"]) == (None, "2026-01-01", "oldest")
    moved = call("PATCH", path, {"list": "REFUSALS"}, role="member")
    assert (moved["status"], moved["body"]["field"]) == (422, "list")


def test_each_member_has_one_default_a_list(deployed: Engine) -> None:
    def defaults(role: str) -> list[str]:
        items = call("GET", "/v1/views", role=role)["body"]["items"]
        return [each["name"] for each in items if each["isDefault"]]

    one, other = saved(shared("One"))["id"], saved(shared("Other"))["id"]
    saved({"list": "REFUSALS", "name": "Refusals", "shared": True})
    refusals = call("GET", "/v1/views", query="list=REFUSALS")["body"]["items"][0]["id"]
    for view_id in (one, refusals, other):
        answer = call("PUT", f"/v1/views/{view_id}/default", role="viewer")
        assert (answer["status"], answer["body"]["isDefault"]) == (200, True)
    assert defaults("viewer") == ["Other", "Refusals"]
    assert defaults("member") == []
    # It is not the default any more, so the other one stays.
    assert call("DELETE", f"/v1/views/{one}/default", role="viewer")["status"] == 200
    assert defaults("viewer") == ["Other", "Refusals"]
    call("DELETE", f"/v1/views/{other}/default", role="viewer")
    assert defaults("viewer") == ["Refusals"]
    call("DELETE", f"/v1/views/{refusals}", role="member")
    assert defaults("viewer") == []


@pytest.mark.parametrize(
    ("list_", "filter_", "field"),
    [
        ("RUNS", {"status": ["LOST"]}, "filter.status"),
        ("RUNS", {"range": "9y"}, "filter.range"),
        ("RUNS", {"range": "24h", "from": "2026-01-01"}, "filter.range"),
        ("RUNS", {"from": "soon"}, "filter.from"),
        ("RUNS", {"timeZone": "Mars/Base"}, "filter.timeZone"),
        ("RUNS", {"channel": "EMAIL"}, "filter.channel"),
        ("RUNS", {"text": "x"}, "filter.text"),
        ("RUNS", {"order": "random"}, "filter.order"),
        ("RUNS", {"colour": "red"}, "filter.colour"),
        ("RUNS", {"contact": "nobody@example.com"}, "filter.contact"),
        ("REFUSALS", {"reason": ["LOST"]}, "filter.reason"),
        ("REFUSALS", {"status": ["FAILED"]}, "filter.status"),
        ("DELIVERIES", {"channel": "PIGEON"}, "filter.channel"),
        ("DELIVERIES", {"address": "ada@example.com"}, "filter.address"),
        ("FAILURES", {"status": ["FAILED"]}, "filter.status"),
        ("FAILURES", {"contact": "con_1"}, "filter.contact"),
        ("RUNS", {"order": "count"}, "filter.order"),
        ("RUNS", {"assignee": "me"}, "filter.assignee"),
        ("RUNS", {"key": "orderId:A-1001"}, "filter.key"),
        ("FAILURES", {"order": "oldest"}, "filter.order"),
        ("AUTOMATIONS", {"status": ["OPEN"]}, "filter.status"),
        ("AUTOMATIONS", {"range": "24h"}, "filter.range"),
        ("CONTACTS", {}, "list"),
    ],
)
def test_a_filter_that_the_list_would_refuse_is_named(
    deployed: Engine, list_: str, filter_: dict[str, Any], field: str
) -> None:
    answer = call("POST", "/v1/views", {"list": list_, "name": "x", "filter": filter_})
    assert (answer["status"], answer["body"]["field"]) == (422, field)
    assert not [row for row in deployed.rows() if "viewId" in row]


@pytest.mark.parametrize(
    ("list_", "filter_"),
    [
        ("RUNS", {"status": ["FAILED", "RUNNING"], "triggerType": ["WEBHOOK"], "recovered": False}),
        ("DELIVERIES", {"status": ["DEAD_LETTERED"], "channel": "EMAIL", "order": "oldest"}),
        ("REFUSALS", {"reason": ["NO_CONTACT"], "automationId": "atm_1"}),
        ("FAILURES", {"status": ["OPEN"], "assignee": "me", "order": "count", "range": "7d"}),
        ("AUTOMATIONS", {"status": ["PAUSED"], "search": "order"}),
    ],
)
def test_every_list_takes_its_own_filters(
    deployed: Engine, list_: str, filter_: dict[str, Any]
) -> None:
    view = saved({"list": list_, "name": "Mine", "filter": filter_}, role="viewer")
    found = {name: value for name, value in view["filter"].items() if value not in (None, [])}
    assert (found, names("viewer", list_)) == (filter_, ["Mine"])


def test_a_contact_is_kept_by_its_id_only(deployed: Engine) -> None:
    person = {"email": "ada@customer.example"}
    contact = call("POST", "/v1/contacts", person)["body"]["id"]
    view = saved({**FAILED, "filter": {"contact": "ADA@customer.example"}})
    assert view["filter"]["contact"] == contact
    views = [row for row in deployed.rows() if "viewId" in row]
    assert "customer.example" not in str(views)


def test_a_name_is_used_once_in_each_list(deployed: Engine) -> None:
    saved()
    again = call("POST", "/v1/views", {**FAILED, "name": "FAILED today"}, role="member")
    assert (again["status"], again["body"]["field"]) == (409, "name")
    saved(role="viewer")
    saved({**FAILED, "list": "REFUSALS", "filter": {}})
    saved(shared())
    other = saved({**FAILED, "name": "Other"})
    taken = call("PATCH", f"/v1/views/{other['id']}", {"name": "Failed today"}, role="member")
    assert (taken["status"], taken["body"]["field"]) == (409, "name")


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, None, 7])
def test_a_name_has_1_to_80_characters(deployed: Engine, name: Any) -> None:
    answer = call("POST", "/v1/views", {**FAILED, "name": name})
    assert (answer["status"], answer["body"]["field"]) == (422, "name")


@pytest.mark.parametrize(("is_shared", "most"), [(False, MOST_OWN), (True, MOST_SHARED)])
def test_the_number_of_views_is_limited(deployed: Engine, is_shared: bool, most: int) -> None:
    for number in range(most):
        saved({**FAILED, "name": f"View {number}", "shared": is_shared})
    full = call("POST", "/v1/views", {**FAILED, "shared": is_shared}, role="member")
    assert (full["status"], full["body"]["state"]) == (409, "TOO_MANY_VIEWS")
    assert str(most) in full["body"]["detail"]
    # A change of a view needs no further place, but sharing another one does.
    first = call("GET", "/v1/views", role="member")["body"]["items"][0]["id"]
    assert call("PATCH", f"/v1/views/{first}", {"name": "A"}, role="member")["status"] == 200
    other = saved({**FAILED, "name": "Other", "shared": not is_shared})["id"]
    moved = call("PATCH", f"/v1/views/{other}", {"shared": is_shared}, role="member")
    assert (moved["status"], moved["body"]["state"]) == (409, "TOO_MANY_VIEWS")


def test_a_removed_member_leaves_only_shared_views(pool: str, deployed: Engine) -> None:
    saved()
    kept = saved(shared("Shared"))
    call("PUT", f"/v1/views/{kept['id']}/default", role="member")
    assert call("DELETE", "/v1/members/user-member")["status"] == 204
    rows = [row for row in deployed.rows() if "viewId" in row]
    assert [row["name"] for row in rows] == ["Shared"]
    assert names("owner") == ["Shared"]
    # An admin cares for it from now on.
    assert call("PATCH", f"/v1/views/{kept['id']}", {"name": "Kept"}, role="admin")["status"] == 200


def test_views_that_a_crash_left_are_deleted_when_the_removal_is_repeated(
    pool: str, deployed: Engine
) -> None:
    saved()
    workspace_id = deployed.workspace_id
    member = deployed.stores.workspaces.membership(workspace_id, "user-member")
    assert member is not None
    deployed.stores.workspaces.remove_member(member, None)
    assert [row for row in deployed.rows() if "viewId" in row] != []
    assert call("DELETE", "/v1/members/user-member")["status"] == 404
    assert [row for row in deployed.rows() if "viewId" in row] == []


def test_a_member_who_is_removed_meanwhile_saves_nothing(deployed: Engine) -> None:
    gone = Membership(
        user_id="user-gone",
        email="gone@example.com",
        workspace_id=deployed.workspace_id,
        role=Role.ADMIN,
        created_at=1,
    )
    from runledger.api.saved_views import SavedViewDocument
    from runledger.errors import NotFoundError
    from runledger.services.workspaces.identity import Caller

    view = saved(shared())
    with pytest.raises(NotFoundError, match="no longer a member"):
        deployed.saved_views.create(
            Caller(gone), SavedViewDocument.model_validate({**FAILED, "name": "Late"})
        )
    with pytest.raises(NotFoundError, match="no longer a member"):
        deployed.saved_views.set_default(Caller(gone), view["id"])
