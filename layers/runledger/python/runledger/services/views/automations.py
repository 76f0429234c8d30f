"""Automations, their versions and activations as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.automations import (
    ActivationView,
    AutomationSummaryView,
    HoldView,
    MachineView,
    ReleaseView,
    VersionSummaryView,
    VersionView,
)
from runledger.clock import iso, optional_iso
from runledger.models.run import TriggerType

if TYPE_CHECKING:
    from runledger.models.activation import Activation
    from runledger.models.automation import Automation, Graph, Version
    from runledger.models.hold import Hold, Release
    from runledger.models.schedule import Schedule


def automation_summary_view(
    automation: "Automation", schedule: "Schedule | None"
) -> AutomationSummaryView:
    """Returns an automation as lists show it. `schedule` is given for an active date automation."""
    active = automation.active
    return AutomationSummaryView(
        id=automation.id,
        name=automation.name,
        reentry=automation.reentry,
        status=automation.status,
        version=active.version if active else None,
        trigger_type=TriggerType(active.trigger["triggerType"]) if active else None,
        next_fire_at=iso(schedule.next_fire_at) if schedule else None,
        hold=_hold_view(automation.hold) if automation.hold else None,
        has_unpublished_changes=automation.draft_revision != automation.active_revision,
        created_at=iso(automation.created_at),
        updated_at=iso(automation.updated_at),
        updated_by=automation.updated_by,
    )


def _hold_view(hold: "Hold") -> HoldView:
    return HoldView(at=iso(hold.at), by=hold.by, reason=hold.reason)


def release_view(release: "Release") -> ReleaseView:
    return ReleaseView(
        at=iso(release.at),
        by=release.by,
        rate_per_minute=release.rate,
        started=release.started,
        total=release.total,
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
    # Imported here, because lists of other things need no compiler.
    from runledger.compiler.graph import GraphView
    from runledger.compiler.prices import dollars, items_of
    from runledger.compiler.run_cost import run_cost

    cost = run_cost(GraphView(version.graph, version.templates))
    return MachineView(
        type=version.machine_type,
        reason=version.machine_reason,
        run_seconds=version.run_seconds,
        dollars_per_million_runs=round(dollars(items_of(cost, version.machine_type)), 2),
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
    """Returns the graph as it is shown, with any credential in a node's config masked."""
    from runledger.nodes.literal_credentials import CredentialMasker
    from runledger.nodes.registry import with_credentials_masked

    nodes = [
        node.changed(config=with_credentials_masked(node.type, node.config, CredentialMasker()))
        for node in graph.nodes
    ]
    return graph.changed(nodes=nodes)
