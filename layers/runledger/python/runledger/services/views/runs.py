"""Turns stored runs into API answers."""

from typing import TYPE_CHECKING

from runledger.api.runs import (
    CanceledView,
    DeliveryLinkView,
    DownstreamRunView,
    HealthView,
    RerunLinkView,
    RunContactView,
    RunDetailView,
    RunKeyView,
    RunView,
    UpstreamRunView,
)
from runledger.clock import iso, optional_iso
from runledger.services.runs.position import current_nodes
from runledger.services.runs.run_state import health_of
from runledger.services.views.automations import without_credentials
from runledger.services.views.steps import by_graph, error_view, fit_steps, shown_steps, step_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runledger.compiler.graph import GraphView
    from runledger.models.delivery import DeliveryAttempt
    from runledger.models.event import Event
    from runledger.models.run import Run
    from runledger.services.runs.run_state import Health
    from runledger.store.run_reads import RunHistory


def run_view(run: "Run", now: int, at: "Sequence[str] | None" = None) -> RunView:
    """Returns the view of a run. `at` are its current nodes; without it, only the row is used."""
    health = health_of(run, now)
    begun = run.started_at
    ended = run.finished_at
    contact = None
    if run.contact_id is not None and run.erased_at is None:
        contact = RunContactView(
            id=run.contact_id, email=run.contact_email, phone=run.contact_phone
        )
    canceled = None
    if run.canceled is not None and ended is not None:
        canceled = CanceledView(by=run.canceled.by, reason=run.canceled.reason, at=iso(ended))
    return RunView(
        id=run.id,
        status=run.status,
        health=_health_view(health) if health else None,
        automation_id=run.automation_id,
        automation_name=run.automation_name,
        version=run.version,
        attempt=run.attempt,
        start_error=run.start_error,
        trigger={"type": run.trigger_type.value},
        contact=contact,
        keys=[RunKeyView(name=key.name, value=key.value) for key in run.keys],
        created_at=iso(run.created_at),
        scheduled_for=optional_iso(run.scheduled_for),
        started_at=optional_iso(begun),
        finished_at=optional_iso(ended),
        duration_ms=ended - begun if begun is not None and ended is not None else None,
        error=error_view(run.error),
        error_group=run.error_group,
        canceled=canceled,
        rerun_of=run.rerun_of,
        recovered_by=run.recovered_by,
        at=current_nodes(run, None) if at is None else list(at),
        erased_at=optional_iso(run.erased_at),
        unreadable=run.unreadable,
    )


def run_detail_view(
    history: "RunHistory",
    graph: "GraphView",
    upstream: "Run | None",
    downstream: "Iterable[Run]",
    attempts: "Mapping[str, DeliveryAttempt]",
    reruns: "Iterable[Run]",
    now: int,
) -> RunDetailView:
    """Returns the detail of a run. `upstream` is the run that opened this one, if it still exists;
    `attempts` has the run's messages by id, as far as they were read. A step that cannot be shown
    says so, and the other steps are still shown."""
    known, unknown = by_graph(history, graph)
    steps = shown_steps(known, graph, now)
    base = run_view(history.run, now, _current_nodes(history.run, graph))
    failed = next((step for step in steps if step.error is not None), None)
    # The run row has only the first line of the error; the step has all of it.
    error = base.error
    if error is not None and failed is not None and failed.node_id == error.node_id:
        error = error_view(failed.error)
    links = [
        _delivery_link(id_, step.node_id, attempts.get(id_))
        for step in steps
        for id_ in step.delivery_ids
    ]
    fields = dict(iter(base))
    damaged = [each for each in (base.unreadable, history.event.unreadable) if each]
    fields.update(trigger=history.event.facts, error=error, unreadable=" ".join(damaged) or None)
    return RunDetailView(
        **fields,
        payload=history.event.body,
        graph=without_credentials(graph.graph),
        steps=fit_steps(
            [
                step_view(step, order, graph, history.event)
                for order, step in enumerate([*steps, *unknown], 1)
            ]
        ),
        deliveries=links,
        upstream=_upstream_view(history.event, upstream),
        reruns=[
            RerunLinkView(run_id=run.id, status=run.status, created_at=iso(run.created_at))
            for run in reruns
        ],
        downstream=[
            DownstreamRunView(
                automation_id=run.automation_id,
                automation_name=run.automation_name,
                run_id=run.id,
                status=run.status,
            )
            for run in downstream
        ],
    )


def _current_nodes(run: "Run", graph: "GraphView") -> list[str]:
    return [] if run.unreadable is not None else current_nodes(run, graph)


def _upstream_view(event: "Event", run: "Run | None") -> UpstreamRunView | None:
    run_id = event.upstream_run_id
    if run_id is None:
        return None
    return UpstreamRunView(
        automation_id=str(event.details.get("upstreamAutomationId", "")),
        automation_name=run.automation_name if run else None,
        run_id=run_id,
        status=run.status if run else None,
    )


def _delivery_link(
    delivery_id: str, node_id: str, attempt: "DeliveryAttempt | None"
) -> DeliveryLinkView:
    return DeliveryLinkView(
        id=delivery_id,
        node_id=node_id,
        path=f"/v1/deliveries/{delivery_id}",
        status=attempt.status if attempt else None,
        channel=attempt.channel if attempt else None,
        address=attempt.address if attempt else None,
    )


def _health_view(health: "Health") -> HealthView:
    return HealthView(
        state=health.state,
        text=health.text,
        until=optional_iso(health.until),
        attempt=health.attempt,
        last_error=health.last_error,
    )
