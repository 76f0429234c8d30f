"""Settings and members."""

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
@answers({409: "An owner without a second factor cannot ask others for one."})
@needs(Role.OWNER)
def put_settings(document: Annotated[SettingsDocument, Body()]) -> SettingsView:
    """Replaces the settings. A retention holds for what begins from then on; 409 for an owner who
    asks for a second factor and has none."""
    membership = require_role(router).membership
    of = services()
    changed = change_settings(of.stores.workspaces, lambda: of.accounts, membership, document)
    return settings_view(changed)


@router.put("/v1/members/<user_id>", tags=["Workspace"])
@answers({409: "The last owner stays one."})
@needs(Role.OWNER)
def change_member(user_id: str, document: Annotated[RoleDocument, Body()]) -> MemberView:
    """Gives a member another role; 409 for the last owner, who stays one."""
    who = require_role(router)
    return member_view(services().members.change_role(who.workspace_id, user_id, document.role))


@router.delete("/v1/members/<user_id>", tags=["Workspace"], status_code=204)
@answers({409: "The last owner stays one."})
@needs(Role.OWNER)
def remove_member(user_id: str) -> Response[str]:
    """Takes a member out, who has no access from then on; 409 for the last owner."""
    who = require_role(router)
    services().members.remove(who.workspace_id, user_id)
    return Response(HTTPStatus.NO_CONTENT, body="")
