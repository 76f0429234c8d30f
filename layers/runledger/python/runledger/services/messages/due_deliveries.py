"""The tick's work on due attempts: restarts the retry machine if a try did not happen, and gives up
attempts without any report."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.models.attempt_transitions import (
    GIVE_UP_AFTER,
    given_up,
    given_up_unknown,
    restarted,
)
from runledger.models.delivery import DeliveryStatus

if TYPE_CHECKING:
    from runledger.services.messages.retry_machine import RetryMachine
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.due import DueRow
    from runledger.store.workspaces import WorkspaceStore


@dataclass(frozen=True, slots=True)
class DueDeliveries:
    deliveries: "DeliveryStore"
    workspaces: "WorkspaceStore"
    machine: "RetryMachine"
    clock: Clock

    def settle(self, row: "DueRow") -> None:
        """Settles an attempt that is due. Raises ConditionFailedError if the attempt changed
        meanwhile."""
        attempt = self.deliveries.get(row.id)
        now = self.clock()
        if attempt.due_at is None or attempt.due_at > now:
            # The attempt has changed, and the index does not show that yet.
            return
        shards = self.workspaces.cached(attempt.workspace_id).shards
        if attempt.status is DeliveryStatus.PROCESSING:
            self.deliveries.change(attempt, given_up_unknown(attempt, now), shards)
        elif now >= (attempt.next_try_at or attempt.created_at) + GIVE_UP_AFTER:
            self.deliveries.change(attempt, given_up(attempt, now), shards)
        else:
            self.machine.start(self.deliveries.change(attempt, restarted(attempt, now), shards))
