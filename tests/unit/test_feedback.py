"""Provider events become reports, and reports decide an attempt's status."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.channels.registry import describe_channels
from runledger.models.delivery import DeliveryStatus
from runledger.models.feedback import (
    bounce_after,
    deciding,
    error_after,
    has_complaint,
    merge,
    status_after,
)
from runledger.models.report import BounceKind, FeedbackReport, KeptReport, ReportKind, Reports
from runledger.models.run import ErrorDetail

from tests.support.provider_events import email_event, sms_event, whatsapp_event

AT = 1_795_338_221_500


def reports_of(event: dict[str, Any]) -> list[FeedbackReport]:
    """Returns the reports of every channel; at most one channel may recognize the event."""
    return [report for channel in describe_channels().values() for report in channel.reports(event)]


@pytest.mark.parametrize(
    ("detail_type", "kind", "is_permanent", "code", "message"),
    [
        ("Email Delivered", ReportKind.DELIVERED, False, None, "250 ok: accepted"),
        (
            "Email Bounced",
            ReportKind.BOUNCED,
            True,
            "Permanent/General",
            "smtp; 550 5.1.1 user unknown",
        ),
        (
            "Email Complaint Received",
            ReportKind.COMPLAINED,
            False,
            "abuse",
            "ExampleCorp Feedback Loop (V0.01)",
        ),
        (
            "Email Delivery Delayed",
            ReportKind.DELAYED,
            False,
            "MailboxFull",
            "smtp; 452 4.2.2 full",
        ),
    ],
)
def test_an_email_event_is_a_report(
    detail_type: str, kind: ReportKind, is_permanent: bool, code: str | None, message: str
) -> None:
    (report,) = reports_of(email_event(detail_type, "dlv_1"))
    assert report == FeedbackReport(
        event_id="event-1",
        delivery_id="dlv_1",
        workspace_id="ws_demo",
        kind=kind,
        at=AT,
        is_permanent=is_permanent,
        bounce=BounceKind.PERMANENT if is_permanent else None,
        code=code,
        message=message,
        provider_id="0100019aa7c2d1e8-5c0f7b1e-3a9d-4a4e-9f0a-1b2c3d4e5f60-000000",
    )


@pytest.mark.parametrize(
    ("detail_type", "kind", "message"),
    [
        ("Email Rejected", ReportKind.REJECTED, "Bad content"),
        ("Email Rendering Failed", ReportKind.FAILED, "Attribute 'name' is not present"),
    ],
)
def test_an_event_without_a_time_has_that_of_its_envelope(
    detail_type: str, kind: ReportKind, message: str
) -> None:
    (report,) = reports_of(email_event(detail_type, "dlv_1"))
    assert (report.kind, report.message, report.at) == (kind, message, 1_795_338_221_000)


@pytest.mark.parametrize("kind", ["Transient", "Undetermined"])
def test_a_soft_bounce_does_not_blame_the_address(kind: str) -> None:
    (report,) = reports_of(email_event("Email Bounced", "dlv_1", bounceType=kind))
    assert (report.kind, report.is_permanent) == (ReportKind.BOUNCED, False)


@pytest.mark.parametrize(
    ("type_", "sub_type", "kind"),
    [
        ("Permanent", "NoEmail", BounceKind.PERMANENT),
        ("Permanent", "OnAccountSuppressionList", BounceKind.PERMANENT),
        ("Transient", "General", BounceKind.TEMPORARY),
        ("Transient", "MailboxFull", BounceKind.MAILBOX_FULL),
        ("Transient", "MessageTooLarge", BounceKind.MESSAGE_REFUSED),
        ("Transient", "ContentRejected", BounceKind.MESSAGE_REFUSED),
        ("Transient", "AttachmentRejected", BounceKind.MESSAGE_REFUSED),
        ("Transient", "SomethingNew", BounceKind.TEMPORARY),
        ("Undetermined", "Undetermined", BounceKind.UNDETERMINED),
    ],
)
def test_a_bounced_email_has_a_kind(type_: str, sub_type: str, kind: BounceKind) -> None:
    detail = {"bounceType": type_, "bounceSubType": sub_type}
    (report,) = reports_of(email_event("Email Bounced", "dlv_1", **detail))
    assert report.bounce is kind
    assert report.is_permanent is (kind is BounceKind.PERMANENT)
    assert bounce_after({"e": report.kept()}) is kind


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [
        ("TEXT_INVALID", BounceKind.PERMANENT),
        ("TEXT_UNREACHABLE", BounceKind.TEMPORARY),
        ("TEXT_CARRIER_UNREACHABLE", BounceKind.TEMPORARY),
        ("TEXT_BLOCKED", BounceKind.BLOCKED),
        ("TEXT_CARRIER_BLOCKED", BounceKind.BLOCKED),
        ("TEXT_SPAM", None),
        ("TEXT_DELIVERED", None),
    ],
)
def test_a_bounced_sms_has_a_kind(event_type: str, kind: BounceKind | None) -> None:
    (report,) = reports_of(sms_event(event_type, "dlv_1"))
    assert report.bounce is kind


def test_each_kind_of_bounce_has_its_own_words() -> None:
    reports = [KeptReport(kind=ReportKind.BOUNCED, at=1, bounce=kind) for kind in BounceKind]
    errors = [error_after(None, "mail", {"e": report}) for report in reports]
    assert {error.kind for error in errors if error} == {"BOUNCED"}
    assert len({error.message for error in errors if error}) == len(BounceKind)


def test_a_bounce_of_before_kinds_has_one() -> None:
    soft = KeptReport(kind=ReportKind.BOUNCED, at=1)
    hard = KeptReport(kind=ReportKind.BOUNCED, at=2, is_permanent=True)
    assert bounce_after({"a": soft}) is BounceKind.UNDETERMINED
    assert bounce_after({"a": soft, "b": hard}) is BounceKind.PERMANENT
    rejected = KeptReport(kind=ReportKind.REJECTED, at=3)
    assert bounce_after({"a": soft, "c": rejected}) is None
    assert bounce_after({}) is None


@pytest.mark.parametrize(
    ("event_type", "kind", "is_permanent"),
    [
        ("TEXT_DELIVERED", ReportKind.DELIVERED, False),
        ("TEXT_SUCCESSFUL", ReportKind.DELIVERED, False),
        ("TEXT_INVALID", ReportKind.BOUNCED, True),
        ("TEXT_UNREACHABLE", ReportKind.BOUNCED, False),
        ("TEXT_CARRIER_UNREACHABLE", ReportKind.BOUNCED, False),
        ("TEXT_BLOCKED", ReportKind.BOUNCED, False),
        ("TEXT_CARRIER_BLOCKED", ReportKind.BOUNCED, False),
        ("TEXT_SPAM", ReportKind.REJECTED, False),
        ("TEXT_INVALID_MESSAGE", ReportKind.REJECTED, False),
        ("TEXT_PROTECT_BLOCKED", ReportKind.REJECTED, False),
        ("TEXT_TTL_EXPIRED", ReportKind.FAILED, False),
        ("TEXT_UNKNOWN", ReportKind.FAILED, False),
    ],
)
def test_an_sms_event_is_a_report(event_type: str, kind: ReportKind, is_permanent: bool) -> None:
    (report,) = reports_of(sms_event(event_type, "dlv_1"))
    assert (report.kind, report.is_permanent, report.code) == (kind, is_permanent, event_type)
    assert (report.delivery_id, report.workspace_id, report.at) == ("dlv_1", "ws_demo", AT)


UNDELIVERABLE = {"code": 131026, "title": "Message undeliverable", "message": "more of it"}


@pytest.mark.parametrize(
    ("kind", "detail", "expected"),
    [
        ("Delivered", {}, (ReportKind.DELIVERED, "delivered", None)),
        ("Read", {}, (ReportKind.DELIVERED, "read", None)),
        ("Failed", {}, (ReportKind.FAILED, "failed", None)),
        (
            "Failed",
            {"errors": [UNDELIVERABLE]},
            (ReportKind.FAILED, "131026", "Message undeliverable"),
        ),
    ],
)
def test_a_whatsapp_event_is_a_report_that_names_the_message_by_the_providers_id(
    kind: str, detail: dict[str, Any], expected: tuple[ReportKind, str, str | None]
) -> None:
    (report,) = reports_of(whatsapp_event(kind, "message-1", **detail))
    assert (report.kind, report.code, report.message) == expected
    assert (report.delivery_id, report.workspace_id) == (None, None)
    assert (report.provider_id, report.at) == ("message-1", 1_795_338_221_000)
    assert not report.is_permanent


@pytest.mark.parametrize(
    "event",
    [
        whatsapp_event("Sent", "message-1"),
        whatsapp_event("Received", "message-1"),
        {**whatsapp_event("Read", "message-1"), "source": "somebody.else"},
        sms_event("TEXT_QUEUED", "dlv_1"),
        sms_event("TEXT_PENDING", "dlv_1"),
        sms_event("TEXT_SUCCESSFUL", "dlv_1", isFinal=False),
        sms_event("TEXT_DELIVERED", "dlv_1", context={}),
        {**email_event("Email Delivered", "dlv_1"), "detail-type": "Email Opened"},
        {**email_event("Email Delivered", "dlv_1"), "source": "somebody.else"},
    ],
)
def test_an_event_that_does_not_end_our_message_is_no_report(event: dict[str, Any]) -> None:
    assert reports_of(event) == []


def test_an_event_about_foreign_mail_is_no_report() -> None:
    event = email_event("Email Delivered", "dlv_1")
    del event["detail"]["mail"]["tags"]["deliveryId"]
    assert reports_of(event) == []


@pytest.mark.parametrize(
    "event",
    [
        email_event("Email Delivered", "d"),
        sms_event("TEXT_SPAM", "d"),
        whatsapp_event("Failed", "m"),
    ],
)
def test_an_undocumented_event_is_an_error(event: dict[str, Any]) -> None:
    event["detail"] = {}
    with pytest.raises(ValueError, match="validation error"):
        reports_of(event)


KEPT = st.builds(
    KeptReport,
    kind=st.sampled_from(ReportKind),
    at=st.integers(0, 3),
    is_permanent=st.booleans(),
    code=st.sampled_from([None, "a", "b"]),
)
EVENTS = st.dictionaries(st.sampled_from("abcdefgh"), KEPT, max_size=6)
BASE = ErrorDetail(node_id="mail", kind="OUTCOME_UNKNOWN", message="lost")


def taken(events: dict[str, KeptReport], order: list[str]) -> Reports:
    reports: Reports = {}
    for event_id in order:
        reports = merge(reports, event_id, events[event_id])
    return reports


@given(EVENTS, st.data())
def test_order_and_repetition_do_not_matter(
    events: dict[str, KeptReport], data: st.DataObject
) -> None:
    once = taken(events, list(events))
    again = data.draw(st.lists(st.sampled_from(list(events)), max_size=6)) if events else []
    order = data.draw(st.permutations([*events, *again]))
    assert taken(events, order) == once
    for base in (DeliveryStatus.PROCESSING, DeliveryStatus.SENT, DeliveryStatus.FAILED):
        assert status_after(base, taken(events, order)) is status_after(base, once)


@given(EVENTS, st.data())
def test_some_events_and_then_all_give_the_same_as_all(
    events: dict[str, KeptReport], data: st.DataObject
) -> None:
    some = data.draw(st.lists(st.sampled_from(list(events)))) if events else []
    assert taken(events, [*some, *events]) == taken(events, list(events))


@given(EVENTS)
def test_a_status_follows_from_the_one_before(events: dict[str, KeptReport]) -> None:
    """The status is derived report by report, each time from the status that the row had before. It
    must equal the one derived from all reports at once."""
    for base in (DeliveryStatus.PROCESSING, DeliveryStatus.SENT):
        status, reports = base, taken({}, [])
        for event_id, report in events.items():
            reports = merge(reports, event_id, report)
            status = status_after(status, reports)
        assert status is status_after(base, taken(events, list(events)))


def test_a_bounced_message_did_not_arrive_and_a_complained_one_did() -> None:
    kinds = {kind: KeptReport(kind=kind, at=1) for kind in ReportKind}

    def status(*found: ReportKind) -> DeliveryStatus:
        results = {
            status_after(
                DeliveryStatus.SENT, taken({k: kinds[k] for k in order}, [str(k) for k in order])
            )
            for order in permutations(found)
        }
        (only,) = results
        return only

    assert status() is DeliveryStatus.SENT
    assert status(ReportKind.DELAYED) is DeliveryStatus.SENT
    assert status(ReportKind.DELIVERED) is DeliveryStatus.DELIVERED
    assert status(ReportKind.DELIVERED, ReportKind.COMPLAINED) is DeliveryStatus.DELIVERED
    assert status(ReportKind.COMPLAINED) is DeliveryStatus.DELIVERED
    assert status(ReportKind.DELIVERED, ReportKind.BOUNCED) is DeliveryStatus.FAILED
    assert status(ReportKind.COMPLAINED, ReportKind.REJECTED) is DeliveryStatus.FAILED
    assert status(ReportKind.DELIVERED, ReportKind.FAILED) is DeliveryStatus.FAILED


def test_the_latest_of_several_delays_is_kept() -> None:
    reports: Reports = {}
    for at in (3, 9, 5, 9, 1):
        reports = merge(reports, f"e{at}", KeptReport(kind=ReportKind.DELAYED, at=at))
    assert list(reports) == ["e9"]


def test_a_failure_has_the_providers_reason() -> None:
    bounced = KeptReport(
        kind=ReportKind.BOUNCED, at=1, is_permanent=True, code="Permanent/General", message="550"
    )
    delivered = KeptReport(kind=ReportKind.DELIVERED, at=2)
    assert error_after(BASE, "mail", {}) == BASE
    assert error_after(BASE, "mail", {"b": delivered}) is None
    error = error_after(None, "mail", {"a": bounced, "b": delivered})
    assert error is not None
    assert (error.kind, error.node_id, error.cause) == ("BOUNCED", "mail", "Permanent/General: 550")
    assert deciding({"a": bounced, "b": delivered}) == bounced


def test_a_complaint_is_flagged_with_every_status() -> None:
    complained = KeptReport(kind=ReportKind.COMPLAINED, at=1)
    bounced = KeptReport(kind=ReportKind.BOUNCED, at=1)
    assert has_complaint({"a": complained, "b": bounced})
    assert not has_complaint({"b": bounced})
