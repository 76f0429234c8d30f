"""Lists a workspace's automations, templates, segments, contacts, suppressed addresses and
fires.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from runledger.api.automations import AutomationSummaryView, FireView
from runledger.api.contacts import ContactView
from runledger.api.lists import ListView
from runledger.api.segments import SegmentView
from runledger.api.suppressions import SuppressionView
from runledger.api.templates import TemplateView
from runledger.clock import Clock
from runledger.models.base import WireModel
from runledger.services.views.automations import automation_summary_view
from runledger.services.views.contacts import contact_view
from runledger.services.views.segments import segment_view
from runledger.services.views.suppressions import suppression_view
from runledger.services.views.templates import template_view

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.models.schedule import Fire
    from runledger.models.suppression import Suppression, SuppressionReason
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.lists.cursors import Cursors
    from runledger.store.stores import Stores

# How many pages without a match one request for suppressed addresses reads.
_REASON_PAGES = 10

RowT = TypeVar("RowT")
ViewT = TypeVar("ViewT", bound=WireModel)


@dataclass(frozen=True, slots=True)
class ResourceLists:
    """Reads lists, newest rows first."""

    stores: "Stores"
    people: "Contacts"
    cursors: "Cursors"
    clock: Clock

    def automations(
        self, workspace_id: str, limit: int, cursor: str | None
    ) -> ListView[AutomationSummaryView]:
        # Loads every node type, which no other list needs.
        from runledger.services.schedules.schedules import scheduled_trigger

        def views(found: "Sequence[Automation]") -> list[AutomationSummaryView]:
            scheduled = [each.id for each in found if scheduled_trigger(each) is not None]
            schedules = self.stores.schedules.get_many(scheduled)
            return [automation_summary_view(each, schedules.get(each.id)) for each in found]

        read = partial(self.stores.automations.newest, workspace_id)
        binding = {"workspace": workspace_id, "list": "automations"}
        return self.cursors.page(binding, limit, cursor or None, read, views)

    def templates(
        self, workspace_id: str, limit: int, cursor: str | None
    ) -> ListView[TemplateView]:
        of = self.stores.templates
        return self._page("templates", of.newest, template_view, workspace_id, limit, cursor)

    def segments(self, workspace_id: str, limit: int, cursor: str | None) -> ListView[SegmentView]:
        of = self.stores.segments
        return self._page("segments", of.newest, segment_view, workspace_id, limit, cursor)

    def contacts(self, workspace_id: str, limit: int, cursor: str | None) -> ListView[ContactView]:
        of = self.stores.contacts
        return self._page("contacts", of.newest, contact_view, workspace_id, limit, cursor)

    def contact_named(self, workspace_id: str, text: str) -> ListView[ContactView]:
        """Returns a list with the contact that has this id, e-mail, phone or external id; an empty
        list if there is none."""
        contact_id = self.people.look_up(workspace_id, text)
        found = contact_id and self.people.find(workspace_id, "id", contact_id)
        return ListView(items=[contact_view(found)] if found else [], next_cursor=None)

    def suppressions(
        self,
        workspace_id: str,
        limit: int,
        cursor: str | None,
        reason: "SuppressionReason | None" = None,
    ) -> ListView[SuppressionView]:
        """Returns the suppressed addresses. With `reason`, only those with this reason: a page may
        then be short or empty although more follow, because no index is sorted by reason."""

        def read(size: int, after: str | None) -> "tuple[list[Suppression], str | None]":
            found: list[Suppression] = []
            for _ in range(_REASON_PAGES):
                rows, after = self.stores.suppressions.newest(workspace_id, size, after)
                found = [each for each in rows if reason is None or each.reason is reason]
                if found or after is None:
                    break
            return found, after

        def views(found: "Sequence[Suppression]") -> list[SuppressionView]:
            return [suppression_view(each) for each in found]

        binding = {"workspace": workspace_id, "list": "suppressions"}
        if reason is not None:
            binding["reason"] = reason.value
        return self.cursors.page(binding, limit, cursor or None, read, views)

    def fires(
        self, workspace_id: str, automation_id: str, limit: int, cursor: str | None
    ) -> ListView[FireView]:
        """Returns the fires of a date automation, newest day first."""
        # Loads every node type, which no other list needs.
        from runledger.services.views.fires import fire_view

        def views(fires: "Sequence[Fire]") -> list[FireView]:
            now = self.clock()
            return [fire_view(each) for each in fires if each.expires_at > now]

        automation = self.stores.automations.get(workspace_id, automation_id)
        read = partial(self.stores.fires.newest, automation.id)
        binding = {"workspace": workspace_id, "list": "fires", "automation": automation.id}
        return self.cursors.page(binding, limit, cursor or None, read, views)

    def _page(
        self,
        name: str,
        newest: Callable[[str, int, str | None], tuple[list[RowT], str | None]],
        view: Callable[[RowT], ViewT],
        workspace_id: str,
        limit: int,
        cursor: str | None,
    ) -> ListView[ViewT]:
        def views(rows: Sequence[RowT]) -> list[ViewT]:
            return [view(row) for row in rows]

        binding = {"workspace": workspace_id, "list": name}
        # An empty cursor begins the list.
        return self.cursors.page(
            binding, limit, cursor or None, partial(newest, workspace_id), views
        )
