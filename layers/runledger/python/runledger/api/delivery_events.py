"""The events about deliveries on the bus. Their JSON Schema is generated from this file."""

from typing import Literal

from pydantic import Field

from runledger.api.run_events import EventPart
from runledger.models.delivery import DeliveryStatus

# The statuses that are published. The others last only a moment.
TOLD = frozenset(DeliveryStatus) - {DeliveryStatus.QUEUED, DeliveryStatus.PROCESSING}


def delivery_detail_type(status: DeliveryStatus) -> str:
    return f"delivery.{status.value.lower()}"


class DeliveryError(EventPart):
    """Why the message did not arrive, or has not left yet."""

    kind: str = Field(description="Stable and for programs, e.g. BOUNCED or OUTCOME_UNKNOWN.")


class DeliveryEvent(EventPart):
    """The detail of `delivery.*`: a delivery has a new status. Times are ISO 8601 UTC.

    It holds ids only: no address, no subject, no text."""

    schema_version: Literal[1] = Field(
        default=1, alias="schema", description="The version of this document."
    )
    id: str = Field(description="The change's own id: drop what was seen before.")
    sequence: int = Field(ge=1, description="Grows with every status of the delivery.")
    workspace_id: str = Field(description="The workspace of the delivery.")
    delivery_id: str = Field(description="The delivery.")
    run_id: str | None = Field(description="The run that sent it; null for a resend.")
    node_id: str | None = Field(description="The node of that run.")
    automation_id: str | None = Field(description="The automation it belongs to.")
    contact_id: str | None = Field(description="Whom it is for, where it is a contact.")
    channel: str = Field(description="EMAIL, SMS or WHATSAPP.")
    template_id: str = Field(description="The template that it was made of.")
    status: DeliveryStatus = Field(description="What it has come to.")
    tries: int = Field(ge=0, description="How often it was handed to the provider.")
    next_try_at: str | None = Field(description="With RETRYING: when it is tried again.")
    error: DeliveryError | None = Field(description="Why it was not sent, or did not arrive.")
    has_complaint: bool = Field(description="Whether its recipient complained of it.")
    resend_of: str | None = Field(description="The delivery that it repeats, if any.")
    occurred_at: str = Field(description="When it came to the status.")
    created_at: str = Field(description="When it was begun.")
