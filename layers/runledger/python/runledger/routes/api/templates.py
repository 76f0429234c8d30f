"""Creating, changing and previewing templates."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.previews import DraftPreviewDocument, PreviewDocument, PreviewView
from runledger.api.resends import TestSendDocument, TestSendView
from runledger.api.templates import TemplateView
from runledger.composition import services
from runledger.http import answers, make_router, needs
from runledger.models.template import TemplateDocument
from runledger.models.workspace import Role
from runledger.routes.api.documents import TemplatePatch, TemplateReplacement
from runledger.routes.api.edits import Edits
from runledger.routes.callers import require_role
from runledger.routes.revisions import IfMatch
from runledger.services.views.templates import template_view

router = make_router()
_templates = Edits(lambda: services().templates, template_view)


@router.post("/v1/templates", tags=["Templates"], status_code=201)
@needs(Role.ADMIN)
def create_template(document: Annotated[TemplateDocument, Body()]) -> Response[TemplateView]:
    """Creates a template."""
    return _templates.create(require_role(router).workspace_id, document)


@router.put("/v1/templates/<template_id>", tags=["Templates"])
@needs(Role.ADMIN)
def replace_template(
    template_id: str, document: Annotated[TemplateReplacement, Body()], if_match: IfMatch = None
) -> Response[TemplateView]:
    """Replaces a whole template. The body may be what GET answered. Automation versions that use
    the template keep their own copy."""
    workspace_id = require_role(router).workspace_id
    return _templates.replace(workspace_id, template_id, document, if_match)


@router.patch("/v1/templates/<template_id>", tags=["Templates"])
@needs(Role.ADMIN)
def patch_template(
    template_id: str, document: Annotated[TemplatePatch, Body()], if_match: IfMatch = None
) -> Response[TemplateView]:
    """Changes the fields that are sent and keeps the others (RFC 7396)."""
    workspace_id = require_role(router).workspace_id
    return _templates.patch(workspace_id, template_id, document, if_match)


@router.post("/v1/templates/preview", tags=["Templates"])
@needs(Role.MEMBER)
def preview_draft(document: Annotated[DraftPreviewDocument, Body()]) -> PreviewView:
    """Renders a template that is not saved. Nothing is sent."""
    who = require_role(router)
    return services().previews.of_draft(who.workspace_id, document)


@router.post("/v1/templates/<template_id>/test", tags=["Templates"], status_code=202)
@answers(
    {
        200: "An earlier request with the same key sent the test.",
        429: "You sent too many tests in the last minute.",
    }
)
@needs(Role.MEMBER)
def send_test(
    template_id: str, document: Annotated[TestSendDocument | None, Body()] = None
) -> Response[TestSendView]:
    """Sends a saved template to your own e-mail address, rendered as in a preview. It is recorded
    as a delivery, and its subject begins with `[Test]`. Answers 200 if an earlier request with the
    same idempotency key sent it."""
    who = require_role(router)
    sent = services().test_sends.send(who, template_id, document or TestSendDocument())
    attempt = sent.attempt
    view = TestSendView(
        delivery_id=attempt.id,
        status=attempt.status,
        address=attempt.address,
        reason=attempt.error.message if attempt.error else None,
        duplicate=sent.is_duplicate,
    )
    status = HTTPStatus.OK if sent.is_duplicate else HTTPStatus.ACCEPTED
    return Response(status, "application/json", view)


@router.post("/v1/templates/<template_id>/preview", tags=["Templates"])
@needs(Role.MEMBER)
def preview_template(
    template_id: str, document: Annotated[PreviewDocument | None, Body()] = None
) -> PreviewView:
    """Renders a template for a contact. Nothing is sent. `problems` names each variable without a
    value."""
    who = require_role(router)
    return services().previews.of_saved(
        who.workspace_id, template_id, document or PreviewDocument()
    )
