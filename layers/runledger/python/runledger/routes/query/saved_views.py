"""Reading saved views."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from runledger.api.lists import ListView
from runledger.api.saved_views import SavedViewView
from runledger.composition import services
from runledger.http import make_router
from runledger.models.saved_view import ViewList
from runledger.routes.callers import require_role
from runledger.routes.revisions import tagged

router = make_router()


@router.get("/v1/views", tags=["Views"])
def list_views(
    list_: Annotated[
        ViewList | None, Query(alias="list", description="The list that the views are for.")
    ] = None,
) -> ListView[SavedViewView]:
    """Lists the caller's own views and the shared ones, by name. There is only one page."""
    return services().saved_views.page(require_role(router), list_)


@router.get("/v1/views/<view_id>", tags=["Views"])
def get_view(view_id: str) -> Response[SavedViewView]:
    """Returns one view, with its revision as `ETag`."""
    return tagged(services().saved_views.one(require_role(router), view_id))
