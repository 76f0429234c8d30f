"""Lists runs, refusals and deliveries by their filters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from runledger.api.deliveries import DeliveryRowView
from runledger.api.lists import ListView
from runledger.api.refusals import RefusalView
from runledger.api.runs import RunView
from runledger.clock import MINUTE, Clock
from runledger.models.base import WireModel
from runledger.models.delivery import DeliveryAttempt
from runledger.models.feedback import bounce_after, error_after
from runledger.models.rerun import rerun_id
from runledger.models.run import RunStatus
from runledger.services.contacts.addresses import addresses_in
from runledger.services.in_parallel import Gather, in_turn
from runledger.services.lists.key_filters import KeyedRuns, has_key, key_in
from runledger.services.lists.kinds import (
    ListFilter,
    ListKind,
    RowT,
    deliveries_kind,
    refusals_kind,
    runs_kind,
)
from runledger.services.lists.pages import list_rows
from runledger.services.lists.requests import ListRequest
from runledger.services.lists.windows import window
from runledger.services.runs.position import current_nodes_by_run
from runledger.services.runs.run_state import health_of
from runledger.services.views.deliveries import delivery_row_view
from runledger.services.views.refusals import refusal_view
from runledger.services.views.runs import run_view
from runledger.store import keys

if TYPE_CHECKING:
    from runledger.models.refusal import Refusal
    from runledger.models.run import Run
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.lists.cursors import Cursors
    from runledger.services.runs.run_context import RunContexts
    from runledger.store.stores import Stores

ViewT = TypeVar("ViewT", bound=WireModel)

# The statuses of runs that have a health.
OPEN = frozenset({RunStatus.PENDING.value, RunStatus.RUNNING.value})


@dataclass(frozen=True, slots=True)
class Queries:
    """Reads lists. Raises InvalidInputError, with the parameter, if a parameter cannot be read."""

    stores: "Stores"
    contexts: "RunContexts"
    contacts: "Contacts"
    cursors: "Cursors"
    clock: Clock
    gather: Gather = in_turn

    @property
    def keyed(self) -> KeyedRuns:
        return KeyedRuns(self.stores.runs, self.stores.automations)

    def runs(self, workspace_id: str, request: ListRequest) -> ListView[RunView]:
        now = self.clock()

        def views(runs: "Sequence[Run]") -> list[RunView]:
            at = current_nodes_by_run(runs, self.contexts)
            return [run_view(run, now, at[run.id]) for run in runs]

        kind = runs_kind(self.stores.runs)
        return self._page(workspace_id, request, kind, now, of_run(request, now), views)

    def refusals(self, workspace_id: str, request: ListRequest) -> ListView[RefusalView]:
        now = self.clock()

        def views(refusals: "Sequence[Refusal]") -> list[RefusalView]:
            return [refusal_view(each, now) for each in refusals]

        kind = refusals_kind(self.stores.refusals)
        return self._page(workspace_id, request, kind, now, of_trigger(request), views)

    def deliveries(self, workspace_id: str, request: ListRequest) -> ListView[DeliveryRowView]:
        def views(attempts: Sequence[DeliveryAttempt]) -> list[DeliveryRowView]:
            names = self.stores.automations.names(
                workspace_id, (each.automation_id for each in attempts)
            )
            return [delivery_row_view(each, names.get(each.automation_id)) for each in attempts]

        kind = deliveries_kind(self.stores.deliveries)
        return self._page(workspace_id, request, kind, self.clock(), of_message(request), views)

    def _page(
        self,
        workspace_id: str,
        request: ListRequest,
        kind: ListKind[RowT],
        now: int,
        also: Callable[[RowT], bool] | None,
        views: Callable[[Sequence[RowT]], list[ViewT]],
    ) -> ListView[ViewT]:
        """Returns the requested page. `also` is a further condition on the rows that no index
        covers."""
        wanted = self.filter_of(workspace_id, request, now)
        if wanted is None:
            return ListView(items=[], next_cursor=None)

        def read(limit: int, after: str | None) -> tuple[Sequence[RowT], str | None]:
            span, key = (wanted, None) if after is None else _go_on(wanted, after)
            page = list_rows(
                self.stores.table,
                kind,
                span,
                self.stores.workspaces.cached(workspace_id).shards,
                limit=limit,
                after=key,
                now=now,
                also=also,
                gather=self.gather,
            )
            return page.rows, _place(span, page.position)

        binding = _binding(workspace_id, request, kind, wanted)
        return self.cursors.page(binding, request.limit, request.cursor, read, views)

    def filter_of(self, workspace_id: str, request: ListRequest, now: int) -> ListFilter | None:
        """Returns the filter of a request, or None if no row can match."""
        created_from, created_to = window(
            request.range, request.since, request.until, now, request.time_zone
        )
        automation_id, contact_id = request.automation_id, None
        if request.run_id is not None:
            run = self.stores.runs.find_alive(workspace_id, request.run_id, now)
            if run is None or automation_id not in (None, run.automation_id):
                return None
            # Its deliveries are listed with its automation's, in the time that the run took.
            automation_id = run.automation_id
            created_from = max(created_from, run.created_at - MINUTE)
            created_to = min(created_to, (run.finished_at or now) + MINUTE)
        among = None
        if request.rerun_of is not None:
            among = self._rerun_keys(workspace_id, request.rerun_of)
        key = None
        if request.key is not None:
            key = self.keyed.filter_of(workspace_id, request.key, automation_id)
        if request.contact is not None:
            contact_id = self.contacts.look_up(workspace_id, request.contact)
            if contact_id is None:
                return None
        return ListFilter(
            workspace_id=workspace_id,
            statuses=request.statuses or (OPEN if request.health else frozenset()),
            automation_id=automation_id,
            contact_id=contact_id,
            created_from=created_from,
            created_to=created_to,
            error_group=request.error_group,
            newest_first=request.newest_first,
            recovery_id=request.recovery_id,
            among=among,
            key=key,
        )

    def _rerun_keys(self, workspace_id: str, run_id: str) -> tuple[str, ...]:
        """Returns the list keys of the reruns in the run's family, which are few. Finds them even
        if the run has expired, unless it was a rerun itself."""
        original = self.stores.runs.get_many([run_id]).get(run_id)
        root = None if original is None else original.root_run_id
        reruns = self.stores.runs.get_many(self.stores.runs.family(root or run_id))
        return tuple(
            keys.created_key(run.created_at, run.id)
            for run in reruns.values()
            if run.workspace_id == workspace_id
        )


def _binding(
    workspace_id: str, request: ListRequest, kind: ListKind[RowT], wanted: ListFilter
) -> dict[str, Any]:
    return {
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
            request.recovered,
            *(f"rerun of {each}" for each in [request.rerun_of] if each is not None),
            *(f"key {each}" for each in [request.key] if each is not None),
            *(f"recovery {each}" for each in [request.recovery_id] if each is not None),
            *(f"health {each}" for each in sorted(request.health)),
            *(f"error {each}" for each in [request.error_kind] if each is not None),
            *(f"bounce {each}" for each in [request.bounce] if each is not None),
        ],
    }


def _place(span: ListFilter, key: str | None) -> str | None:
    """Returns the position in a list: the start and end of the list's time range, and the key of
    the last row that was read; None at the end."""
    return None if key is None else f"{span.created_from}:{span.created_to}:{key}"


def _go_on(wanted: ListFilter, place: str) -> tuple[ListFilter, str]:
    """Returns the filter for the next page of a list, and the key of the last row that was read.
    `place` is what `_place` returned. The next page gets the time range of the first page, even if
    the request asks for a range that ends now. Otherwise, rows could drop out between pages."""
    created_from, created_to, key = place.split(":", 2)
    return replace(wanted, created_from=int(created_from), created_to=int(created_to)), key


def of_trigger(request: ListRequest) -> Callable[["Run | Refusal"], bool] | None:
    """Returns the condition on runs and refusals that no index covers, or None."""
    if not request.trigger_types:
        return None
    return lambda row: row.trigger_type in request.trigger_types


def of_run(request: ListRequest, now: int) -> Callable[["Run"], bool] | None:
    """Returns the condition on runs, as of `now`, that no index covers, or None."""
    conditions: list[Callable[[Run], bool]] = []
    if request.trigger_types:
        conditions.append(lambda run: run.trigger_type in request.trigger_types)
    if request.health:
        conditions.append(lambda run: _health(run, now) in request.health)
    if request.recovered is not None:
        conditions.append(lambda run: (run.recovered_by is not None) is request.recovered)
    if request.rerun_of is not None:
        conditions.append(lambda run: run.rerun_of == request.rerun_of)
    if request.recovery_id is not None:
        recovery_id = request.recovery_id
        conditions.append(lambda run: _is_of_recovery(run, recovery_id))
    if request.key is not None:
        name, value = key_in(request.key)
        conditions.append(lambda run: has_key(run, name, value))
    if request.error_group is not None and (
        request.rerun_of or request.recovery_id or request.key is not None
    ):
        # The narrower plan does not read the group's partition.
        conditions.append(lambda run: run.error_group == request.error_group)
    if not conditions:
        return None
    return lambda run: all(each(run) for each in conditions)


def _health(run: "Run", now: int) -> str | None:
    health = health_of(run, now)
    return None if health is None else health.state


def _is_of_recovery(run: "Run", recovery_id: str) -> bool:
    return run.rerun_of is not None and run.id == rerun_id(
        run.workspace_id, run.rerun_of, recovery_id
    )


def of_message(request: ListRequest) -> Callable[[DeliveryAttempt], bool] | None:
    """Returns the condition on deliveries that no index covers, or None. Raises InvalidInputError
    for `address` if it cannot be an address."""
    channel, run_id, bounce = request.channel, request.run_id, request.bounce
    is_of_kind = None if request.error_kind is None else has_error_kind(request.error_kind)
    addresses = None if request.address is None else addresses_in(request.address)
    conditions = (channel, run_id, addresses, is_of_kind, bounce)
    if all(each is None for each in conditions):
        return None
    return lambda row: (
        channel in (None, row.channel)
        and run_id in (None, row.run_id)
        and (addresses is None or row.address in addresses)
        and (is_of_kind is None or is_of_kind(row))
        and bounce in (None, bounce_after(row.reports))
    )


def has_error_kind(kind: str) -> Callable[[DeliveryAttempt], bool]:
    """Returns a condition that holds for deliveries that failed with this kind of error."""

    def is_of_kind(row: DeliveryAttempt) -> bool:
        error = error_after(row.error, row.node_id, row.reports)
        return error is not None and error.kind == kind

    return is_of_kind
