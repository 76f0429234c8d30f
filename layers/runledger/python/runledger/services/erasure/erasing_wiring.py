"""Every eraser there is, put together. Whatever keeps anything of a person has its eraser here."""

from typing import TYPE_CHECKING

from runledger.channels.registry import describe_channels
from runledger.clock import Clock, now_ms
from runledger.composition import export_removal, stopping, stores
from runledger.services.erasure.erasers import (
    DeliveryEraser,
    EntryEraser,
    ExportEraser,
    FailureEraser,
    FrequencyEraser,
    PartEraser,
    RefusalEraser,
    RunEraser,
    SuppressionEraser,
)
from runledger.services.erasure.erasing import Erasing
from runledger.store.erased_runs import ErasedRunStore

if TYPE_CHECKING:
    from runledger.services.bulk.export_removal import ExportRemoval
    from runledger.services.execution.cancel import Canceler
    from runledger.store.stores import Stores


def make_erasing(
    of: "Stores", canceler: "Canceler", exports: "ExportRemoval", clock: Clock
) -> Erasing:
    channels = describe_channels()
    runs = ErasedRunStore(of.table, of.bodies)
    # What belongs to a run besides its own partition and files, in the order in which it goes.
    parts: tuple[PartEraser, ...] = (FailureEraser(of.failures, clock),)
    return Erasing(
        table=of.table,
        contacts=of.contacts,
        erasures=of.erasures,
        rows={
            "run": RunEraser(runs, of.bodies, canceler, parts, clock),
            "dlv": DeliveryEraser(of.deliveries, of.workspaces, of.bodies, channels, clock),
            "ref": RefusalEraser(of.refusals, clock),
        },
        others=(
            SuppressionEraser(of.suppressions, of.contacts),
            FrequencyEraser(of.table, channels),
            EntryEraser(of.table, of.automations),
            ExportEraser(exports, clock),
        ),
        clock=clock,
    )


def erasing(machine_prefix: str) -> Erasing:
    """Of this process; `machine_prefix` as in the settings."""
    return make_erasing(stores(), stopping(machine_prefix).canceler, export_removal(), now_ms)
