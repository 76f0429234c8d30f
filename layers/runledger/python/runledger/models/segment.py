"""Segments: saved queries over contacts."""

from typing import Any

from runledger.models.base import Model


class Segment(Model):
    """A stored segment; `query` has its rules, in camelCase. Times are epoch milliseconds."""

    workspace_id: str
    id: str
    name: str
    query: dict[str, Any]
    created_at: int
    updated_at: int

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self.updated_at
