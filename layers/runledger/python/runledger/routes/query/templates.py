"""Templates."""

from runledger.http import make_router
from runledger.models.wire import ListView, TemplateView
from runledger.routes.callers import calling
from runledger.routes.query.parameters import Cursor, Limit
from runledger.routes.query.reading import reading
from runledger.services.wiring import stores

router = make_router()


@router.get("/v1/templates", tags=["Templates"])
def list_templates(limit: Limit = 50, cursor: Cursor = None) -> ListView[TemplateView]:
    """Newest first."""
    return reading().templates_page(calling(router).workspace_id, limit, cursor)


@router.get("/v1/templates/<template_id>", tags=["Templates"])
def get_template(template_id: str) -> TemplateView:
    from runledger.services.views import template_view

    return template_view(stores().templates.get(calling(router).workspace_id, template_id))
