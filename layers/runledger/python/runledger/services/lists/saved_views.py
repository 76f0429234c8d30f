"""Saves the filters of lists under a name, for one member or for the workspace."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from runledger.api.documents import merge_patch, validated
from runledger.api.lists import ListView
from runledger.api.saved_views import SavedViewDocument, SavedViewView
from runledger.errors import ConflictError, ForbiddenError, InvalidInputError
from runledger.ids import new_id
from runledger.models.saved_view import MOST_OWN, MOST_SHARED, SavedView, ViewDefaults
from runledger.models.workspace import Role
from runledger.services.revisions import ANY_REVISION, ExpectedRevision, edit
from runledger.services.views.saved_views import saved_view_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.clock import Clock
    from runledger.models.saved_view import ViewList
    from runledger.services.lists.view_filters import ViewFilters
    from runledger.services.workspaces.identity import Caller
    from runledger.store.saved_views import SavedViewStore


@dataclass(frozen=True, slots=True)
class SavedViews:
    """Reads and changes the views that the caller may see: their own and the shared ones. Only the
    owner of a view may change it; an ADMIN may also change shared ones."""

    store: "SavedViewStore"
    filters: "ViewFilters"
    clock: "Clock"

    def page(self, caller: "Caller", name: "ViewList | None") -> ListView[SavedViewView]:
        """Returns all views that the caller sees, by name. There are few, so there is one page."""
        workspace_id, user_id = caller.workspace_id, caller.membership.user_id
        found = [*self.store.own(workspace_id, user_id), *self.store.shared(workspace_id)]
        defaults = self.store.defaults(workspace_id, user_id)
        wanted = [view for view in found if name is None or view.list is name]
        wanted.sort(key=lambda view: (view.name.casefold(), view.id))
        items = [self._view(caller, view, defaults) for view in wanted]
        return ListView(items=items, next_cursor=None)

    def one(self, caller: "Caller", view_id: str) -> SavedViewView:
        """Returns one view. Raises NotFoundError also for a view that only others see."""
        return self._shown(caller, self._get(caller, view_id))

    def create(self, caller: "Caller", document: SavedViewDocument) -> SavedViewView:
        """Saves a view. Raises ConflictError if there are too many, or if another view of the list
        that the caller sees has the same name. Raises ForbiddenError if the caller may not share
        views but wants to share this one."""
        now = self.clock()
        view = SavedView(
            workspace_id=caller.workspace_id,
            id=new_id("view"),
            list=document.list,
            name=document.name,
            filter=self._checked_filter(caller, document, now),
            shared=document.shared,
            owner_id=caller.membership.user_id,
            created_by=caller.email,
            created_at=now,
            updated_at=now,
        )
        self._require_place(caller, None, view)
        self.store.create(view)
        return self._shown(caller, view)

    def replace(
        self,
        caller: "Caller",
        view_id: str,
        document: SavedViewDocument,
        expected: ExpectedRevision = ANY_REVISION,
    ) -> SavedViewView:
        """Replaces a view. A stale edit fails as `ExpectedRevision` describes."""
        return self._edit(caller, view_id, lambda before: document, expected)

    def patch(
        self,
        caller: "Caller",
        view_id: str,
        changes: dict[str, Any],
        expected: ExpectedRevision = ANY_REVISION,
    ) -> SavedViewView:
        """Applies `changes` as a JSON merge patch, then works as `replace`."""

        def patched(before: SavedView) -> SavedViewDocument:
            now = {
                "list": before.list,
                "name": before.name,
                "filter": before.filter,
                "shared": before.shared,
            }
            return validated(SavedViewDocument, merge_patch(now, changes))

        return self._edit(caller, view_id, patched, expected)

    def delete(self, caller: "Caller", view_id: str) -> None:
        view = self._get(caller, view_id)
        _require_may_change(caller, view)
        self.store.delete(view)

    def set_default(self, caller: "Caller", view_id: str) -> SavedViewView:
        """Makes a view the caller's default for its list, in place of any other."""
        view = self._get(caller, view_id)
        self.store.set_default(view, caller.membership.user_id)
        return self._shown(caller, view)

    def unset_default(self, caller: "Caller", view_id: str) -> SavedViewView:
        """Removes the caller's default for the view's list, if this view is the default."""
        view = self._get(caller, view_id)
        self.store.unset_default(view, caller.membership.user_id)
        return self._shown(caller, view)

    def _edit(
        self,
        caller: "Caller",
        view_id: str,
        document_of: "Callable[[SavedView], SavedViewDocument]",
        expected: ExpectedRevision,
    ) -> SavedViewView:
        def change(before: SavedView) -> SavedView:
            _require_may_change(caller, before)
            document = document_of(before)
            # Two writes in one millisecond must differ.
            now = max(self.clock(), before.updated_at + 1)
            after = self._changed(caller, before, document, now)
            self._require_place(caller, before, after)
            self.store.replace(before, after)
            return after

        read = partial(self._get, caller, view_id)
        return self._shown(caller, edit(read, change, lambda view: view.revision, expected))

    def _changed(
        self, caller: "Caller", before: SavedView, document: SavedViewDocument, now: int
    ) -> SavedView:
        if document.list is not before.list:
            raise InvalidInputError(
                f"this view belongs to the list {before.list}; save a new one for another list",
                field="list",
            )
        if before.shared and not document.shared and before.owner_id != caller.membership.user_id:
            raise ForbiddenError(
                f"only {before.created_by}, who saved the view, can stop sharing it; "
                "an ADMIN can delete it"
            )
        return before.changed(
            name=document.name,
            filter=self._checked_filter(caller, document, now),
            shared=document.shared,
            updated_at=now,
        )

    def _checked_filter(
        self, caller: "Caller", document: SavedViewDocument, now: int
    ) -> dict[str, Any]:
        return self.filters.checked(caller.workspace_id, document.list, document.filter, now)

    def _require_place(self, caller: "Caller", before: SavedView | None, after: SavedView) -> None:
        """Raises ForbiddenError if the view is shared and the caller may not share views, and
        ConflictError if there are too many views, or another view has the same name. Two requests
        at the same time may both succeed: a view too many, or a name used twice, does no harm."""
        if after.shared:
            _require_may_share(caller)
            others = self.store.shared(after.workspace_id)
            most, limit = MOST_SHARED, f"a workspace shares at most {MOST_SHARED} views"
        else:
            others = self.store.own(after.workspace_id, after.owner_id)
            most, limit = MOST_OWN, f"you can save at most {MOST_OWN} views of your own"
        others = [view for view in others if view.id != after.id]
        is_new_here = before is None or before.shared != after.shared
        if is_new_here and len(others) >= most:
            raise ConflictError(f"{limit}; delete one first", status="TOO_MANY_VIEWS")
        for other in others:
            if other.list is after.list and other.name.casefold() == after.name.casefold():
                whose = "a shared view" if after.shared else "a view of yours"
                raise ConflictError(
                    f"{whose} already has the name {other.name}; choose another name",
                    field="name",
                )

    def _get(self, caller: "Caller", view_id: str) -> SavedView:
        return self.store.get(caller.workspace_id, caller.membership.user_id, view_id)

    def _shown(self, caller: "Caller", view: SavedView) -> SavedViewView:
        defaults = self.store.defaults(caller.workspace_id, caller.membership.user_id)
        return self._view(caller, view, defaults)

    def _view(self, caller: "Caller", view: SavedView, defaults: ViewDefaults) -> SavedViewView:
        return saved_view_view(
            view,
            is_own=view.owner_id == caller.membership.user_id,
            is_default=defaults.is_default(view),
            may_change=_may_change(caller, view),
        )


def _may_change(caller: "Caller", view: SavedView) -> bool:
    is_owner = view.owner_id == caller.membership.user_id
    if not view.shared:
        return is_owner
    return caller.may(Role.ADMIN) or (is_owner and caller.may(Role.MEMBER))


def _require_may_change(caller: "Caller", view: SavedView) -> None:
    if not _may_change(caller, view):
        raise ForbiddenError(
            f"only {view.created_by}, who saved the view, or an ADMIN can change it"
        )


def _require_may_share(caller: "Caller") -> None:
    if not caller.may(Role.MEMBER):
        raise ForbiddenError(f"sharing a view requires the role {Role.MEMBER}")
