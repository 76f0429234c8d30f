"""Reading segments, and previewing their contacts."""

from aws_lambda_powertools.event_handler import Response

from runledger.api.lists import ListView
from runledger.api.segments import SegmentPreviewView, SegmentView
from runledger.composition import services
from runledger.http import make_router
from runledger.routes.callers import require_role
from runledger.routes.query.parameters import Cursor, Limit
from runledger.routes.revisions import tagged

router = make_router()


@router.get("/v1/segments", tags=["Segments"])
def list_segments(limit: Limit = 50, cursor: Cursor = None) -> ListView[SegmentView]:
    """Lists segments, newest first."""
    return services().resource_lists.segments(require_role(router).workspace_id, limit, cursor)


@router.get("/v1/segments/<segment_id>", tags=["Segments"])
def get_segment(segment_id: str) -> Response[SegmentView]:
    """Returns one segment, with its revision as `ETag`."""
    from runledger.services.views.segments import segment_view

    found = services().stores.segments.get(require_role(router).workspace_id, segment_id)
    return tagged(segment_view(found))


@router.get("/v1/segments/<segment_id>/preview", tags=["Segments"])
def preview_segment(segment_id: str) -> SegmentPreviewView:
    """Returns the first contacts that belong to the segment now, and how many there are."""
    return services().segments.preview(require_role(router).workspace_id, segment_id)
