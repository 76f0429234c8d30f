"""Reports: a provider's later messages about a message that it accepted."""

from collections.abc import Mapping
from enum import StrEnum

from runledger.models.base import Model


class ReportKind(StrEnum):
    """What a provider reports about a message. DELIVERED: it reached the person's mail server or
    carrier. BOUNCED: it was returned. COMPLAINED: the person marked it as spam. REJECTED: the
    provider refused it after accepting it. FAILED: the provider gave up. DELAYED: it is still on
    its way; this does not change the status."""

    DELIVERED = "DELIVERED"
    BOUNCED = "BOUNCED"
    COMPLAINED = "COMPLAINED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    DELAYED = "DELAYED"


class BounceKind(StrEnum):
    """Why a message bounced. PERMANENT: the address cannot receive messages. MAILBOX_FULL: its
    mailbox is full. MESSAGE_REFUSED: its server refused this message's size or content. BLOCKED:
    the recipient or the carrier blocks such messages. TEMPORARY: a problem that may pass.
    UNDETERMINED: the provider does not know."""

    PERMANENT = "PERMANENT"
    MAILBOX_FULL = "MAILBOX_FULL"
    MESSAGE_REFUSED = "MESSAGE_REFUSED"
    BLOCKED = "BLOCKED"
    TEMPORARY = "TEMPORARY"
    UNDETERMINED = "UNDETERMINED"


class KeptReport(Model):
    """A report as its attempt stores it. The attempt stores each report under the id of the
    provider's event."""

    kind: ReportKind
    at: int
    is_permanent: bool = False
    bounce: BounceKind | None = None
    code: str | None = None
    message: str | None = None


class FeedbackReport(Model):
    """One report of a provider about one attempt. `event_id` is the provider's id of the event; it
    stays the same if the event is delivered again. `at` is epoch milliseconds. `is_permanent` says
    that a message bounced because its address is wrong; `bounce` is why it bounced. `provider_id`
    is the provider's id of the message. `delivery_id` and `workspace_id` are None if the event
    names the message only by `provider_id`."""

    event_id: str
    delivery_id: str | None
    workspace_id: str | None
    kind: ReportKind
    at: int
    is_permanent: bool = False
    bounce: BounceKind | None = None
    code: str | None = None
    message: str | None = None
    provider_id: str | None = None

    def kept(self) -> KeptReport:
        return KeptReport(
            kind=self.kind,
            at=self.at,
            is_permanent=self.is_permanent,
            bounce=self.bounce,
            code=self.code,
            message=self.message,
        )


# By the provider's event id.
Reports = Mapping[str, KeptReport]
