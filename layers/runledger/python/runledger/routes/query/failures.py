"""Reading failure groups."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from runledger.api.failures import AssigneeView, FailureGroupListView, FailureGroupView
from runledger.api.lists import ListView
from runledger.composition import services
from runledger.http import make_router
from runledger.models.failure import GroupOrder, GroupStatus
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
_ME = "me"


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
    assignee: Annotated[
        str | None,
        Query(
            max_length=100,
            description="A member's user id, `me` for your own groups, or `none` for those without "
            "assignee.",
        ),
    ] = None,
    text: Annotated[
        str | None,
        Query(max_length=500, description="Words that must all occur in the title or the message."),
    ] = None,
    order: Annotated[
        GroupOrder,
        Query(
            description="newest: the latest failure first. count: the most runs first, on one "
            "page; `isComplete` says whether all matching groups are on it."
        ),
    ] = GroupOrder.NEWEST,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> FailureGroupListView:
    """Lists failed runs in groups. The runs of a group belong to one automation, and their errors
    differ only in ids, numbers, addresses and similar values. Failed calls are also grouped by
    method, host, path and status."""
    from runledger.services.lists.failures import FailureRequest

    who = require_role(router)
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
        assignee=who.membership.user_id if assignee == _ME else assignee,
        order=order,
    )
    return services().failure_queries.page(who.workspace_id, request)


@router.get("/v1/failure-groups/assignees", tags=["Runs"])
def list_assignees() -> ListView[AssigneeView]:
    """Lists the members to whom failure groups can be assigned, in the order they joined."""
    found = services().failure_views.assignees(require_role(router).workspace_id)
    return ListView(items=list(found.values()), next_cursor=None)


@router.get("/v1/failure-groups/<group_id>", tags=["Runs"])
def get_failure_group(group_id: str, time_zone: TimeZoneText = None) -> FailureGroupView:
    """Returns one failure group, over the whole time that its runs are kept."""
    who = require_role(router)
    return services().failure_views.group(who.workspace_id, group_id, time_zone)
