"""Makes the tries of a delivery: retries after a temporary refusal, and the first try of a resend.

The delivery-retry machine calls this. Each try is claimed once, even if several machines call this,
or one calls it repeatedly. A claimed try that was not settled is not sent again.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from runledger.clock import SECOND, Clock
from runledger.errors import ConditionFailedError, NotFoundError
from runledger.ids import new_token
from runledger.models.attempt_transitions import claimed, found_unknown, tried, withheld
from runledger.models.delivery import DeliveryStatus, Gate
from runledger.nodes.tools import OutboundMessage
from runledger.observability import logger
from runledger.services.messages.gates import consent_gate, suppression_gate
from runledger.services.messages.provider_send import send
from runledger.services.messages.retry_contract import RetryAnswer, RetryEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.channels.base import Channel
    from runledger.models.delivery import DeliveryAttempt
    from runledger.services.messages.unsubscribe_links import UnsubscribeLinks
    from runledger.services.retry_budget import RetryBudget
    from runledger.store.contacts import ContactStore
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.suppressions import SuppressionStore
    from runledger.store.workspaces import WorkspaceStore

_WAITING = (DeliveryStatus.QUEUED, DeliveryStatus.RETRYING)


@dataclass(frozen=True, slots=True)
class RetryDelivery:
    deliveries: "DeliveryStore"
    contacts: "ContactStore"
    suppressions: "SuppressionStore"
    workspaces: "WorkspaceStore"
    channels: "Mapping[str, Channel]"
    links: "UnsubscribeLinks"
    clock: Clock

    def handle(self, event: RetryEvent, retry_budget: "RetryBudget") -> RetryAnswer:
        """Makes the try that is due, if any, and returns what follows."""
        attempt = self.deliveries.find(event.delivery_id)
        if attempt is None or attempt.workspace_id != event.workspace_id:
            logger.info("the delivery does not exist", extra={"deliveryId": event.delivery_id})
            return RetryAnswer(goes_on=False)
        shards = self.workspaces.cached(attempt.workspace_id).shards
        if attempt.status in _WAITING:
            if self._is_due(attempt, event):
                attempt = self._try(attempt, shards, retry_budget)
        elif attempt.tries == event.try_number:
            # This try was claimed before and did not finish.
            lost = partial(found_unknown, now=self.clock())
            attempt = self.deliveries.settle(attempt, lost, shards)
        return self._answer(attempt)

    def _is_due(self, attempt: "DeliveryAttempt", event: RetryEvent) -> bool:
        """Whether the try is due: the machine has waited for this try, or its time has come."""
        if event.try_number == attempt.tries + 1:
            return True
        return attempt.next_try_at is None or attempt.next_try_at <= self.clock()

    def _try(
        self, attempt: "DeliveryAttempt", shards: int, retry_budget: "RetryBudget"
    ) -> "DeliveryAttempt":
        closed = self._closed(attempt)
        now = self.clock()
        if closed is not None:
            with suppress(ConditionFailedError):
                return self.deliveries.change(attempt, withheld(attempt, closed, now), shards)
            # Another process changed it at the same time.
            return self.deliveries.get(attempt.id)
        after, token = claimed(attempt, now), new_token()
        begun = retry_budget.retry(
            lambda: self.deliveries.claim(attempt, after, shards, now, token)
        )
        if begun is None:
            return self.deliveries.get(attempt.id)
        channel = self.channels[begun.channel]
        made = send(channel, begun, self.links, self.deliveries, self.clock)
        outcome = partial(tried, made=made, now=self.clock())
        return retry_budget.retry(
            lambda: self.deliveries.settle(
                begun, outcome, shards, by_provider_id=channel.is_found_by_provider_id
            )
        )

    def _closed(self, attempt: "DeliveryAttempt") -> Gate | None:
        """Returns the gate that now refuses the attempt, or None. No message is sent if, since the
        request or the last try, the contact withdrew consent or the address was suppressed. A
        forced resend checks only that the contact still exists."""
        if attempt.forced:
            return self._gone(attempt)
        channel = self.channels[attempt.channel]
        listed = self.suppressions.find(attempt.workspace_id, channel.address_kind, attempt.address)
        gates = [suppression_gate(listed)]
        if attempt.contact_id is not None:
            gates.append(self._consent(attempt, attempt.contact_id))
        return next((gate for gate in gates if not gate.passed), None)

    def _gone(self, attempt: "DeliveryAttempt") -> Gate | None:
        if attempt.contact_id is None:
            return None
        try:
            self.contacts.get(attempt.workspace_id, attempt.contact_id)
        except NotFoundError:
            return _erased()
        return None

    def _consent(self, attempt: "DeliveryAttempt", contact_id: str) -> Gate:
        try:
            contact = self.contacts.get(attempt.workspace_id, contact_id)
        except NotFoundError:
            return _erased()
        message = OutboundMessage(
            recipient=contact_id,
            contact=contact,
            address=attempt.address,
            channel=attempt.channel,
            template_id=attempt.template_id,
            consent=attempt.consent,
        )
        return consent_gate(message)

    def _answer(self, attempt: "DeliveryAttempt") -> RetryAnswer:
        if attempt.status not in _WAITING:
            return RetryAnswer(goes_on=False)
        left = max((attempt.next_try_at or 0) - self.clock(), 0)
        return RetryAnswer(
            goes_on=True, try_number=attempt.tries + 1, wait_seconds=-(-left // SECOND)
        )


def _erased() -> Gate:
    return Gate(name="consent", passed=False, reason="the contact was erased")
