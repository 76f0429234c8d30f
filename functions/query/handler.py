"""Serves the history. Read-only.

What only some requests need is imported by the first of them, so that a new instance answers soon.
"""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import StringConstraints
from runledger.aws import client, read_secret
from runledger.channels.registry import CHANNEL_NAMES, describe_channels
from runledger.clock import now_ms
from runledger.http import caller, make_app, public_url
from runledger.models.bulk_cancel import BulkCancelView
from runledger.models.count_views import CountsView, StatsView
from runledger.models.delivery import DeliveryStatus
from runledger.models.delivery_views import DeliveryDetailView, DeliveryRowView
from runledger.models.export_views import ExportView
from runledger.models.failure import FailureGroupView
from runledger.models.refusal import RefusalReason
from runledger.models.run import RunStatus, TriggerType
from runledger.models.run_views import RunDetailView
from runledger.models.suppression import SuppressionView
from runledger.models.timeline import TimelineItemView, TimelineKind
from runledger.models.wire import (
    AutomationSummaryView,
    AutomationView,
    ContactView,
    FireView,
    ListView,
    NodeTypeView,
    RefusalView,
    RunView,
    SecretNameView,
    SegmentPreviewView,
    SegmentView,
    TemplateView,
    VersionSummaryView,
    VersionView,
)
from runledger.models.workspace import Role
from runledger.models.workspace_views import MemberView, MeView, SettingsView
from runledger.observability import begin
from runledger.services.cursors import Cursors
from runledger.services.gathering import at_once
from runledger.services.identity import Caller
from runledger.services.list_requests import ListRequest
from runledger.services.wiring import export_files, frames, stores
from runledger.settings import QuerySettings, read_settings

if TYPE_CHECKING:
    from runledger.services.automations import Automations
    from runledger.services.counts import Counts
    from runledger.services.exports import ExportReading
    from runledger.services.failure_reading import FailureReading
    from runledger.services.reading import Reading
    from runledger.services.timeline import Timelines

app = make_app(identify=lambda: _caller())


