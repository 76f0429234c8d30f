"""What each walking function lends its nodes: split by privilege, made for one visit."""

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
    from runledger.services.retry_budget import Patience
    from runledger.services.runs.run_context import Frame
    from runledger.store.contacts import ContactStore
    from runledger.store.deliveries import DeliveryStore


@dataclass(frozen=True, slots=True)
class MessageTools:
    """For the function that may send."""

    channels: "Mapping[str, Channel]"
    deliveries: "DeliveryStore"
    contacts: "ContactStore"
    gatekeeper: "Gatekeeper"
    retries: "RetryMachine"
    clock: Clock

    def tools(self, frame: "Frame", node_id: str, patience: "Patience") -> Tools:
        begun: list[str] = []
        return Tools(
            begun=begun,
            clock=self.clock,
            contacts=Recipients(self.contacts, frame.workspace.id, frame.version.segments),
            messenger=Delivery(
                run=frame.run,
                node_id=node_id,
                templates=frame.version.templates,
                channels=self.channels,
                deliveries=self.deliveries,
                contacts=self.contacts,
                gatekeeper=self.gatekeeper,
                retries=self.retries,
                shards=frame.workspace.shards,
                retention=frame.workspace.retention,
                clock=self.clock,
                begun=begun,
                patience=patience,
            ),
        )
