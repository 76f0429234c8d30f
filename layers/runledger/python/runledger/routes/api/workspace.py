"""Settings and members."""

from functools import cache
from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.aws import client
from runledger.clock import now_ms
from runledger.http import answers, make_router, needs
from runledger.models.workspace import Role
from runledger.models.workspace_views import (
    MemberDocument,
    MemberView,
    RoleDocument,
    SettingsDocument,
    SettingsView,
)
from runledger.routes.callers import calling
from runledger.services.members import Members, member_view, settings_view
from runledger.services.wiring import stores
from runledger.settings import ApiSettings, read_settings

router = make_router()


@cache
def _members() -> Members:
    pool = read_settings(ApiSettings).user_pool_id
    return Members(stores().workspaces, client("cognito-idp"), pool, now_ms)


@router.put("/v1/settings", tags=["Workspace"])
@needs(Role.OWNER)
def put_settings(document: Annotated[SettingsDocument, Body()]) -> SettingsView:
    """Replaces the settings. A retention holds for what begins from then on."""
    who = calling(router)
    workspaces = stores().workspaces
    return settings_view(workspaces.set(who.workspace_id, document.name, document.retention_days))


@router.post("/v1/members", tags=["Workspace"], status_code=201)
@answers({409: "The person is a member already, or the workspace is full."})
@needs(Role.OWNER)
def add_member(document: Annotated[MemberDocument, Body()]) -> MemberView:
    """Lets somebody in; 409 where they are a member already."""
    who = calling(router)
    return member_view(_members().add(who.workspace_id, document))


@router.put("/v1/members/<user_id>", tags=["Workspace"])
@answers({409: "The last owner stays one."})
@needs(Role.OWNER)
def change_member(user_id: str, document: Annotated[RoleDocument, Body()]) -> MemberView:
    """Gives a member another role; 409 for the last owner, who stays one."""
    who = calling(router)
    return member_view(_members().change_role(who.workspace_id, user_id, document.role))


@router.delete("/v1/members/<user_id>", tags=["Workspace"], status_code=204)
@answers({409: "The last owner stays one."})
@needs(Role.OWNER)
def remove_member(user_id: str) -> Response[str]:
    """Takes a member out, who has no access from then on; 409 for the last owner."""
    who = calling(router)
    _members().remove(who.workspace_id, user_id)
    return Response(HTTPStatus.NO_CONTENT, body="")
