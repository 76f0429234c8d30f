"""Settles messages that a run left without an outcome when it ended.

A walker that dies between claiming a message and settling it leaves a PROCESSING attempt. If its
run continues, the next visit of the node finds it. If the run has ended, nothing does. An attempt
for the run's own contact is found from the run, by its derived id; all others are in the due index
from the start.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.errors import NotFoundError, UnreadableError
from runledger.models.attempt_transitions import found_unknown
from runledger.observability import log_failure
from runledger.services.messages.deliver import attempt_id

if TYPE_CHECKING:
    from runledger.models.delivery import DeliveryAttempt
    from runledger.models.run import Run
    from runledger.services.runs.run_context import RunContexts
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.runs import RunStore
    from runledger.store.workspaces import WorkspaceStore


@dataclass(frozen=True, slots=True)
class OrphanedMessages:
    """Settles orphaned messages. `channels` are the names of all channels."""

    runs: "RunStore"
    deliveries: "DeliveryStore"
    workspaces: "WorkspaceStore"
    contexts: "RunContexts"
    channels: Iterable[str]
    clock: Clock

    def settle(self, run: "Run") -> None:
        """Marks an ended run's orphaned messages as unknown, until a report comes or they are given
        up. A damaged attempt is left as it is."""
        shards = self.workspaces.cached(run.workspace_id).shards
        lost = partial(found_unknown, now=self.clock())
        for delivery_id in self._ids(run):
            attempt = self._find(delivery_id)
            if attempt is not None and attempt.tries == 1:
                self.deliveries.settle(attempt, lost, shards)
        self.runs.leave(run)

    def _find(self, delivery_id: str) -> "DeliveryAttempt | None":
        try:
            return self.deliveries.find(delivery_id)
        except (UnreadableError, NotFoundError) as error:
            # It will never be readable, but the run's other messages are.
            log_failure("an orphaned message is damaged", error, deliveryId=delivery_id)
            return None

    def _ids(self, run: "Run") -> list[str]:
        if run.contact_id is None:
            return []
        topology = self.contexts.graph(run).topology
        # Only a rerun's event says which run its messages are identified by.
        rerun = None if run.rerun_of is None else self.runs.history(run.id).event.rerun
        nodes = [topology.node_at(rank) for rank, each in run.open_claims.items() if each.sends]
        return [
            attempt_id(
                run.id if rerun is None else rerun.effect_run(node_id),
                node_id,
                run.contact_id,
                channel,
            )
            for node_id in nodes
            for channel in self.channels
        ]
