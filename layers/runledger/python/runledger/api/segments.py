"""Segments as the API shows them."""

from typing import Any, Literal

from pydantic import Field

from runledger.api.contacts import ContactView
from runledger.models.base import WireModel


class SegmentView(WireModel):
    """A segment."""

    id: str = Field(description="The segment's id.")
    revision: int = Field(description="Grows with every change. It is the `ETag` without quotes.")
    name: str = Field(description="The segment's name.")
    match: Literal["ALL", "ANY"] = Field(
        description="Whether a contact must match ALL of the rules, or ANY one of them."
    )
    rules: list[dict[str, Any]] = Field(
        # As they are stored: a reader does not need to load the models of rules.
        json_schema_extra={"items": {"$ref": "#/components/schemas/SegmentRule"}},
        description="The rules, as they were saved.",
    )
    created_at: str = Field(description="When the segment was created.")
    updated_at: str = Field(description="When the segment was last changed.")


class UnreadableContactView(WireModel):
    """A contact that could not be compared with the segment's rules."""

    contact_id: str = Field(description="The contact's id.")
    problem: str = Field(description="Which value could not be compared, and what it should be.")


class SegmentPreviewView(WireModel):
    """The contacts that belong to a segment now."""

    contacts: list[ContactView] = Field(description="The first contacts found.")
    count: int = Field(description="How many contacts were found.")
    is_whole: bool = Field(
        description="False if only a part of the workspace was read, so there may be more."
    )
    unreadable_count: int = Field(
        description=(
            "How many contacts were left out because one of their values could not be compared."
        )
    )
    unreadable: list[UnreadableContactView] = Field(
        description="The first contacts that were left out."
    )
