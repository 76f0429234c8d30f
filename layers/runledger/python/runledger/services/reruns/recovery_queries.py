"""Reads recoveries and their runs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.lists import ListView
from runledger.api.recoveries import RecoveryItemView, RecoveryView
from runledger.clock import Clock
from runledger.models.recovery import ItemState, Recovery, RecoveryItem
from runledger.services.views.recoveries import recovery_item_view, recovery_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runledger.services.lists.cursors import Cursors
    from runledger.store.recoveries import RecoveryStore


@dataclass(frozen=True, slots=True)
class RecoveryQueries:
    """Reads recoveries."""

    store: "RecoveryStore"
    cursors: "Cursors"
    clock: Clock

    def get(self, workspace_id: str, recovery_id: str) -> Recovery:
        """Returns a recovery. Raises NotFoundError also if it belongs to another workspace."""
        return self.store.get(workspace_id, recovery_id, self.clock())

    def page(self, workspace_id: str, limit: int, cursor: str | None) -> ListView[RecoveryView]:
        """Returns a page of recoveries, newest first."""

        def read(size: int, after: str | None) -> tuple[list[Recovery], str | None]:
            return self.store.newest(workspace_id, size, after, self.clock())

        def views(found: "Sequence[Recovery]") -> list[RecoveryView]:
            return [recovery_view(each) for each in found]

        binding = {"workspace": workspace_id, "list": "recoveries"}
        return self.cursors.page(binding, limit, cursor or None, read, views)

    def items(
        self,
        workspace_id: str,
        recovery_id: str,
        state: ItemState | None,
        limit: int,
        cursor: str | None,
    ) -> ListView[RecoveryItemView]:
        """Returns a page of a recovery's runs: those in one state, or all. Raises NotFoundError
        also for a recovery of another workspace."""
        recovery = self.get(workspace_id, recovery_id)

        def read(size: int, after: str | None) -> tuple[list[RecoveryItem], str | None]:
            return self.store.items(recovery.id, state, size, after)

        def views(found: "Sequence[RecoveryItem]") -> list[RecoveryItemView]:
            return [recovery_item_view(each) for each in found]

        binding = {"workspace": workspace_id, "list": recovery.id, "state": state}
        return self.cursors.page(binding, limit, cursor or None, read, views)
