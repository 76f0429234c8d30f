"""Imports of contacts: uploading a file in parts, starting and canceling the import."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from runledger.api.contact_imports import (
    MAX_PARTS,
    ImportDocument,
    ImportStartDocument,
    ImportView,
)
from runledger.composition import services
from runledger.http import answers, make_router, needs, raw_body, takes_bytes
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.services.views.contact_imports import import_view

router = make_router()

_CHANGED = "The import has another status, or was changed at the same time."


@router.post("/v1/contacts/imports", tags=["Imports"], status_code=201)
@needs(Role.ADMIN)
def create_import(document: Annotated[ImportDocument, Body()]) -> ImportView:
    """Creates an import of contacts. Next, upload the file in parts of at most 4 MB; then start the
    import. A file has at most 50 MB."""
    who = require_role(router)
    return import_view(services().import_requests.create(who.workspace_id, document, who.email))


@router.put("/v1/contacts/imports/<import_id>/parts/<number>", tags=["Imports"])
@answers(
    {
        409: _CHANGED,
        413: "The part has more than 4 MB, or the file more than 50 MB.",
        415: "The content type is not application/octet-stream.",
    }
)
@needs(Role.ADMIN)
@takes_bytes
def put_import_part(
    import_id: str,
    number: Annotated[
        int, Path(ge=1, le=MAX_PARTS, description="The part's place in the file, from 1.")
    ],
) -> ImportView:
    """Uploads a part of the file: its bytes, cut at any place. Parts may arrive in any order, and a
    repeated part replaces the earlier one."""
    who = require_role(router)
    data = raw_body(router.current_event.raw_event)
    requests = services().import_requests
    return import_view(requests.put_part(who.workspace_id, import_id, number, data))


@router.post("/v1/contacts/imports/<import_id>/start", tags=["Imports"], status_code=202)
@answers({409: f"{_CHANGED} Or the file is not whole.", 413: "The file has more than 50 MB."})
@needs(Role.ADMIN)
def start_import(import_id: str, document: Annotated[ImportStartDocument, Body()]) -> ImportView:
    """Starts the import, which writes the contacts of the uploaded file. With `dryRun` it only
    checks the rows and writes nothing; after that, the import can be started again. `GET` shows the
    progress and the report."""
    who = require_role(router)
    requests = services().import_requests
    return import_view(requests.start(who.workspace_id, import_id, document, who.email))


@router.post("/v1/contacts/imports/<import_id>/cancel", tags=["Imports"], status_code=202)
@answers({409: "The import has ended."})
@needs(Role.ADMIN)
def cancel_import(import_id: str) -> ImportView:
    """Cancels an import. If it is running, it first finishes the rows that it is writing; its
    report lists all finished rows."""
    who = require_role(router)
    return import_view(services().import_requests.cancel(who.workspace_id, import_id, who.email))
