"""Segments as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.segments import SegmentView
from runledger.clock import iso

if TYPE_CHECKING:
    from runledger.models.segment import Segment


def segment_view(segment: "Segment") -> SegmentView:
    return SegmentView(
        id=segment.id,
        revision=segment.revision,
        name=segment.name,
        match=segment.query["match"],
        rules=segment.query["rules"],
        created_at=iso(segment.created_at),
        updated_at=iso(segment.updated_at),
    )
