"""Changing a workspace's settings and members."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.workspaces import MemberView, RoleDocument, SettingsDocument, SettingsView
from runledger.composition import services
from runledger.http import answers, make_router, needs
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.services.views.workspaces import member_view, settings_view
from runledger.services.workspaces.members import change_settings

router = make_router()


@router.put("/v1/settings", tags=["Workspace"])
@answers({409: "An owner without a second factor cannot require one of others."})
@needs(Role.OWNER)
def put_settings(document: Annotated[SettingsDocument, Body()]) -> SettingsView:
    """Replaces the settings. A new retention applies only to what begins after the change. Answers
    409 if the caller makes a second factor mandatory without having one."""
    membership = require_role(router).membership
    of = services()
    changed = change_settings(of.stores.workspaces, lambda: of.accounts, membership, document)
    return settings_view(changed)


@router.put("/v1/members/<user_id>", tags=["Workspace"])
@answers({409: "A workspace must keep at least one owner."})
@needs(Role.OWNER)
def change_member(user_id: str, document: Annotated[RoleDocument, Body()]) -> MemberView:
    """Changes a member's role. Answers 409 if the last owner would get another role."""
    who = require_role(router)
    return member_view(services().members.change_role(who.workspace_id, user_id, document.role))


@router.delete("/v1/members/<user_id>", tags=["Workspace"], status_code=204)
@answers({409: "A workspace must keep at least one owner."})
@needs(Role.OWNER)
def remove_member(user_id: str) -> Response[str]:
    """Removes a member, who loses access at once. Answers 409 for the last owner."""
    who = require_role(router)
    services().members.remove(who.workspace_id, user_id)
    return Response(HTTPStatus.NO_CONTENT, body="")
