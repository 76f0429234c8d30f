"""Pages of lists."""

from typing import Generic, TypeVar

from pydantic import Field

from runledger.models.base import WireModel

ItemT = TypeVar("ItemT")


class ListView(WireModel, Generic[ItemT]):
    """One page of a list."""

    items: list[ItemT] = Field(description="The rows of this page.")
    next_cursor: str | None = Field(
        description="Send it as `cursor` to get the next page; null on the last page."
    )


UNREADABLE = (
    "Which parts of the stored row are damaged and could not be read, in one sentence; "
    "their fields are empty. Null if the whole row was read."
)
