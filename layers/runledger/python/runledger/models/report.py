"""Reports: what a provider says about a message after it took it."""

from collections.abc import Mapping
from enum import StrEnum

from runledger.models.base import Model


class ReportKind(StrEnum):
    """DELIVERED reached the person's mail server or carrier; BOUNCED came back; COMPLAINED was
    marked as spam; REJECTED was refused by the provider after it took it; FAILED was given up;
    DELAYED is still under way and decides nothing."""

    DELIVERED = "DELIVERED"
    BOUNCED = "BOUNCED"
    COMPLAINED = "COMPLAINED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    DELAYED = "DELAYED"


class KeptReport(Model):
    """A report as its attempt keeps it, under its event's id."""

    kind: ReportKind
    at: int
    is_permanent: bool = False
    code: str | None = None
    message: str | None = None


class FeedbackReport(Model):
    """One event of a provider about one attempt. `event_id` is the provider's and the same when
    the event comes again; `at` is epoch milliseconds; `is_permanent` says of a bounce that the
    address itself is no good; `provider_id` is the provider's id of the message."""

    event_id: str
    delivery_id: str
    workspace_id: str
    kind: ReportKind
    at: int
    is_permanent: bool = False
    code: str | None = None
    message: str | None = None
    provider_id: str | None = None

    def kept(self) -> KeptReport:
        return KeptReport(
            kind=self.kind,
            at=self.at,
            is_permanent=self.is_permanent,
            code=self.code,
            message=self.message,
        )


# By the provider's event id.
Reports = Mapping[str, KeptReport]