class Order(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"


Limit = Annotated[int, Query(ge=1, le=200, description="Rows a page.")]
Channel = Annotated[str, StringConstraints(pattern=f"^({'|'.join(CHANNEL_NAMES)})$")]
Cursor = Annotated[str | None, Query(description="`nextCursor` of the page before.")]
TriggerTypes = Annotated[
    list[TriggerType] | None, Query(alias="triggerType", description="One or several.")
]
AutomationId = Annotated[str | None, Query(alias="automationId")]
ContactText = Annotated[str | None, Query(description="An id, an e-mail or a phone.")]
AddressText = Annotated[
    str | None, Query(description="Where the message went: an e-mail or a phone, as pasted.")
]
ErrorGroup = Annotated[
    str | None, Query(alias="errorGroup", description="The id of a failure group.")
]
RangeText = Annotated[str | None, Query(alias="range", description="24h, 7d or 30d.")]
FromText = Annotated[str | None, Query(alias="from", description="ISO 8601.")]
ToText = Annotated[str | None, Query(description="ISO 8601.")]
OrderParameter = Annotated[Order, Query(description="By creation time.")]


@cache
def _cursor_key() -> bytes:
    arn = read_settings(QuerySettings).cursor_secret_arn
    return read_secret(client("secretsmanager"), arn).encode()


@cache
def _reading() -> "Reading":
    from runledger.services.contacts import Contacts
    from runledger.services.reading import Reading

    contacts = Contacts(stores().contacts, now_ms)
    cursors = Cursors(_cursor_key, now_ms)
    return Reading(stores(), frames(), contacts, cursors, now_ms, at_once)


def _failures() -> "FailureReading":
    from runledger.services.failure_reading import FailureReading

    of = stores()
    return FailureReading(of.failures, of.automations, _reading().cursors, now_ms)


def _counts() -> "Counts":
    from runledger.services.counts import Counts

    return Counts(_reading())


@cache
def _exports() -> "ExportReading":
    from runledger.services.exports import ExportReading

    return ExportReading(stores().exports, export_files(), Cursors(_cursor_key, now_ms), now_ms)


@cache
def _timelines() -> "Timelines":
    from runledger.services.timeline import Timelines

    return Timelines(stores(), Cursors(_cursor_key, now_ms), now_ms)


def _caller(needed: Role = Role.VIEWER) -> Caller:
    return caller(app, stores().workspaces, needed)


def _automations() -> "Automations":
    from runledger.services.automations import Automations

    of = stores()
    return Automations(
        store=of.automations,
        templates=of.templates,
        segments=of.segments,
        schedules=of.schedules,
        fires=of.fires,
        clock=now_ms,
        public_url=public_url(app),
    )


@app.get("/v1/me", tags=["Workspace"])
def me() -> MeView:
    """Who is calling, in which workspace and role."""
    return _caller().view(stores().workspaces)


@app.get("/v1/settings", tags=["Workspace"])
def get_settings() -> SettingsView:
    from runledger.services.members import settings_view

    who = _caller(Role.OWNER)
    return settings_view(stores().workspaces.get(who.workspace_id, consistent=True))


@app.get("/v1/members", tags=["Workspace"])
def list_members() -> ListView[MemberView]:
    """Everybody in the workspace, in the order they joined."""
    from runledger.services.members import member_view

    found = stores().workspaces.members(_caller(Role.OWNER).workspace_id)
    return ListView(items=[member_view(each) for each in found], next_cursor=None)


@app.get("/v1/runs", tags=["Runs"])
def list_runs(
    status: Annotated[list[RunStatus] | None, Query(description="One or several.")] = None,
    automation_id: AutomationId = None,
    contact: ContactText = None,
    trigger_type: TriggerTypes = None,
    error_group: ErrorGroup = None,
    range_: RangeText = None,
    from_: FromText = None,
    to: ToText = None,
    order: OrderParameter = Order.NEWEST,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[RunView]:
    """Runs, newest first unless asked otherwise."""
    request = ListRequest(
        statuses=frozenset(status or ()),
        automation_id=automation_id,
        contact=contact,
        range=range_,
        since=from_,
        until=to,
        limit=limit,
        cursor=cursor,
        trigger_types=frozenset(trigger_type or ()),
        error_group=error_group,
        newest_first=order is Order.NEWEST,
    )
    return _reading().runs(_caller().workspace_id, request)


@app.get("/v1/runs/counts", tags=["Runs"])
def count_runs(
    status: Annotated[list[RunStatus] | None, Query(description="One or several.")] = None,
    automation_id: AutomationId = None,
    contact: ContactText = None,
    trigger_type: TriggerTypes = None,
    error_group: ErrorGroup = None,
    range_: RangeText = None,
    from_: FromText = None,
    to: ToText = None,
) -> CountsView:
    """How many runs the list of these filters shows, by status."""
    request = ListRequest(
        statuses=frozenset(status or ()),
        automation_id=automation_id,
        contact=contact,
        range=range_,
        since=from_,
        until=to,
        limit=1,
        cursor=None,
        trigger_types=frozenset(trigger_type or ()),
        error_group=error_group,
    )
    return _counts().runs(_caller().workspace_id, request)


@app.get("/v1/runs/<run_id>", tags=["Runs"])
def get_run(run_id: str) -> RunDetailView:
    """One run with every step, in one consistent read."""
    return _reading().run(_caller().workspace_id, run_id)


@app.get("/v1/failure-groups", tags=["Runs"])
def list_failure_groups(
    automation_id: Annotated[str | None, Query(alias="automationId")] = None,
    range_: Annotated[str | None, Query(alias="range", description="24h, 7d or 30d.")] = None,
    from_: Annotated[str | None, Query(alias="from", description="ISO 8601.")] = None,
    to: Annotated[str | None, Query(description="ISO 8601.")] = None,
    text: Annotated[
        str | None,
        Query(max_length=500, description="Words that all occur in the message."),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[FailureGroupView]:
    """Failed runs by what they failed of: those of one automation whose errors differ only in ids,
    numbers, addresses and the like, the latest failure first (by the hour)."""
    from runledger.services.failure_reading import FailureRequest

    request = FailureRequest(
        automation_id=automation_id,
        range=range_,
        since=from_,
        until=to,
        text=text,
        limit=limit,
        cursor=cursor,
    )
    return _failures().page(_caller().workspace_id, request)


@app.get("/v1/failure-groups/<group_id>", tags=["Runs"])
def get_failure_group(group_id: str) -> FailureGroupView:
    """One failure group, over all the time that its runs are kept."""
    return _failures().group(_caller().workspace_id, group_id)


@app.get("/v1/runs/cancel/<cancellation_id>", tags=["Runs"])
def get_cancellation(cancellation_id: str) -> BulkCancelView:
    """How far a cancellation of many runs is."""
    from runledger.services.bulk_cancel import bulk_cancel_view

    found = stores().bulk_cancels.get(_caller().workspace_id, cancellation_id, now_ms())
    return bulk_cancel_view(found, stores().runs, now_ms())


@app.get("/v1/refusals", tags=["Refusals"])
def list_refusals(
    reason: Annotated[list[RefusalReason] | None, Query(description="One or several.")] = None,
    automation_id: AutomationId = None,
    contact: ContactText = None,
    trigger_type: TriggerTypes = None,
    range_: RangeText = None,
    from_: FromText = None,
    to: ToText = None,
    order: OrderParameter = Order.NEWEST,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[RefusalView]:
    """Triggers that opened no run, and why, newest first."""
    request = ListRequest(
        statuses=frozenset(reason or ()),
        automation_id=automation_id,
        contact=contact,
        range=range_,
        since=from_,
        until=to,
        limit=limit,
        cursor=cursor,
        trigger_types=frozenset(trigger_type or ()),
        newest_first=order is Order.NEWEST,
    )
    return _reading().refusals(_caller().workspace_id, request)


@app.get("/v1/refusals/counts", tags=["Refusals"])
def count_refusals(
    reason: Annotated[list[RefusalReason] | None, Query(description="One or several.")] = None,
    automation_id: AutomationId = None,
    contact: ContactText = None,
    trigger_type: TriggerTypes = None,
    range_: RangeText = None,
    from_: FromText = None,
    to: ToText = None,
) -> CountsView:
    """How many refusals the list of these filters shows, by reason. One that stands for several
    triggers of a minute is one."""
    request = ListRequest(
        statuses=frozenset(reason or ()),
        automation_id=automation_id,
        contact=contact,
        range=range_,
        since=from_,
        until=to,
        limit=1,
        cursor=None,
        trigger_types=frozenset(trigger_type or ()),
    )
    return _counts().refusals(_caller().workspace_id, request)


@app.get("/v1/refusals/<refusal_id>", tags=["Refusals"])
def get_refusal(refusal_id: str) -> RefusalView:
    return _reading().refusal(_caller().workspace_id, refusal_id)


@app.get("/v1/deliveries", tags=["Deliveries"])
def list_deliveries(
    status: Annotated[list[DeliveryStatus] | None, Query(description="One or several.")] = None,
    channel: Annotated[Channel | None, Query(description="EMAIL, SMS or WHATSAPP.")] = None,
    automation_id: AutomationId = None,
    contact: ContactText = None,
    run_id: Annotated[str | None, Query(alias="runId")] = None,
    address: AddressText = None,
    range_: RangeText = None,
    from_: FromText = None,
    to: ToText = None,
    order: OrderParameter = Order.NEWEST,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[DeliveryRowView]:
    """Messages that were sent, refused or put off, newest first. One whose first try is with the
    provider is told by its run, and listed once that is over."""
    request = ListRequest(
        statuses=frozenset(status or ()),
        automation_id=automation_id,
        contact=contact,
        range=range_,
        since=from_,
        until=to,
        limit=limit,
        cursor=cursor,
        newest_first=order is Order.NEWEST,
        channel=channel,
        run_id=run_id,
        address=address,
    )
    return _reading().deliveries(_caller().workspace_id, request)


@app.get("/v1/deliveries/counts", tags=["Deliveries"])
def count_deliveries(
    status: Annotated[list[DeliveryStatus] | None, Query(description="One or several.")] = None,
    channel: Annotated[Channel | None, Query(description="EMAIL, SMS or WHATSAPP.")] = None,
    automation_id: AutomationId = None,
    contact: ContactText = None,
    run_id: Annotated[str | None, Query(alias="runId")] = None,
    address: AddressText = None,
    range_: RangeText = None,
    from_: FromText = None,
    to: ToText = None,
) -> CountsView:
    """How many deliveries the list of these filters shows, by status."""
    request = ListRequest(
        statuses=frozenset(status or ()),
        automation_id=automation_id,
        contact=contact,
        range=range_,
        since=from_,
        until=to,
        limit=1,
        cursor=None,
        channel=channel,
        run_id=run_id,
        address=address,
    )
    return _counts().deliveries(_caller().workspace_id, request)


@app.get("/v1/deliveries/<delivery_id>", tags=["Deliveries"])
def get_delivery(delivery_id: str) -> DeliveryDetailView:
    """One message with its gates, its tries and what the provider reported."""
    return _reading().delivery(_caller().workspace_id, delivery_id)


@app.get("/v1/exports", tags=["Exports"])
def list_exports(limit: Limit = 50, cursor: Cursor = None) -> ListView[ExportView]:
    """Newest first."""
    who = _caller()
    return _exports().page(who.workspace_id, limit, cursor, may_link=who.may(Role.MEMBER))


@app.get("/v1/exports/<export_id>", tags=["Exports"])
def get_export(export_id: str) -> ExportView:
    who = _caller()
    return _exports().one(who.workspace_id, export_id, may_link=who.may(Role.MEMBER))


@app.get("/v1/stats", tags=["Runs"])
def get_stats(
    automation_id: AutomationId = None,
    range_: RangeText = None,
    from_: FromText = None,
    to: ToText = None,
) -> StatsView:
    """Runs by hour and status, and how long the newest 1,000 finished runs of the range took: of an
    automation also node by node, from at most 1,000 steps of the newest of them (`sampled` tells of
    how many each). The last 24 hours unless asked otherwise."""
    from runledger.services.stats import Stats

    stats = Stats(_reading())
    return stats.of(_caller().workspace_id, automation_id, range_, from_, to)


@app.get("/v1/automations", tags=["Automations"])
def list_automations(limit: Limit = 50, cursor: Cursor = None) -> ListView[AutomationSummaryView]:
    """Newest first."""
    return _reading().automations_page(_caller().workspace_id, limit, cursor)


@app.get("/v1/automations/<automation_id>", tags=["Automations"])
def get_automation(automation_id: str) -> AutomationView:
    who = _caller()
    automation = stores().automations.get(who.workspace_id, automation_id)
    return _automations().view(automation, hides_webhook=not who.may(Role.MEMBER))


@app.get("/v1/automations/<automation_id>/versions", tags=["Automations"])
def list_versions(automation_id: str) -> ListView[VersionSummaryView]:
    from runledger.services.views import version_summary_view

    automation = stores().automations.get(_caller().workspace_id, automation_id)
    found = stores().automations.versions(automation.id)
    return ListView(items=[version_summary_view(each) for each in found], next_cursor=None)


@app.get("/v1/automations/<automation_id>/versions/<number>", tags=["Automations"])
def get_version(automation_id: str, number: int) -> VersionView:
    from runledger.services.views import version_view

    automation = stores().automations.get(_caller().workspace_id, automation_id)
    return version_view(stores().automations.version(automation.id, number))


@app.get("/v1/automations/<automation_id>/fires", tags=["Automations"])
def list_fires(automation_id: str, limit: Limit = 50, cursor: Cursor = None) -> ListView[FireView]:
    """What a date automation did on each day, the newest first."""
    return _reading().fires(_caller().workspace_id, automation_id, limit, cursor)


@app.get("/v1/contacts", tags=["Contacts"])
def list_contacts(
    contact: Annotated[str | None, Query(description="An id, an e-mail or a phone.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[ContactView]:
    """Newest first; or the one asked for, if the workspace has it."""
    workspace_id = _caller().workspace_id
    if contact is not None:
        return _reading().contact_named(workspace_id, contact)
    return _reading().contacts_page(workspace_id, limit, cursor)


@app.get("/v1/contacts/<contact_id>", tags=["Contacts"])
def get_contact(contact_id: str) -> ContactView:
    """One person; 410 for one who was erased."""
    from runledger.services.erasing import known_contact
    from runledger.services.views import contact_view

    of = stores()
    found = known_contact(of.contacts, of.erasures, _caller().workspace_id, contact_id)
    return contact_view(found)


@app.get("/v1/contacts/<contact_id>/timeline", tags=["Contacts"])
def contact_timeline(
    contact_id: str,
    kind: Annotated[list[TimelineKind] | None, Query(description="One or several.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[TimelineItemView]:
    """Runs, deliveries and refusals of one person in one order, newest first; messages that other
    people's runs sent to them are there too."""
    workspace_id = _caller().workspace_id
    return _timelines().page(workspace_id, contact_id, frozenset(kind or ()), limit, cursor)


@app.get("/v1/segments", tags=["Segments"])
def list_segments(limit: Limit = 50, cursor: Cursor = None) -> ListView[SegmentView]:
    """Newest first."""
    return _reading().segments_page(_caller().workspace_id, limit, cursor)


@app.get("/v1/segments/<segment_id>", tags=["Segments"])
def get_segment(segment_id: str) -> SegmentView:
    from runledger.services.views import segment_view

    return segment_view(stores().segments.get(_caller().workspace_id, segment_id))


@app.get("/v1/segments/<segment_id>/preview", tags=["Segments"])
def preview_segment(segment_id: str) -> SegmentPreviewView:
    """Who belongs to it now: the first contacts, and how many there are."""
    from runledger.services.segments import Segments

    of = stores()
    segments = Segments(of.segments, of.contacts, now_ms)
    return segments.preview(_caller().workspace_id, segment_id)


@app.get("/v1/templates", tags=["Templates"])
def list_templates(limit: Limit = 50, cursor: Cursor = None) -> ListView[TemplateView]:
    """Newest first."""
    return _reading().templates_page(_caller().workspace_id, limit, cursor)


@app.get("/v1/templates/<template_id>", tags=["Templates"])
def get_template(template_id: str) -> TemplateView:
    from runledger.services.views import template_view

    return template_view(stores().templates.get(_caller().workspace_id, template_id))


@app.get("/v1/suppressions", tags=["Suppressions"])
def list_suppressions(
    address: Annotated[str | None, Query(description="One address, as it was pasted.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[SuppressionView]:
    """Addresses that nothing is sent to, newest first; or the one asked for, if it is on the
    list."""
    from runledger.services.suppressions import Suppressions

    workspace_id = _caller().workspace_id
    if address is not None:
        suppressions = Suppressions(stores().suppressions, describe_channels(), now_ms)
        return suppressions.one(workspace_id, address)
    return _reading().suppressions(workspace_id, limit, cursor)


@app.get("/v1/secrets", tags=["Secrets"])
def list_secrets() -> ListView[SecretNameView]:
    """Names only: a value can never be read back. `lastUsedAt` is right to the hour."""
    from runledger.services.views import secret_name_view

    found = stores().secrets.names(_caller().workspace_id)
    views = [secret_name_view(each) for each in found]
    return ListView(items=views, next_cursor=None)


@app.get("/v1/node-types", tags=["Automations"])
def list_node_types() -> ListView[NodeTypeView]:
    """The node palette, with a JSON Schema of each config."""
    from runledger.services.catalogue import node_type_views

    _caller()
    return ListView(items=node_type_views(), next_cursor=None)


@app.get("/v1/openapi.json", include_in_schema=False)
def openapi() -> Response[str]:
    """This document, generated from the models of all handlers."""
    return Response(200, "application/json", Path(__file__).with_name("openapi.json").read_text())


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context.aws_request_id)
    return app.resolve(event, context)
