"""Derives an attempt's status from our own status and the set of provider reports. The functions
are pure, so neither the order nor the repetition of reports matters."""

from runledger.models.delivery import DeliveryStatus
from runledger.models.report import BounceKind, KeptReport, ReportKind, Reports
from runledger.models.run import ErrorDetail

# A bounced message did not arrive, despite any other report; a message with a complaint did. The
# first kind in this list that was reported decides.
_DECIDING: tuple[tuple[ReportKind, DeliveryStatus], ...] = (
    (ReportKind.REJECTED, DeliveryStatus.FAILED),
    (ReportKind.BOUNCED, DeliveryStatus.FAILED),
    (ReportKind.FAILED, DeliveryStatus.FAILED),
    (ReportKind.COMPLAINED, DeliveryStatus.DELIVERED),
    (ReportKind.DELIVERED, DeliveryStatus.DELIVERED),
)
_MESSAGES = {
    ReportKind.REJECTED: ("REJECTED", "the provider accepted the message and then refused it"),
    ReportKind.FAILED: ("GIVEN_UP", "the provider gave up delivering the message"),
}
_BOUNCES = {
    BounceKind.PERMANENT: "the message bounced: the address cannot receive messages",
    BounceKind.MAILBOX_FULL: "the message bounced: the mailbox is full",
    BounceKind.MESSAGE_REFUSED: "the message bounced: the recipient's server refused its size or "
    "content",
    BounceKind.BLOCKED: "the message bounced: the recipient or the carrier blocks such messages",
    BounceKind.TEMPORARY: "the message bounced because of a temporary problem",
    BounceKind.UNDETERMINED: "the message bounced: the recipient's server or carrier refused it",
}


def merge(kept: Reports, event_id: str, report: KeptReport) -> Reports:
    """Returns `kept` with `report` added. Reports may arrive in any order and more than once: a
    known report changes nothing. Delays are reported again and again, so only the latest one is
    kept."""
    merged = {**kept, event_id: report}
    delays = [(each.at, id_) for id_, each in merged.items() if each.kind is ReportKind.DELAYED]
    superseded = {id_ for _, id_ in sorted(delays)[:-1]}
    return {id_: each for id_, each in merged.items() if id_ not in superseded}


def deciding(reports: Reports) -> KeptReport | None:
    """Returns the report that decides the status, or None if no report does. The kinds of reports
    have fixed priorities, and the reported kind with the highest priority decides. Among several
    reports of this kind, it prefers a permanent one, then the earliest, then the one with the
    smallest event id."""
    for kind, _ in _DECIDING:
        found = [(not r.is_permanent, r.at, id_) for id_, r in reports.items() if r.kind is kind]
        if found:
            return reports[min(found)[2]]
    return None


def status_after(base: DeliveryStatus, reports: Reports) -> DeliveryStatus:
    """Returns the status of an attempt with our own status `base` and these reports."""
    report = deciding(reports)
    return base if report is None else dict(_DECIDING)[report.kind]


def error_after(
    base: ErrorDetail | None, node_id: str | None, reports: Reports
) -> ErrorDetail | None:
    """Returns why the attempt failed: the deciding report's reason, or else our own error."""
    report = deciding(reports)
    if report is None:
        return base
    bounce = bounce_after(reports)
    if bounce is not None:
        kind, message = ReportKind.BOUNCED.value, _BOUNCES[bounce]
    elif report.kind in _MESSAGES:
        kind, message = _MESSAGES[report.kind]
    else:
        return None
    cause = ": ".join(part for part in (report.code, report.message) if part)
    return ErrorDetail(node_id=node_id, kind=kind, message=message, cause=cause or None)


def bounce_after(reports: Reports) -> BounceKind | None:
    """Returns why the message bounced, or None if another report decides its status."""
    report = deciding(reports)
    return None if report is None else bounce_of(report)


def bounce_of(report: KeptReport) -> BounceKind | None:
    """Returns why the message bounced, or None if this report is not about a bounce."""
    if report.kind is not ReportKind.BOUNCED:
        return None
    if report.bounce is None:
        # The report was stored before kinds of bounces were.
        return BounceKind.PERMANENT if report.is_permanent else BounceKind.UNDETERMINED
    return report.bounce


def has_complaint(reports: Reports) -> bool:
    return any(report.kind is ReportKind.COMPLAINED for report in reports.values())
