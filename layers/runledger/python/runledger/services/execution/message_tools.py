"""The tools of nodes that send messages, made for one visit."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.nodes.send_message import SendMessageConfig
from runledger.nodes.tools import Tools
from runledger.services.contacts.recipients import Recipients
from runledger.services.execution.lent_tools import LentTools
from runledger.services.messages.deliver import Delivery
from runledger.services.messages.suppression_reads import SuppressionReads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.channels.base import Channel
    from runledger.services.execution.node_claims import NodeClaim
    from runledger.services.messages.gatekeeper import Gatekeeper
    from runledger.services.messages.retry_machine import RetryMachine
    from runledger.services.messages.unsubscribe_links import UnsubscribeLinks
    from runledger.services.retry_budget import RetryBudget
    from runledger.services.runs.run_context import RunContext
    from runledger.store.contacts import ContactStore
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.row_reads import RowRead
    from runledger.store.suppressions import SuppressionStore


@dataclass(frozen=True, slots=True)
class MessageTools:
    """Provides the clients and stores that a sending node needs; only the message function may use
    them."""

    channels: "Mapping[str, Channel]"
    links: "UnsubscribeLinks"
    deliveries: "DeliveryStore"
    contacts: "ContactStore"
    gatekeeper: "Gatekeeper"
    suppressions: "SuppressionStore"
    retries: "RetryMachine"
    clock: Clock

    def lend(
        self, context: "RunContext", claim: "NodeClaim", retry_budget: "RetryBudget"
    ) -> LentTools:
        begun: list[str] = []
        suppressions = SuppressionReads(self.suppressions)
        tools = Tools(
            begun=begun,
            clock=self.clock,
            contacts=Recipients(self.contacts, context.workspace.id, context.version.segments),
            messenger=Delivery(
                run=context.run,
                node_id=claim.node_id,
                effect_run=context.effect_run(claim.node_id),
                continues=context.rerun.continues.get(claim.node_id, ()) if context.rerun else (),
                claim=claim,
                templates=context.version.templates,
                channels=self.channels,
                links=self.links,
                deliveries=self.deliveries,
                contacts=self.contacts,
                gatekeeper=replace(self.gatekeeper, suppressions=suppressions),
                retries=self.retries,
                shards=context.workspace.shards,
                retention=context.workspace.retention,
                clock=self.clock,
                begun=begun,
                retry_budget=retry_budget,
            ),
        )
        return LentTools(tools, self._read_ahead(context, claim.node_id, suppressions))

    def _read_ahead(
        self, context: "RunContext", node_id: str, suppressions: SuppressionReads
    ) -> "tuple[RowRead, ...]":
        """Returns the read of the suppression list that a message to the run's contact will need.
        It uses the address that the contact had when the run was opened. If the address has changed
        since, the gate reads again."""
        run = context.run
        _, config = context.graph.parsed(node_id)
        if not isinstance(config, SendMessageConfig) or not config.recipients.is_trigger_contact:
            return ()
        channel = self.channels[config.channels[0].channel]
        written = {"EMAIL": run.contact_email, "PHONE": run.contact_phone}[channel.address_kind]
        if written is None:
            return ()
        try:
            address = channel.normalize(written)
        except ValueError:
            return ()
        return (suppressions.read_ahead(run.workspace_id, channel.address_kind, address),)
