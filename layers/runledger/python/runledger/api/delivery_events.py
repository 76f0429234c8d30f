"""The events about deliveries on the bus. Their JSON Schema is generated from this file."""

from typing import Literal

from pydantic import Field

from runledger.api.run_events import EventPart
from runledger.models.delivery import DeliveryStatus

# The statuses that are published. The others last only a moment.
PUBLISHED = frozenset(DeliveryStatus) - {DeliveryStatus.QUEUED, DeliveryStatus.PROCESSING}


def delivery_detail_type(status: DeliveryStatus) -> str:
    return f"delivery.{status.value.lower()}"


class DeliveryError(EventPart):
    """Why the message did not arrive, or has not left yet."""

    kind: str = Field(description="A stable code for programs, such as BOUNCED or OUTCOME_UNKNOWN.")


class DeliveryEvent(EventPart):
    """The detail of `delivery.*`: a delivery has a new status. Times are ISO 8601 UTC.

    It holds ids only: no address, no subject, no text."""

    schema_version: Literal[1] = Field(
        default=1, alias="schema", description="The version of this format."
    )
    id: str = Field(
        description="Identifies this change. Ignore an event whose id you have already processed."
    )
    sequence: int = Field(ge=1, description="Grows with every change of the delivery's status.")
    workspace_id: str = Field(description="The workspace's id.")
    delivery_id: str = Field(description="The delivery's id.")
    run_id: str | None = Field(description="The run that sent the message; null for a resend.")
    node_id: str | None = Field(description="The node that sent the message; null for a resend.")
    automation_id: str | None = Field(
        description="The automation that sent the message; for a resend, that of the original."
    )
    contact_id: str | None = Field(description="The recipient, if it is a contact.")
    channel: str = Field(description="EMAIL, SMS or WHATSAPP.")
    template_id: str = Field(description="The template's id.")
    status: DeliveryStatus = Field(description="The new status.")
    tries: int = Field(ge=0, description="How many times sending the message was begun.")
    next_try_at: str | None = Field(
        description="When the next try is; null unless the status is RETRYING."
    )
    error: DeliveryError | None = Field(
        description="Why the message was not sent or did not arrive; null otherwise."
    )
    has_complaint: bool = Field(description="Whether the recipient reported the message as spam.")
    resend_of: str | None = Field(
        description="The delivery that this one repeats; null unless this is a resend."
    )
    occurred_at: str = Field(description="When the delivery got this status.")
    created_at: str = Field(description="When the delivery was created.")
