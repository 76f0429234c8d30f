"""Puts the services of `services/counts/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.search import SearchRoom

if TYPE_CHECKING:
    from runledger.services.counts.activity import Activity
    from runledger.services.counts.list_counts import Counts
    from runledger.services.counts.pulses import Pulses
    from runledger.services.counts.recount import TotalSettler
    from runledger.services.counts.stats import Stats


class CountsRoom(SearchRoom):
    @cached_property
    def counts(self) -> "Counts":
        from runledger.services.counts.list_counts import Counts

        return Counts(self.queries)

    @cached_property
    def activity(self) -> "Activity":
        from runledger.services.counts.activity import Activity

        return Activity(self.queries)

    @cached_property
    def stats(self) -> "Stats":
        from runledger.services.counts.stats import Stats

        return Stats(self.queries)

    @cached_property
    def total_settler(self) -> "TotalSettler":
        from runledger.services.counts.recount import TotalSettler, countables

        kinds = countables(self.stores)
        return TotalSettler(self.table, self.stores.totals, kinds, self.clock, self.gather)

    @cached_property
    def pulses(self) -> "Pulses":
        from runledger.services.counts.pulses import Pulses

        return Pulses(self.stores.freshness, self.clock)
