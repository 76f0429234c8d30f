"""The tick's work on imports: restarts an import that has stalled, and fails one that makes no
progress.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.models.contact_import import ImportStatus
from runledger.services.bulk.import_report import without_results
from runledger.services.bulk.visits import MAX_STALLS, STALL

if TYPE_CHECKING:
    from runledger.services.bulk.imports import ImportMachine
    from runledger.store.due import DueRow
    from runledger.store.imports import ImportStore


@dataclass(frozen=True, slots=True)
class DueImports:
    store: "ImportStore"
    machine: "ImportMachine"
    clock: Clock

    def settle(self, row: "DueRow") -> None:
        """Restarts or fails an import that has made no progress for a while. If the import has
        ended, starts an execution that deletes the objects it no longer needs. Raises
        ConditionFailedError if the import has made progress meanwhile."""
        made = self.store.at(row.key)
        if made is None:
            return
        now = self.clock()
        if made.stalls < MAX_STALLS:
            following = made.changed(attempt=made.attempt + 1, stalls=made.stalls + 1)
            self.machine.start(self.store.change(made, following, now + STALL))
        elif made.status.is_at_work:
            if made.is_dry:
                reason = f"the check made no progress in {MAX_STALLS} tries; nothing was written"
                made_so_far = without_results(made)
            else:
                reason = (
                    f"the import made no progress in {MAX_STALLS} tries. The rows up to {made.row} "
                    "are done; import the file again, which changes nothing for them"
                )
                made_so_far = made
            failed = made_so_far.changed(
                status=ImportStatus.FAILED, error=reason, finished_at=now, attempt=made.attempt + 1
            )
            self.store.change(made, failed, None)
        else:
            # The bucket deletes what is left of the file.
            self.store.change(made, made, None)
