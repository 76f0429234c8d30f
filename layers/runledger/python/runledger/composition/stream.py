"""Puts the services of `services/stream/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.overview import OverviewRoom
from runledger.settings import PublishSettings

if TYPE_CHECKING:
    from runledger.services.stream.bus_rules import BusRules
    from runledger.services.stream.expiry import ExpiryFollower
    from runledger.services.stream.failure_groups import FailureGroups
    from runledger.services.stream.follow import Followers


class StreamRoom(OverviewRoom):
    @cached_property
    def expiry_follower(self) -> "ExpiryFollower":
        from runledger.services.stream.expiry import ExpiryFollower

        return ExpiryFollower(self.stores.tombstones, self.stores.bodies)

    @cached_property
    def bus_rules(self) -> "BusRules":
        from runledger.services.stream.bus_rules import BusRules

        return BusRules(self.client("events"), self.settings(PublishSettings).bus, self.clock)

    @cached_property
    def followers(self) -> "Followers":
        from runledger.services.counts.changed_hours import TotalMarker
        from runledger.services.counts.stream_lag import StreamLag
        from runledger.services.stream.follow import Followers
        from runledger.services.stream.publish import Publisher
        from runledger.services.stream.recovered_runs import RecoveredRuns

        of = self.stores
        bus = self.settings(PublishSettings).bus
        return Followers(
            publisher=Publisher(self.client("events"), bus, of.automations, self.bus_rules),
            marker=TotalMarker(of.totals, of.freshness, self.clock),
            expiry=self.expiry_follower,
            recovered=RecoveredRuns(of.runs),
            lag=StreamLag(of.freshness, self.clock),
            metrics=self.metrics,
        )

    @cached_property
    def failure_groups(self) -> "FailureGroups":
        from runledger.services.stream.failure_groups import FailureGroups

        return FailureGroups(self.stores.runs, self.stores.failures)
