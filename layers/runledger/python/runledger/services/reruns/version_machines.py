"""Makes sure that an older version's state machine exists while a rerun needs it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.compiler.compile import FunctionArns, compile_graph

if TYPE_CHECKING:
    from runledger.models.automation import Automation, Version
    from runledger.services.execution.machines import Machines
    from runledger.store.machines import MachineStore


@dataclass(frozen=True, slots=True)
class VersionMachines:
    machines: "Machines"
    store: "MachineStore"
    functions: FunctionArns
    clock: Clock

    def ensure(self, automation: "Automation", version: "Version") -> None:
        """Creates the version's machine again if it was deleted. Raises RateLimitedError if the
        workspace must wait for its turn, and TransientError while the machine is being deleted.

        First postpones the machine's deletion, so that the machine stays as long as a run that is
        open now needs it.
        """
        if automation.active is not None and automation.active.version == version.version:
            return
        now = self.clock()
        if self.store.renew(automation.workspace_id, automation.id, version.version, now):
            return
        self.machines.take_turn(automation.workspace_id)
        compiled = compile_graph(version.graph, self.functions, version.templates, version.segments)
        self.machines.create(automation.id, version.version, compiled)
        self.store.made(automation.id, version.version)
