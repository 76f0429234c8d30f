"""Puts the services of `services/lists/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.automations import AutomationsRoom

if TYPE_CHECKING:
    from runledger.services.lists.cursors import Cursors
    from runledger.services.lists.details import Details
    from runledger.services.lists.failure_resolution import FailureResolution
    from runledger.services.lists.failure_views import FailureViews
    from runledger.services.lists.failures import FailureQueries
    from runledger.services.lists.queries import Queries
    from runledger.services.lists.resource_lists import ResourceLists
    from runledger.services.lists.saved_views import SavedViews
    from runledger.services.lists.snapshots import ListSnapshots
    from runledger.services.lists.timeline import Timelines


class ListsRoom(AutomationsRoom):
    @cached_property
    def cursors(self) -> "Cursors":
        from runledger.services.lists.cursors import Cursors

        return Cursors(self.cursor_key, self.clock)

    @cached_property
    def queries(self) -> "Queries":
        from runledger.services.lists.queries import Queries

        return Queries(
            self.stores, self.contexts, self.contacts, self.cursors, self.clock, self.gather
        )

    @cached_property
    def details(self) -> "Details":
        from runledger.services.lists.details import Details

        return Details(self.stores, self.contexts, self.clock)

    @cached_property
    def resource_lists(self) -> "ResourceLists":
        from runledger.services.lists.resource_lists import ResourceLists

        return ResourceLists(self.stores, self.contacts, self.cursors, self.clock)

    @cached_property
    def saved_views(self) -> "SavedViews":
        from runledger.services.lists.saved_views import SavedViews
        from runledger.services.lists.view_filters import ViewFilters

        return SavedViews(self.stores.saved_views, ViewFilters(self.contacts), self.clock)

    @cached_property
    def timelines(self) -> "Timelines":
        from runledger.services.lists.timeline import Timelines

        return Timelines(self.stores, self.cursors, self.clock)

    @cached_property
    def failure_views(self) -> "FailureViews":
        from runledger.services.lists.failure_views import FailureViews

        of = self.stores
        return FailureViews(
            of.runs, of.failures, of.automations, of.workspaces, self.clock, self.gather
        )

    @cached_property
    def failure_queries(self) -> "FailureQueries":
        from runledger.services.lists.failures import FailureQueries

        return FailureQueries(self.failure_views, self.cursors)

    @cached_property
    def failure_resolution(self) -> "FailureResolution":
        from runledger.services.lists.failure_resolution import FailureResolution

        return FailureResolution(self.failure_views)

    @cached_property
    def list_snapshots(self) -> "ListSnapshots":
        from runledger.services.lists.cursors import Cursors
        from runledger.services.lists.queries import Queries
        from runledger.services.lists.snapshots import ListSnapshots

        # Their cursors are stored in rows. So the key need not be secret, and they never expire:
        # work may rest for days before it goes on.
        cursors = Cursors(lambda: b"of rows", self.clock, lifetime=None)
        return ListSnapshots(
            Queries(self.stores, self.contexts, self.contacts, cursors, self.clock)
        )
