"""Counts the refusals and deliveries of the last day that need attention."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.counts import CountsView
from runledger.api.overview import CountView
from runledger.clock import iso
from runledger.models.delivery import DeliveryStatus
from runledger.models.refusal import RefusalReason
from runledger.models.totals import Scope
from runledger.services.counts.row_counts import Budget, Countable, Piece, count_rows, countable
from runledger.services.lists.kinds import (
    ListFilter,
    ListKind,
    RowT,
    deliveries_kind,
    refusals_kind,
)
from runledger.services.lists.pages import list_rows
from runledger.services.lists.queries import has_error_kind

if TYPE_CHECKING:
    from runledger.models.workspace import Workspace
    from runledger.store.stores import Stores

# The most keys that are counted, and the most rows of failed deliveries that are read for bounces.
MOST_KEYS, MOST_FAILED = 20_000, 500
_MOST_ROWS = 1_000
BOUNCED = "BOUNCED"


@dataclass(frozen=True, slots=True)
class LastDay:
    """What was created from `first` to `now` (epoch milliseconds). None of these rows has expired,
    because retention is at least a day."""

    stores: "Stores"
    workspace: "Workspace"
    first: int
    now: int

    def refusals(self) -> CountsView:
        counts, is_complete = self._count(refusals_kind(self.stores.refusals), frozenset())
        return CountsView(
            counts={reason.value: counts.get(reason, 0) for reason in RefusalReason},
            total=sum(counts.values()),
            is_complete=is_complete,
            freshness=iso(self.now),
        )

    def dead_letters(self) -> CountView:
        wanted = frozenset({DeliveryStatus.DEAD_LETTERED.value})
        counts, is_complete = self._count(deliveries_kind(self.stores.deliveries), wanted)
        return CountView(count=sum(counts.values()), is_complete=is_complete)

    def bounces(self) -> CountView:
        """Counts bounces as the list of deliveries finds them: by reading the failed ones."""
        page = list_rows(
            self.stores.table,
            deliveries_kind(self.stores.deliveries),
            ListFilter(
                workspace_id=self.workspace.id,
                statuses=frozenset({DeliveryStatus.FAILED.value}),
                automation_id=None,
                contact_id=None,
                created_from=self.first,
                created_to=self.now,
            ),
            self.workspace.shards,
            limit=MOST_FAILED,
            after=None,
            now=self.now,
        )
        is_bounce = has_error_kind(BOUNCED)
        bounced = [row for row in page.rows if is_bounce(row)]
        return CountView(count=len(bounced), is_complete=page.position is None)

    def _count(self, kind: ListKind[RowT], statuses: frozenset[str]) -> tuple[dict[str, int], bool]:
        scope = Scope(self.workspace.id, kind.kind.value, None)
        what: Countable[RowT] = countable(kind, scope, self.workspace.shards, statuses)
        budget = Budget(MOST_KEYS, _MOST_ROWS)
        piece = Piece(self.first, self.now)
        found = count_rows(self.stores.table, what, [piece], self.now, budget)
        counts: dict[str, int] = {}
        for of_hour in found.hours.values():
            for status, count in of_hour.items():
                counts[status] = counts.get(status, 0) + count
        return counts, found.is_complete
