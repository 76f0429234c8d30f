"""Exports: writing a list to a file."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.exports import ExportDocument, ExportView
from runledger.composition import services
from runledger.http import answers, make_router, needs
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.services.views.exports import export_view

router = make_router()


@router.post("/v1/exports", tags=["Exports"], status_code=202)
@answers({409: "The idempotency key was used with another request."})
@needs(Role.MEMBER)
def create_export(document: Annotated[ExportDocument, Body()]) -> ExportView:
    """Starts writing a list to a file. The file contains the whole list as it is now, however long
    it is. `GET` shows the progress and the link."""
    who = require_role(router)
    requested = services().export_requests.create(who.workspace_id, document, who.email)
    return export_view(requested)
