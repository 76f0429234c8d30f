"""Exports, with links to their files for whoever may have them."""

from functools import cache
from typing import TYPE_CHECKING

from runledger.api.exports import ExportView
from runledger.api.lists import ListView
from runledger.clock import now_ms
from runledger.composition import export_files, stores
from runledger.http import make_router
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.routes.query.parameters import Cursor, Limit
from runledger.routes.query.services import cursors

if TYPE_CHECKING:
    from runledger.services.bulk.exports import ExportQueries

router = make_router()


@cache
def _exports() -> "ExportQueries":
    from runledger.services.bulk.exports import ExportQueries

    return ExportQueries(stores().exports, export_files(), cursors(), now_ms)


@router.get("/v1/exports", tags=["Exports"])
def list_exports(limit: Limit = 50, cursor: Cursor = None) -> ListView[ExportView]:
    """Exports, the newest first."""
    who = require_role(router)
    return _exports().page(who.workspace_id, limit, cursor, may_link=who.may(Role.MEMBER))


@router.get("/v1/exports/<export_id>", tags=["Exports"])
def get_export(export_id: str) -> ExportView:
    """One export: how far it is, and the link to its file."""
    who = require_role(router)
    return _exports().one(who.workspace_id, export_id, may_link=who.may(Role.MEMBER))
