"""Changes automations, templates, contacts, secrets, settings and members."""

import time
from functools import cache
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.aws import client
from runledger.channels.registry import describe_channels
from runledger.clock import now_ms
from runledger.compiler.compile import FunctionArns
from runledger.http import caller, make_app, needs, public_url, resolve
from runledger.models.automation import AutomationDocument, AutomationStatus
from runledger.models.bulk_cancel import BulkCancelDocument, BulkCancelView
from runledger.models.contact import ContactDocument
from runledger.models.erasure import EraseDocument, ErasureView
from runledger.models.export_views import ExportDocument, ExportView
from runledger.models.preview import DraftPreviewDocument, PreviewDocument, PreviewView
from runledger.models.resend import ResendDocument, ResentView
from runledger.models.run import Cancellation
from runledger.models.suppression import SuppressionDocument, SuppressionView
from runledger.models.template import TemplateDocument
from runledger.models.wire import (
    AutomationView,
    CancelDocument,
    ContactView,
    OpenedView,
    ProblemsView,
    RotationDocument,
    RunDocument,
    RunView,
    SecretDocument,
    SecretNameView,
    SegmentView,
    TemplateView,
)
from runledger.models.workspace import Role
from runledger.models.workspace_views import (
    MemberDocument,
    MemberView,
    RoleDocument,
    SettingsDocument,
    SettingsView,
)
from runledger.nodes.segment_rules import SegmentDocument
from runledger.observability import begin
from runledger.services.automations import Activations, Automations
from runledger.services.bulk_cancel import bulk_cancel_view
from runledger.services.contacts import Contacts
from runledger.services.erasing import erasure_view, known_contact
from runledger.services.erasing_wiring import erasing
from runledger.services.exports import ExportRequests, export_view
from runledger.services.identity import Caller
from runledger.services.machines import Machines, MachineTurns
from runledger.services.manual import ManualRuns
from runledger.services.members import Members, member_view, settings_view
from runledger.services.preview import Previews
from runledger.services.resend import Resends
from runledger.services.rotation import Rotations
from runledger.services.secrets import Secrets
from runledger.services.segments import Segments
from runledger.services.signing import SigningSecrets
from runledger.services.suppressions import Suppressions, suppression_view
from runledger.services.templates import Templates
from runledger.services.views import (
    contact_view,
    run_view,
    secret_name_view,
    segment_view,
    template_view,
)
from runledger.services.wiring import (
    bulk_cancels,
    export_machine,
    frozen_lists,
    gatekeeper_over,
    opener_over,
    retry_machine,
    schedules,
    stopping,
    stores,
)
from runledger.settings import ApiSettings, read_settings

app = make_app(identify=lambda: _caller())


def _caller(needed: Role | None = None) -> Caller:
    """Who has at least the role that the route needs, or another that its body asks for."""
    return caller(app, stores().workspaces, needed)


def _automations() -> Automations:
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


def _activations() -> Activations:
    settings = read_settings(ApiSettings)
    machines = Machines(
        client("stepfunctions"),
        settings.machine_prefix,
        MachineTurns(stores().pace, now_ms, time.sleep),
        settings.machine_role_arn,
        settings.machine_log_group_arn,
    )
    functions = FunctionArns(
        logic=settings.logic_arn,
        message=settings.message_arn,
        integration=settings.integration_arn,
    )
    signing = SigningSecrets(client("secretsmanager"), settings.stack)
    return Activations(_automations(), machines, signing, functions, now_ms, schedules())


@cache
def _contacts() -> Contacts:
    return Contacts(stores().contacts, now_ms)


@cache
def _templates() -> Templates:
    return Templates(stores().templates, describe_channels(), now_ms)


@cache
def _resends() -> Resends:
    of = stores()
    return Resends(
        of.deliveries,
        of.contacts,
        of.templates,
        of.workspaces,
        describe_channels(),
        gatekeeper_over(of, now_ms),
        retry_machine(),
        now_ms,
    )


def _previews() -> Previews:
    of = stores()
    return Previews(_templates(), _contacts(), gatekeeper_over(of, now_ms), of.workspaces)


def _segments() -> Segments:
    return Segments(stores().segments, stores().contacts, now_ms)


@cache
def _secrets() -> Secrets:
    stack = read_settings(ApiSettings).stack
    return Secrets(stores().secrets, client("secretsmanager"), stack, now_ms)


@app.post("/v1/automations", tags=["Automations"], status_code=201)
@needs(Role.ADMIN)
def create_automation(
    document: Annotated[AutomationDocument, Body()],
) -> AutomationView:
    """Creates a draft. A graph with problems is refused with all of them."""
    who = _caller()
    automations = _automations()
    return automations.view(automations.create(who.workspace_id, document, who.email))


