"""Pages of lists."""

from typing import Generic, TypeVar

from pydantic import Field

from runledger.models.base import WireModel

ItemT = TypeVar("ItemT")


class ListView(WireModel, Generic[ItemT]):
    """One page of a list."""

    items: list[ItemT] = Field(description="The rows of this page.")
    next_cursor: str | None = Field(
        description="Ask for the next page with it; null at the end of the list."
    )


UNREADABLE = (
    "What of the stored row is damaged and could not be read, in one sentence; its fields hold "
    "nothing then. Null for a row that was read in full."
)
