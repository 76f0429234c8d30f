"""The tick's work on exports: restarts an export that has stalled, and fails one that makes no
progress.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import HOUR, Clock
from runledger.models.export import ExportStatus
from runledger.services.bulk.export_pages import MAX_TIME, fail_export
from runledger.services.bulk.visits import MAX_STALLS, STALL

if TYPE_CHECKING:
    from runledger.services.bulk.exports import ExportMachine
    from runledger.store.due import DueRow
    from runledger.store.export_files import ExportFiles
    from runledger.store.exports import ExportStore


@dataclass(frozen=True, slots=True)
class DueExports:
    store: "ExportStore"
    files: "ExportFiles"
    machine: "ExportMachine"
    clock: Clock

    def settle(self, row: "DueRow") -> None:
        """Restarts or fails an export that has made no progress for a while. Raises
        ConditionFailedError if the export has made progress meanwhile."""
        export = self.store.at(row.key)
        if export is None or export.status is ExportStatus.COMPLETED:
            return
        now = self.clock()
        if export.status is ExportStatus.FAILED:
            reason = export.error or ""
        elif export.stalls >= MAX_STALLS:
            reason = f"the export made no progress in {MAX_STALLS} tries; request it again"
        elif now >= export.created_at + MAX_TIME:
            reason = (
                f"the export did not end within {MAX_TIME // HOUR} hours; request a shorter range"
            )
        else:
            following = export.changed(attempt=export.attempt + 1, stalls=export.stalls + 1)
            self.machine.start(self.store.change(export, following, now + STALL))
            return
        fail_export(self.store, self.files, export, reason, now)
