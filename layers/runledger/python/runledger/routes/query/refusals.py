"""Reading refusals: triggers that opened no run."""

from runledger.api.counts import CountsView
from runledger.api.lists import ListView
from runledger.api.refusals import RefusalDetailView, RefusalView
from runledger.composition import services
from runledger.http import answers, make_router
from runledger.routes.callers import require_role
from runledger.routes.flattening import flattened
from runledger.routes.query.parameters import Page, RefusalFilters

router = make_router()


@router.get("/v1/refusals", tags=["Refusals"])
@flattened
def list_refusals(filters: RefusalFilters, page: Page) -> ListView[RefusalView]:
    """Lists triggers that opened no run, and why, newest first."""
    return services().queries.refusals(require_role(router).workspace_id, filters.request(page))


@router.get("/v1/refusals/counts", tags=["Refusals"])
@flattened
def count_refusals(filters: RefusalFilters) -> CountsView:
    """Counts the refusals that match the filters, by reason. A refusal that represents several
    events in a minute counts once."""
    return services().counts.refusals(require_role(router).workspace_id, filters.request())


@router.get("/v1/refusals/<refusal_id>", tags=["Refusals"])
@answers({410: "The refusal has expired."})
def get_refusal(refusal_id: str) -> RefusalDetailView:
    """Returns one refusal, with its event if that is kept."""
    return services().details.refusal(require_role(router).workspace_id, refusal_id)
