"""One run, refusal or delivery, as a reader sees it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.deliveries import DeliveryDetailView
from runledger.api.refusals import RefusalDetailView
from runledger.api.runs import RunDetailView
from runledger.clock import Clock, iso
from runledger.errors import GoneError, NotFoundError, RunledgerError
from runledger.services.runs.body_links import with_links
from runledger.services.triggers.open_run import keyed_run_id
from runledger.services.triggers.upstream import dedupe_key
from runledger.services.views.deliveries import delivery_detail_view
from runledger.services.views.kept_events import kept_event_view
from runledger.services.views.refusals import refusal_detail_view
from runledger.services.views.runs import run_detail_view
from runledger.store import keys

if TYPE_CHECKING:
    from runledger.models.run import Run
    from runledger.services.runs.run_context import RunContexts
    from runledger.store.keys import Key
    from runledger.store.run_reads import RunHistory
    from runledger.store.stores import Stores

# The most deliveries in one run's detail: one call reads them.
_DELIVERIES_READ = 100


@dataclass(frozen=True, slots=True)
class Details:
    """Reads single rows. Raises NotFoundError also for a row of another workspace, and GoneError
    for an expired one."""

    stores: "Stores"
    contexts: "RunContexts"
    clock: Clock

    def run(self, workspace_id: str, run_id: str) -> RunDetailView:
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
        reruns = self._reruns(history.run, now)
        detail = run_detail_view(history, graph, upstream, downstream, attempts, reruns, now)
        return with_links(detail, history.run, self.stores.bodies, now)

    def refusal(self, workspace_id: str, refusal_id: str) -> RefusalDetailView:
        now = self.clock()
        refusal = self.stores.refusals.find_shown(refusal_id)
        if refusal is None or refusal.workspace_id != workspace_id or refusal.expires_at <= now:
            key = keys.refusal(refusal_id)
            raise self._missing(workspace_id, key, f"refusal {refusal_id}", now)
        event = self.stores.kept_events.of_refusal(refusal.id, now) if refusal.kept_until else None
        return refusal_detail_view(refusal, now, kept_event_view(event) if event else None)

    def delivery(self, workspace_id: str, delivery_id: str) -> DeliveryDetailView:
        now = self.clock()
        attempt = self.stores.deliveries.find_shown(delivery_id)
        if attempt is None or attempt.workspace_id != workspace_id or attempt.expires_at <= now:
            key = keys.delivery(delivery_id)
            raise self._missing(workspace_id, key, f"delivery {delivery_id}", now)
        names = self.stores.automations.names(workspace_id, [attempt.automation_id])
        templates = self.stores.templates.get_many(workspace_id, [attempt.template_id])
        template = templates.get(attempt.template_id)
        return delivery_detail_view(
            attempt, names.get(attempt.automation_id), template.name if template else None
        )

    def _reruns(self, run: "Run", now: int) -> "list[Run]":
        """Returns the reruns of this run, without their own reruns. Costs one query, and one batch
        of reads if there are any; nothing for an open run."""
        if not run.status.is_terminal:
            return []
        family = self.stores.runs.family(run.root_run_id or run.id)
        found = self.stores.runs.get_many(family).values() if family else ()
        own = [each for each in found if each.rerun_of == run.id and each.expires_at > now]
        return sorted(own, key=lambda each: (each.created_at, each.id))

    def _upstream(self, workspace_id: str, history: "RunHistory", now: int) -> "Run | None":
        """Returns the run that opened this one. Costs one read, only for a run with an UPSTREAM
        trigger."""
        run_id = history.event.upstream_run_id
        if run_id is None:
            return None
        return self.stores.runs.find_alive(workspace_id, run_id, now)

    def _downstream(self, run: "Run", now: int) -> "list[Run]":
        """Returns the runs that the end of this one opened. Costs one query and one batch of reads,
        and nothing for an open run."""
        if not run.status.is_terminal:
            return []
        waiting = self.stores.automations.downstream_ids(run.automation_id)
        opened = [keyed_run_id(run.workspace_id, each, dedupe_key(run.id)) for each in waiting]
        found = self.stores.runs.get_many(opened).values()
        there = [each for each in found if each.expires_at > now]
        return sorted(there, key=lambda each: (each.created_at, each.id))

    def _missing(self, workspace_id: str, key: "Key", what: str, now: int) -> RunledgerError:
        """Returns the error for a missing row. Makes two more reads, which are needed only if the
        row is missing."""
        expiry = self.stores.tombstones.find(key, now)
        if expiry is None or expiry.workspace_id != workspace_id:
            return NotFoundError(f"there is no {what}")
        expired_at = iso(expiry.expired_at)
        return GoneError(f"the {what} expired at {expired_at}", expiredAt=expired_at)
