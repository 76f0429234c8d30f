"""Stores and services put together from settings and clients, once per process and role."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from runledger.aws import client, effect_client
from runledger.clock import Clock, now_ms
from runledger.services.bulk_cancel import BulkCancels
from runledger.services.cancel import Canceler, Stopping
from runledger.services.contacts import Contacts
from runledger.services.cursors import Cursors
from runledger.services.date_fires import DateFires
from runledger.services.due_contacts import DueContacts
from runledger.services.export_removal import ExportRemoval
from runledger.services.exports import ExportMachine
from runledger.services.frames import Frames
from runledger.services.frozen_lists import FrozenLists
from runledger.services.gatekeeper import Gatekeeper
from runledger.services.missed_fires import MissedFires
from runledger.services.open_run import Opener
from runledger.services.reading import Reading
from runledger.services.refusals import Refusals
from runledger.services.retry_machine import RetryMachine
from runledger.services.schedules import Schedules, ScheduleTarget
from runledger.services.walk import Toolbox, Walker
from runledger.settings import (
    ExportSettings,
    RetrySettings,
    ScheduleSettings,
    StoreSettings,
    read_settings,
)
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
from runledger.store.table import DynamoTable
from runledger.store.templates import TemplateStore
from runledger.store.tombstones import TombstoneStore
from runledger.store.totals import TotalStore
from runledger.store.workspaces import WorkspaceStore

if TYPE_CHECKING:
    from runledger.store.table import Table


@dataclass(frozen=True, slots=True)
class Stores:
    """Every store, over one table and one bucket."""

    table: "Table"
    runs: RunStore
    automations: AutomationStore
    contacts: ContactStore
    erasures: ErasureStore
    templates: TemplateStore
    segments: SegmentStore
    deliveries: DeliveryStore
    suppressions: SuppressionStore
    frequencies: FrequencyStore
    workspaces: WorkspaceStore
    failures: FailureStore
    due: DueStore
    refusals: RefusalStore
    schedules: ScheduleStore
    fires: FireStore
    machines: MachineStore
    pace: PaceStore
    secrets: SecretStore
    tombstones: TombstoneStore
    exports: ExportStore
    bulk_cancels: BulkCancelStore
    totals: TotalStore
    freshness: FreshnessStore
    bodies: Bodies

    @classmethod
    def over(cls, table: "Table", bodies: Bodies) -> "Stores":
        return cls(
            table=table,
            runs=RunStore(table, bodies),
            automations=AutomationStore(table, bodies),
            contacts=ContactStore(table),
            erasures=ErasureStore(table),
            templates=TemplateStore(table),
            segments=SegmentStore(table),
            deliveries=DeliveryStore(table, bodies),
            suppressions=SuppressionStore(table),
            frequencies=FrequencyStore(table),
            workspaces=WorkspaceStore(table),
            failures=FailureStore(table, bodies),
            due=DueStore(table),
            refusals=RefusalStore(table),
            schedules=ScheduleStore(table),
            fires=FireStore(table),
            machines=MachineStore(table),
            pace=PaceStore(table),
            secrets=SecretStore(table),
            tombstones=TombstoneStore(table),
            exports=ExportStore(table),
            bulk_cancels=BulkCancelStore(table),
            totals=TotalStore(table),
            freshness=FreshnessStore(table),
            bodies=bodies,
        )

    def frames(self) -> Frames:
        return Frames(self.runs, self.automations, self.contacts, self.workspaces)

    def opener(self, clock: Clock) -> Opener:
        return Opener(
            self.runs, self.workspaces, Refusals(self.refusals, self.workspaces, clock), clock
        )

    def gatekeeper(self, clock: Clock) -> Gatekeeper:
        return Gatekeeper(self.suppressions, self.frequencies, clock)

    def frozen_lists(self, clock: Clock) -> FrozenLists:
        # Their cursors are kept in rows, so the key need not be secret.
        cursors = Cursors(lambda: b"of rows", clock)
        return FrozenLists(
            Reading(self, self.frames(), Contacts(self.contacts, clock), cursors, clock)
        )

    def date_fires(self, clock: Clock) -> DateFires:
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
    settings = read_settings(StoreSettings)
    table = DynamoTable(client("dynamodb"), settings.table)
    return Stores.over(table, Bodies(client("s3"), settings.bucket))


@cache
def frames() -> Frames:
    return stores().frames()


@cache
def schedules() -> Schedules:
    settings = read_settings(ScheduleSettings)
    target = ScheduleTarget(
        group=settings.schedule_group,
        fan_out_arn=settings.fan_out_arn,
        role_arn=settings.schedule_role_arn,
        lost_events_arn=settings.lost_events_arn,
    )
    return Schedules(stores().schedules, client("scheduler"), target, now_ms)


@cache
def date_fires() -> DateFires:
    return stores().date_fires(now_ms)


@cache
def missed_fires() -> MissedFires:
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
def retry_machine() -> RetryMachine:
    arn = read_settings(RetrySettings).delivery_retry_arn
    return RetryMachine(effect_client("stepfunctions"), arn)


@cache
def frozen_lists() -> FrozenLists:
    return stores().frozen_lists(now_ms)


@cache
def export_files() -> ExportFiles:
    return ExportFiles(client("s3"), read_settings(StoreSettings).bucket)


@cache
def export_machine() -> ExportMachine:
    return ExportMachine(effect_client("stepfunctions"), read_settings(ExportSettings).export_arn)


@cache
def export_removal() -> ExportRemoval:
    return ExportRemoval(stores().exports, export_files())


def stopping(machine_prefix: str) -> Stopping:
    """Cancels runs; `machine_prefix` as in the settings."""
    of = stores()
    execution_prefix = machine_prefix.replace(":stateMachine:", ":execution:")
    canceler = Canceler(of.runs, client("stepfunctions"), execution_prefix, now_ms)
    return Stopping(of.table, of.automations, of.workspaces, canceler, now_ms, schedules())


def bulk_cancels(machine_prefix: str) -> BulkCancels:
    """`machine_prefix` as in the settings."""
    of = stores()
    canceler = stopping(machine_prefix).canceler
    return BulkCancels(of.bulk_cancels, frozen_lists(), of.runs, canceler, now_ms)


def walker(toolbox: Toolbox, request_id: str) -> Walker:
    """A walker of this process for one request."""
    return Walker(
        runs=stores().runs,
        automations=stores().automations,
        frames=frames(),
        toolbox=toolbox,
        clock=now_ms,
        request_id=request_id,
    )
