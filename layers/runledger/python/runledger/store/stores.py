"""The stores, over one table and one bucket."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runledger.store.activations import ActivationStore
    from runledger.store.automations import AutomationStore
    from runledger.store.bodies import Bodies
    from runledger.store.bulk_cancels import BulkCancelStore
    from runledger.store.contacts import ContactStore
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.due import DueStore
    from runledger.store.erasures import ErasureStore
    from runledger.store.exports import ExportStore
    from runledger.store.failures import FailureStore
    from runledger.store.fires import FireStore
    from runledger.store.frequencies import FrequencyStore
    from runledger.store.freshness import FreshnessStore
    from runledger.store.holds import HoldStore
    from runledger.store.ignored_events import IgnoredEventStore
    from runledger.store.imports import ImportStore
    from runledger.store.invitations import InvitationStore
    from runledger.store.kept_events import KeptEventStore
    from runledger.store.machines import MachineStore
    from runledger.store.recoveries import RecoveryStore
    from runledger.store.refusals import RefusalStore
    from runledger.store.runs import RunStore
    from runledger.store.saved_views import SavedViewStore
    from runledger.store.schedules import ScheduleStore
    from runledger.store.secrets import SecretStore
    from runledger.store.segments import SegmentStore
    from runledger.store.suppressions import SuppressionStore
    from runledger.store.table import Table
    from runledger.store.templates import TemplateStore
    from runledger.store.throttle import ThrottleStore
    from runledger.store.tombstones import TombstoneStore
    from runledger.store.totals import TotalStore
    from runledger.store.workspaces import WorkspaceStore


class Stores:
    """All stores. Each is imported and created when it is first used."""

    def __init__(self, table: "Table", bodies: "Bodies") -> None:
        self.table = table
        self.bodies = bodies

    @cached_property
    def runs(self) -> "RunStore":
        from runledger.store.runs import RunStore

        return RunStore(self.table, self.bodies)

    @cached_property
    def automations(self) -> "AutomationStore":
        from runledger.store.automations import AutomationStore

        return AutomationStore(self.table, self.bodies)

    @cached_property
    def ignored_events(self) -> "IgnoredEventStore":
        from runledger.store.ignored_events import IgnoredEventStore

        return IgnoredEventStore(self.table)

    @cached_property
    def contacts(self) -> "ContactStore":
        from runledger.store.contacts import ContactStore

        return ContactStore(self.table)

    @cached_property
    def erasures(self) -> "ErasureStore":
        from runledger.store.erasures import ErasureStore

        return ErasureStore(self.table)

    @cached_property
    def holds(self) -> "HoldStore":
        from runledger.store.holds import HoldStore

        return HoldStore(self.table)

    @cached_property
    def templates(self) -> "TemplateStore":
        from runledger.store.templates import TemplateStore

        return TemplateStore(self.table)

    @cached_property
    def segments(self) -> "SegmentStore":
        from runledger.store.segments import SegmentStore

        return SegmentStore(self.table)

    @cached_property
    def deliveries(self) -> "DeliveryStore":
        from runledger.store.deliveries import DeliveryStore

        return DeliveryStore(self.table, self.bodies)

    @cached_property
    def suppressions(self) -> "SuppressionStore":
        from runledger.store.suppressions import SuppressionStore

        return SuppressionStore(self.table)

    @cached_property
    def frequencies(self) -> "FrequencyStore":
        from runledger.store.frequencies import FrequencyStore

        return FrequencyStore(self.table)

    @cached_property
    def workspaces(self) -> "WorkspaceStore":
        from runledger.store.workspaces import WorkspaceStore

        return WorkspaceStore(self.table)

    @cached_property
    def saved_views(self) -> "SavedViewStore":
        from runledger.store.saved_views import SavedViewStore

        return SavedViewStore(self.table)

    @cached_property
    def invitations(self) -> "InvitationStore":
        from runledger.store.invitations import InvitationStore

        return InvitationStore(self.table)

    @cached_property
    def failures(self) -> "FailureStore":
        from runledger.store.failures import FailureStore

        return FailureStore(self.table, self.bodies)

    @cached_property
    def due(self) -> "DueStore":
        from runledger.store.due import DueStore

        return DueStore(self.table)

    @cached_property
    def refusals(self) -> "RefusalStore":
        from runledger.store.refusals import RefusalStore

        return RefusalStore(self.table)

    @cached_property
    def kept_events(self) -> "KeptEventStore":
        from runledger.store.kept_events import KeptEventStore

        return KeptEventStore(self.table, self.bodies)

    @cached_property
    def schedules(self) -> "ScheduleStore":
        from runledger.store.schedules import ScheduleStore

        return ScheduleStore(self.table)

    @cached_property
    def fires(self) -> "FireStore":
        from runledger.store.fires import FireStore

        return FireStore(self.table)

    @cached_property
    def machines(self) -> "MachineStore":
        from runledger.store.machines import MachineStore

        return MachineStore(self.table)

    @cached_property
    def activations(self) -> "ActivationStore":
        from runledger.store.activations import ActivationStore

        return ActivationStore(self.table, self.bodies)

    @cached_property
    def throttle(self) -> "ThrottleStore":
        from runledger.store.throttle import ThrottleStore

        return ThrottleStore(self.table)

    @cached_property
    def secrets(self) -> "SecretStore":
        from runledger.store.secrets import SecretStore

        return SecretStore(self.table)

    @cached_property
    def tombstones(self) -> "TombstoneStore":
        from runledger.store.tombstones import TombstoneStore

        return TombstoneStore(self.table)

    @cached_property
    def exports(self) -> "ExportStore":
        from runledger.store.exports import ExportStore

        return ExportStore(self.table)

    @cached_property
    def imports(self) -> "ImportStore":
        from runledger.store.imports import ImportStore

        return ImportStore(self.table)

    @cached_property
    def bulk_cancels(self) -> "BulkCancelStore":
        from runledger.store.bulk_cancels import BulkCancelStore

        return BulkCancelStore(self.table)

    @cached_property
    def recoveries(self) -> "RecoveryStore":
        from runledger.store.recoveries import RecoveryStore

        return RecoveryStore(self.table)

    @cached_property
    def totals(self) -> "TotalStore":
        from runledger.store.totals import TotalStore

        return TotalStore(self.table)

    @cached_property
    def freshness(self) -> "FreshnessStore":
        from runledger.store.freshness import FreshnessStore

        return FreshnessStore(self.table)
