"""Resends as the API shows and takes them."""

from pydantic import Field, StrictBool

from runledger.api.previews import PreviewDocument
from runledger.api.request_fields import IdempotencyKey
from runledger.models.base import WireModel
from runledger.models.delivery import DeliveryStatus


class ResendDocument(WireModel):
    """How to send a delivery again."""

    idempotency_key: IdempotencyKey | None = Field(
        default=None,
        description="Makes the request safe to repeat: the same key sends the message only once.",
    )
    force: StrictBool = Field(
        default=False,
        description=(
            "Overrule every gate except address and template. This requires the role ADMIN "
            "and is recorded."
        ),
    )


class TestSendDocument(PreviewDocument):
    """A request to send yourself a test message of a template. The values for the template are
    given as in a preview."""

    idempotency_key: IdempotencyKey | None = Field(
        default=None,
        description="Makes the request safe to repeat: the same key sends you the test of this "
        "template only once.",
    )


class TestSendView(WireModel):
    """The delivery by which a template is tested."""

    delivery_id: str = Field(description="The delivery's id.")
    status: DeliveryStatus = Field(
        description="QUEUED, or SUPPRESSED if a gate refuses the message."
    )
    address: str = Field(description="Your own address, to which the test goes.")
    reason: str | None = Field(description="Why a gate refuses the message; null if none does.")
    duplicate: bool = Field(
        default=False, description="Whether an earlier request with the same key sent the test."
    )


class ResentView(WireModel):
    """The new delivery, or the delivery that an earlier request with the same idempotency key
    created."""

    delivery_id: str = Field(description="The new delivery's id.")
    status: DeliveryStatus = Field(description="The new delivery's status.")
    duplicate: bool = Field(
        default=False, description="Whether an earlier request with the same key sent the message."
    )
