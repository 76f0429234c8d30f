"""Reading exports, with links to their files for callers who may have them."""

from runledger.api.exports import ExportView
from runledger.api.lists import ListView
from runledger.composition import services
from runledger.http import make_router
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.routes.query.parameters import Cursor, Limit

router = make_router()


@router.get("/v1/exports", tags=["Exports"])
def list_exports(limit: Limit = 50, cursor: Cursor = None) -> ListView[ExportView]:
    """Lists exports, newest first."""
    who = require_role(router)
    return services().export_queries.page(
        who.workspace_id, limit, cursor, may_link=who.may(Role.MEMBER)
    )


@router.get("/v1/exports/<export_id>", tags=["Exports"])
def get_export(export_id: str) -> ExportView:
    """Returns one export: its progress, and the link to its file."""
    who = require_role(router)
    return services().export_queries.one(who.workspace_id, export_id, may_link=who.may(Role.MEMBER))
