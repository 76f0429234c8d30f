"""What a provider reports about a message after it took it, and what that makes of its attempt."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from runledger.models.base import Model
from runledger.models.delivery import DeliveryStatus


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


# A message that came back did not arrive, whatever was reported besides; one that somebody
# complained about did. The first of these kinds that was reported decides.
_DECIDING: tuple[tuple[ReportKind, DeliveryStatus], ...] = (
    (ReportKind.REJECTED, DeliveryStatus.FAILED),
    (ReportKind.BOUNCED, DeliveryStatus.FAILED),
    (ReportKind.FAILED, DeliveryStatus.FAILED),
    (ReportKind.COMPLAINED, DeliveryStatus.DELIVERED),
    (ReportKind.DELIVERED, DeliveryStatus.DELIVERED),
)


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


class KeptReport(Model):
    """A report as its attempt keeps it, under its event's id."""

    kind: ReportKind
    at: int
    is_permanent: bool = False
    code: str | None = None
    message: str | None = None


Reports = Mapping[str, KeptReport]


def merge(kept: Reports, event_id: str, report: KeptReport) -> Reports:
    """The reports with one more. Order and repetition do not matter: a report that came before
    changes nothing, and of the delays, which repeat for as long as they last, only the latest
    stays."""
    merged = {**kept, event_id: report}
    delays = [(each.at, id_) for id_, each in merged.items() if each.kind is ReportKind.DELAYED]
    superseded = {id_ for _, id_ in sorted(delays)[:-1]}
    return {id_: each for id_, each in merged.items() if id_ not in superseded}


def deciding(reports: Reports) -> KeptReport | None:
    """The report that decides the status, or None where none does. Of several of one kind it is
    a permanent one, then the earliest, then the one with the least event id."""
    for kind, _ in _DECIDING:
        found = [(not r.is_permanent, r.at, id_) for id_, r in reports.items() if r.kind is kind]
        if found:
            return reports[min(found)[2]]
    return None


def status_after(base: DeliveryStatus, reports: Reports) -> DeliveryStatus:
    """The status of an attempt that was `base` by what we know ourselves, with these reports."""
    report = deciding(reports)
    return base if report is None else dict(_DECIDING)[report.kind]


def has_complaint(reports: Iterable[KeptReport]) -> bool:
    return any(report.kind is ReportKind.COMPLAINED for report in reports)
