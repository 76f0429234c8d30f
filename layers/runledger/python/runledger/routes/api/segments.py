"""Segments."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.documents import sent_fields
from runledger.api.segments import SegmentView
from runledger.composition import services
from runledger.http import make_router, needs
from runledger.models.workspace import Role
from runledger.nodes.segment_rules import SegmentDocument
from runledger.routes.api.documents import SegmentPatch, SegmentReplacement
from runledger.routes.callers import require_role
from runledger.routes.revisions import IfMatch, expected, same_id, tagged
from runledger.services.views.segments import segment_view

router = make_router()


@router.post("/v1/segments", tags=["Segments"], status_code=201)
@needs(Role.ADMIN)
def create_segment(document: Annotated[SegmentDocument, Body()]) -> Response[SegmentView]:
    """Creates a segment."""
    who = require_role(router)
    segment = services().segments.create(who.workspace_id, document)
    return tagged(segment_view(segment), HTTPStatus.CREATED)


@router.put("/v1/segments/<segment_id>", tags=["Segments"])
@needs(Role.ADMIN)
def replace_segment(
    segment_id: str, document: Annotated[SegmentReplacement, Body()], if_match: IfMatch = None
) -> Response[SegmentView]:
    """Replaces a segment whole; takes what GET answered. Versions of automations that use the
    segment keep it as it was."""
    who = require_role(router)
    same_id(document.id, segment_id)
    wanted = expected(if_match, document.revision)
    after = services().segments.replace(who.workspace_id, segment_id, document, wanted)
    return tagged(segment_view(after))


@router.patch("/v1/segments/<segment_id>", tags=["Segments"])
@needs(Role.ADMIN)
def patch_segment(
    segment_id: str, document: Annotated[SegmentPatch, Body()], if_match: IfMatch = None
) -> Response[SegmentView]:
    """Changes what is sent and leaves the rest (RFC 7396); `rules` are replaced whole."""
    who = require_role(router)
    wanted = expected(if_match, document.revision)
    after = services().segments.patch(who.workspace_id, segment_id, sent_fields(document), wanted)
    return tagged(segment_view(after))
