"""Saved views: named filters of a list."""

from enum import StrEnum
from typing import Any

from runledger.models.base import Model

# The most views that one member keeps for themselves, and that a workspace shares. All views that a
# member can see are read together.
MOST_OWN = 50
MOST_SHARED = 100


class ViewList(StrEnum):
    """The lists that have saved views."""

    RUNS = "RUNS"
    DELIVERIES = "DELIVERIES"
    REFUSALS = "REFUSALS"
    FAILURES = "FAILURES"
    AUTOMATIONS = "AUTOMATIONS"


class SavedView(Model):
    """A stored view; `filter` has the filters that are set, in camelCase. `owner_id` is the user
    who saved it, and `created_by` their e-mail address. Times are epoch milliseconds."""

    workspace_id: str
    id: str
    list: ViewList
    name: str
    filter: dict[str, Any]
    shared: bool
    owner_id: str
    created_by: str
    created_at: int
    updated_at: int

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self.updated_at


class ViewDefaults(Model):
    """The ids of the views that a member chose as defaults, by list. A chosen view may have been
    deleted since, or may no longer be shared."""

    by_list: dict[ViewList, str]

    def is_default(self, view: SavedView) -> bool:
        return self.by_list.get(view.list) == view.id
