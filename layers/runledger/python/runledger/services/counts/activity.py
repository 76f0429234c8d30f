"""Tells what automations did lately: their runs by status, and the newest run of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runledger.api.counts import AutomationActivityView
from runledger.api.lists import ListView
from runledger.services.counts.list_counts import Counts
from runledger.services.in_parallel import in_turn
from runledger.services.lists.kinds import runs_kind
from runledger.services.lists.pages import list_rows
from runledger.services.lists.requests import ListRequest
from runledger.services.lists.windows import window
from runledger.services.views.runs import run_view

if TYPE_CHECKING:
    from runledger.models.run import Run
    from runledger.services.lists.queries import Queries

MOST_AUTOMATIONS = 50


@dataclass(frozen=True, slots=True)
class Activity:
    """Reads several automations in one request, so that a list of automations needs one call, not
    one for each row."""

    queries: "Queries"

    def of(
        self, workspace_id: str, automation_ids: Sequence[str], range_: str
    ) -> ListView[AutomationActivityView]:
        """Returns the activity of these automations, in the given order and each once. Ids that the
        workspace does not have are left out. Without ids, returns the activity of the newest
        automations. Raises InvalidInputError for a range that cannot be read."""
        window(range_, None, None, self.queries.clock())
        store = self.queries.stores.automations
        if automation_ids:
            known = store.names(workspace_id, automation_ids)
            wanted = [each for each in dict.fromkeys(automation_ids) if each in known]
        else:
            newest, _ = store.newest(workspace_id, MOST_AUTOMATIONS, None)
            wanted = [automation.id for automation in newest]

        def reader(automation_id: str) -> Callable[[], AutomationActivityView]:
            return lambda: self._of_one(workspace_id, automation_id, range_)

        return ListView(
            items=self.queries.gather(map(reader, wanted)),
            next_cursor=None,
        )

    def _of_one(self, workspace_id: str, automation_id: str, range_: str) -> AutomationActivityView:
        # The automations are read in parallel already.
        queries = replace(self.queries, gather=in_turn)
        request = ListRequest(
            statuses=frozenset(),
            automation_id=automation_id,
            contact=None,
            range=range_,
            since=None,
            until=None,
            limit=1,
            cursor=None,
        )
        now = queries.clock()
        newest = self._newest(workspace_id, replace(request, range=None), now)
        counted = Counts(queries).runs(workspace_id, request)
        return AutomationActivityView(
            automation_id=automation_id,
            counts=counted.counts,
            total=counted.total,
            is_complete=counted.is_complete,
            last_run=None if newest is None else run_view(newest, now),
        )

    def _newest(self, workspace_id: str, request: ListRequest, now: int) -> "Run | None":
        of = self.queries.stores
        wanted = self.queries.filter_of(workspace_id, request, now)
        if wanted is None:
            return None
        shards = of.workspaces.cached(workspace_id).shards
        page = list_rows(of.table, runs_kind(of.runs), wanted, shards, limit=1, after=None, now=now)
        return next(iter(page.rows), None)
