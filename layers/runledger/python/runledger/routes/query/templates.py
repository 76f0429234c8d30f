"""Templates."""

from aws_lambda_powertools.event_handler import Response

from runledger.http import make_router
from runledger.models.wire import ListView, TemplateView
from runledger.routes.callers import calling
from runledger.routes.query.parameters import Cursor, Limit
from runledger.routes.query.reading import reading
from runledger.routes.revisions import tagged
from runledger.services.wiring import stores

router = make_router()


@router.get("/v1/templates", tags=["Templates"])
def list_templates(limit: Limit = 50, cursor: Cursor = None) -> ListView[TemplateView]:
    """Templates, the newest first."""
    return reading().templates_page(calling(router).workspace_id, limit, cursor)


@router.get("/v1/templates/<template_id>", tags=["Templates"])
def get_template(template_id: str) -> Response[TemplateView]:
    """One template, with its revision as `ETag`."""
    from runledger.services.views import template_view

    found = stores().templates.get(calling(router).workspace_id, template_id)
    return tagged(template_view(found))
