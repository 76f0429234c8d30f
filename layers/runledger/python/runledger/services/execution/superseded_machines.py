"""Deletes the machines of superseded versions.

Deleting a machine ends its executions. So a machine is deleted only after two listings at least a
day apart found no open run that may use it, and no such run was opened in between.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import DAY, HOUR, MINUTE, Clock
from runledger.errors import RateLimitedError
from runledger.observability import logger

if TYPE_CHECKING:
    from runledger.services.execution.machines import MachineRemover
    from runledger.store.due import DueRow
    from runledger.store.machines import MachineStore
    from runledger.store.workspaces import WorkspaceStore

QUIET = DAY
# How often to look again while a run is open.
NEXT_LOOK = 6 * HOUR


@dataclass(frozen=True, slots=True)
class SupersededMachines:
    store: "MachineStore"
    machines: "MachineRemover"
    workspaces: "WorkspaceStore"
    clock: Clock

    def settle(self, row: "DueRow") -> None:
        machine = self.store.at(row.key)
        if machine is None:
            return
        now = self.clock()
        shards = self.workspaces.cached(machine.workspace_id).shards
        if self.store.has_open_run(machine, shards):
            self.store.look_again(machine, None, now + NEXT_LOOK)
        elif machine.empty_at is None:
            self.store.look_again(machine, now, now + QUIET)
        elif now < machine.empty_at + QUIET:
            self.store.look_again(machine, machine.empty_at, machine.empty_at + QUIET)
        else:
            self.store.begin_deletion(machine)
            try:
                self.machines.delete(machine.workspace_id, machine.automation_id, machine.version)
            except RateLimitedError:
                self.store.look_again(machine, machine.empty_at, now + MINUTE)
                return
            self.store.forget(machine)
            ids = {"automationId": machine.automation_id, "version": machine.version}
            logger.info("superseded machine deleted", extra=ids)
