"""Puts the services of `services/erasure/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.bulk import BulkRoom

if TYPE_CHECKING:
    from runledger.services.erasure.contact_eraser import ContactEraser


class ErasureRoom(BulkRoom):
    @cached_property
    def erasing(self) -> "ContactEraser":
        from runledger.services.erasure import erasers
        from runledger.services.erasure.contact_eraser import ContactEraser
        from runledger.services.erasure.kept_event_eraser import KeptEventEraser
        from runledger.store.erased_runs import ErasedRunStore

        of, clock, channels = self.stores, self.clock, self.described_channels
        runs = ErasedRunStore(self.table, of.bodies)
        # What belongs to a run besides its own partition and files, in the order of deletion.
        parts: tuple[erasers.PartEraser, ...] = (
            erasers.FailureEraser(of.failures, clock),
            erasers.KeyEraser(runs),
            erasers.RerunEraser(runs, clock),
        )
        return ContactEraser(
            table=self.table,
            contacts=of.contacts,
            erasures=of.erasures,
            rows={
                "run": erasers.RunEraser(runs, of.bodies, self.canceler, parts, clock),
                "dlv": erasers.DeliveryEraser(
                    of.deliveries, of.workspaces, of.bodies, channels, clock
                ),
                "ref": erasers.RefusalEraser(of.refusals, of.kept_events, clock),
            },
            others=(
                erasers.SuppressionEraser(of.suppressions, of.contacts),
                erasers.FrequencyEraser(self.table, channels),
                erasers.TextedEraser(of.deliveries, of.contacts),
                erasers.EntryEraser(self.table, of.automations),
                KeptEventEraser(of.kept_events, of.refusals, clock),
                erasers.ExportEraser(self.export_removal, clock),
                erasers.ImportEraser(self.import_removal, clock),
            ),
            imports=self.import_removal,
            clock=clock,
        )
