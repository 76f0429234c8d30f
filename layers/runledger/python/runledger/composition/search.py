"""Puts the services of `services/search/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.lists import ListsRoom

if TYPE_CHECKING:
    from runledger.services.search.search import Search


class SearchRoom(ListsRoom):
    @cached_property
    def search(self) -> "Search":
        from runledger.services.search.search import Search
        from runledger.store.keyed_runs import KeyedRunStore

        return Search(self.stores, KeyedRunStore(self.table), self.clock, self.gather)
