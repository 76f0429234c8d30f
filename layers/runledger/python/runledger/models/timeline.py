"""The timeline of a contact: everything that happened about one person, in one order."""

from enum import StrEnum

from pydantic import Field

from runledger.models.base import WireModel
from runledger.models.delivery_views import DeliveryRowView
from runledger.models.wire import RefusalView, RunView


class TimelineKind(StrEnum):
    RUN = "RUN"
    DELIVERY = "DELIVERY"
    REFUSAL = "REFUSAL"


class TimelineItemView(WireModel):
    """One run, delivery or refusal, as its list shows it; the other two are null."""

    kind: TimelineKind
    at: str = Field(description="When it was created: what the timeline is ordered by.")
    run: RunView | None = None
    delivery: DeliveryRowView | None = None
    refusal: RefusalView | None = None
