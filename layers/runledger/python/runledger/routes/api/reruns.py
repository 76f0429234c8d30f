"""Rerunning runs."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.reruns import RerunDocument, RerunPreviewView, RerunView
from runledger.composition import services
from runledger.http import answers, make_router, needs
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.services.reruns.previews import preview_of
from runledger.services.reruns.rerun import RerunBy

router = make_router()


@router.post("/v1/runs/<run_id>/rerun", tags=["Runs"], status_code=202)
@answers(
    {
        200: "With `dryRun`, or if an earlier request with the same key opened the rerun.",
        409: (
            "The run is open, it has an open rerun, its automation is not active, an effect to "
            "repeat is still being retried, or the contact has another open run."
        ),
        410: "The run has expired, or its contact was erased.",
    }
)
@needs(Role.MEMBER)
def rerun_run(
    run_id: str, document: Annotated[RerunDocument | None, Body()] = None
) -> Response[RerunView | RerunPreviewView]:
    """Runs a run again, from its failed node or from another one. Effects that happened, or may
    have happened, do not happen again unless you ask for it. With `dryRun` the answer lists every
    effect and what the rerun would do with it. Answers 422 if you must first choose in `effects`
    what to do with an effect. Only an ADMIN may repeat a message that was sent."""
    asked = document or RerunDocument()
    who = require_role(router)
    by = RerunBy(who.email, may_repeat_messages=who.may(Role.ADMIN))
    reruns = services().reruns
    if asked.dry_run:
        planned = reruns.preview(who.workspace_id, run_id, asked, by)
        view = preview_of(planned, asked, services().stores)
        return Response(HTTPStatus.OK, "application/json", view)
    opened = reruns.open(who.workspace_id, run_id, asked, by)
    run = opened.run
    shown = RerunView(
        run_id=run.id, rerun_of=run_id, status=run.status, duplicate=opened.is_duplicate
    )
    status = HTTPStatus.OK if opened.is_duplicate else HTTPStatus.ACCEPTED
    return Response(status, "application/json", shown)