@app.put("/v1/automations/<automation_id>", tags=["Automations"])
@needs(Role.ADMIN)
def update_automation(
    automation_id: str,
    document: Annotated[AutomationDocument, Body()],
    revision: Annotated[
        int | None, Query(description="The draft's, as it was read; 409 where it has changed.")
    ] = None,
) -> AutomationView:
    """Replaces the draft; an active version stays as it is until the next activation."""
    who = _caller()
    automations = _automations()
    return automations.view(
        automations.update(who.workspace_id, automation_id, document, who.email, revision)
    )


@app.post("/v1/automations/validate", tags=["Automations"])
@needs(Role.ADMIN)
def validate_new_automation(
    document: Annotated[AutomationDocument, Body()],
) -> ProblemsView:
    """Every problem of a document that is to become an automation."""
    who = _caller()
    return ProblemsView(problems=_automations().problems(who.workspace_id, document))


@app.post("/v1/automations/<automation_id>/validate", tags=["Automations"])
@needs(Role.ADMIN)
def validate_automation(
    automation_id: str, document: Annotated[AutomationDocument, Body()]
) -> ProblemsView:
    """Every problem of a document, without saving it."""
    who = _caller()
    automations = _automations()
    automations.store.get(who.workspace_id, automation_id)
    return ProblemsView(problems=automations.problems(who.workspace_id, document))


@app.post("/v1/automations/<automation_id>/activate", tags=["Automations"])
@needs(Role.ADMIN)
def activate_automation(automation_id: str) -> AutomationView:
    """Freezes the draft as the next version and takes events for it."""
    who = _caller()
    return _activations().activate(who.workspace_id, automation_id, who.email)


@app.post("/v1/automations/<automation_id>/pause", tags=["Automations"])
@needs(Role.ADMIN)
def pause_automation(automation_id: str) -> AutomationView:
    """Takes no new runs and cancels the open ones. Activating it again takes new runs only."""
    who = _caller()
    return _stopped(who, automation_id, AutomationStatus.PAUSED)


@app.post("/v1/automations/<automation_id>/archive", tags=["Automations"])
@needs(Role.ADMIN)
def archive_automation(automation_id: str) -> AutomationView:
    """As pausing, for good."""
    who = _caller()
    return _stopped(who, automation_id, AutomationStatus.ARCHIVED)


def _stopped(who: Caller, automation_id: str, status: AutomationStatus) -> AutomationView:
    stops = stopping(read_settings(ApiSettings).machine_prefix)
    stopped = stops.stop(who.workspace_id, automation_id, status, who.email)
    return _automations().view(stopped)


@app.post("/v1/automations/<automation_id>/rotate-secret", tags=["Automations"])
@needs(Role.ADMIN)
def rotate_secret(
    automation_id: str, document: Annotated[RotationDocument | None, Body()] = None
) -> AutomationView:
    """Replaces the signing secret of the webhook; the new one is shown in this answer only."""
    who = _caller()
    signing = SigningSecrets(client("secretsmanager"), read_settings(ApiSettings).stack)
    overlap = (document or RotationDocument()).overlap_minutes
    return Rotations(_automations(), signing, now_ms).rotate(
        who.workspace_id, automation_id, overlap, who.email
    )


@app.post("/v1/automations/<automation_id>/runs", tags=["Runs"], status_code=202)
@needs(Role.MEMBER)
def open_run(automation_id: str, document: Annotated[RunDocument, Body()]) -> Response[OpenedView]:
    """Opens a run by hand for one contact; 200 where the same key opened it before."""
    who = _caller()
    of = stores()
    manual = ManualRuns(of.automations, _contacts(), opener_over(of, now_ms))
    opened = manual.open(who.workspace_id, automation_id, document, who.email)
    run = opened.run
    view = OpenedView(run_id=run.id, status=run.status, duplicate=opened.is_duplicate)
    status = HTTPStatus.OK if opened.is_duplicate else HTTPStatus.ACCEPTED
    return Response(status, "application/json", view)


