"""The caller, and their workspace."""

from runledger.http import make_router, needs
from runledger.models.wire import ListView
from runledger.models.workspace import Role
from runledger.models.workspace_views import MemberView, MeView, ServiceHealthView, SettingsView
from runledger.routes.callers import calling
from runledger.services.wiring import stores

router = make_router()


@router.get("/v1/health", tags=["Workspace"])
@needs(None)
def get_health() -> ServiceHealthView:
    """Whether the API answers. Needs no token."""
    return ServiceHealthView(status="ok")


@router.get("/v1/me", tags=["Workspace"])
def get_me() -> MeView:
    """Who is calling, in which workspace and role."""
    return calling(router).view(stores().workspaces)


@router.get("/v1/settings", tags=["Workspace"])
@needs(Role.OWNER)
def get_settings() -> SettingsView:
    """The settings of the workspace."""
    from runledger.services.members import settings_view

    who = calling(router)
    return settings_view(stores().workspaces.get(who.workspace_id, consistent=True))


@router.get("/v1/members", tags=["Workspace"])
@needs(Role.OWNER)
def list_members() -> ListView[MemberView]:
    """Everybody in the workspace, in the order they joined."""
    from runledger.services.members import member_view

    found = stores().workspaces.members(calling(router).workspace_id)
    return ListView(items=[member_view(each) for each in found], next_cursor=None)
