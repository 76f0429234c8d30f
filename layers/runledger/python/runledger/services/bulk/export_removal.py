"""Deleting all exports of a workspace, for whoever has to be forgotten may be in any of them."""

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
        """Deletes a batch of rows and files, uploads under way too, of exports whose ids sort
        before `before` (all of them without it); how many there were.

        Call it until two calls, `export_pages.STALL` apart, found none: the rows go first, so
        nobody can go on with an export, but a visit that is at work may still leave an object
        behind, which no row tells of."""
        rows = self.store.delete_some(workspace_id, _ROWS, before)
        return rows + self.files.delete_some(workspace_id, before)