@app.post("/v1/runs/cancel", tags=["Runs"], status_code=202)
@needs(Role.MEMBER)
def cancel_runs(document: Annotated[BulkCancelDocument, Body()]) -> Response[BulkCancelView]:
    """Ends for good all open runs that match now, none that is opened later; 202, as the next
    minutes look for more: what was left, and runs opened just before. `dryRun` tells what would be
    canceled."""
    who = _caller()
    cancels = bulk_cancels(read_settings(ApiSettings).machine_prefix)
    if document.dry_run:
        view = cancels.count(who.workspace_id, document, who.email)
        return Response(HTTPStatus.OK, "application/json", view)
    asked = cancels.begin(who.workspace_id, document, who.email)
    view = bulk_cancel_view(asked, stores().runs, now_ms())
    status = HTTPStatus.OK if view.is_complete else HTTPStatus.ACCEPTED
    return Response(status, "application/json", view)


@app.post("/v1/runs/<run_id>/cancel", tags=["Runs"])
@needs(Role.MEMBER)
def cancel_run(run_id: str, document: Annotated[CancelDocument, Body()]) -> RunView:
    """Ends an open run for good; 409 with its status for one that has ended."""
    who = _caller()
    canceler = stopping(read_settings(ApiSettings).machine_prefix).canceler
    canceled = Cancellation(by=who.email, reason=document.reason)
    return run_view(canceler.cancel(who.workspace_id, run_id, canceled), now_ms())


@app.post("/v1/exports", tags=["Exports"], status_code=202)
@needs(Role.MEMBER)
def create_export(document: Annotated[ExportDocument, Body()]) -> ExportView:
    """Writes a list to a file, as it is now and whatever its length; `GET` tells how far it is,
    and has the link."""
    who = _caller()
    requests = ExportRequests(stores().exports, frozen_lists(), export_machine(), now_ms)
    return export_view(requests.create(who.workspace_id, document, who.email))


@app.post("/v1/deliveries/<delivery_id>/resend", tags=["Deliveries"], status_code=202)
@needs(Role.MEMBER)
def resend_delivery(
    delivery_id: str, document: Annotated[ResendDocument | None, Body()] = None
) -> Response[ResentView]:
    """Sends a message again, as a delivery of its own; 200 where the same key did so before. One
    that a gate refuses is SUPPRESSED; `force` overrules the gates, for ADMIN."""
    asked = document or ResendDocument()
    who = _caller(Role.ADMIN if asked.force else Role.MEMBER)
    resent = _resends().resend(who.workspace_id, delivery_id, asked, who.email)
    attempt = resent.attempt
    view = ResentView(delivery_id=attempt.id, status=attempt.status, duplicate=resent.is_duplicate)
    status = HTTPStatus.OK if resent.is_duplicate else HTTPStatus.ACCEPTED
    return Response(status, "application/json", view)


@app.post("/v1/contacts", tags=["Contacts"], status_code=201)
@needs(Role.ADMIN)
def create_contact(document: Annotated[ContactDocument, Body()]) -> ContactView:
    who = _caller()
    contact = _contacts().create(who.workspace_id, document)
    return contact_view(contact)


@app.put("/v1/contacts/<contact_id>", tags=["Contacts"])
@needs(Role.ADMIN)
def replace_contact(contact_id: str, document: Annotated[ContactDocument, Body()]) -> ContactView:
    who = _caller()
    of = stores()
    known_contact(of.contacts, of.erasures, who.workspace_id, contact_id)
    return contact_view(_contacts().replace(who.workspace_id, contact_id, document))


@app.post("/v1/contacts/<contact_id>/erase", tags=["Contacts"], status_code=202)
@needs(Role.ADMIN)
def erase_contact(
    contact_id: str, document: Annotated[EraseDocument | None, Body()] = None
) -> ErasureView:
    """Erases a person for good: the contact at once, with its open runs canceled and messages not
    yet sent stopped; then everything that tells of it. Asked again, it says how far that is."""
    who = _caller()
    erases = erasing(read_settings(ApiSettings).machine_prefix)
    reason = document.reason if document else None
    return erasure_view(erases.erase(who.workspace_id, contact_id, reason, who.email))


@app.post("/v1/templates", tags=["Templates"], status_code=201)
@needs(Role.ADMIN)
def create_template(document: Annotated[TemplateDocument, Body()]) -> TemplateView:
    who = _caller()
    template = _templates().create(who.workspace_id, document)
    return template_view(template)


@app.put("/v1/templates/<template_id>", tags=["Templates"])
@needs(Role.ADMIN)
def replace_template(
    template_id: str, document: Annotated[TemplateDocument, Body()]
) -> TemplateView:
    """Versions of automations that use the template keep it as it was."""
    who = _caller()
    return template_view(_templates().replace(who.workspace_id, template_id, document))


@app.post("/v1/templates/preview", tags=["Templates"])
@needs(Role.MEMBER)
def preview_draft(document: Annotated[DraftPreviewDocument, Body()]) -> PreviewView:
    """What a template that is not saved would say; nothing is sent."""
    who = _caller()
    return _previews().of_draft(who.workspace_id, document)


