"""Puts the services of `services/runs/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.secrets import SecretsRoom

if TYPE_CHECKING:
    from runledger.services.runs.run_context import RunContexts


class RunsRoom(SecretsRoom):
    @cached_property
    def contexts(self) -> "RunContexts":
        from runledger.services.runs.run_context import RunContexts

        of = self.stores
        return RunContexts(of.runs, of.automations, of.contacts, of.workspaces)
