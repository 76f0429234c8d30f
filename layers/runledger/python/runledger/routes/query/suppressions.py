"""Reading the suppression list."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from runledger.api.lists import ListView
from runledger.api.suppressions import SuppressionView
from runledger.composition import services
from runledger.http import make_router
from runledger.models.suppression import SuppressionReason
from runledger.routes.callers import require_role
from runledger.routes.query.parameters import Cursor, Limit

router = make_router()


@router.get("/v1/suppressions", tags=["Suppressions"])
def list_suppressions(
    address: Annotated[
        str | None, Query(description="An e-mail address or phone number, in any format.")
    ] = None,
    reason: Annotated[
        SuppressionReason | None, Query(description="Why the addresses are suppressed.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[SuppressionView]:
    """Lists the addresses to which nothing is sent, newest first. With `address`, lists only that
    address, if it is on the list. With `reason`, a page may be short or empty although the list
    continues."""
    workspace_id = require_role(router).workspace_id
    if address is not None:
        return services().suppressions.one(workspace_id, address, reason)
    return services().resource_lists.suppressions(workspace_id, limit, cursor, reason)