@app.post("/v1/templates/<template_id>/preview", tags=["Templates"])
@needs(Role.MEMBER)
def preview_template(
    template_id: str, document: Annotated[PreviewDocument | None, Body()] = None
) -> PreviewView:
    """What a template would say to a contact; nothing is sent. Variables without a value are told
    by name among the `problems`."""
    who = _caller()
    return _previews().of_saved(who.workspace_id, template_id, document or PreviewDocument())


@app.post("/v1/segments", tags=["Segments"], status_code=201)
@needs(Role.ADMIN)
def create_segment(document: Annotated[SegmentDocument, Body()]) -> SegmentView:
    who = _caller()
    return segment_view(_segments().create(who.workspace_id, document))


@app.put("/v1/segments/<segment_id>", tags=["Segments"])
@needs(Role.ADMIN)
def replace_segment(segment_id: str, document: Annotated[SegmentDocument, Body()]) -> SegmentView:
    """Versions of automations that use the segment keep it as it was."""
    who = _caller()
    return segment_view(_segments().replace(who.workspace_id, segment_id, document))


@app.put("/v1/secrets/<name>", tags=["Secrets"])
@needs(Role.ADMIN)
def put_secret(name: str, document: Annotated[SecretDocument, Body()]) -> SecretNameView:
    """Sets or replaces a secret. Its value can never be read back."""
    who = _caller()
    return secret_name_view(_secrets().put(who.workspace_id, name, document.value))


@app.delete("/v1/secrets/<name>", tags=["Secrets"], status_code=204)
@needs(Role.ADMIN)
def delete_secret(name: str) -> Response[str]:
    """Deletes a secret for good. Its name may be set again at once."""
    who = _caller()
    _secrets().delete(who.workspace_id, name)
    return Response(HTTPStatus.NO_CONTENT, body="")


def _suppressions() -> Suppressions:
    return Suppressions(stores().suppressions, describe_channels(), now_ms)


@app.post("/v1/suppressions", tags=["Suppressions"], status_code=201)
@needs(Role.ADMIN)
def add_suppression(
    document: Annotated[SuppressionDocument, Body()],
) -> Response[SuppressionView]:
    """Sends nothing to an address from now on; 200 where it was on the list, with its reason."""
    who = _caller()
    suppression, is_new = _suppressions().add(who.workspace_id, document, who.email)
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return Response(status, "application/json", suppression_view(suppression))


@app.delete("/v1/suppressions/<address>", tags=["Suppressions"], status_code=204)
@needs(Role.ADMIN)
def remove_suppression(address: str) -> Response[str]:
    """Takes an address off the list, whatever put it there."""
    who = _caller()
    _suppressions().remove(who.workspace_id, unquote(address))
    return Response(HTTPStatus.NO_CONTENT, body="")


@app.put("/v1/settings", tags=["Workspace"])
@needs(Role.OWNER)
def put_settings(document: Annotated[SettingsDocument, Body()]) -> SettingsView:
    """Replaces the settings. A retention holds for what begins from then on."""
    who = _caller()
    workspaces = stores().workspaces
    return settings_view(workspaces.set(who.workspace_id, document.name, document.retention_days))


@cache
def _members() -> Members:
    pool = read_settings(ApiSettings).user_pool_id
    return Members(stores().workspaces, client("cognito-idp"), pool, now_ms)


@app.post("/v1/members", tags=["Workspace"], status_code=201)
@needs(Role.OWNER)
def add_member(document: Annotated[MemberDocument, Body()]) -> MemberView:
    """Lets somebody in; 409 where they are a member already."""
    who = _caller()
    return member_view(_members().add(who.workspace_id, document))


@app.put("/v1/members/<user_id>", tags=["Workspace"])
@needs(Role.OWNER)
def change_member(user_id: str, document: Annotated[RoleDocument, Body()]) -> MemberView:
    """Gives a member another role; 409 for the last owner, who stays one."""
    who = _caller()
    return member_view(_members().change_role(who.workspace_id, user_id, document.role))


@app.delete("/v1/members/<user_id>", tags=["Workspace"], status_code=204)
@needs(Role.OWNER)
def remove_member(user_id: str) -> Response[str]:
    """Takes a member out, who has no access from then on; 409 for the last owner."""
    who = _caller()
    _members().remove(who.workspace_id, user_id)
    return Response(HTTPStatus.NO_CONTENT, body="")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context.aws_request_id)
    return resolve(app, event, context)
