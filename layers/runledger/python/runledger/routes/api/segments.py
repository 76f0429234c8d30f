"""Creating and changing segments."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.segments import SegmentView
from runledger.composition import services
from runledger.http import make_router, needs
from runledger.models.workspace import Role
from runledger.nodes.segment_rules import SegmentDocument
from runledger.routes.api.documents import SegmentPatch, SegmentReplacement
from runledger.routes.api.edits import Edits
from runledger.routes.callers import require_role
from runledger.routes.revisions import IfMatch
from runledger.services.views.segments import segment_view

router = make_router()
_segments = Edits(lambda: services().segments, segment_view)


@router.post("/v1/segments", tags=["Segments"], status_code=201)
@needs(Role.ADMIN)
def create_segment(document: Annotated[SegmentDocument, Body()]) -> Response[SegmentView]:
    """Creates a segment."""
    return _segments.create(require_role(router).workspace_id, document)


@router.put("/v1/segments/<segment_id>", tags=["Segments"])
@needs(Role.ADMIN)
def replace_segment(
    segment_id: str, document: Annotated[SegmentReplacement, Body()], if_match: IfMatch = None
) -> Response[SegmentView]:
    """Replaces a whole segment. The body may be what GET answered. Automation versions that use the
    segment keep their own copy."""
    workspace_id = require_role(router).workspace_id
    return _segments.replace(workspace_id, segment_id, document, if_match)


@router.patch("/v1/segments/<segment_id>", tags=["Segments"])
@needs(Role.ADMIN)
def patch_segment(
    segment_id: str, document: Annotated[SegmentPatch, Body()], if_match: IfMatch = None
) -> Response[SegmentView]:
    """Changes the fields that are sent and keeps the others (RFC 7396). `rules` are replaced
    whole."""
    workspace_id = require_role(router).workspace_id
    return _segments.patch(workspace_id, segment_id, document, if_match)
