"""Counts what a list shows: from totals if they cover the filters, otherwise row by row."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.counts import CountsView
from runledger.clock import iso
from runledger.models.totals import Scope
from runledger.services.counts.row_counts import countable
from runledger.services.counts.totals import Totals
from runledger.services.lists.kinds import (
    ListFilter,
    ListKind,
    RowT,
    deliveries_kind,
    refusals_kind,
    runs_kind,
)
from runledger.services.lists.pages import SCAN_BUDGET, list_rows
from runledger.services.lists.queries import of_message, of_run, of_trigger
from runledger.services.lists.requests import ListRequest

if TYPE_CHECKING:
    from runledger.services.lists.queries import Queries


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts the lists that `queries` serves."""

    queries: "Queries"

    def runs(self, workspace_id: str, request: ListRequest) -> CountsView:
        """Counts the runs of a list. Raises InvalidInputError, with the parameter, if a
        parameter cannot be read."""
        kind = runs_kind(self.queries.stores.runs)
        return self._count(workspace_id, request, kind, of_run(request, self.queries.clock()))

    def refusals(self, workspace_id: str, request: ListRequest) -> CountsView:
        """Counts the refusals of a list. Raises InvalidInputError, with the parameter, if a
        parameter cannot be read."""
        kind = refusals_kind(self.queries.stores.refusals)
        return self._count(workspace_id, request, kind, of_trigger(request))

    def deliveries(self, workspace_id: str, request: ListRequest) -> CountsView:
        """Counts the deliveries of a list. Raises InvalidInputError, with the parameter, if a
        parameter cannot be read."""
        kind = deliveries_kind(self.queries.stores.deliveries)
        return self._count(workspace_id, request, kind, of_message(request))

    def _count(
        self,
        workspace_id: str,
        request: ListRequest,
        kind: ListKind[RowT],
        also: Callable[[RowT], bool] | None,
    ) -> CountsView:
        now = self.queries.clock()
        wanted = self.queries.filter_of(workspace_id, request, now)
        if wanted is None:
            return _view(kind, Counter(), True, now)
        if also is not None or wanted.contact_id is not None or wanted.error_group is not None:
            return self._count_rows(kind, wanted, also, now)
        of = self.queries.stores
        scope = Scope(workspace_id, kind.kind.value, wanted.automation_id)
        shards = of.workspaces.cached(workspace_id).shards
        found = Totals(of.table, of.totals, of.freshness, of.workspaces, self.queries.gather).count(
            scope,
            countable(kind, scope, shards, wanted.statuses),
            wanted.created_from,
            wanted.created_to,
            now,
        )
        return _view(kind, found.all, found.is_complete, found.until)

    def _count_rows(
        self,
        kind: ListKind[RowT],
        wanted: ListFilter,
        also: Callable[[RowT], bool] | None,
        now: int,
    ) -> CountsView:
        """Counts row by row, because no index covers these filters together with a status."""
        page = list_rows(
            self.queries.stores.table,
            kind,
            wanted,
            self.queries.stores.workspaces.cached(wanted.workspace_id).shards,
            limit=SCAN_BUDGET,
            after=None,
            now=now,
            also=also,
            gather=self.queries.gather,
        )
        counts = Counter(kind.status_of(row) for row in page.rows)
        return _view(kind, counts, page.position is None, now)


def _view(kind: ListKind[RowT], counts: Counter[str], is_complete: bool, until: int) -> CountsView:
    every = [status for phase in kind.phases for status in phase]
    return CountsView(
        counts={str(status): counts[status] for status in every},
        total=counts.total(),
        is_complete=is_complete,
        freshness=iso(until),
    )
