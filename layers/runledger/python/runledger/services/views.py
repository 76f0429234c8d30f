"""From what is stored to what the API answers."""

from typing import TYPE_CHECKING, Any

from runledger.clock import iso, optional_iso
from runledger.models.automation_views import (
    ActivationView,
    AutomationSummaryView,
    MachineView,
    VersionSummaryView,
    VersionView,
)
from runledger.models.run import TriggerType
from runledger.models.run_views import (
    DeliveryLinkView,
    DownstreamRunView,
    RunDetailView,
    UpstreamRunView,
)
from runledger.models.wire import (
    CanceledView,
    ContactView,
    HealthView,
    RefusalView,
    RunContactView,
    RunView,
    SecretNameView,
    SegmentView,
    TemplateView,
)
from runledger.services.step_views import (
    by_graph,
    error_view,
    fit_steps,
    shown_steps,
    step_view,
)
from runledger.services.story import health_of, upstream_run_id
from runledger.services.whereabouts import standing_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runledger.compiler.graph import GraphView
    from runledger.models.activation import Activation
    from runledger.models.automation import Automation, Graph, Version
    from runledger.models.contact import Contact
    from runledger.models.delivery import DeliveryAttempt
    from runledger.models.refusal import Refusal
    from runledger.models.run import Run
    from runledger.models.schedule import Schedule
    from runledger.models.segment import Segment
    from runledger.models.template import Template
    from runledger.services.story import Health
    from runledger.store.runs import RunHistory
    from runledger.store.secrets import SecretName


def run_view(run: "Run", now: int, at: "Sequence[str] | None" = None) -> RunView:
    """`at` is where it stands; without one, as far as its row tells."""
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
        created_at=iso(run.created_at),
        scheduled_for=optional_iso(run.scheduled_for),
        started_at=optional_iso(begun),
        finished_at=optional_iso(ended),
        duration_ms=ended - begun if begun is not None and ended is not None else None,
        error=error_view(run.error),
        error_group=run.error_group,
        canceled=canceled,
        at=standing_at(run, None) if at is None else list(at),
        erased_at=optional_iso(run.erased_at),
        unreadable=run.unreadable,
    )


