"""Turns stored attempts into API answers."""

from typing import TYPE_CHECKING

from runledger.api.deliveries import (
    DeliveryDetailView,
    DeliveryLinksView,
    DeliveryRowView,
    DeliveryView,
    GateView,
    ReportView,
    TryView,
)
from runledger.api.runs import HealthView
from runledger.clock import iso, optional_iso
from runledger.models.attempt_transitions import MAX_TRIES, UNKNOWN_AFTER
from runledger.models.delivery import DeliveryStatus
from runledger.models.feedback import bounce_after, bounce_of, error_after, has_complaint
from runledger.services.views.steps import error_view

if TYPE_CHECKING:
    from runledger.models.delivery import DeliveryAttempt, Try

# The part of an error that a row shows; the detail has all of it.
_ERROR_CHARACTERS = 200


def delivery_view(attempt: "DeliveryAttempt") -> DeliveryView:
    return DeliveryView(
        id=attempt.id,
        status=attempt.status,
        channel=attempt.channel,
        address=attempt.address,
        run_id=attempt.run_id,
        node_id=attempt.node_id,
        automation_id=attempt.automation_id,
        contact_id=attempt.contact_id if attempt.erased_at is None else None,
        template_id=attempt.template_id,
        subject=attempt.subject,
        gates=[GateView(**gate.model_dump()) for gate in attempt.gates],
        reports=_report_views(attempt),
        tries=attempt.tries,
        tries_log=[_try_view(made) for made in attempt.tries_log],
        next_try_at=optional_iso(attempt.next_try_at),
        unknown_since=optional_iso(attempt.unknown_since),
        provider_id=attempt.provider_id,
        error=error_view(error_after(attempt.error, attempt.node_id, attempt.reports)),
        bounce=bounce_after(attempt.reports),
        resend_of=attempt.resend_of,
        requested_by=attempt.requested_by,
        is_test=attempt.is_test,
        forced=attempt.forced,
        resends=sorted(attempt.resends),
        created_at=iso(attempt.created_at),
        settled_at=optional_iso(attempt.settled_at),
        erased_at=optional_iso(attempt.erased_at),
        unreadable=attempt.unreadable,
    )


def _try_view(made: "Try") -> TryView:
    return TryView(
        at=iso(made.at),
        outcome=made.outcome,
        code=made.code,
        message=made.message,
        provider_id=made.provider_id,
    )


def _report_views(attempt: "DeliveryAttempt") -> list[ReportView]:
    return [
        ReportView(
            kind=report.kind,
            at=iso(report.at),
            is_permanent=report.is_permanent,
            bounce=bounce_of(report),
            code=report.code,
            message=report.message,
        )
        for report in sorted(attempt.reports.values(), key=lambda report: report.at)
    ]


def delivery_row_view(attempt: "DeliveryAttempt", automation_name: str | None) -> DeliveryRowView:
    error = error_after(attempt.error, attempt.node_id, attempt.reports)
    return DeliveryRowView(
        id=attempt.id,
        status=attempt.status,
        channel=attempt.channel,
        address=attempt.address,
        contact_id=attempt.contact_id if attempt.erased_at is None else None,
        automation_id=attempt.automation_id,
        automation_name=automation_name,
        run_id=attempt.run_id,
        node_id=attempt.node_id,
        resend_of=attempt.resend_of,
        template_id=attempt.template_id,
        subject=attempt.subject,
        tries=attempt.tries,
        next_try_at=optional_iso(attempt.next_try_at),
        error=" ".join(error.message.split())[:_ERROR_CHARACTERS] if error else None,
        bounce=bounce_after(attempt.reports),
        complained=has_complaint(attempt.reports),
        created_at=iso(attempt.created_at),
        settled_at=optional_iso(attempt.settled_at),
        erased_at=optional_iso(attempt.erased_at),
        unreadable=attempt.unreadable,
    )


def delivery_detail_view(
    attempt: "DeliveryAttempt", automation_name: str | None, template_name: str | None
) -> DeliveryDetailView:
    run_id, automation_id = attempt.run_id, attempt.automation_id
    contact_id = attempt.contact_id if attempt.erased_at is None else None
    return DeliveryDetailView(
        **dict(delivery_view(attempt)),
        health=_health(attempt),
        automation_name=automation_name,
        template_name=template_name,
        body=attempt.body,
        html=attempt.html,
        complained=has_complaint(attempt.reports),
        links=DeliveryLinksView(
            run=run_id and f"/v1/runs/{run_id}",
            automation=automation_id and f"/v1/automations/{automation_id}",
            contact=contact_id and f"/v1/contacts/{contact_id}",
            template=f"/v1/templates/{attempt.template_id}",
            resend_of=attempt.resend_of and delivery_path(attempt.resend_of),
            resends=[delivery_path(each) for each in sorted(attempt.resends)],
        ),
    )


def delivery_path(delivery_id: str) -> str:
    return f"/v1/deliveries/{delivery_id}"


def _health(attempt: "DeliveryAttempt") -> HealthView | None:
    """Returns the health of a delivery, or None if nothing is under way."""
    if attempt.status is DeliveryStatus.QUEUED:
        return HealthView(state="QUEUED", text="queued to be sent")
    if attempt.status is DeliveryStatus.RETRYING:
        following = attempt.tries + 1
        reason = attempt.error.message if attempt.error else None
        at = "soon" if attempt.next_try_at is None else f"at {iso(attempt.next_try_at)}"
        ending = f": {reason}" if reason else ""
        return HealthView(
            state="RETRYING",
            text=f"try {following} of {MAX_TRIES} {at}{ending}",
            until=optional_iso(attempt.next_try_at),
            attempt=following,
            last_error=reason,
        )
    if attempt.status is not DeliveryStatus.PROCESSING:
        return None
    if attempt.unknown_since is None:
        text = f"waiting for the provider's answer to try {attempt.tries}"
        return HealthView(state="SENDING", text=text, attempt=attempt.tries)
    until = iso(attempt.due_at or attempt.unknown_since + UNKNOWN_AFTER)
    return HealthView(
        state="UNKNOWN",
        text=f"the provider's answer was lost; a report may still come until {until}",
        until=until,
        attempt=attempt.tries,
        last_error=attempt.error.message if attempt.error else None,
    )
