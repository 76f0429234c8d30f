"""Deliveries as the history shows them: rows of lists, and one with all that is known of it."""

from pydantic import Field

from runledger.models.base import WireModel
from runledger.models.delivery import DeliveryStatus
from runledger.models.wire import DeliveryView, HealthView


class DeliveryRowView(WireModel):
    """A delivery as lists show it. `error` is why it was not sent, or not yet, in one line;
    `complained` is true where the person marked the message as unwanted."""

    id: str
    status: DeliveryStatus
    channel: str
    address: str
    contact_id: str | None
    automation_id: str | None
    automation_name: str | None
    run_id: str | None
    node_id: str | None
    resend_of: str | None
    template_id: str
    subject: str | None
    tries: int
    next_try_at: str | None
    error: str | None
    complained: bool
    created_at: str
    settled_at: str | None


class DeliveryLinksView(WireModel):
    """Paths of what belongs to a delivery."""

    run: str | None
    automation: str | None
    contact: str | None
    template: str
    resend_of: str | None
    resends: list[str]


class DeliveryDetailView(DeliveryView):
    """A delivery with everything that is known of it. The names are those of now; null where the
    automation or template is gone. `subject` and `body` are the message as it was rendered, and
    `health` says more about one that is under way."""

    health: HealthView | None = Field(description="QUEUED, SENDING, RETRYING or UNKNOWN; or null.")
    automation_name: str | None
    template_name: str | None
    body: str | None
    complained: bool
    links: DeliveryLinksView