def run_detail_view(
    history: "RunHistory",
    graph: "GraphView",
    upstream: "Run | None",
    downstream: "Iterable[Run]",
    attempts: "Mapping[str, DeliveryAttempt]",
    now: int,
) -> RunDetailView:
    """`upstream` is the run that opened this one, where it is there still; `attempts` are the run's
    messages by id, as far as they were read. A step that cannot be shown says so, and takes down
    nothing else."""
    known, unknown = by_graph(history, graph)
    steps = shown_steps(known, graph, now)
    base = run_view(history.run, now, _standing_at(history.run, graph))
    failed = next((step for step in steps if step.error is not None), None)
    # The row carries the first line of the error; the step it came from has the whole of it.
    error = base.error
    if error is not None and failed is not None and failed.node_id == error.node_id:
        error = error_view(failed.error)
    links = [
        _delivery_link(id_, step.node_id, attempts.get(id_))
        for step in steps
        for id_ in step.delivery_ids
    ]
    fields = dict(base)
    damaged = [each for each in (base.unreadable, history.payload.unreadable) if each]
    fields.update(
        trigger=history.payload.trigger, error=error, unreadable=" ".join(damaged) or None
    )
    return RunDetailView(
        **fields,
        payload=history.payload.body,
        graph=without_credentials(graph.graph),
        steps=fit_steps(
            [
                step_view(step, order, graph, history.payload.trigger)
                for order, step in enumerate([*steps, *unknown], 1)
            ]
        ),
        deliveries=links,
        upstream=_upstream_view(history.payload.trigger, upstream),
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


def _standing_at(run: "Run", graph: "GraphView") -> list[str]:
    return [] if run.unreadable is not None else standing_at(run, graph)


def _upstream_view(trigger: "Mapping[str, Any]", run: "Run | None") -> UpstreamRunView | None:
    run_id = upstream_run_id(trigger)
    if run_id is None:
        return None
    return UpstreamRunView(
        automation_id=str(trigger.get("upstreamAutomationId", "")),
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


def refusal_view(refusal: "Refusal") -> RefusalView:
    return RefusalView(
        id=refusal.id,
        reason=refusal.reason,
        message=refusal.message,
        automation_id=refusal.automation_id,
        automation_name=refusal.automation_name,
        version=refusal.version,
        trigger={"type": refusal.trigger_type.value},
        contact_id=refusal.contact_id,
        run_id=refusal.run_id,
        source=refusal.source,
        count=refusal.count,
        created_at=iso(refusal.created_at),
        last_at=iso(refusal.last_at),
        erased_at=optional_iso(refusal.erased_at),
        unreadable=refusal.unreadable,
    )


def automation_summary_view(
    automation: "Automation", schedule: "Schedule | None"
) -> AutomationSummaryView:
    """`schedule` is that of an active date automation."""
    active = automation.active
    return AutomationSummaryView(
        id=automation.id,
        name=automation.name,
        reentry=automation.reentry,
        status=automation.status,
        version=active.version if active else None,
        trigger_type=TriggerType(active.trigger["triggerType"]) if active else None,
        next_fire_at=iso(schedule.next_fire_at) if schedule else None,
        has_unpublished_changes=automation.draft_revision != automation.active_revision,
        created_at=iso(automation.created_at),
        updated_at=iso(automation.updated_at),
        updated_by=automation.updated_by,
    )


def activation_view(activation: "Activation") -> ActivationView:
    return ActivationView(
        automation_id=activation.automation_id,
        version=activation.version,
        revision=activation.revision,
        status=activation.status,
        problem=activation.problem,
        requested_at=iso(activation.requested_at),
        requested_by=activation.requested_by,
        finished_at=optional_iso(activation.finished_at),
    )


def machine_view(version: "Version") -> MachineView:
    return MachineView(
        type=version.machine_type,
        reason=version.machine_reason,
        run_seconds=version.run_seconds,
    )


def version_summary_view(version: "Version") -> VersionSummaryView:
    return VersionSummaryView(
        version=version.version,
        name=version.name,
        activated_at=iso(version.activated_at),
        activated_by=version.activated_by,
        machine=machine_view(version),
    )


def version_view(version: "Version") -> VersionView:
    return VersionView(
        **dict(version_summary_view(version)), graph=without_credentials(version.graph)
    )


def without_credentials(graph: "Graph") -> "Graph":
    """The graph as it is shown: no credential that was written into a config of it."""
    from runledger.nodes.literals import Sifter
    from runledger.nodes.registry import sifted

    nodes = [
        node.model_copy(update={"config": sifted(node.type, node.config, Sifter())})
        for node in graph.nodes
    ]
    return graph.model_copy(update={"nodes": nodes})


def contact_view(contact: "Contact") -> ContactView:
    return ContactView(
        id=contact.id,
        revision=contact.revision,
        email=contact.email,
        phone=contact.phone,
        first_name=contact.first_name,
        last_name=contact.last_name,
        tags=list(contact.tags),
        consents=contact.consents,
        metadata=contact.metadata,
        created_at=iso(contact.created_at),
        updated_at=iso(contact.updated_at),
    )


def secret_name_view(secret: "SecretName") -> SecretNameView:
    return SecretNameView(
        name=secret.name,
        allowed_hosts=list(secret.allowed_hosts),
        updated_at=iso(secret.updated_at or 0),
        last_used_at=optional_iso(secret.last_used_at),
    )


def segment_view(segment: "Segment") -> SegmentView:
    return SegmentView(
        id=segment.id,
        revision=segment.revision,
        name=segment.name,
        match=segment.query["match"],
        rules=segment.query["rules"],
        created_at=iso(segment.created_at),
        updated_at=iso(segment.updated_at),
    )


def template_view(template: "Template") -> TemplateView:
    return TemplateView(
        id=template.id,
        revision=template.revision,
        name=template.name,
        channel=template.channel,
        subject=template.subject,
        body=template.body,
        created_at=iso(template.created_at),
        updated_at=iso(template.updated_at),
    )
