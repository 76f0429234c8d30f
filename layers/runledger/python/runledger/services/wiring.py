"""Stores and services put together from settings and clients, once per process and role.

Stores and services are imported where they are put together: a function needs few of them, and
starts sooner without the others.
"""

from functools import cache, cached_property
from typing import TYPE_CHECKING

from runledger.aws import client, effect_client
from runledger.clock import Clock, now_ms
from runledger.settings import (
    ExportSettings,
    RetrySettings,
    ScheduleSettings,
    StoreSettings,
    read_settings,
)

if TYPE_CHECKING:
    from runledger.services.bulk_cancel import BulkCancels
    from runledger.services.cancel import Stopping
    from runledger.services.date_fires import DateFires
    from runledger.services.export_removal import ExportRemoval
    from runledger.services.exports import ExportMachine
    from runledger.services.frames import Frames
    from runledger.services.frozen_lists import FrozenLists
    from runledger.services.gatekeeper import Gatekeeper
    from runledger.services.missed_fires import MissedFires
    from runledger.services.open_run import Opener
    from runledger.services.retry_machine import RetryMachine
    from runledger.services.schedules import Schedules
    from runledger.services.walk import Toolbox, Walker
    from runledger.store.automations import AutomationStore
    from runledger.store.bodies import Bodies
    from runledger.store.bulk_cancels import BulkCancelStore
    from runledger.store.contacts import ContactStore
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.due import DueStore
    from runledger.store.erasures import ErasureStore
    from runledger.store.export_files import ExportFiles
    from runledger.store.exports import ExportStore
    from runledger.store.failures import FailureStore
    from runledger.store.fires import FireStore
    from runledger.store.frequencies import FrequencyStore
    from runledger.store.freshness import FreshnessStore
    from runledger.store.machines import MachineStore
    from runledger.store.pace import PaceStore
    from runledger.store.refusals import RefusalStore
    from runledger.store.runs import RunStore
    from runledger.store.schedules import ScheduleStore
    from runledger.store.secrets import SecretStore
    from runledger.store.segments import SegmentStore
    from runledger.store.suppressions import SuppressionStore
    from runledger.store.table import Table
    from runledger.store.templates import TemplateStore
    from runledger.store.tombstones import TombstoneStore
    from runledger.store.totals import TotalStore
    from runledger.store.workspaces import WorkspaceStore


class Stores:
    """Every store, over one table and one bucket; each is made when it is first asked for."""

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
    def contacts(self) -> "ContactStore":
        from runledger.store.contacts import ContactStore

        return ContactStore(self.table)

    @cached_property
    def erasures(self) -> "ErasureStore":
        from runledger.store.erasures import ErasureStore

        return ErasureStore(self.table)

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
    def pace(self) -> "PaceStore":
        from runledger.store.pace import PaceStore

        return PaceStore(self.table)

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
    def bulk_cancels(self) -> "BulkCancelStore":
        from runledger.store.bulk_cancels import BulkCancelStore

        return BulkCancelStore(self.table)

    @cached_property
    def totals(self) -> "TotalStore":
        from runledger.store.totals import TotalStore

        return TotalStore(self.table)

    @cached_property
    def freshness(self) -> "FreshnessStore":
        from runledger.store.freshness import FreshnessStore

        return FreshnessStore(self.table)

    def frames(self) -> "Frames":
        from runledger.services.frames import Frames

        return Frames(self.runs, self.automations, self.contacts, self.workspaces)

    def opener(self, clock: Clock) -> "Opener":
        from runledger.services.open_run import Opener
        from runledger.services.refusals import Refusals

        return Opener(
            self.runs, self.workspaces, Refusals(self.refusals, self.workspaces, clock), clock
        )

    def gatekeeper(self, clock: Clock) -> "Gatekeeper":
        from runledger.services.gatekeeper import Gatekeeper

        return Gatekeeper(self.suppressions, self.frequencies, clock)

    def frozen_lists(self, clock: Clock) -> "FrozenLists":
        from runledger.services.contacts import Contacts
        from runledger.services.cursors import Cursors
        from runledger.services.frozen_lists import FrozenLists
        from runledger.services.reading import Reading

        # Their cursors are kept in rows, so the key need not be secret.
        cursors = Cursors(lambda: b"of rows", clock)
        return FrozenLists(
            Reading(self, self.frames(), Contacts(self.contacts, clock), cursors, clock)
        )

    def date_fires(self, clock: Clock) -> "DateFires":
        from runledger.services.date_fires import DateFires
        from runledger.services.due_contacts import DueContacts
        from runledger.services.refusals import Refusals

        return DateFires(
            self.table,
            self.automations,
            self.schedules,
            self.fires,
            DueContacts(self.table, self.contacts),
            self.opener(clock),
            Refusals(self.refusals, self.workspaces, clock),
            self.workspaces,
            clock,
        )


