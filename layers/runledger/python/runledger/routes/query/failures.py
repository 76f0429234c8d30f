"""Reading failure groups."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from runledger.api.failures import FailureGroupView
from runledger.api.lists import ListView
from runledger.composition import services
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

router = make_router()


@router.get("/v1/failure-groups", tags=["Runs"])
def list_failure_groups(
    automation_id: AutomationId = None,
    range_: RangeText = None,
    from_: FromText = None,
    to: ToText = None,
    time_zone: TimeZoneText = None,
    status: Annotated[
        GroupStatus | None,
        Query(description="RESOLVED or OPEN; both if left out."),
    ] = None,
    text: Annotated[
        str | None,
        Query(max_length=500, description="Words that must all occur in the title or the message."),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[FailureGroupView]:
    """Lists failed runs in groups. The runs of a group belong to one automation, and their errors
    differ only in ids, numbers, addresses and similar values. Failed calls are also grouped by
    method, host, path and status. Groups are sorted by the hour of their latest failure, newest
    first."""
    from runledger.services.lists.failures import FailureRequest

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
    return services().failure_queries.page(require_role(router).workspace_id, request)


@router.get("/v1/failure-groups/<group_id>", tags=["Runs"])
def get_failure_group(group_id: str) -> FailureGroupView:
    """Returns one failure group, over the whole time that its runs are kept."""
    return services().failure_views.group(require_role(router).workspace_id, group_id)
