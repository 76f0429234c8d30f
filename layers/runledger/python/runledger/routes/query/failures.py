"""Failed runs by what they failed of."""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from runledger.api.failures import FailureGroupView
from runledger.api.lists import ListView
from runledger.clock import now_ms
from runledger.composition import stores
from runledger.http import make_router
from runledger.models.failure import GroupStatus
from runledger.routes.callers import require_role
from runledger.routes.query.parameters import (
    AutomationId,
    Cursor,
    FromText,
    Limit,
    RangeText,
    TimeZoneText,
    ToText,
)
from runledger.routes.query.services import cursors

if TYPE_CHECKING:
    from runledger.services.lists.failures import FailureViews

router = make_router()


def _views() -> "FailureViews":
    from runledger.services.lists.failures import FailureViews

    of = stores()
    return FailureViews(of.runs, of.failures, of.automations, now_ms)


@router.get("/v1/failure-groups", tags=["Runs"])
def list_failure_groups(
    automation_id: AutomationId = None,
    range_: RangeText = None,
    from_: FromText = None,
    to: ToText = None,
    time_zone: TimeZoneText = None,
    status: Annotated[
        GroupStatus | None,
        Query(description="RESOLVED, or OPEN; both where none is named."),
    ] = None,
    text: Annotated[
        str | None,
        Query(max_length=500, description="Words that all occur in the title or the message."),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[FailureGroupView]:
    """Failed runs by what they failed of: those of one automation whose errors differ only in ids,
    numbers, addresses and the like, the latest failure first (by the hour). What calls failed with
    is told apart by method, host, path and status."""
    from runledger.services.lists.failures import FailureQueries, FailureRequest

    request = FailureRequest(
        automation_id=automation_id,
        status=status,
        range=range_,
        since=from_,
        until=to,
        time_zone=time_zone,
        text=text,
        limit=limit,
        cursor=cursor,
    )
    reading = FailureQueries(_views(), cursors())
    return reading.page(require_role(router).workspace_id, request)


@router.get("/v1/failure-groups/<group_id>", tags=["Runs"])
def get_failure_group(group_id: str) -> FailureGroupView:
    """One failure group, over all the time that its runs are kept."""
    return _views().group(require_role(router).workspace_id, group_id)