@cache
def stores() -> Stores:
    """The stores of this process, by its environment."""
    from runledger.store.bodies import Bodies
    from runledger.store.table import DynamoTable

    settings = read_settings(StoreSettings)
    table = DynamoTable(client("dynamodb"), settings.table)
    return Stores(table, Bodies(client("s3"), settings.bucket))


@cache
def frames() -> "Frames":
    return stores().frames()


@cache
def schedules() -> "Schedules":
    from runledger.services.schedules import Schedules, ScheduleTarget

    settings = read_settings(ScheduleSettings)
    target = ScheduleTarget(
        group=settings.schedule_group,
        fan_out_arn=settings.fan_out_arn,
        role_arn=settings.schedule_role_arn,
        lost_events_arn=settings.lost_events_arn,
    )
    return Schedules(stores().schedules, client("scheduler"), target, now_ms)


@cache
def date_fires() -> "DateFires":
    return stores().date_fires(now_ms)


@cache
def missed_fires() -> "MissedFires":
    from runledger.services.missed_fires import MissedFires

    of = stores()
    return MissedFires(
        of.table,
        of.automations,
        schedules(),
        of.fires,
        of.workspaces,
        effect_client("stepfunctions"),
        read_settings(ScheduleSettings).fan_out_arn,
        now_ms,
    )


@cache
def retry_machine() -> "RetryMachine":
    from runledger.services.retry_machine import RetryMachine

    arn = read_settings(RetrySettings).delivery_retry_arn
    return RetryMachine(effect_client("stepfunctions"), arn)


@cache
def frozen_lists() -> "FrozenLists":
    return stores().frozen_lists(now_ms)


@cache
def export_files() -> "ExportFiles":
    from runledger.store.export_files import ExportFiles

    return ExportFiles(client("s3"), read_settings(StoreSettings).bucket)


@cache
def export_machine() -> "ExportMachine":
    from runledger.services.exports import ExportMachine

    return ExportMachine(effect_client("stepfunctions"), read_settings(ExportSettings).export_arn)


@cache
def export_removal() -> "ExportRemoval":
    from runledger.services.export_removal import ExportRemoval

    return ExportRemoval(stores().exports, export_files())


def stopping(machine_prefix: str) -> "Stopping":
    """Cancels runs; `machine_prefix` as in the settings."""
    from runledger.services.cancel import Canceler, Stopping

    of = stores()
    execution_prefix = machine_prefix.replace(":stateMachine:", ":execution:")
    canceler = Canceler(of.runs, client("stepfunctions"), execution_prefix, now_ms)
    return Stopping(of.table, of.automations, of.workspaces, canceler, now_ms, schedules())


def bulk_cancels(machine_prefix: str) -> "BulkCancels":
    """`machine_prefix` as in the settings."""
    from runledger.services.bulk_cancel import BulkCancels

    of = stores()
    canceler = stopping(machine_prefix).canceler
    return BulkCancels(of.bulk_cancels, frozen_lists(), of.runs, canceler, now_ms)


def walker(toolbox: "Toolbox", request_id: str) -> "Walker":
    """A walker of this process for one request."""
    from runledger.services.walk import Walker

    return Walker(
        runs=stores().runs,
        automations=stores().automations,
        frames=frames(),
        toolbox=toolbox,
        clock=now_ms,
        request_id=request_id,
    )
