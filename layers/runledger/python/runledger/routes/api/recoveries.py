"""Recoveries: rerunning many runs."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.recoveries import RecoveryDocument, RecoveryView
from runledger.composition import services
from runledger.http import answers, make_router, needs
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.services.views.recoveries import recovery_view

router = make_router()


@router.post("/v1/recoveries", tags=["Recoveries"], status_code=202)
@answers(
    {
        200: "With `dryRun`: what the recovery would do.",
        409: "The idempotency key was used with another request.",
    }
)
@needs(Role.MEMBER)
def create_recovery(document: Annotated[RecoveryDocument, Body()]) -> Response[RecoveryView]:
    """Reruns all runs that match a filter or belong to a failure group: first a few as a canary, if
    you ask for one, then the others at a given rate. Each run is rerun at most once. A run is left
    out if it is open, if it is a rerun itself, if a later rerun of it completed, or if you must
    first choose in `effects` what to do with its effects. `dryRun` says how many runs there are,
    which are left out and why, and what would happen at each node. Only an ADMIN may repeat the
    messages of a node."""
    who = require_role(router)
    recoveries = services().recoveries
    may_repeat = who.may(Role.ADMIN)
    if document.dry_run:
        view = recoveries.preview(document, who, may_repeat=may_repeat)
        return Response(HTTPStatus.OK, "application/json", view)
    created = recoveries.create(document, who, may_repeat=may_repeat)
    return Response(HTTPStatus.ACCEPTED, "application/json", recovery_view(created))


@router.post("/v1/recoveries/<recovery_id>/continue", tags=["Recoveries"])
@answers({409: "The recovery is running already, or has ended."})
@needs(Role.MEMBER)
def continue_recovery(recovery_id: str) -> RecoveryView:
    """Continues after the canary or a pause. Earlier failures no longer count toward
    `stopAfterFailures`. Only an ADMIN may continue a recovery that repeats the messages of a
    node."""
    who = require_role(router)
    continued = services().recoveries.resume(
        who.workspace_id, recovery_id, who.email, may_repeat=who.may(Role.ADMIN)
    )
    return recovery_view(continued)


@router.post("/v1/recoveries/<recovery_id>/pause", tags=["Recoveries"])
@answers({409: "The recovery is paused already, or has ended."})
@needs(Role.MEMBER)
def pause_recovery(recovery_id: str) -> RecoveryView:
    """Pauses the recovery: opens no more reruns until it is continued. Open reruns continue. Up to
    20 reruns that are being opened at this moment are still opened."""
    who = require_role(router)
    return recovery_view(services().recoveries.pause(who.workspace_id, recovery_id, who.email))


@router.post("/v1/recoveries/<recovery_id>/abort", tags=["Recoveries"])
@answers({409: "The recovery has ended."})
@needs(Role.MEMBER)
def abort_recovery(recovery_id: str) -> RecoveryView:
    """Ends the recovery. Open reruns continue, and their results are still counted."""
    who = require_role(router)
    return recovery_view(services().recoveries.abort(who.workspace_id, recovery_id, who.email))
