"""Replaying refused events."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from runledger.api.kept_events import ReplayedRunView, ReplayView
from runledger.composition import services
from runledger.http import answers, make_router, needs
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.services.views.refusals import refusal_view

router = make_router()


@router.post("/v1/refusals/<refusal_id>/replay", tags=["Refusals"], status_code=202)
@answers(
    {
        200: "No run was opened: the event had opened its runs before, it was ignored, or it was "
        "refused again.",
        409: "The event was replayed before or never kept, or the automation accepts no events.",
        410: "The event is no longer kept.",
    }
)
@needs(Role.MEMBER)
def replay_refusal(refusal_id: str) -> Response[ReplayView]:
    """Sends a refused event again, through the trigger as it is now. Each refusal can be replayed
    once. The event's signature and the rate limit are not checked again. If the event is refused
    again, `refusal` is the new refusal. If the request is interrupted, send it again: it finds the
    runs that were opened already."""
    who = require_role(router)
    replayed = services().replays.replay(who.workspace_id, refusal_id, who.email)
    refusal = replayed.refusal
    view = ReplayView(
        runs=[
            ReplayedRunView(run_id=each.run.id, status=each.run.status, duplicate=each.is_duplicate)
            for each in replayed.runs
        ],
        refusal=refusal_view(refusal, services().clock()) if refusal else None,
    )
    is_new = any(not each.is_duplicate for each in replayed.runs)
    return Response(HTTPStatus.ACCEPTED if is_new else HTTPStatus.OK, "application/json", view)
