"""Deliveries as the history shows them: rows of lists, and one delivery in full."""

from pydantic import Field

from runledger.api.lists import UNREADABLE
from runledger.api.runs import ErrorView, HealthView
from runledger.models.base import WireModel
from runledger.models.delivery import DeliveryStatus, TryOutcome
from runledger.models.report import BounceKind, ReportKind


class GateView(WireModel):
    """One check before a message is sent."""

    name: str = Field(description="The name of the check.")
    passed: bool = Field(description="Whether the check let the message pass.")
    reason: str = Field(description="The reason for the result, in words.")
    forced_by: str | None = Field(
        default=None,
        description="The e-mail address of the user who overruled the check; null if nobody did.",
    )


class ReportView(WireModel):
    """A provider's report about a message that it accepted."""

    kind: ReportKind = Field(description="What happened to the message.")
    at: str = Field(description="When it happened, by the provider's clock.")
    is_permanent: bool = Field(description="Whether the address itself cannot receive messages.")
    bounce: BounceKind | None = Field(
        description="Why the message bounced; null if the report is not about a bounce."
    )
    code: str | None = Field(description="The provider's error code.")
    message: str | None = Field(description="The provider's message.")


class TryView(WireModel):
    """One try to hand the message to the provider."""

    at: str = Field(description="When the try ended.")
    outcome: TryOutcome = Field(description="How the try ended.")
    code: str | None = Field(description="The provider's error code.")
    message: str | None = Field(description="The provider's message.")
    provider_id: str | None = Field(
        description="The provider's id of the message; null if the provider did not accept it."
    )


class DeliveryView(WireModel):
    """One message to one address on one channel."""

    id: str = Field(description="The delivery's id.")
    status: DeliveryStatus = Field(description="The delivery's status.")
    channel: str = Field(description="The channel.")
    address: str = Field(description="The recipient's e-mail address or phone number.")
    run_id: str | None = Field(
        description="The run that sent the message; null for a resend or a test."
    )
    node_id: str | None = Field(
        description="The node that sent the message; null for a resend or a test."
    )
    automation_id: str | None = Field(
        description=(
            "The automation that sent the message; for a resend, that of the original. Null for a "
            "test."
        )
    )
    contact_id: str | None = Field(
        description=(
            "The recipient; null if the message went to an AD_HOC address, or the contact was "
            "erased."
        )
    )
    template_id: str = Field(description="The template's id.")
    subject: str | None = Field(description="The rendered subject; null if the channel has none.")
    gates: list[GateView] = Field(description="The checks before sending, in order.")
    reports: list[ReportView] = Field(description="The provider's reports, oldest first.")
    tries: int = Field(description="How many times sending the message was begun.")
    tries_log: list[TryView] = Field(description="The tries that ended, in order.")
    next_try_at: str | None = Field(
        description="When the next try is; null unless the status is RETRYING."
    )
    unknown_since: str | None = Field(
        description=(
            "When the last try's outcome became unknown, because the provider's answer was "
            "lost. A report from the provider can still settle it."
        )
    )
    provider_id: str | None = Field(description="The provider's id of the message.")
    error: ErrorView | None = Field(
        description="Why the message was not sent or did not arrive; null otherwise."
    )
    bounce: BounceKind | None = Field(description="Why the message bounced; null if it did not.")
    resend_of: str | None = Field(
        description="The delivery that this one repeats; null unless this is a resend."
    )
    requested_by: str | None = Field(
        description="The e-mail address of the user who requested the resend or the test."
    )
    is_test: bool = Field(
        description="Whether a person sent the message to themselves to test its template.",
    )
    forced: bool = Field(description="Whether the resend overruled the gates.")
    resends: list[str] = Field(description="The deliveries that repeat this one.")
    created_at: str = Field(description="When the delivery was created.")
    settled_at: str | None = Field(
        description=(
            "When the delivery was settled: sent, refused, given up or reported on by the "
            "provider. Null until then."
        )
    )
    erased_at: str | None = Field(
        default=None,
        description="When the contact was erased, together with all personal data.",
    )
    unreadable: str | None = Field(default=None, description=UNREADABLE)


class DeliveryRowView(WireModel):
    """A delivery as lists show it."""

    id: str = Field(description="The delivery's id.")
    status: DeliveryStatus = Field(description="The delivery's status.")
    channel: str = Field(description="The channel.")
    address: str = Field(description="The recipient's e-mail address or phone number.")
    contact_id: str | None = Field(
        description=(
            "The recipient; null if the message went to an AD_HOC address, or the contact was "
            "erased."
        )
    )
    automation_id: str | None = Field(
        description=(
            "The automation that sent the message; for a resend, that of the original. Null for a "
            "test."
        )
    )
    automation_name: str | None = Field(
        description="The automation's current name; null if it no longer exists."
    )
    run_id: str | None = Field(
        description="The run that sent the message; null for a resend or a test."
    )
    node_id: str | None = Field(
        description="The node that sent the message; null for a resend or a test."
    )
    resend_of: str | None = Field(
        description="The delivery that this one repeats; null unless this is a resend."
    )
    template_id: str = Field(description="The template's id.")
    subject: str | None = Field(description="The rendered subject; null if the channel has none.")
    tries: int = Field(description="How many times sending the message was begun.")
    next_try_at: str | None = Field(
        description="When the next try is; null unless the status is RETRYING."
    )
    error: str | None = Field(
        description="Why the message was not sent or did not arrive, in one line; null otherwise."
    )
    bounce: BounceKind | None = Field(description="Why the message bounced; null if it did not.")
    complained: bool = Field(description="Whether the recipient reported the message as spam.")
    created_at: str = Field(description="When the delivery was created.")
    settled_at: str | None = Field(
        description=(
            "When the delivery was settled: sent, refused, given up or reported on by the "
            "provider. Null until then."
        )
    )
    erased_at: str | None = Field(
        default=None,
        description="When the contact was erased, together with all personal data.",
    )
    unreadable: str | None = Field(default=None, description=UNREADABLE)


class DeliveryLinksView(WireModel):
    """API paths of the resources that belong to a delivery."""

    run: str | None = Field(description="The run; null for a resend or a test.")
    automation: str | None = Field(description="The automation.")
    contact: str | None = Field(description="The contact.")
    template: str = Field(description="The template.")
    resend_of: str | None = Field(description="The delivery that this one repeats.")
    resends: list[str] = Field(description="The deliveries that repeat this one.")


class DeliveryDetailView(DeliveryView):
    """A delivery with everything that is known about it."""

    health: HealthView | None = Field(
        description=(
            "Details about a delivery in progress: QUEUED, SENDING, RETRYING or UNKNOWN. "
            "Null otherwise."
        )
    )
    automation_name: str | None = Field(
        description="The automation's current name; null if it no longer exists."
    )
    template_name: str | None = Field(
        description="The template's current name; null if it no longer exists."
    )
    body: str | None = Field(description="The rendered plain text.")
    html: str | None = Field(
        description=(
            "The HTML as it was sent, if the template has one; null if it was made from the plain "
            "text."
        )
    )
    complained: bool = Field(description="Whether the recipient reported the message as spam.")
    links: DeliveryLinksView = Field(description="Related resources.")
