"""Deliveries as the history shows them: rows of lists, and one with all that is known of it."""

from pydantic import Field

from runledger.models.base import WireModel
from runledger.models.delivery import DeliveryStatus, TryOutcome
from runledger.models.report import ReportKind
from runledger.models.wire import ErrorView, HealthView


class GateView(WireModel):
    name: str
    passed: bool
    reason: str
    forced_by: str | None = Field(default=None, description="Who overruled it.")


class ReportView(WireModel):
    """What the provider reported after it took the message; the code and message are its own."""

    kind: ReportKind
    at: str
    is_permanent: bool
    code: str | None
    message: str | None


class TryView(WireModel):
    """One time that the message was handed to the provider, and what came of it."""

    at: str
    outcome: TryOutcome
    code: str | None
    message: str | None
    provider_id: str | None


class DeliveryView(WireModel):
    """One message to one address on one channel. With RETRYING `next_try_at` says when the next of
    its tries comes; `unknown_since` is when the provider's answer was found to be lost, which its
    reports may settle. A resend names the delivery it repeats, and who asked for it."""

    id: str
    status: DeliveryStatus
    channel: str
    address: str
    run_id: str | None
    node_id: str | None
    automation_id: str | None
    contact_id: str | None
    template_id: str
    subject: str | None
    gates: list[GateView]
    reports: list[ReportView] = Field(description="Of the provider, the oldest first.")
    tries: int
    tries_log: list[TryView] = Field(description="Those that came to an end, in their order.")
    next_try_at: str | None
    unknown_since: str | None
    provider_id: str | None
    error: ErrorView | None
    resend_of: str | None
    requested_by: str | None
    forced: bool
    resends: list[str] = Field(description="The deliveries that repeat this one.")
    created_at: str
    settled_at: str | None
    erased_at: str | None = None


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
    erased_at: str | None = None


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
