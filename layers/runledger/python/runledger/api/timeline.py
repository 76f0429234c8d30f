"""The timeline of a contact: everything that happened about one person, in one order."""

from enum import StrEnum

from pydantic import Field

from runledger.api.deliveries import DeliveryRowView
from runledger.api.refusals import RefusalView
from runledger.api.runs import RunView
from runledger.models.base import WireModel


class TimelineKind(StrEnum):
    """What a row of a timeline is."""

    RUN = "RUN"
    DELIVERY = "DELIVERY"
    REFUSAL = "REFUSAL"


class TimelineItemView(WireModel):
    """One row of a contact's timeline. One of `run`, `delivery` and `refusal` is there, as its list
    shows it."""

    kind: TimelineKind = Field(description="Which of the three it is.")
    at: str = Field(description="When it was created. The timeline is in this order.")
    run: RunView | None = Field(default=None, description="The run; null for other kinds.")
    delivery: DeliveryRowView | None = Field(
        default=None, description="The delivery; null for other kinds."
    )
    refusal: RefusalView | None = Field(
        default=None, description="The refusal; null for other kinds."
    )
