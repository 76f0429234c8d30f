"""Puts the services of `services/overview/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.counts import CountsRoom

if TYPE_CHECKING:
    from runledger.services.overview.overview import Overview


class OverviewRoom(CountsRoom):
    @cached_property
    def overview(self) -> "Overview":
        from runledger.services.overview.overview import Overview

        return Overview(self.stores, self.failure_queries, self.clock, self.gather)
