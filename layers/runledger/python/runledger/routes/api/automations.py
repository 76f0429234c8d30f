"""Automations: their drafts, versions, states and signing secrets."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from runledger.api.automations import (
    AutomationView,
    HoldDocument,
    ProblemsView,
    ReleaseDocument,
    RotationDocument,
    SampleAnswerView,
    SampleDocument,
)
from runledger.api.documents import sent_fields
from runledger.api.kept_events import CaptureView
from runledger.composition import services
from runledger.errors import InvalidGraphError
from runledger.http import answers, caller_address, make_router, needs, public_url
from runledger.models.activation import ActivationStatus
from runledger.models.automation import AutomationDocument, AutomationStatus
from runledger.models.workspace import Role
from runledger.routes.api.documents import AutomationPatch, AutomationReplacement
from runledger.routes.callers import require_role
from runledger.routes.revisions import IfMatch, expected, same_id, tagged
from runledger.services.workspaces.identity import Caller

if TYPE_CHECKING:
    from runledger.services.automations.automations import Automations

router = make_router()

Revision = Annotated[
    int | None,
    Query(
        description=(
            "The draft's revision that you read. If the stored one differs, the answer is 409."
        )
    ),
]
# The earliest useful moment to ask for an activation's status again.
ASK_AGAIN_SECONDS = 2


def _automations() -> "Automations":
    return services().automations_at(public_url(router))


@router.post("/v1/automations", tags=["Automations"], status_code=201)
@needs(Role.ADMIN)
def create_automation(
    document: Annotated[AutomationDocument, Body()],
) -> Response[AutomationView]:
    """Creates an automation as a draft. A graph with problems is refused, and the answer lists all
    of them."""
    who = require_role(router)
    automations = _automations()
    created = automations.create(who.workspace_id, document, who.email)
    return tagged(automations.saved_view(created), HTTPStatus.CREATED)


@router.put("/v1/automations/<automation_id>", tags=["Automations"])
@answers({409: "The automation is archived, or the draft's revision has changed."})
@needs(Role.ADMIN)
def update_automation(
    automation_id: str,
    document: Annotated[AutomationReplacement, Body()],
    revision: Revision = None,
    if_match: IfMatch = None,
) -> Response[AutomationView]:
    """Replaces the whole draft. The body may be what GET answered. The active version does not
    change until the next activation."""
    who = require_role(router)
    same_id(document.id, automation_id)
    wanted = expected(if_match, revision, document.revision)
    automations = _automations()
    after = automations.update(who.workspace_id, automation_id, document, who.email, wanted)
    return tagged(automations.saved_view(after))


@router.patch("/v1/automations/<automation_id>", tags=["Automations"])
@answers({409: "The automation is archived, or the draft's revision has changed."})
@needs(Role.ADMIN)
def patch_automation(
    automation_id: str,
    document: Annotated[AutomationPatch, Body()],
    revision: Revision = None,
    if_match: IfMatch = None,
) -> Response[AutomationView]:
    """Changes the fields of the draft that are sent and keeps the others (RFC 7396). `nodes` and
    `edges` are replaced whole, `layout` is merged."""
    who = require_role(router)
    wanted = expected(if_match, revision, document.revision)
    automations = _automations()
    changes = sent_fields(document)
    after = automations.patch(who.workspace_id, automation_id, changes, who.email, wanted)
    return tagged(automations.saved_view(after))


Strict = Annotated[
    bool, Query(description="Answer 422 instead of 200 if there are problems; useful for scripts.")
]


def _validated(
    who: Caller, document: AutomationDocument, strict: bool, automation_id: str | None = None
) -> ProblemsView:
    automations = _automations()
    found = automations.check(who.workspace_id, document)
    if strict and found.problems:
        raise InvalidGraphError(found.model_dump(mode="json", exclude_none=True)["problems"])
    names = automations.name_warnings(who.workspace_id, document.name, automation_id)
    return found.changed(warnings=[*found.warnings, *names])


@router.post("/v1/automations/validate", tags=["Automations"])
@needs(Role.ADMIN)
def validate_new_automation(
    document: Annotated[AutomationDocument, Body()], strict: Strict = False
) -> ProblemsView:
    """Lists every problem of a new automation, without saving it. Answers 200 even if there are
    problems, because the check itself succeeded. With `strict=true`, answers 422 if there are
    problems."""
    return _validated(require_role(router), document, strict)


@router.post("/v1/automations/<automation_id>/validate", tags=["Automations"])
@needs(Role.ADMIN)
def validate_automation(
    automation_id: str, document: Annotated[AutomationDocument, Body()], strict: Strict = False
) -> ProblemsView:
    """Lists every problem of a changed automation, without saving it. Answers 200 even if there are
    problems, because the check itself succeeded. With `strict=true`, answers 422 if there are
    problems."""
    who = require_role(router)
    _automations().store.get(who.workspace_id, automation_id)
    return _validated(who, document, strict, automation_id)


@router.post("/v1/automations/<automation_id>/activate", tags=["Automations"])
@answers(
    {
        202: "The activation is in progress: see `activation`, or ask the URL in `Location`.",
        409: "The automation is archived.",
    }
)
@needs(Role.ADMIN)
def activate_automation(automation_id: str) -> Response[AutomationView]:
    """Makes the draft the next version, which never changes, and accepts events for it. Answers 202
    while the activation is in progress: `activation` has its status, and the header `Location` has
    the address at which the status can be read."""
    who = require_role(router)
    activations = services().activations_at(public_url(router))
    view = activations.activate(who.workspace_id, automation_id, who.email)
    asked = view.activation
    if asked is None or asked.status is ActivationStatus.ACTIVE:
        return Response(HTTPStatus.OK, "application/json", view)
    headers = {
        "Location": f"/v1/automations/{automation_id}/activations/{asked.version}",
        "Retry-After": str(ASK_AGAIN_SECONDS),
    }
    return Response(HTTPStatus.ACCEPTED, "application/json", view, headers=headers)


@router.post("/v1/automations/<automation_id>/pause", tags=["Automations"])
@answers({409: "The automation is archived, or somebody else changed it at the same time."})
@needs(Role.ADMIN)
def pause_automation(automation_id: str) -> AutomationView:
    """Pauses the automation: refuses new events and cancels every open run, including waiting ones.
    After another activation it accepts events again; canceled runs stay canceled."""
    who = require_role(router)
    return _stopped(who, automation_id, AutomationStatus.PAUSED)


@router.post("/v1/automations/<automation_id>/hold", tags=["Automations"])
@answers({409: "The automation is not active."})
@needs(Role.MEMBER)
def hold_automation(
    automation_id: str, document: Annotated[HoldDocument | None, Body()] = None
) -> AutomationView:
    """Holds the automation: runs that are opened from now on do not start until it is released.
    Nothing is refused or canceled. Runs that were opened before continue, and reruns start as
    usual."""
    who = require_role(router)
    reason = (document or HoldDocument()).reason
    held = services().holds.hold(who.workspace_id, automation_id, reason, who.email)
    return _automations().view(held)


@router.post("/v1/automations/<automation_id>/release", tags=["Automations"])
@answers({409: "The automation is not held."})
@needs(Role.MEMBER)
def release_automation(
    automation_id: str, document: Annotated[ReleaseDocument | None, Body()] = None
) -> AutomationView:
    """Releases a held automation. New runs start at once, and held runs start at the given rate,
    oldest first."""
    who = require_role(router)
    rate = (document or ReleaseDocument()).rate_per_minute
    released = services().holds.release(who.workspace_id, automation_id, rate, who.email)
    return _automations().view(released)


@router.post("/v1/automations/<automation_id>/archive", tags=["Automations"])
@answers({409: "Somebody else changed the automation at the same time."})
@needs(Role.ADMIN)
def archive_automation(automation_id: str) -> AutomationView:
    """Archives the automation: stops it as pausing does, but permanently."""
    who = require_role(router)
    return _stopped(who, automation_id, AutomationStatus.ARCHIVED)


def _stopped(who: Caller, automation_id: str, status: AutomationStatus) -> AutomationView:
    stopped = services().stopping.stop(who.workspace_id, automation_id, status, who.email)
    return _automations().view(stopped)


@router.post("/v1/automations/<automation_id>/capture", tags=["Automations"])
@needs(Role.MEMBER)
def capture_events(automation_id: str) -> CaptureView:
    """Captures the webhook's next 20 events, accepted or refused, that arrive within ten minutes.
    They can be read for an hour. Replaces the current capture, if there is one."""
    return services().captures.begin(require_role(router).workspace_id, automation_id)


@router.post("/v1/automations/<automation_id>/rotate-secret", tags=["Automations"])
@answers({409: "The automation has no signed webhook, or its keys are being rotated already."})
@needs(Role.ADMIN)
def rotate_secret(
    automation_id: str, document: Annotated[RotationDocument | None, Body()] = None
) -> AutomationView:
    """Sets or replaces the keys of the webhook, also of a draft. A secret that the server makes is
    shown only in this answer."""
    who = require_role(router)
    rotations = services().rotations_at(public_url(router))
    wanted = document or RotationDocument()
    return rotations.rotate(who.workspace_id, automation_id, wanted, who.email)


@router.post("/v1/automations/<automation_id>/sample", tags=["Automations"])
@answers({409: "The automation has no webhook, no key is set, or only the sender can sign."})
@needs(Role.ADMIN)
def send_sample(
    automation_id: str, document: Annotated[SampleDocument | None, Body()] = None
) -> SampleAnswerView:
    """Sends a signed sample event through the webhook, and returns the answer that the sender would
    receive. It counts as an ordinary event: it opens runs."""
    who = require_role(router)
    samples = services().samples_at(public_url(router))
    address = caller_address(router)
    return samples.send(who.workspace_id, automation_id, document or SampleDocument(), address)
