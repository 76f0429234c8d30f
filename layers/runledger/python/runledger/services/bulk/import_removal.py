"""Deletes all imports of a workspace, because an erased person may be in any of their files."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runledger.store.import_files import ImportFiles
    from runledger.store.imports import ImportStore

# Rows that one call deletes.
_ROWS = 25


@dataclass(frozen=True, slots=True)
class ImportRemoval:
    store: "ImportStore"
    files: "ImportFiles"

    def end_all(self, workspace_id: str) -> None:
        """Deletes the rows of all imports of the workspace, but not their files. A running import
        then stops writing contacts."""
        while self.store.delete_some(workspace_id, _ROWS):
            continue

    def delete_some(self, workspace_id: str, before: str | None = None) -> int:
        """Deletes a batch of rows and files, and returns how many. Only imports with ids before
        `before` are deleted (without it, all).

        Call it until two calls, `visits.STALL` apart, find none. Rows are deleted first, so
        no process can begin another visit of an import. But a visit that is under way may still
        leave an object without a row."""
        rows = self.store.delete_some(workspace_id, _ROWS, before)
        return rows + self.files.delete_some(workspace_id, before)
