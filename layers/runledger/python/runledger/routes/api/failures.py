"""Resolving failure groups, opening them again, and assigning them."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.failures import AssignDocument, FailureGroupView, ResolveDocument
from runledger.composition import services
from runledger.http import make_router, needs
from runledger.models.workspace import Role
from runledger.routes.callers import require_role

router = make_router()


@router.post("/v1/failure-groups/<group_id>/resolve", tags=["Runs"])
@needs(Role.MEMBER)
def resolve_failure_group(
    group_id: str, document: Annotated[ResolveDocument, Body()]
) -> FailureGroupView:
    """Marks a failure group as resolved. It opens again as soon as another run fails in the same
    way."""
    who = require_role(router)
    return services().failure_resolution.resolve(
        who.workspace_id, group_id, who.email, document.note
    )


@router.post("/v1/failure-groups/<group_id>/reopen", tags=["Runs"])
@needs(Role.MEMBER)
def reopen_failure_group(group_id: str) -> FailureGroupView:
    """Opens a resolved failure group again. An open group does not change."""
    return services().failure_resolution.reopen(require_role(router).workspace_id, group_id)


@router.post("/v1/failure-groups/<group_id>/assign", tags=["Runs"])
@needs(Role.MEMBER)
def assign_failure_group(
    group_id: str, document: Annotated[AssignDocument, Body()]
) -> FailureGroupView:
    """Assigns a failure group to a member with the role MEMBER or higher, or to nobody. The group
    keeps its assignee when it is resolved or reopened."""
    who = require_role(router)
    return services().failure_resolution.assign(
        who.workspace_id, group_id, who.email, document.user_id
    )
