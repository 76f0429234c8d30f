"""Opening runs by hand, and canceling runs."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.bulk_cancels import (
    BulkCancelDocument,
    BulkCancelView,
    BulkSkipDocument,
    BulkSkipView,
)
from runledger.api.runs import CancelDocument, OpenedView, RunDocument, RunView
from runledger.composition import services
from runledger.http import answers, make_router, needs
from runledger.models.bulk_cancel import BulkAction
from runledger.models.run import Cancellation
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.services.bulk.bulk_cancel import bulk_cancel_view, bulk_skip_view
from runledger.services.views.runs import run_view

router = make_router()


@router.post("/v1/automations/<automation_id>/runs", tags=["Runs"], status_code=202)
@answers(
    {
        200: "An earlier request with the same key opened the run.",
        409: "The automation is not active, or the contact may not enter it again.",
    }
)
@needs(Role.MEMBER)
def open_run(automation_id: str, document: Annotated[RunDocument, Body()]) -> Response[OpenedView]:
    """Opens a run by hand for one contact. Answers 200 if an earlier request with the same
    idempotency key opened the run."""
    who = require_role(router)
    opened = services().manual_runs.open(who.workspace_id, automation_id, document, who.email)
    run = opened.run
    view = OpenedView(run_id=run.id, status=run.status, duplicate=opened.is_duplicate)
    status = HTTPStatus.OK if opened.is_duplicate else HTTPStatus.ACCEPTED
    return Response(status, "application/json", view)


@router.post("/v1/runs/cancel", tags=["Runs"], status_code=202)
@answers(
    {
        200: "The bulk cancel has ended, or it was a dry run.",
        409: "The idempotency key was used with another request.",
    }
)
@needs(Role.MEMBER)
def cancel_runs(document: Annotated[BulkCancelDocument, Body()]) -> Response[BulkCancelView]:
    """Cancels all open runs that match the filter now, permanently. Does not cancel runs that are
    opened later. Answers 202 while the cancellation continues: for some minutes it looks for
    remaining runs, and for runs that were opened just before the request. `dryRun` counts the runs
    and cancels none."""
    who = require_role(router)
    cancels = services().bulk_cancels
    if document.dry_run:
        view = cancels.count(who.workspace_id, document, who.email)
        return Response(HTTPStatus.OK, "application/json", view)
    asked = cancels.begin(who.workspace_id, document, who.email)
    view = bulk_cancel_view(asked, services().stores.runs, services().clock())
    status = HTTPStatus.OK if view.is_complete else HTTPStatus.ACCEPTED
    return Response(status, "application/json", view)


@router.post("/v1/runs/skip-wait", tags=["Runs"], status_code=202)
@answers(
    {
        200: "All matching runs continue, or were counted with `dryRun`.",
        409: "The idempotency key was used with another request.",
    }
)
@needs(Role.MEMBER)
def skip_waits(document: Annotated[BulkSkipDocument, Body()]) -> Response[BulkSkipView]:
    """Ends the current waits of all waiting runs that match the filter now. Answers 202 while it
    continues. `dryRun` counts the runs and changes none."""
    who = require_role(router)
    bulk, action = services().bulk_cancels, BulkAction.SKIP_WAIT
    if document.dry_run:
        counted = bulk.count(who.workspace_id, document, who.email, action)
        return Response(HTTPStatus.OK, "application/json", bulk_skip_view(counted))
    asked = bulk.begin(who.workspace_id, document, who.email, action)
    view = bulk_skip_view(bulk_cancel_view(asked, services().stores.runs, services().clock()))
    status = HTTPStatus.OK if view.is_complete else HTTPStatus.ACCEPTED
    return Response(status, "application/json", view)


@router.post("/v1/runs/<run_id>/skip-wait", tags=["Runs"])
@answers({409: "The run is not waiting, or one of its nodes is running."})
@needs(Role.MEMBER)
def skip_wait(run_id: str) -> RunView:
    """Ends the current waits of a run, so that it continues within a minute."""
    who = require_role(router)
    free = services().wait_skipper.skip(who.workspace_id, run_id, who.email)
    return run_view(free, services().clock())


@router.post("/v1/runs/<run_id>/cancel", tags=["Runs"])
@answers({409: "The run has already ended."})
@needs(Role.MEMBER)
def cancel_run(run_id: str, document: Annotated[CancelDocument, Body()]) -> RunView:
    """Cancels an open run permanently. If the run has ended, answers 409 with its status."""
    who = require_role(router)
    canceler = services().canceler
    canceled = Cancellation(by=who.email, reason=document.reason)
    return run_view(canceler.cancel(who.workspace_id, run_id, canceled), services().clock())
