"""Reading recoveries and their runs."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from runledger.api.lists import ListView
from runledger.api.recoveries import RecoveryItemView, RecoveryView
from runledger.composition import services
from runledger.http import make_router
from runledger.models.recovery import ItemState
from runledger.routes.callers import require_role
from runledger.routes.query.parameters import Cursor, Limit

router = make_router()


@router.get("/v1/recoveries", tags=["Recoveries"])
def list_recoveries(limit: Limit = 50, cursor: Cursor = None) -> ListView[RecoveryView]:
    """Lists recoveries, newest first."""
    return services().recovery_queries.page(require_role(router).workspace_id, limit, cursor)


@router.get("/v1/recoveries/<recovery_id>", tags=["Recoveries"])
def get_recovery(recovery_id: str) -> RecoveryView:
    """Returns one recovery with its counts."""
    from runledger.services.views.recoveries import recovery_view

    found = services().recovery_queries.get(require_role(router).workspace_id, recovery_id)
    return recovery_view(found)


@router.get("/v1/recoveries/<recovery_id>/runs", tags=["Recoveries"])
def list_recovery_runs(
    recovery_id: str,
    state: Annotated[
        ItemState | None,
        Query(description="PLANNED, BLOCKED, OPEN, ENDED or LEFT_OUT; all if left out."),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[RecoveryItemView]:
    """Lists the runs of a recovery by their state, oldest first in each state: every original with
    its rerun, or with the reason why it is left out."""
    workspace_id = require_role(router).workspace_id
    return services().recovery_queries.items(workspace_id, recovery_id, state, limit, cursor)
