"""The caller, and their workspace."""

from runledger.api.invitations import InvitationView
from runledger.api.lists import ListView
from runledger.api.workspaces import MemberView, MeView, ServiceHealthView, SettingsView
from runledger.composition import services
from runledger.http import lower_headers, make_router, needs, personal
from runledger.models.workspace import Role
from runledger.routes.callers import require_role, signed_in

router = make_router()


@router.get("/v1/health", tags=["Workspace"])
@needs(None)
def get_health() -> ServiceHealthView:
    """Answers 200 if the API is up. Needs no token."""
    return ServiceHealthView(status="ok")


@router.get("/v1/me", tags=["Workspace"])
@personal
def get_me() -> MeView:
    """Returns the caller, their workspaces, and the invitations they may accept. It also works for
    people without a workspace, and for people who lack a second factor that a workspace
    requires."""
    from runledger.services.views.workspaces import me_view
    from runledger.services.workspaces.me import describe_person

    who, headers = signed_in(router), lower_headers(router)
    of = services()
    return me_view(
        describe_person(who, headers, of.stores.workspaces, of.accounts, of.own_invitations)
    )


@router.get("/v1/settings", tags=["Workspace"])
@needs(Role.OWNER)
def get_settings() -> SettingsView:
    """Returns the settings of the workspace."""
    from runledger.services.views.workspaces import settings_view

    who = require_role(router)
    return settings_view(services().stores.workspaces.get(who.workspace_id, consistent=True))


@router.get("/v1/members", tags=["Workspace"])
@needs(Role.OWNER)
def list_members() -> ListView[MemberView]:
    """Lists the members of the workspace, in the order they joined."""
    from runledger.services.views.workspaces import member_view

    found = services().stores.workspaces.members(require_role(router).workspace_id)
    return ListView(items=[member_view(each) for each in found], next_cursor=None)


@router.get("/v1/invitations", tags=["Workspace"])
@needs(Role.OWNER)
def list_invitations() -> ListView[InvitationView]:
    """Lists the invitations that were neither accepted nor withdrawn, oldest first. Expired ones
    stay for 30 days, so that they can be sent again."""
    from runledger.services.views.invitations import invitation_view

    found = services().stores.invitations.of_workspace(require_role(router).workspace_id)
    now = services().clock()
    return ListView(items=[invitation_view(each, now) for each in found], next_cursor=None)
