"""Sending a message again by hand, on the wire."""

from typing import Annotated

from pydantic import StringConstraints

from runledger.models.base import WireModel
from runledger.models.delivery import DeliveryStatus


class ResendDocument(WireModel):
    """How a delivery is sent again. The same key makes one resend, however often it is asked for;
    `force` overrules every gate but address and template, needs ADMIN and is recorded."""

    idempotency_key: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
        | None
    ) = None
    force: bool = False


class ResentView(WireModel):
    """The new delivery, or the one that the same key had made before."""

    delivery_id: str
    status: DeliveryStatus
    duplicate: bool = False
