"""Puts the services of `services/triggers/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.execution import ExecutionRoom
from runledger.settings import StoreSettings

if TYPE_CHECKING:
    from runledger.services.triggers.captures import Captures
    from runledger.services.triggers.ignored_events import IgnoredEvents
    from runledger.services.triggers.kept_events import KeptEvents
    from runledger.services.triggers.manual import ManualRuns
    from runledger.services.triggers.open_run import RunOpener
    from runledger.services.triggers.refusals import Refusals
    from runledger.services.triggers.replays import Replays
    from runledger.services.triggers.sample_events import SampleEvents
    from runledger.services.triggers.upstream import UpstreamRuns
    from runledger.services.triggers.webhooks import Webhooks


class TriggersRoom(ExecutionRoom):
    @cached_property
    def refusals(self) -> "Refusals":
        from runledger.services.triggers.refusals import Refusals

        of = self.stores
        return Refusals(of.refusals, of.workspaces, self.kept_events, self.rates, self.clock)

    @cached_property
    def kept_events(self) -> "KeptEvents":
        from runledger.services.triggers.kept_events import KeptEvents

        return KeptEvents(self.stores.kept_events, self.clock)

    @cached_property
    def captures(self) -> "Captures":
        from runledger.services.triggers.captures import Captures

        of = self.stores
        return Captures(of.automations, of.kept_events, self.kept_events, self.clock)

    @cached_property
    def replays(self) -> "Replays":
        from runledger.services.triggers.replays import Replays

        of = self.stores
        return Replays(of.automations, of.kept_events, self.refusals, self.webhooks, self.clock)

    @cached_property
    def opener(self) -> "RunOpener":
        from runledger.services.triggers.open_run import RunOpener

        of = self.stores
        is_traced = self.settings(StoreSettings).tracing == "Active"
        return RunOpener(of.runs, of.workspaces, self.refusals, self.clock, is_traced)

    @cached_property
    def manual_runs(self) -> "ManualRuns":
        from runledger.services.triggers.manual import ManualRuns

        return ManualRuns(self.stores.automations, self.contacts, self.opener)

    @cached_property
    def upstream_runs(self) -> "UpstreamRuns":
        from runledger.services.triggers.upstream import UpstreamRuns

        return UpstreamRuns(self.stores.automations, self.contexts, self.opener)

    @cached_property
    def webhooks(self) -> "Webhooks":
        from runledger.services.triggers.event_contact import EventContacts
        from runledger.services.triggers.event_opening import EventOpener
        from runledger.services.triggers.handshakes import Handshakes
        from runledger.services.triggers.proving import Prover
        from runledger.services.triggers.webhook_targets import WebhookTargets
        from runledger.services.triggers.webhooks import Webhooks

        of = self.stores
        contacts = EventContacts(self.contacts)
        targets = WebhookTargets(of.automations, self.rates, self.gather, self.clock)
        prover = Prover(self.signing_keys.of, lambda: self.certificates)
        return Webhooks(
            targets=targets,
            prover=prover,
            opening=EventOpener(contacts, self.opener, of.runs, self.gather),
            refusals=self.opener.refusals,
            ignored=self.ignored_events,
            captures=self.captures,
            handshakes=Handshakes(targets, prover, lambda: self.strict_http),
            clock=self.clock,
        )

    def samples_at(self, public_url: str) -> "SampleEvents":
        from runledger.services.triggers.sample_events import SampleEvents

        automations = self.stores.automations
        return SampleEvents(automations, self.signing_keys, self.webhooks, self.clock, public_url)

    @cached_property
    def ignored_events(self) -> "IgnoredEvents":
        from runledger.services.triggers.ignored_events import IgnoredEvents

        of = self.stores
        return IgnoredEvents(of.automations, of.ignored_events, self.clock)
