"""Puts the services of `services/reruns/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.stream import StreamRoom

if TYPE_CHECKING:
    from runledger.services.reruns.recovery import Recoveries
    from runledger.services.reruns.recovery_queries import RecoveryQueries
    from runledger.services.reruns.rerun import Reruns


class RerunsRoom(StreamRoom):
    @cached_property
    def reruns(self) -> "Reruns":
        from runledger.services.reruns.effects import EffectReader
        from runledger.services.reruns.rerun import Reruns
        from runledger.services.reruns.version_machines import VersionMachines

        of = self.stores
        return Reruns(
            stores=of,
            contexts=self.contexts,
            effects=EffectReader(of.deliveries, tuple(self.described_channels)),
            machines=VersionMachines(self.machines, of.machines, self.function_arns, self.clock),
            clock=self.clock,
        )

    @cached_property
    def recoveries(self) -> "Recoveries":
        from runledger.services.reruns.recovered_groups import RecoveredGroups
        from runledger.services.reruns.recovery import Recoveries
        from runledger.services.reruns.recovery_progress import RecoveryProgress
        from runledger.services.reruns.recovery_rights import RecoveryRights
        from runledger.services.reruns.recovery_runs import RecoveryRuns

        of, opener = self.stores, RecoveryRuns(self.reruns)
        groups = RecoveredGroups(
            of.failures, self.failure_resolution, of.recoveries, of.runs, self.clock
        )
        progress = RecoveryProgress(
            store=of.recoveries,
            lists=self.list_snapshots,
            runs=of.runs,
            opener=opener,
            groups=groups,
            gather=self.gather,
            clock=self.clock,
        )
        return Recoveries(
            store=of.recoveries,
            lists=self.list_snapshots,
            failures=of.failures,
            opener=opener,
            progress=progress,
            rights=RecoveryRights(of.automations, of.failures, self.contexts),
            gather=self.gather,
            clock=self.clock,
        )

    @cached_property
    def recovery_queries(self) -> "RecoveryQueries":
        from runledger.services.reruns.recovery_queries import RecoveryQueries

        return RecoveryQueries(self.stores.recoveries, self.cursors, self.clock)
