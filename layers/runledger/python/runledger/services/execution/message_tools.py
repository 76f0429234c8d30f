"""The tools of nodes that send messages, made for one visit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.nodes.base import Tools
from runledger.services.contacts.recipients import Recipients
from runledger.services.messages.deliver import Delivery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.channels.base import Channel
    from runledger.services.messages.gatekeeper import Gatekeeper
    from runledger.services.messages.retry_machine import RetryMachine
    from runledger.services.retry_budget import RetryBudget
    from runledger.services.runs.run_context import RunContext
    from runledger.store.contacts import ContactStore
    from runledger.store.deliveries import DeliveryStore


@dataclass(frozen=True, slots=True)
class MessageTools:
    """Lends what a sending node needs; only the message function has these privileges."""

    channels: "Mapping[str, Channel]"
    deliveries: "DeliveryStore"
    contacts: "ContactStore"
    gatekeeper: "Gatekeeper"
    retries: "RetryMachine"
    clock: Clock

    def tools(self, context: "RunContext", node_id: str, retry_budget: "RetryBudget") -> Tools:
        begun: list[str] = []
        return Tools(
            begun=begun,
            clock=self.clock,
            contacts=Recipients(self.contacts, context.workspace.id, context.version.segments),
            messenger=Delivery(
                run=context.run,
                node_id=node_id,
                templates=context.version.templates,
                channels=self.channels,
                deliveries=self.deliveries,
                contacts=self.contacts,
                gatekeeper=self.gatekeeper,
                retries=self.retries,
                shards=context.workspace.shards,
                retention=context.workspace.retention,
                clock=self.clock,
                begun=begun,
                retry_budget=retry_budget,
            ),
        )
