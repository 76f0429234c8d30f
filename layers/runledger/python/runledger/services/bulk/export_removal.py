"""Deletes all exports of a workspace, because an erased person may be in any of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runledger.store.export_files import ExportFiles
    from runledger.store.exports import ExportStore

# Rows that one call deletes.
_ROWS = 25


@dataclass(frozen=True, slots=True)
class ExportRemoval:
    store: "ExportStore"
    files: "ExportFiles"

    def delete_some(self, workspace_id: str, before: str | None = None) -> int:
        """Deletes a batch of rows and files, including uploads under way, and returns how many.
        Only exports with ids before `before` are deleted (without it, all).

        Call it until two calls, `visits.STALL` apart, find none. Rows are deleted first, so
        no process can begin another visit of an export. But a visit that is under way may still
        leave an object without a row."""
        rows = self.store.delete_some(workspace_id, _ROWS, before)
        return rows + self.files.delete_some(workspace_id, before)
