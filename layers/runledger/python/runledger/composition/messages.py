"""Puts the services of `services/messages/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.contacts import ContactsRoom
from runledger.settings import RetrySettings, StoreSettings

if TYPE_CHECKING:
    from runledger.services.messages.due_deliveries import DueDeliveries
    from runledger.services.messages.feedback import Feedback
    from runledger.services.messages.gatekeeper import Gatekeeper
    from runledger.services.messages.orphaned_messages import OrphanedMessages
    from runledger.services.messages.requested_messages import RequestedMessages
    from runledger.services.messages.resend import Resends
    from runledger.services.messages.retry_delivery import RetryDelivery
    from runledger.services.messages.retry_machine import RetryMachine
    from runledger.services.messages.sms_answers import SmsAnswers
    from runledger.services.messages.suppressions import Suppressions
    from runledger.services.messages.unsubscribe import Unsubscribe
    from runledger.services.messages.unsubscribe_links import LinkKeys, UnsubscribeLinks


class MessagesRoom(ContactsRoom):
    @cached_property
    def gatekeeper(self) -> "Gatekeeper":
        from runledger.services.messages.gatekeeper import Gatekeeper

        return Gatekeeper(self.stores.suppressions, self.stores.frequencies, self.clock)

    @cached_property
    def retry_machine(self) -> "RetryMachine":
        from runledger.services.messages.retry_machine import RetryMachine

        arn = self.settings(RetrySettings).delivery_retry_arn
        return RetryMachine(self.effect_client("stepfunctions"), arn)

    @cached_property
    def retry_delivery(self) -> "RetryDelivery":
        from runledger.services.messages.retry_delivery import RetryDelivery

        of = self.stores
        return RetryDelivery(
            of.deliveries,
            of.contacts,
            of.suppressions,
            of.workspaces,
            self.channels,
            self.unsubscribe_links,
            self.clock,
        )

    @cached_property
    def resends(self) -> "Resends":
        from runledger.services.messages.resend import Resends

        of = self.stores
        return Resends(
            self.requested_messages,
            of.deliveries,
            of.contacts,
            of.templates,
            self.described_channels,
            self.gatekeeper,
            self.clock,
        )

    @cached_property
    def requested_messages(self) -> "RequestedMessages":
        from runledger.services.messages.requested_messages import RequestedMessages

        of = self.stores
        return RequestedMessages(of.deliveries, of.workspaces, self.retry_machine, self.clock)

    @cached_property
    def feedback(self) -> "Feedback":
        from runledger.services.messages.feedback import Feedback

        of = self.stores
        channels = self.described_channels
        return Feedback(of.deliveries, of.suppressions, of.workspaces, channels, self.clock)

    @cached_property
    def sms_answers(self) -> "SmsAnswers":
        from runledger.services.messages.sms_answers import SmsAnswers

        of = self.stores
        return SmsAnswers(of.deliveries, of.contacts, self.contacts, self.clock)

    @cached_property
    def link_keys(self) -> "LinkKeys":
        from runledger.services.messages.unsubscribe_links import LinkKeys

        return LinkKeys(self.client("secretsmanager"), self.settings(StoreSettings).stack)

    @cached_property
    def unsubscribe_links(self) -> "UnsubscribeLinks":
        from runledger.services.messages.unsubscribe_links import UnsubscribeLinks

        return UnsubscribeLinks(self.link_keys, self.console_address)

    @cached_property
    def unsubscribe(self) -> "Unsubscribe":
        from runledger.services.messages.unsubscribe import Unsubscribe
        from runledger.services.messages.unsubscribe_links import UnsubscribeTokens

        tokens = UnsubscribeTokens(self.link_keys, self.clock)
        return Unsubscribe(tokens, self.contacts, self.stores.workspaces, self.rates, self.clock)

    @cached_property
    def suppressions(self) -> "Suppressions":
        from runledger.services.messages.suppressions import Suppressions

        return Suppressions(self.stores.suppressions, self.described_channels, self.clock)

    @cached_property
    def orphaned_messages(self) -> "OrphanedMessages":
        from runledger.channels.registry import CHANNEL_NAMES
        from runledger.services.messages.orphaned_messages import OrphanedMessages

        of = self.stores
        return OrphanedMessages(
            of.runs, of.deliveries, of.workspaces, self.contexts, CHANNEL_NAMES, self.clock
        )

    @cached_property
    def due_deliveries(self) -> "DueDeliveries":
        from runledger.services.messages.due_deliveries import DueDeliveries

        of = self.stores
        return DueDeliveries(of.deliveries, of.workspaces, self.retry_machine, self.clock)
