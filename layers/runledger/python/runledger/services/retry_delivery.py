"""Sending again what a provider refused for now, and for the first time what was asked for by hand.

Called by the delivery-retry machine. However often and by however many machines it is called, a try
is claimed once, and what was claimed and never settled is not sent again.
"""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from runledger.clock import SECOND, Clock
from runledger.models.attempt_life import claimed, found_unknown, tried
from runledger.models.delivery import DeliveryStatus
from runledger.observability import logger
from runledger.services.retry_contract import RetryAnswer, RetryEvent
from runledger.services.sending import send

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.channels.base import Channel
    from runledger.models.delivery import DeliveryAttempt
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.workspaces import WorkspaceStore

_WAITING = (DeliveryStatus.QUEUED, DeliveryStatus.RETRYING)


@dataclass(frozen=True, slots=True)
class RetryDelivery:
    deliveries: "DeliveryStore"
    workspaces: "WorkspaceStore"
    channels: "Mapping[str, Channel]"
    clock: Clock

    def handle(self, event: RetryEvent) -> RetryAnswer:
        """Makes the try that is due, if there is one, and says what comes then."""
        attempt = self.deliveries.find(event.delivery_id)
        if attempt is None or attempt.workspace_id != event.workspace_id:
            logger.info("no such delivery", extra={"deliveryId": event.delivery_id})
            return RetryAnswer(goes_on=False)
        shards = self.workspaces.cached(attempt.workspace_id).shards
        if attempt.status in _WAITING:
            if self._is_due(attempt, event):
                attempt = self._try(attempt, shards)
        elif attempt.tries == event.try_number:
            # The very try that is asked for was claimed before and did not come to its end.
            lost = partial(found_unknown, now=self.clock())
            attempt = self.deliveries.settle(attempt, lost, shards)
        return self._answer(attempt)

    def _is_due(self, attempt: "DeliveryAttempt", event: RetryEvent) -> bool:
        """The machine's wait is the clock of the try it asks for; without one it is ours."""
        if event.try_number == attempt.tries + 1:
            return True
        return attempt.next_try_at is None or attempt.next_try_at <= self.clock()

    def _try(self, attempt: "DeliveryAttempt", shards: int) -> "DeliveryAttempt":
        now = self.clock()
        begun = self.deliveries.claim(attempt, claimed(attempt, now), shards, now)
        if begun is None:
            return self.deliveries.get(attempt.id)
        made = send(self.channels[begun.channel], begun, self.clock)
        outcome = partial(tried, made=made, now=self.clock())
        return self.deliveries.settle(begun, outcome, shards)

    def _answer(self, attempt: "DeliveryAttempt") -> RetryAnswer:
        if attempt.status not in _WAITING:
            return RetryAnswer(goes_on=False)
        left = max((attempt.next_try_at or 0) - self.clock(), 0)
        return RetryAnswer(
            goes_on=True, try_number=attempt.tries + 1, wait_seconds=-(-left // SECOND)
        )
