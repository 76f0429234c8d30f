"""The timeline of a contact: all runs, deliveries and refusals of one person, sorted by
time."""

from enum import StrEnum

from pydantic import Field

from runledger.api.deliveries import DeliveryRowView
from runledger.api.refusals import RefusalView
from runledger.api.runs import RunView
from runledger.models.base import WireModel


class TimelineKind(StrEnum):
    """The kind of a timeline's row."""

    RUN = "RUN"
    DELIVERY = "DELIVERY"
    REFUSAL = "REFUSAL"


class TimelineItemView(WireModel):
    """One row of a contact's timeline. Exactly one of `run`, `delivery` and `refusal` is set. The
    one that is set has the same fields as in the list of runs, deliveries or refusals."""

    kind: TimelineKind = Field(description="The kind of this row.")
    at: str = Field(description="When it was created. Rows are sorted by this time.")
    run: RunView | None = Field(default=None, description="The run; null for other kinds.")
    delivery: DeliveryRowView | None = Field(
        default=None, description="The delivery; null for other kinds."
    )
    refusal: RefusalView | None = Field(
        default=None, description="The refusal; null for other kinds."
    )
