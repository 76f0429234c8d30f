"""Saved views as the API shows and takes them."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from runledger.api.filters import FilterDocument
from runledger.models.base import WireModel
from runledger.models.saved_view import ViewList


class ViewFilter(FilterDocument):
    """The filters of a saved view. A `range` is not fixed when the view is saved: `24h` means the
    24 hours before somebody opens the view."""

    order: Literal["newest", "oldest", "count"] | None = Field(
        default=None,
        description="The order: `newest` or `oldest` first. A list of failure groups has `newest` "
        "and `count` (the most runs first), and a list of automations has no order.",
    )
    assignee: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="A member's user id, `me` for the person who opens the view, or `none` for "
        "groups without assignee. For lists of failure groups only.",
    )
    text: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
        | None
    ) = Field(
        default=None,
        description="Words of the title or the message. For lists of failure groups only.",
    )
    search: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
        | None
    ) = Field(default=None, description="A part of the name. For lists of automations only.")


class SavedViewDocument(WireModel):
    """A saved view."""

    list: ViewList = Field(description="The list that the view is for. It cannot be changed.")
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)] = (
        Field(
            description="The view's name. Two of your views of one list cannot have the same name."
        )
    )
    filter: ViewFilter = Field(
        default=ViewFilter(),
        description="The filters. A contact is kept by its id. An address or a key is refused.",
    )
    shared: StrictBool = Field(
        default=False,
        description="Whether all members of the workspace see the view. Needs MEMBER.",
    )


class SavedViewView(WireModel):
    """A saved view, as the caller sees it."""

    id: str = Field(description="The view's id.")
    revision: int = Field(description="Grows with every change. It is the `ETag` without quotes.")
    list: ViewList = Field(description="The list that the view is for.")
    name: str = Field(description="The view's name.")
    filter: ViewFilter = Field(description="The filters.")
    shared: bool = Field(description="Whether all members of the workspace see the view.")
    is_own: bool = Field(description="Whether the caller saved the view.")
    is_default: bool = Field(description="Whether the view is the caller's default for its list.")
    may_change: bool = Field(description="Whether the caller may change and delete the view.")
    created_by: str = Field(description="The e-mail address of the user who saved the view.")
    created_at: str = Field(description="When the view was saved.")
    updated_at: str = Field(description="When the view was last changed.")
