"""Applies what providers report about messages that they accepted.

Each channel reads its own provider's events. A report names its attempt by the id that we sent with
the message, or else by the id that the provider returned when it accepted the message. Reports may
come before the sending function has stored that id, more than once, and in any order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.channels.link_signatures import without_link_signatures
from runledger.clock import SECOND, Clock
from runledger.errors import TransientError
from runledger.models.report import FeedbackReport, ReportKind
from runledger.models.suppression import Suppression, SuppressionReason
from runledger.observability import logger
from runledger.texts import clean

if TYPE_CHECKING:
    from runledger.channels.base import Channel
    from runledger.models.delivery import DeliveryAttempt
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.suppressions import SuppressionStore
    from runledger.store.workspaces import WorkspaceStore

# How long after its event the sender may still be storing the provider's id of a message. Lambda
# tries again after one minute and after two more, so the last try is always later:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
_SENDERS_DELAY = 90 * SECOND


@dataclass(frozen=True, slots=True)
class Feedback:
    deliveries: "DeliveryStore"
    suppressions: "SuppressionStore"
    workspaces: "WorkspaceStore"
    channels: "Mapping[str, Channel]"
    clock: Clock

    def take(self, event: Mapping[str, Any]) -> "list[DeliveryAttempt]":
        """Applies an EventBridge event and returns the attempts that it names. Raises ValueError if
        the event does not match its provider's documentation, TransientError if the sender may
        not have stored its record yet."""
        cleaned = clean(event)
        found = [
            self._apply(channel, _without_links(report))
            for channel in self.channels.values()
            for report in channel.reports(cleaned)
        ]
        return [attempt for attempt in found if attempt is not None]

    def _apply(self, channel: "Channel", report: FeedbackReport) -> "DeliveryAttempt | None":
        attempt = self._find(channel, report)
        if attempt is None:
            # Another sender of this account sent it, or the attempt has expired.
            extra = {"deliveryId": report.delivery_id, "providerId": report.provider_id}
            logger.info("feedback for an unknown attempt", extra=extra)
            return None
        if report.event_id in attempt.reports:
            return attempt
        # Suppress before storing the report: after a crash in between, the repeated report does it
        # again. Once the report is stored, a repeat does not put back an address that somebody
        # removed.
        self._suppress(channel, attempt, report)
        shards = self.workspaces.cached(attempt.workspace_id).shards
        settled = self.deliveries.report(attempt, report, shards)
        if settled is None:
            logger.warning(
                "a report for a message that was never sent",
                extra={"deliveryId": attempt.id, "status": attempt.status.value},
            )
        return settled

    def _find(self, channel: "Channel", report: FeedbackReport) -> "DeliveryAttempt | None":
        if report.delivery_id is not None:
            found = self.deliveries.find(report.delivery_id)
            is_ours = (
                found is not None
                and found.workspace_id == report.workspace_id
                and found.channel == channel.name
            )
            return found if is_ours else None
        if report.provider_id is None:
            return None
        found = self.deliveries.find_sent(channel.name, report.provider_id)
        if found is None and self.clock() < report.at + _SENDERS_DELAY:
            raise TransientError(f"no delivery has the message {report.provider_id} yet")
        return found

    def _suppress(
        self, channel: "Channel", attempt: "DeliveryAttempt", report: FeedbackReport
    ) -> None:
        if report.kind is ReportKind.COMPLAINED:
            reason = SuppressionReason.COMPLAINT
        elif report.kind is ReportKind.BOUNCED and report.is_permanent:
            reason = SuppressionReason.BOUNCE
        else:
            return
        if attempt.erased_at is not None:
            # The recipient's address is erased.
            return
        self.suppressions.add(
            Suppression(
                workspace_id=attempt.workspace_id,
                kind=channel.address_kind,
                address=attempt.address,
                reason=reason,
                note=report.message,
                delivery_id=attempt.id,
                created_by=None,
                created_at=self.clock(),
            )
        )


def _without_links(report: FeedbackReport) -> FeedbackReport:
    """Returns the report with its unsubscribe links made unusable. A mail server that blocks a link
    may quote it."""
    if report.message is None:
        return report
    return report.changed(message=without_link_signatures(report.message))
