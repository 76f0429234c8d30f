"""Saved views as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.saved_views import SavedViewView, ViewFilter
from runledger.clock import iso

if TYPE_CHECKING:
    from runledger.models.saved_view import SavedView


def saved_view_view(
    view: "SavedView", *, is_own: bool, is_default: bool, may_change: bool
) -> SavedViewView:
    return SavedViewView(
        id=view.id,
        revision=view.revision,
        list=view.list,
        name=view.name,
        filter=ViewFilter.model_validate(view.filter),
        shared=view.shared,
        is_own=is_own,
        is_default=is_default,
        may_change=may_change,
        created_by=view.created_by,
        created_at=iso(view.created_at),
        updated_at=iso(view.updated_at),
    )
