"""Answering readers: lists with cursors, and whole runs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runledger.api.automations import AutomationSummaryView, FireView
from runledger.api.contacts import ContactView
from runledger.api.deliveries import DeliveryDetailView, DeliveryRowView
from runledger.api.lists import ListView
from runledger.api.refusals import RefusalView
from runledger.api.runs import RunDetailView, RunView
from runledger.api.segments import SegmentView
from runledger.api.suppressions import SuppressionView
from runledger.api.templates import TemplateView
from runledger.clock import MINUTE, Clock, iso
from runledger.errors import GoneError, NotFoundError, RunledgerError
from runledger.models.delivery import DeliveryAttempt
from runledger.services.contacts.addresses import addresses_meant
from runledger.services.in_parallel import Gather, in_turn
from runledger.services.lists.kinds import (
    ListFilter,
    ListKind,
    RowT,
    deliveries_kind,
    refusals_kind,
    runs_kind,
)
from runledger.services.lists.pages import RowPage, list_rows
from runledger.services.lists.requests import ListRequest
from runledger.services.lists.windows import window
from runledger.services.runs.body_links import with_links
from runledger.services.runs.position import current_nodes_by_run
from runledger.services.runs.run_state import upstream_run_id
from runledger.services.triggers.open_run import keyed_run_id
from runledger.services.triggers.upstream import dedupe_key
from runledger.services.views.automations import automation_summary_view
from runledger.services.views.contacts import contact_view
from runledger.services.views.deliveries import delivery_detail_view, delivery_row_view
from runledger.services.views.refusals import refusal_view
from runledger.services.views.runs import run_detail_view, run_view
from runledger.services.views.segments import segment_view
from runledger.services.views.suppressions import suppression_view
from runledger.services.views.templates import template_view
from runledger.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.models.refusal import Refusal
    from runledger.models.run import Run
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.lists.cursors import Cursors
    from runledger.services.runs.run_context import RunContexts
    from runledger.store.keys import Key
    from runledger.store.runs import RunHistory
    from runledger.store.stores import Stores

# Of one run's detail, by one call.
_DELIVERIES_READ = 100


@dataclass(frozen=True, slots=True)
class Queries:
    stores: "Stores"
    contexts: "RunContexts"
    contacts: "Contacts"
    cursors: "Cursors"
    clock: Clock
    gather: Gather = in_turn

    def runs(self, workspace_id: str, request: ListRequest) -> ListView[RunView]:
        """InvalidInputError names the parameter that cannot be read."""
        now = self.clock()
        kind = runs_kind(self.stores.runs)
        page, cursor = self._page(workspace_id, request, kind, now, of_trigger(request))
        at = current_nodes_by_run(page.rows, self.contexts)
        items = [run_view(run, now, at[run.id]) for run in page.rows]
        return ListView(items=items, next_cursor=cursor)

    def refusals(self, workspace_id: str, request: ListRequest) -> ListView[RefusalView]:
        """InvalidInputError names the parameter that cannot be read."""
        kind = refusals_kind(self.stores.refusals)
        page, cursor = self._page(workspace_id, request, kind, self.clock(), of_trigger(request))
        return ListView(items=[refusal_view(each) for each in page.rows], next_cursor=cursor)

    def deliveries(self, workspace_id: str, request: ListRequest) -> ListView[DeliveryRowView]:
        """InvalidInputError names the parameter that cannot be read."""
        now = self.clock()
        kind = deliveries_kind(self.stores.deliveries)
        page, cursor = self._page(workspace_id, request, kind, now, of_message(request))
        names = self._automation_names(workspace_id, page.rows)
        items = [delivery_row_view(each, names.get(each.automation_id)) for each in page.rows]
        return ListView(items=items, next_cursor=cursor)

    def _run_of(self, workspace_id: str, run_id: str, now: int) -> "Run | None":
        run = self.stores.runs.get_many([run_id]).get(run_id)
        is_there = run is not None and run.workspace_id == workspace_id and run.expires_at > now
        return run if is_there else None

    def _automation_names(
        self, workspace_id: str, attempts: "Iterable[DeliveryAttempt]"
    ) -> dict[str | None, str]:
        wanted = {each.automation_id for each in attempts if each.automation_id is not None}
        found = self.stores.automations.get_many(workspace_id, wanted)
        return {automation_id: each.name for automation_id, each in found.items()}

    def _page(
        self,
        workspace_id: str,
        request: ListRequest,
        kind: ListKind[RowT],
        now: int,
        also: Callable[[RowT], bool] | None = None,
    ) -> tuple[RowPage[RowT], str | None]:
        """One page, and the cursor of the next."""
        wanted = self.filter_of(workspace_id, request, now)
        if wanted is None:
            return RowPage([], None), None
        binding = {
            "workspace": workspace_id,
            "list": kind.kind.value,
            "statuses": sorted(request.statuses),
            "automation": wanted.automation_id,
            "contact": wanted.contact_id,
            "range": [request.range, request.since, request.until, request.time_zone],
            "newestFirst": request.newest_first,
            "others": [
                request.channel,
                request.run_id,
                request.address,
                sorted(request.trigger_types),
                request.error_group,
            ],
        }
        after = None
        if request.cursor is not None:
            # A range that ends now goes on where it began: no row is lost off its end.
            place = _Place.read(self.cursors.read(binding, request.cursor))
            wanted = replace(wanted, created_from=place.created_from, created_to=place.created_to)
            after = place.key
        page = list_rows(
            self.stores.table,
            kind,
            wanted,
            self.stores.workspaces.cached(workspace_id).shards,
            limit=request.limit,
            after=after,
            now=now,
            also=also,
            gather=self.gather,
        )
        if page.position is None:
            return page, None
        following = _Place(wanted.created_from, wanted.created_to, page.position)
        return page, self.cursors.issue(binding, following.written())

    def filter_of(self, workspace_id: str, request: ListRequest, now: int) -> ListFilter | None:
        """What a list of this request shows; None where there can be nothing."""
        created_from, created_to = window(
            request.range, request.since, request.until, now, request.time_zone
        )
        automation_id, contact_id = request.automation_id, None
        if request.run_id is not None:
            run = self._run_of(workspace_id, request.run_id, now)
            if run is None or automation_id not in (None, run.automation_id):
                return None
            # Its messages are among its automation's, of the time that it took.
            automation_id = run.automation_id
            created_from = max(created_from, run.created_at - MINUTE)
            created_to = min(created_to, (run.finished_at or now) + MINUTE)
        if request.contact is not None:
            contact_id = self.contacts.look_up(workspace_id, request.contact)
            if contact_id is None:
                return None
        return ListFilter(
            workspace_id=workspace_id,
            statuses=request.statuses,
            automation_id=automation_id,
            contact_id=contact_id,
            created_from=created_from,
            created_to=created_to,
            error_group=request.error_group,
            newest_first=request.newest_first,
        )

    def run(self, workspace_id: str, run_id: str) -> RunDetailView:
        """NotFoundError also for a run of another workspace; GoneError for one that expired."""
        now = self.clock()
        key = keys.run(run_id)
        try:
            history = self.stores.runs.shown(run_id, now)
        except NotFoundError:
            raise self._missing(workspace_id, key, f"run {run_id}", now) from None
        if history.run.workspace_id != workspace_id:
            raise NotFoundError(f"there is no run {run_id}")
        graph = self.contexts.shown_graph(history.run)
        named = [id_ for step in history.steps.values() for id_ in step.delivery_ids]
        attempts = self.stores.deliveries.shown(named[:_DELIVERIES_READ])
        downstream = self._downstream(history.run, now)
        upstream = self._upstream(workspace_id, history, now)
        detail = run_detail_view(history, graph, upstream, downstream, attempts, now)
        return with_links(detail, history.run, self.stores.bodies, now)

    def _missing(self, workspace_id: str, key: "Key", what: str, now: int) -> RunledgerError:
        """Why there is no such row to show. Two reads, of a miss alone."""
        expiry = self.stores.tombstones.find(key, now)
        if expiry is None or expiry.workspace_id != workspace_id:
            return NotFoundError(f"there is no {what}")
        expired_at = iso(expiry.expired_at)
        return GoneError(f"the {what} expired at {expired_at}", expiredAt=expired_at)

    def _upstream(self, workspace_id: str, history: "RunHistory", now: int) -> "Run | None":
        """The run that opened this one: one read, of a run that the end of another opened alone."""
        run_id = upstream_run_id(history.payload.trigger)
        return None if run_id is None else self._run_of(workspace_id, run_id, now)

    def _downstream(self, run: "Run", now: int) -> "list[Run]":
        """The runs that the end of this one opened: one query and one batch of reads, and nothing
        of an open run."""
        if not run.status.is_terminal:
            return []
        waiting = self.stores.automations.downstream_ids(run.automation_id)
        opened = [keyed_run_id(run.workspace_id, each, dedupe_key(run.id)) for each in waiting]
        found = self.stores.runs.get_many(opened).values()
        there = [each for each in found if each.expires_at > now]
        return sorted(there, key=lambda each: (each.created_at, each.id))

    def refusal(self, workspace_id: str, refusal_id: str) -> RefusalView:
        """NotFoundError also for a refusal of another workspace; GoneError for one that expired."""
        now = self.clock()
        refusal = self.stores.refusals.find_shown(refusal_id)
        if refusal is None or refusal.workspace_id != workspace_id or refusal.expires_at <= now:
            key = keys.refusal(refusal_id)
            raise self._missing(workspace_id, key, f"refusal {refusal_id}", now)
        return refusal_view(refusal)

    def delivery(self, workspace_id: str, delivery_id: str) -> DeliveryDetailView:
        """NotFoundError also for a delivery of another workspace; GoneError for one that
        expired."""
        now = self.clock()
        attempt = self.stores.deliveries.find_shown(delivery_id)
        if attempt is None or attempt.workspace_id != workspace_id or attempt.expires_at <= now:
            key = keys.delivery(delivery_id)
            raise self._missing(workspace_id, key, f"delivery {delivery_id}", now)
        names = self._automation_names(workspace_id, [attempt])
        templates = self.stores.templates.get_many(workspace_id, [attempt.template_id])
        template = templates.get(attempt.template_id)
        return delivery_detail_view(
            attempt, names.get(attempt.automation_id), template.name if template else None
        )

    def automations_page(
        self, workspace_id: str, limit: int, cursor: str | None
    ) -> ListView[AutomationSummaryView]:
        # With every node type, which no list of what happened needs.
        from runledger.services.schedules.schedules import scheduled_trigger

        binding = {"workspace": workspace_id, "list": "automations"}
        after = self.cursors.read(binding, cursor) if cursor else None
        found, position = self.stores.automations.newest(workspace_id, limit, after)
        following = self.cursors.issue(binding, position) if position else None
        scheduled = [each.id for each in found if scheduled_trigger(each) is not None]
        schedules = self.stores.schedules.get_many(scheduled)
        return ListView(
            items=[automation_summary_view(each, schedules.get(each.id)) for each in found],
            next_cursor=following,
        )

    def templates_page(
        self, workspace_id: str, limit: int, cursor: str | None
    ) -> ListView[TemplateView]:
        binding = {"workspace": workspace_id, "list": "templates"}
        after = self.cursors.read(binding, cursor) if cursor else None
        found, position = self.stores.templates.newest(workspace_id, limit, after)
        following = self.cursors.issue(binding, position) if position else None
        return ListView(items=[template_view(each) for each in found], next_cursor=following)

    def segments_page(
        self, workspace_id: str, limit: int, cursor: str | None
    ) -> ListView[SegmentView]:
        binding = {"workspace": workspace_id, "list": "segments"}
        after = self.cursors.read(binding, cursor) if cursor else None
        found, position = self.stores.segments.newest(workspace_id, limit, after)
        following = self.cursors.issue(binding, position) if position else None
        return ListView(items=[segment_view(each) for each in found], next_cursor=following)

    def contacts_page(
        self, workspace_id: str, limit: int, cursor: str | None
    ) -> ListView[ContactView]:
        binding = {"workspace": workspace_id, "list": "contacts"}
        after = self.cursors.read(binding, cursor) if cursor else None
        found, position = self.stores.contacts.newest(workspace_id, limit, after)
        following = self.cursors.issue(binding, position) if position else None
        return ListView(items=[contact_view(each) for each in found], next_cursor=following)

    def contact_named(self, workspace_id: str, text: str) -> ListView[ContactView]:
        """A list of the contact meant by an id, an e-mail or a phone, or of nobody."""
        contact_id = self.contacts.look_up(workspace_id, text)
        found = contact_id and self.contacts.find(workspace_id, "id", contact_id)
        return ListView(items=[contact_view(found)] if found else [], next_cursor=None)

    def suppressions(
        self, workspace_id: str, limit: int, cursor: str | None
    ) -> ListView[SuppressionView]:
        binding = {"workspace": workspace_id, "list": "suppressions"}
        after = self.cursors.read(binding, cursor) if cursor else None
        found, position = self.stores.suppressions.newest(workspace_id, limit, after)
        following = self.cursors.issue(binding, position) if position else None
        return ListView(items=[suppression_view(each) for each in found], next_cursor=following)

    def fires(
        self, workspace_id: str, automation_id: str, limit: int, cursor: str | None
    ) -> ListView[FireView]:
        """Fires of a date automation, the newest day first."""
        # With every node type, which no other list needs.
        from runledger.services.views.fires import fire_view

        automation = self.stores.automations.get(workspace_id, automation_id)
        binding = {"workspace": workspace_id, "list": "fires", "automation": automation.id}
        after = self.cursors.read(binding, cursor) if cursor else None
        found, position = self.stores.fires.newest(automation.id, limit, after)
        following = self.cursors.issue(binding, position) if position else None
        now = self.clock()
        kept = [fire_view(each) for each in found if each.expires_at > now]
        return ListView(items=kept, next_cursor=following)


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a list was read: its first and last moment, and the key of the last row."""

    created_from: int
    created_to: int
    key: str

    def written(self) -> str:
        return f"{self.created_from}:{self.created_to}:{self.key}"

    @classmethod
    def read(cls, written: str) -> "_Place":
        created_from, created_to, key = written.split(":", 2)
        return cls(int(created_from), int(created_to), key)


def of_trigger(request: ListRequest) -> Callable[["Run | Refusal"], bool] | None:
    """What no index knows of the runs and refusals that are wanted."""
    if not request.trigger_types:
        return None
    return lambda row: row.trigger_type in request.trigger_types


def of_message(request: ListRequest) -> Callable[[DeliveryAttempt], bool] | None:
    """What no index knows of the deliveries that are wanted. InvalidInputError names `address`
    where it can be none."""
    channel, run_id = request.channel, request.run_id
    addresses = None if request.address is None else addresses_meant(request.address)
    if channel is None and run_id is None and addresses is None:
        return None
    return lambda row: (
        channel in (None, row.channel)
        and run_id in (None, row.run_id)
        and (addresses is None or row.address in addresses)
    )
