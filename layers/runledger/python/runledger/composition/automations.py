"""Puts the services of `services/automations/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.schedules import SchedulesRoom
from runledger.settings import MachineSettings

if TYPE_CHECKING:
    from runledger.compiler.arns import FunctionArns
    from runledger.services.automations.activations import Activations, Activator
    from runledger.services.automations.automation_stopper import AutomationStopper
    from runledger.services.automations.automations import Automations
    from runledger.services.automations.holds import Holds
    from runledger.services.automations.preview import Previews
    from runledger.services.automations.rotation import Rotations
    from runledger.services.automations.templates import Templates
    from runledger.services.automations.test_sends import TestSends


class AutomationsRoom(SchedulesRoom):
    def automations_at(self, public_url: str) -> "Automations":
        """Returns the service for automations. `public_url` is the address of this request's API;
        the addresses of webhooks begin with it."""
        from runledger.services.automations.automations import Automations

        of = self.stores
        return Automations(
            store=of.automations,
            templates=of.templates,
            segments=of.segments,
            schedules=of.schedules,
            fires=of.fires,
            activations=of.activations,
            holds=of.holds,
            clock=self.clock,
            public_url=public_url,
            secrets=of.secrets,
        )

    @cached_property
    def function_arns(self) -> "FunctionArns":
        from runledger.compiler.arns import FunctionArns

        settings = self.settings(MachineSettings)
        return FunctionArns(
            logic=settings.logic_arn,
            message=settings.message_arn,
            integration=settings.integration_arn,
        )

    @cached_property
    def activator(self) -> "Activator":
        from runledger.services.automations.activations import Activator

        of = self.stores
        return Activator(
            of.automations,
            of.activations,
            self.machines,
            self.function_arns,
            self.clock,
            self.schedules,
        )

    def activations_at(self, public_url: str) -> "Activations":
        from runledger.services.automations.activations import Activations

        automations = self.automations_at(public_url)
        rotations = self.rotations_at(public_url)
        return Activations(automations, self.activator, rotations, self.clock)

    def rotations_at(self, public_url: str) -> "Rotations":
        from runledger.services.automations.rotation import Rotations

        automations = self.automations_at(public_url)
        return Rotations(automations, self.signing_keys, self.key_versions, self.clock)

    @cached_property
    def stopping(self) -> "AutomationStopper":
        from runledger.services.automations.automation_stopper import AutomationStopper

        of = self.stores
        return AutomationStopper(
            self.table,
            of.automations,
            of.workspaces,
            self.canceler,
            self.clock,
            self.schedules,
            of.activations,
            self.key_versions,
        )

    @cached_property
    def holds(self) -> "Holds":
        from runledger.services.automations.holds import Holds

        of = self.stores
        return Holds(of.automations, of.runs, of.holds, self.starter, self.clock)

    @cached_property
    def templates(self) -> "Templates":
        from runledger.services.automations.templates import Templates

        return Templates(self.stores.templates, self.clock, self.described_channels)

    @cached_property
    def previews(self) -> "Previews":
        from runledger.services.automations.preview import Previews

        workspaces = self.stores.workspaces
        return Previews(self.templates, self.contacts, self.gatekeeper, workspaces)

    @cached_property
    def test_sends(self) -> "TestSends":
        from runledger.services.automations.test_sends import TestSends

        return TestSends(
            self.previews,
            self.requested_messages,
            self.stores.contacts,
            self.rates,
            self.gatekeeper,
            self.clock,
        )
