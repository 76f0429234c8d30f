"""Deliveries as the history shows them: rows of lists, and one delivery in full."""

from pydantic import Field

from runledger.api.lists import UNREADABLE
from runledger.api.runs import ErrorView, HealthView
from runledger.models.base import WireModel
from runledger.models.delivery import DeliveryStatus, TryOutcome
from runledger.models.report import ReportKind


class GateView(WireModel):
    """One check before a message is sent."""

    name: str = Field(description="Which check.")
    passed: bool = Field(description="Whether the message may go on.")
    reason: str = Field(description="Why, in words.")
    forced_by: str | None = Field(
        default=None,
        description="The e-mail of the user who overruled it; null unless somebody did.",
    )


class ReportView(WireModel):
    """A provider's report about a message that it accepted."""

    kind: ReportKind = Field(description="What happened to the message.")
    at: str = Field(description="When, by the provider's clock.")
    is_permanent: bool = Field(description="Whether the address itself takes no messages.")
    code: str | None = Field(description="The provider's own code.")
    message: str | None = Field(description="The provider's own words.")


class TryView(WireModel):
    """One try to hand the message to the provider."""

    at: str = Field(description="When the try ended.")
    outcome: TryOutcome = Field(description="What came of it.")
    code: str | None = Field(description="The provider's own code.")
    message: str | None = Field(description="The provider's own words.")
    provider_id: str | None = Field(
        description="The provider's id of the message; null where it took none."
    )


class DeliveryView(WireModel):
    """One message to one address on one channel."""

    id: str = Field(description="The delivery's id.")
    status: DeliveryStatus = Field(description="Where the delivery is in its life.")
    channel: str = Field(description="The channel.")
    address: str = Field(description="Where it goes: an e-mail address or a phone number.")
    run_id: str | None = Field(description="The run that made it; null for a resend.")
    node_id: str | None = Field(description="The node that made it; null for a resend.")
    automation_id: str | None = Field(description="The automation of that run.")
    contact_id: str | None = Field(
        description="The contact that it goes to; null for an address of its own."
    )
    template_id: str = Field(description="The template.")
    subject: str | None = Field(
        description="The subject as rendered; null for channels without one."
    )
    gates: list[GateView] = Field(description="The checks before it was sent, in order.")
    reports: list[ReportView] = Field(description="The provider's reports, the oldest first.")
    tries: int = Field(description="How often the message was claimed for sending.")
    tries_log: list[TryView] = Field(description="The tries that came to an end, in order.")
    next_try_at: str | None = Field(description="When it is tried next; with RETRYING only.")
    unknown_since: str | None = Field(
        description="When the provider's answer was found to be lost. A report may settle it."
    )
    provider_id: str | None = Field(description="The provider's id of the message.")
    error: ErrorView | None = Field(description="Why it was not sent; null where it was.")
    resend_of: str | None = Field(
        description="The delivery that it repeats; null unless it is a resend."
    )
    requested_by: str | None = Field(description="The e-mail of the user who asked for the resend.")
    forced: bool = Field(description="Whether the resend overruled the gates.")
    resends: list[str] = Field(description="The deliveries that repeat this one.")
    created_at: str = Field(description="When it was made.")
    settled_at: str | None = Field(description="When it was sent or given up; null before.")
    erased_at: str | None = Field(
        default=None,
        description="When the contact was erased, and with it everything about the person.",
    )
    unreadable: str | None = Field(default=None, description=UNREADABLE)


class DeliveryRowView(WireModel):
    """A delivery as lists show it."""

    id: str = Field(description="The delivery's id.")
    status: DeliveryStatus = Field(description="Where the delivery is in its life.")
    channel: str = Field(description="The channel.")
    address: str = Field(description="Where it goes: an e-mail address or a phone number.")
    contact_id: str | None = Field(
        description="The contact that it goes to; null for an address of its own."
    )
    automation_id: str | None = Field(description="The automation of the run that made it.")
    automation_name: str | None = Field(
        description="The automation's name now; null where it is gone."
    )
    run_id: str | None = Field(description="The run that made it; null for a resend.")
    node_id: str | None = Field(description="The node that made it; null for a resend.")
    resend_of: str | None = Field(
        description="The delivery that it repeats; null unless it is a resend."
    )
    template_id: str = Field(description="The template.")
    subject: str | None = Field(
        description="The subject as rendered; null for channels without one."
    )
    tries: int = Field(description="How often the message was claimed for sending.")
    next_try_at: str | None = Field(description="When it is tried next; with RETRYING only.")
    error: str | None = Field(description="Why it was not sent, or not yet, in one line.")
    complained: bool = Field(description="Whether the person marked the message as unwanted.")
    created_at: str = Field(description="When it was made.")
    settled_at: str | None = Field(description="When it was sent or given up; null before.")
    erased_at: str | None = Field(
        default=None,
        description="When the contact was erased, and with it everything about the person.",
    )
    unreadable: str | None = Field(default=None, description=UNREADABLE)


class DeliveryLinksView(WireModel):
    """API paths of the resources that belong to a delivery."""

    run: str | None = Field(description="Its run; null for a resend.")
    automation: str | None = Field(description="Its automation.")
    contact: str | None = Field(description="Its contact.")
    template: str = Field(description="Its template.")
    resend_of: str | None = Field(description="The delivery that it repeats.")
    resends: list[str] = Field(description="The deliveries that repeat it.")


class DeliveryDetailView(DeliveryView):
    """A delivery with everything that is known about it."""

    health: HealthView | None = Field(
        description=(
            "More about a delivery that is under way: QUEUED, SENDING, RETRYING or "
            "UNKNOWN; else null."
        )
    )
    automation_name: str | None = Field(
        description="The automation's name now; null where it is gone."
    )
    template_name: str | None = Field(description="The template's name now; null where it is gone.")
    body: str | None = Field(description="The body as rendered.")
    complained: bool = Field(description="Whether the person marked the message as unwanted.")
    links: DeliveryLinksView = Field(description="Where to read more.")
