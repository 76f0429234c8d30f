"""Reading automations, their versions, fires, node types and sources."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from runledger.api.automations import (
    ActivationView,
    AutomationSummaryView,
    AutomationView,
    FireView,
    NodeTypeView,
    VersionSummaryView,
    VersionView,
)
from runledger.api.counts import AutomationActivityView
from runledger.api.ignored_events import IgnoredEventsView
from runledger.api.kept_events import CapturedEventsView
from runledger.api.lists import ListView
from runledger.api.sources import SourcePresetView
from runledger.composition import services
from runledger.http import make_router, public_url
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.routes.query.parameters import Cursor, Limit, RangeText
from runledger.routes.revisions import tagged

router = make_router()


@router.get("/v1/automations", tags=["Automations"])
def list_automations(limit: Limit = 50, cursor: Cursor = None) -> ListView[AutomationSummaryView]:
    """Lists automations, newest first."""
    return services().resource_lists.automations(require_role(router).workspace_id, limit, cursor)


@router.get("/v1/automations/activity", tags=["Automations"])
def list_activity(
    automation_id: Annotated[
        list[str] | None, Query(alias="automationId", max_length=50, description="Up to 50 ids.")
    ] = None,
    range_: RangeText = None,
) -> ListView[AutomationActivityView]:
    """Counts the runs of several automations by status, and finds the newest run of each. Without
    ids, answers for the 50 newest automations. The default range is the last 7 days."""
    workspace_id = require_role(router).workspace_id
    return services().activity.of(workspace_id, automation_id or [], range_ or "7d")


@router.get("/v1/automations/<automation_id>", tags=["Automations"])
def get_automation(automation_id: str) -> Response[AutomationView]:
    """Returns an automation with its draft. The draft's revision is the `ETag`."""
    who = require_role(router)
    automations = services().automations_at(public_url(router))
    automation = automations.store.get(who.workspace_id, automation_id)
    return tagged(automations.view(automation, hides_webhook=not who.may(Role.MEMBER)))


@router.get("/v1/automations/<automation_id>/versions", tags=["Automations"])
def list_versions(automation_id: str) -> ListView[VersionSummaryView]:
    """Lists the versions of an automation, newest first."""
    from runledger.services.views.automations import version_summary_view

    automation = services().stores.automations.get(require_role(router).workspace_id, automation_id)
    found = services().stores.automations.versions(automation.id)
    return ListView(items=[version_summary_view(each) for each in found], next_cursor=None)


@router.get("/v1/automations/<automation_id>/versions/<number>", tags=["Automations"])
def get_version(
    automation_id: str,
    number: Annotated[int, Path(ge=1, description="The version's number.")],
) -> VersionView:
    """Returns one version with its graph."""
    from runledger.services.views.automations import version_view

    automation = services().stores.automations.get(require_role(router).workspace_id, automation_id)
    return version_view(services().stores.automations.version(automation.id, number))


@router.get("/v1/automations/<automation_id>/activations/<number>", tags=["Automations"])
def get_activation(
    automation_id: str,
    number: Annotated[
        int, Path(ge=1, description="The number of the version that the activation is for.")
    ],
) -> ActivationView:
    """Returns the status of a request to activate a version. It is kept for 30 days."""
    from runledger.services.automations.activations import find_activation
    from runledger.services.views.automations import activation_view

    automations = services().automations_at(public_url(router))
    workspace_id = require_role(router).workspace_id
    found = find_activation(automations, workspace_id, automation_id, number, services().clock())
    return activation_view(found)


@router.get("/v1/automations/<automation_id>/fires", tags=["Automations"])
def list_fires(automation_id: str, limit: Limit = 50, cursor: Cursor = None) -> ListView[FireView]:
    """Lists the fires of a date automation: what it did on each day, newest first."""
    return services().resource_lists.fires(
        require_role(router).workspace_id, automation_id, limit, cursor
    )


@router.get("/v1/automations/<automation_id>/captured-events", tags=["Automations"])
def list_captured_events(automation_id: str) -> CapturedEventsView:
    """Lists the events that were captured in the last hour, newest first, at most 40."""
    return services().captures.view(require_role(router).workspace_id, automation_id)


@router.get("/v1/automations/<automation_id>/ignored-events", tags=["Automations"])
def count_ignored_events(automation_id: str) -> IgnoredEventsView:
    """Counts the events that the webhook's filter ignored in the last 24 hours, by the minute."""
    return services().ignored_events.view(require_role(router).workspace_id, automation_id)


@router.get("/v1/node-types", tags=["Automations"])
def list_node_types() -> ListView[NodeTypeView]:
    """Lists the node types, with a JSON Schema of each config."""
    from runledger.services.automations.catalogue import node_type_views

    require_role(router)
    return ListView(items=node_type_views(), next_cursor=None)


@router.get("/v1/source-presets", tags=["Automations"])
def list_source_presets() -> ListView[SourcePresetView]:
    """Lists the senders of webhooks whose rules are known: how to set each one up, what it signs,
    and samples of its events."""
    from runledger.services.views.sources import source_preset_views

    require_role(router)
    return ListView(items=source_preset_views(), next_cursor=None)
