"""Saving views of lists, changing them, and choosing a default."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.documents import sent_fields
from runledger.api.saved_views import SavedViewDocument, SavedViewView
from runledger.composition import services
from runledger.http import answers, make_router, needs
from runledger.models.workspace import Role
from runledger.routes.api.documents import SavedViewPatch, SavedViewReplacement
from runledger.routes.callers import require_role
from runledger.routes.revisions import IfMatch, expected, same_id, tagged

router = make_router()


@router.post("/v1/views", tags=["Views"], status_code=201)
@answers({409: "There are too many views, or one of the list has the same name."})
@needs(Role.VIEWER)
def create_view(document: Annotated[SavedViewDocument, Body()]) -> Response[SavedViewView]:
    """Saves the filters of a list as a view: for the caller, or shared with the workspace. A
    workspace has at most 100 shared views, and each member at most 50 of their own."""
    made = services().saved_views.create(require_role(router), document)
    return tagged(made, HTTPStatus.CREATED)


@router.put("/v1/views/<view_id>", tags=["Views"])
@needs(Role.VIEWER)
def replace_view(
    view_id: str, document: Annotated[SavedViewReplacement, Body()], if_match: IfMatch = None
) -> Response[SavedViewView]:
    """Replaces a whole view. The body may be what GET answered. A shared view can be changed by the
    member who saved it and by an ADMIN."""
    same_id(document.id, view_id)
    wanted = expected(if_match, document.revision)
    return tagged(services().saved_views.replace(require_role(router), view_id, document, wanted))


@router.patch("/v1/views/<view_id>", tags=["Views"])
@needs(Role.VIEWER)
def patch_view(
    view_id: str, document: Annotated[SavedViewPatch, Body()], if_match: IfMatch = None
) -> Response[SavedViewView]:
    """Changes the fields that are sent and keeps the others (RFC 7396). Filters are merged too:
    null removes one."""
    wanted = expected(if_match, document.revision)
    changes = sent_fields(document)
    return tagged(services().saved_views.patch(require_role(router), view_id, changes, wanted))


@router.delete("/v1/views/<view_id>", tags=["Views"], status_code=204)
@needs(Role.VIEWER)
def delete_view(view_id: str) -> Response[str]:
    """Deletes a view. Members who chose it as their default no longer have a default for its
    list."""
    services().saved_views.delete(require_role(router), view_id)
    return Response(HTTPStatus.NO_CONTENT, body="")


@router.put("/v1/views/<view_id>/default", tags=["Views"])
@needs(Role.VIEWER)
def set_default_view(view_id: str) -> Response[SavedViewView]:
    """Makes a view the caller's default for its list, in place of any other. Other members are not
    affected."""
    return tagged(services().saved_views.set_default(require_role(router), view_id))


@router.delete("/v1/views/<view_id>/default", tags=["Views"])
@needs(Role.VIEWER)
def unset_default_view(view_id: str) -> Response[SavedViewView]:
    """Removes the caller's default for the view's list, if this view is the default. Otherwise
    changes nothing."""
    return tagged(services().saved_views.unset_default(require_role(router), view_id))
