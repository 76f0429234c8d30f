"""Reading templates."""

from aws_lambda_powertools.event_handler import Response

from runledger.api.lists import ListView
from runledger.api.templates import TemplateView
from runledger.composition import services
from runledger.http import make_router
from runledger.routes.callers import require_role
from runledger.routes.query.parameters import Cursor, Limit
from runledger.routes.revisions import tagged

router = make_router()


@router.get("/v1/templates", tags=["Templates"])
def list_templates(limit: Limit = 50, cursor: Cursor = None) -> ListView[TemplateView]:
    """Lists templates, newest first."""
    return services().resource_lists.templates(require_role(router).workspace_id, limit, cursor)


@router.get("/v1/templates/<template_id>", tags=["Templates"])
def get_template(template_id: str) -> Response[TemplateView]:
    """Returns one template, with its revision as `ETag`."""
    from runledger.services.views.templates import template_view

    found = services().stores.templates.get(require_role(router).workspace_id, template_id)
    return tagged(template_view(found))
