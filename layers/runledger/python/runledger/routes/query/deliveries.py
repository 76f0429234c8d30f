"""Reading deliveries."""

from runledger.api.counts import CountsView
from runledger.api.deliveries import DeliveryDetailView, DeliveryRowView
from runledger.api.lists import ListView
from runledger.composition import services
from runledger.http import answers, make_router
from runledger.routes.callers import require_role
from runledger.routes.flattening import flattened
from runledger.routes.query.parameters import DeliveryFilters, Page

router = make_router()


@router.get("/v1/deliveries", tags=["Deliveries"])
@flattened
def list_deliveries(filters: DeliveryFilters, page: Page) -> ListView[DeliveryRowView]:
    """Lists messages that were sent or refused, or that wait for a retry, newest first. A message
    appears here after its first try ends; until then only its run shows it."""
    return services().queries.deliveries(require_role(router).workspace_id, filters.request(page))


@router.get("/v1/deliveries/counts", tags=["Deliveries"])
@flattened
def count_deliveries(filters: DeliveryFilters) -> CountsView:
    """Counts the deliveries that match the filters, by status."""
    return services().counts.deliveries(require_role(router).workspace_id, filters.request())


@router.get("/v1/deliveries/<delivery_id>", tags=["Deliveries"])
@answers({410: "The delivery has expired."})
def get_delivery(delivery_id: str) -> DeliveryDetailView:
    """Returns one message with its gates, its tries and the provider's reports."""
    return services().details.delivery(require_role(router).workspace_id, delivery_id)
