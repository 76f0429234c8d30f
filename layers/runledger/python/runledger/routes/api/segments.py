"""Segments."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.clock import now_ms
from runledger.http import make_router, needs
from runledger.models.wire import SegmentView
from runledger.models.workspace import Role
from runledger.nodes.segment_rules import SegmentDocument
from runledger.routes.callers import calling
from runledger.services.segments import Segments
from runledger.services.views import segment_view
from runledger.services.wiring import stores

router = make_router()


def _segments() -> Segments:
    return Segments(stores().segments, stores().contacts, now_ms)


@router.post("/v1/segments", tags=["Segments"], status_code=201)
@needs(Role.ADMIN)
def create_segment(document: Annotated[SegmentDocument, Body()]) -> SegmentView:
    who = calling(router)
    return segment_view(_segments().create(who.workspace_id, document))


@router.put("/v1/segments/<segment_id>", tags=["Segments"])
@needs(Role.ADMIN)
def replace_segment(segment_id: str, document: Annotated[SegmentDocument, Body()]) -> SegmentView:
    """Versions of automations that use the segment keep it as it was."""
    who = calling(router)
    return segment_view(_segments().replace(who.workspace_id, segment_id, document))
