"""Reads of the suppression list for one visit, some of them ahead of time."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from runledger.models.suppression import Suppression
    from runledger.store.row_reads import RowRead
    from runledger.store.suppressions import SuppressionStore


class SuppressionFinder(Protocol):
    def find(self, workspace_id: str, kind: str, address: str) -> "Suppression | None": ...


@dataclass(frozen=True, slots=True)
class SuppressionReads:
    """Finds entries. An entry that was read ahead is not read again: a visit takes only seconds, so
    the entry can hardly have changed."""

    store: "SuppressionStore"
    ahead: "dict[tuple[str, str, str], Suppression | None]" = field(default_factory=dict)

    def read_ahead(self, workspace_id: str, kind: str, address: str) -> "RowRead":
        """Returns the read of the address's entry, so that the caller can make it together with
        other reads."""
        key = (workspace_id, kind, address)

        def take(found: "Suppression | None") -> None:
            self.ahead[key] = found

        return self.store.row_read(*key, take)

    def find(self, workspace_id: str, kind: str, address: str) -> "Suppression | None":
        key = (workspace_id, kind, address)
        return self.ahead[key] if key in self.ahead else self.store.find(*key)
