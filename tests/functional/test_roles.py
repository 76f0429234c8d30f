"""The role is checked before an answer reveals anything about the request."""

import re
from typing import Any

import pytest
from runledger.http import is_personal, needed_role
from runledger.models.workspace import Role

from functions.api.handler import app
from tests.functional.test_api_handlers import call, deployed
from tests.support.engine import Engine

__all__ = ["deployed"]

APP_ROUTES = [*app._static_routes, *app._dynamic_routes]
# A view of one's own is no change to the workspace.
OF_ONE_MEMBER = "/v1/views"
ROUTES = [
    (method, re.sub(r"<\w+>", "x", route.path), needed_role(route.func))
    for route in APP_ROUTES
    if not is_personal(route.func) and not route.path.startswith(OF_ONE_MEMBER)
    for method in ([route.method] if isinstance(route.method, str) else route.method)
]


@pytest.mark.parametrize(("method", "path", "needed"), ROUTES, ids=lambda each: str(each))
def test_every_changing_route_declares_its_role(method: str, path: str, needed: Role) -> None:
    assert needed in (Role.MEMBER, Role.ADMIN, Role.OWNER), f"no @needs on {method} {path}"


def test_only_a_few_routes_are_open_to_every_signed_in_user(deployed: Engine) -> None:
    personal = {route.path: route for route in APP_ROUTES if is_personal(route.func)}
    assert set(personal) == {
        "/v1/invitations/<invitation_id>/accept",
        "/v1/invitations/<invitation_id>/decline",
        "/v1/me/sign-out-everywhere",
    }
    bodies: tuple[Any, ...] = (None, [], {"no": "such field"})
    for path in personal:
        filled = re.sub(r"<\w+>", "x", path)
        for body in bodies:
            assert call("POST", filled, body, role=None)["status"] == 401, path
        assert call("POST", filled, None, role=None, query="no=such")["status"] == 401, path


def test_the_role_is_checked_before_the_body(deployed: Engine) -> None:
    assert len(ROUTES) >= 26
    bodies: tuple[Any, ...] = ([], {"no": "such field"})
    for method, path, needed in ROUTES:
        assert needed is not None
        too_low = list(Role)[needed.level - 1]
        for body in bodies:
            answer = call(method, path, body, role=too_low.lower())
            assert answer["status"] == 403, (method, path, answer["body"])
            assert f"this requires the role {needed}" in answer["body"]["detail"]
        wrong = call(method, path, {}, role=too_low.lower(), query="no=such")
        assert wrong["status"] == 403, (method, path)


def test_a_caller_with_the_role_learns_what_is_wrong(deployed: Engine) -> None:
    answer = call("POST", "/v1/templates", {"name": 1}, role="admin")
    assert (answer["status"], answer["body"]["field"]) == (422, "name")
    unknown = call("POST", "/v1/templates", {}, role="admin", query="no=such")
    assert unknown["status"] == 422
    assert call("GET", "/v1/runs", role="nobody", query="limit=0")["status"] == 403
    assert call("GET", "/v1/runs", role="viewer", query="limit=0")["status"] == 422


def test_a_body_may_need_a_higher_role_than_its_route(deployed: Engine) -> None:
    path = "/v1/deliveries/dlv_none/resend"
    assert call("POST", path, {"force": True}, role="member")["status"] == 403
    assert call("POST", path, {"force": False}, role="member")["status"] == 404


def test_every_member_saves_views_of_their_own(deployed: Engine) -> None:
    of_views = [each for each in APP_ROUTES if each.path.startswith(OF_ONE_MEMBER)]
    assert {needed_role(each.func) for each in of_views} == {Role.VIEWER}
    view = {"list": "RUNS", "name": "Failed"}
    assert call("POST", "/v1/views", view, role="nobody")["status"] == 403
    assert call("POST", "/v1/views", view, role="viewer")["status"] == 201
    shared = call("POST", "/v1/views", {**view, "shared": True}, role="viewer")
    assert (shared["status"], "MEMBER" in shared["body"]["detail"]) == (403, True)
