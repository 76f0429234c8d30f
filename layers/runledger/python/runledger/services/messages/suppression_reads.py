"""Reads of the suppression list for one visit, some of them ahead of time."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from runledger.models.suppression import Suppression


class SuppressionFinder(Protocol):
    def find(self, workspace_id: str, kind: str, address: str) -> "Suppression | None": ...


@dataclass(frozen=True, slots=True)
class SuppressionReads:
    """Finds entries. An entry that was read ahead is not read again: a visit takes seconds."""

    finder: SuppressionFinder
    ahead: "dict[tuple[str, str, str], Suppression | None]" = field(default_factory=dict)

    def read_ahead(self, workspace_id: str, kind: str, address: str) -> None:
        self.ahead[workspace_id, kind, address] = self.finder.find(workspace_id, kind, address)

    def find(self, workspace_id: str, kind: str, address: str) -> "Suppression | None":
        key = (workspace_id, kind, address)
        return self.ahead[key] if key in self.ahead else self.finder.find(*key)
