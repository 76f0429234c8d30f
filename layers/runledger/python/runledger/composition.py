"""Puts stores, clients, settings and services together. This is the only place that does so.

Each service is imported and created at its first use: a function needs few of them, and starts
faster without the others. Tests override the outermost parts and construct nothing else.
"""

import os
import time
from collections.abc import Callable, Mapping
from functools import cache, cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from runledger import aws, clock
from runledger.clock import Clock
from runledger.settings import (
    AccountMailSettings,
    ExportSettings,
    IdentitySettings,
    IntegrationSettings,
    InvitationSettings,
    MachineSettings,
    PublishSettings,
    QuerySettings,
    RetrySettings,
    ScheduleSettings,
    SenderSettings,
    StartSettings,
    StoreSettings,
    read_settings,
)

if TYPE_CHECKING:
    from runledger.channels.base import Channel
    from runledger.compiler.arns import FunctionArns
    from runledger.metrics import MetricLog
    from runledger.nodes.base import HttpCaller
    from runledger.services.automations.activations import Activations, Activator
    from runledger.services.automations.automation_stopper import AutomationStopper
    from runledger.services.automations.automations import Automations
    from runledger.services.automations.holds import Holds
    from runledger.services.automations.preview import Previews
    from runledger.services.automations.rotation import Rotations
    from runledger.services.automations.templates import Templates
    from runledger.services.bulk.bulk_cancel import BulkCancels
    from runledger.services.bulk.due_exports import DueExports
    from runledger.services.bulk.export_pages import ExportPages
    from runledger.services.bulk.export_removal import ExportRemoval
    from runledger.services.bulk.exports import ExportMachine, ExportQueries, ExportRequests
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.contacts.segments import Segments
    from runledger.services.counts.list_counts import Counts
    from runledger.services.counts.pulses import Pulses
    from runledger.services.counts.recount import TotalSettler
    from runledger.services.counts.stats import Stats
    from runledger.services.due_work import DueWork
    from runledger.services.erasure.contact_eraser import ContactEraser
    from runledger.services.execution.cancel import Canceler
    from runledger.services.execution.integration_tools import IntegrationTools
    from runledger.services.execution.lent_tools import Toolbox
    from runledger.services.execution.machines import Machines, MachineThrottle
    from runledger.services.execution.message_tools import MessageTools
    from runledger.services.execution.settle import ExecutionCloser, Settler
    from runledger.services.execution.skip_wait import WaitSkipper
    from runledger.services.execution.start import Starter
    from runledger.services.execution.superseded_machines import SupersededMachines
    from runledger.services.execution.walk import Walker
    from runledger.services.execution.watchdog import Watchdog
    from runledger.services.in_parallel import Gather
    from runledger.services.lists.cursors import Cursors
    from runledger.services.lists.details import Details
    from runledger.services.lists.failure_resolution import FailureResolution
    from runledger.services.lists.failures import FailureQueries, FailureViews
    from runledger.services.lists.queries import Queries
    from runledger.services.lists.resource_lists import ResourceLists
    from runledger.services.lists.snapshots import ListSnapshots
    from runledger.services.lists.timeline import Timelines
    from runledger.services.messages.due_deliveries import DueDeliveries
    from runledger.services.messages.feedback import Feedback
    from runledger.services.messages.gatekeeper import Gatekeeper
    from runledger.services.messages.orphaned_messages import OrphanedMessages
    from runledger.services.messages.resend import Resends
    from runledger.services.messages.retry_delivery import RetryDelivery
    from runledger.services.messages.retry_machine import RetryMachine
    from runledger.services.messages.suppressions import Suppressions
    from runledger.services.reruns.recovery import Recoveries
    from runledger.services.reruns.recovery_queries import RecoveryQueries
    from runledger.services.reruns.rerun import Reruns
    from runledger.services.retry_budget import RetryBudget
    from runledger.services.runs.run_context import RunContexts
    from runledger.services.schedules.date_fires import DateFires
    from runledger.services.schedules.missed_fires import MissedFires
    from runledger.services.schedules.schedules import Schedules
    from runledger.services.secrets.key_versions import KeyVersions
    from runledger.services.secrets.secrets import Secrets
    from runledger.services.secrets.signing import SigningKeys
    from runledger.services.secrets.values import SecretValues
    from runledger.services.stream.bus_rules import BusRules
    from runledger.services.stream.expiry import ExpiryFollower
    from runledger.services.stream.failure_groups import FailureGroups
    from runledger.services.stream.follow import Followers
    from runledger.services.triggers.captures import Captures
    from runledger.services.triggers.ignored_events import IgnoredEvents
    from runledger.services.triggers.kept_events import KeptEvents
    from runledger.services.triggers.manual import ManualRuns
    from runledger.services.triggers.open_run import RunOpener
    from runledger.services.triggers.refusals import Refusals
    from runledger.services.triggers.replays import Replays
    from runledger.services.triggers.sample_events import SampleEvents
    from runledger.services.triggers.upstream import UpstreamRuns
    from runledger.services.triggers.webhooks import Webhooks
    from runledger.services.workspaces.account_mails import AccountMails
    from runledger.services.workspaces.accounts import Accounts
    from runledger.services.workspaces.identity import Identity
    from runledger.services.workspaces.invitations import Invitations, OwnInvitations
    from runledger.services.workspaces.members import Members
    from runledger.settings import Settings
    from runledger.sources.base import CertificateReader
    from runledger.store.bodies import Bodies
    from runledger.store.due import DueRow
    from runledger.store.export_files import ExportFiles
    from runledger.store.rates import RateStore
    from runledger.store.stores import Stores
    from runledger.store.table import Table

SettingsT = TypeVar("SettingsT", bound="Settings")


class Composition:
    """Everything that one process may need."""

    # ── The edges: time, AWS, settings and the internet ───────────────────────────────────────
    @cached_property
    def clock(self) -> Clock:
        return clock.now_ms

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def settings(self, model: type[SettingsT]) -> SettingsT:
        found: SettingsT = read_settings(model)
        return found

    def client(self, service: str) -> Any:
        """Returns a client that retries automatically."""
        return aws.client(service)

    def effect_client(self, service: str) -> Any:
        """Returns a client for calls that must not happen twice. It tries once."""
        return aws.effect_client(service)

    @cached_property
    def gather(self) -> "Gather":
        from runledger.services.in_parallel import in_parallel

        return in_parallel

    @cached_property
    def metrics(self) -> "MetricLog":
        from runledger.metrics import MetricLog

        return MetricLog(self.settings(StoreSettings).stack, self.clock)

    @cached_property
    def table(self) -> "Table":
        from runledger.store.table import DynamoTable

        return DynamoTable(self.client("dynamodb"), self.settings(StoreSettings).table)

    @cached_property
    def bodies(self) -> "Bodies":
        from runledger.store.bodies import Bodies

        return Bodies(self.client("s3"), self.settings(StoreSettings).bucket)

    @cached_property
    def http(self) -> "HttpCaller":
        from runledger.outbound.client import OutboundClient

        runtime = os.environ.get("AWS_LAMBDA_RUNTIME_API", "")
        allowed = self.settings(IntegrationSettings).allow_hosts
        return OutboundClient(allow_hosts=allowed, never_hosts=(runtime,))

    @cached_property
    def strict_http(self) -> "HttpCaller":
        """Makes calls to addresses that a sender names. Unlike `http`, it refuses private addresses
        even if the operator allowed them."""
        from runledger.outbound.client import OutboundClient

        return OutboundClient(never_hosts=(os.environ.get("AWS_LAMBDA_RUNTIME_API", ""),))

    @cached_property
    def certificates(self) -> "CertificateReader":
        """Reads certificates of Amazon SNS."""
        from runledger.sources.schemes.certificates import Certificates

        return Certificates(self.strict_http, self.clock)

    @cached_property
    def channels(self) -> "Mapping[str, Channel]":
        """Every channel, with the clients for sending."""
        from runledger.channels.registry import make_channels

        return make_channels(self.effect_client, self.settings(SenderSettings))

    @cached_property
    def described_channels(self) -> "Mapping[str, Channel]":
        """Every channel without the clients for sending. Used for checks and for reading
        reports."""
        from runledger.channels.registry import describe_channels

        return describe_channels()

    @cached_property
    def cursor_key(self) -> Callable[[], bytes]:
        @cache
        def read() -> bytes:
            arn = self.settings(QuerySettings).cursor_secret_arn
            return aws.read_secret(self.client("secretsmanager"), arn).encode()

        return read

    # ── Stores ────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def stores(self) -> "Stores":
        from runledger.store.stores import Stores

        return Stores(self.table, self.bodies)

    @cached_property
    def rates(self) -> "RateStore":
        from runledger.store.rates import RateStore

        return RateStore(self.table)

    @cached_property
    def export_files(self) -> "ExportFiles":
        from runledger.store.export_files import ExportFiles

        return ExportFiles(self.client("s3"), self.settings(StoreSettings).bucket)

    # ── Workspaces and people ─────────────────────────────────────────────────────────────────
    @cached_property
    def accounts(self) -> "Accounts":
        from runledger.services.workspaces.accounts import Accounts

        pool = self.settings(IdentitySettings).user_pool_id
        return Accounts(self.client("cognito-idp"), pool)

    @cached_property
    def account_mails(self) -> "AccountMails":
        from runledger.services.workspaces.account_mails import AccountMails

        parameter = self.settings(AccountMailSettings).console_parameter
        return AccountMails(self.client("ssm"), parameter)

    @cached_property
    def identity(self) -> "Identity":
        from runledger.services.workspaces.identity import Identity

        settings = self.settings(IdentitySettings)
        pool, client_id = settings.user_pool_id, settings.user_pool_client_id
        return Identity(self.stores.workspaces, lambda: self.accounts, pool, client_id)

    @cached_property
    def members(self) -> "Members":
        from runledger.services.workspaces.members import Members

        return Members(self.stores.workspaces)

    @cached_property
    def invitations(self) -> "Invitations":
        from runledger.services.workspaces.invitation_mail import InvitationMail
        from runledger.services.workspaces.invitations import Invitations

        of = self.stores
        # A mail that may have been sent is not sent again.
        ses = self.effect_client("sesv2")
        mail = InvitationMail(ses, self.settings(InvitationSettings).sender_email)
        return Invitations(
            of.invitations, of.workspaces, self.rates, self.accounts, mail, self.clock
        )

    @cached_property
    def own_invitations(self) -> "OwnInvitations":
        from runledger.services.workspaces.invitations import OwnInvitations

        of = self.stores
        return OwnInvitations(of.invitations, of.workspaces, self.accounts, self.clock)

    # ── Secrets ───────────────────────────────────────────────────────────────────────────────
    @cached_property
    def secrets(self) -> "Secrets":
        from runledger.services.secrets.secrets import Secrets

        stack = self.settings(StoreSettings).stack
        return Secrets(self.stores.secrets, self.client("secretsmanager"), stack, self.clock)

    @cached_property
    def secret_values(self) -> "SecretValues":
        from runledger.services.secrets.values import SecretValues

        stack = self.settings(StoreSettings).stack
        return SecretValues(self.stores.secrets, self.client("secretsmanager"), stack, self.clock)

    @cached_property
    def signing_keys(self) -> "SigningKeys":
        from runledger.services.secrets.signing import SigningKeys

        stack = self.settings(StoreSettings).stack
        return SigningKeys(self.client("secretsmanager"), stack, self.clock)

    @cached_property
    def key_versions(self) -> "KeyVersions":
        from runledger.services.secrets.key_versions import KeyVersions

        return KeyVersions(self.client("secretsmanager"), self.settings(StoreSettings).stack)

    # ── Contacts ──────────────────────────────────────────────────────────────────────────────
    @cached_property
    def contacts(self) -> "Contacts":
        from runledger.services.contacts.contacts import Contacts

        return Contacts(self.stores.contacts, self.clock)

    @cached_property
    def segments(self) -> "Segments":
        from runledger.services.contacts.segments import Segments

        return Segments(self.stores.segments, self.clock, self.stores.contacts)

    # ── Messages ──────────────────────────────────────────────────────────────────────────────
    @cached_property
    def gatekeeper(self) -> "Gatekeeper":
        from runledger.services.messages.gatekeeper import Gatekeeper

        return Gatekeeper(self.stores.suppressions, self.stores.frequencies, self.clock)

    @cached_property
    def retry_machine(self) -> "RetryMachine":
        from runledger.services.messages.retry_machine import RetryMachine

        arn = self.settings(RetrySettings).delivery_retry_arn
        return RetryMachine(self.effect_client("stepfunctions"), arn)

    @cached_property
    def retry_delivery(self) -> "RetryDelivery":
        from runledger.services.messages.retry_delivery import RetryDelivery

        of = self.stores
        return RetryDelivery(
            of.deliveries, of.contacts, of.suppressions, of.workspaces, self.channels, self.clock
        )

    @cached_property
    def resends(self) -> "Resends":
        from runledger.services.messages.resend import Resends

        of = self.stores
        return Resends(
            of.deliveries,
            of.contacts,
            of.templates,
            of.workspaces,
            self.described_channels,
            self.gatekeeper,
            self.retry_machine,
            self.clock,
        )

    @cached_property
    def feedback(self) -> "Feedback":
        from runledger.services.messages.feedback import Feedback

        of = self.stores
        channels = self.described_channels
        return Feedback(of.deliveries, of.suppressions, of.workspaces, channels, self.clock)

    @cached_property
    def suppressions(self) -> "Suppressions":
        from runledger.services.messages.suppressions import Suppressions

        return Suppressions(self.stores.suppressions, self.described_channels, self.clock)

    @cached_property
    def orphaned_messages(self) -> "OrphanedMessages":
        from runledger.channels.registry import CHANNEL_NAMES
        from runledger.services.messages.orphaned_messages import OrphanedMessages

        of = self.stores
        return OrphanedMessages(
            of.runs, of.deliveries, of.workspaces, self.contexts, CHANNEL_NAMES, self.clock
        )

    @cached_property
    def due_deliveries(self) -> "DueDeliveries":
        from runledger.services.messages.due_deliveries import DueDeliveries

        of = self.stores
        return DueDeliveries(of.deliveries, of.workspaces, self.retry_machine, self.clock)

    # ── Execution ─────────────────────────────────────────────────────────────────────────────
    @cached_property
    def contexts(self) -> "RunContexts":
        from runledger.services.runs.run_context import RunContexts

        of = self.stores
        return RunContexts(of.runs, of.automations, of.contacts, of.workspaces)

    def retry_budget(self, remaining_ms: int) -> "RetryBudget":
        """Returns the retry budget of an invocation that has `remaining_ms` left."""
        from runledger.services.retry_budget import MARGIN, RetryBudget

        return RetryBudget(self.clock() + remaining_ms - MARGIN, self.clock, self.sleep)

    def walker(self, toolbox: "Toolbox", request_id: str, remaining_ms: int) -> "Walker":
        """Returns a walker for an invocation that has `remaining_ms` left."""
        from runledger.services.execution.walk import Walker
        from runledger.store.row_reads import read_rows

        return Walker(
            runs=self.stores.runs,
            automations=self.stores.automations,
            contexts=self.contexts,
            toolbox=toolbox,
            gather=self.gather,
            read_rows=partial(read_rows, self.table),
            metrics=self.metrics,
            clock=self.clock,
            request_id=request_id,
            retry_budget=self.retry_budget(remaining_ms),
        )

    @cached_property
    def message_tools(self) -> "MessageTools":
        from runledger.services.execution.message_tools import MessageTools

        return MessageTools(
            channels=self.channels,
            deliveries=self.stores.deliveries,
            contacts=self.stores.contacts,
            gatekeeper=self.gatekeeper,
            suppressions=self.stores.suppressions,
            retries=self.retry_machine,
            clock=self.clock,
        )

    @cached_property
    def integration_tools(self) -> "IntegrationTools":
        from runledger.services.execution.integration_tools import IntegrationTools

        of = self.stores
        return IntegrationTools(
            self.http, self.secret_values, of.runs, of.bodies, self.clock, self.sleep
        )

    @property
    def _execution_prefix(self) -> str:
        """The beginning of the ARN of each Standard execution of the stack, up to the automation
        id."""
        prefix = self.settings(StartSettings).machine_prefix
        return prefix.replace(":stateMachine:", ":execution:")

    @cached_property
    def starter(self) -> "Starter":
        from runledger.services.execution.start import Starter

        prefix = self.settings(StartSettings).machine_prefix
        stepfunctions = self.effect_client("stepfunctions")
        return Starter(self.stores.runs, stepfunctions, prefix, self.clock)

    @cached_property
    def canceler(self) -> "Canceler":
        from runledger.services.execution.cancel import Canceler

        stepfunctions = self.client("stepfunctions")
        return Canceler(self.stores.runs, stepfunctions, self._execution_prefix, self.clock)

    @cached_property
    def wait_skipper(self) -> "WaitSkipper":
        from runledger.services.execution.skip_wait import WaitSkipper

        return WaitSkipper(self.stores.runs, self.contexts, self.canceler, self.clock)

    @cached_property
    def closer(self) -> "ExecutionCloser":
        from runledger.services.execution.settle import ExecutionCloser

        return ExecutionCloser(self.stores.runs, self.contexts, self.clock)

    @cached_property
    def watchdog(self) -> "Watchdog":
        from runledger.services.execution.watchdog import Watchdog

        return Watchdog(
            runs=self.stores.runs,
            automations=self.stores.automations,
            contexts=self.contexts,
            starter=self.starter,
            stepfunctions=self.client("stepfunctions"),
            execution_prefix=self._execution_prefix,
            clock=self.clock,
        )

    @cached_property
    def run_settler(self) -> "Settler":
        from runledger.services.execution.settle import Settler

        return Settler(
            self.stores.runs, self.starter, self.orphaned_messages, self.watchdog, self.clock
        )

    @cached_property
    def machine_throttle(self) -> "MachineThrottle":
        from runledger.services.execution.machines import MachineThrottle

        return MachineThrottle(self.stores.throttle, self.clock)

    @cached_property
    def machines(self) -> "Machines":
        from runledger.deployment import stack_tags
        from runledger.services.execution.machines import Machines

        settings = self.settings(MachineSettings)
        return Machines(
            self.client("stepfunctions"),
            settings.machine_prefix,
            self.machine_throttle,
            settings.machine_role_arn,
            settings.machine_log_group_arn,
            is_traced=settings.tracing == "Active",
            tags=stack_tags(settings.stack),
        )

    @cached_property
    def superseded_machines(self) -> "SupersededMachines":
        from runledger.services.execution.machines import MachineRemover
        from runledger.services.execution.superseded_machines import SupersededMachines

        prefix = self.settings(StartSettings).machine_prefix
        remover = MachineRemover(self.client("stepfunctions"), prefix, self.machine_throttle)
        of = self.stores
        return SupersededMachines(of.machines, remover, of.workspaces, self.clock)

    # ── Triggers ──────────────────────────────────────────────────────────────────────────────
    @cached_property
    def refusals(self) -> "Refusals":
        from runledger.services.triggers.refusals import Refusals

        of = self.stores
        return Refusals(of.refusals, of.workspaces, self.kept_events, self.rates, self.clock)

    @cached_property
    def kept_events(self) -> "KeptEvents":
        from runledger.services.triggers.kept_events import KeptEvents

        return KeptEvents(self.stores.kept_events, self.clock)

    @cached_property
    def captures(self) -> "Captures":
        from runledger.services.triggers.captures import Captures

        of = self.stores
        return Captures(of.automations, of.kept_events, self.kept_events, self.clock)

    @cached_property
    def replays(self) -> "Replays":
        from runledger.services.triggers.replays import Replays

        of = self.stores
        return Replays(of.automations, of.kept_events, self.refusals, self.webhooks, self.clock)

    @cached_property
    def opener(self) -> "RunOpener":
        from runledger.services.triggers.open_run import RunOpener

        of = self.stores
        is_traced = self.settings(StoreSettings).tracing == "Active"
        return RunOpener(of.runs, of.workspaces, self.refusals, self.clock, is_traced)

    @cached_property
    def manual_runs(self) -> "ManualRuns":
        from runledger.services.triggers.manual import ManualRuns

        return ManualRuns(self.stores.automations, self.contacts, self.opener)

    @cached_property
    def upstream_runs(self) -> "UpstreamRuns":
        from runledger.services.triggers.upstream import UpstreamRuns

        return UpstreamRuns(self.stores.automations, self.contexts, self.opener)

    @cached_property
    def webhooks(self) -> "Webhooks":
        from runledger.services.triggers.event_contact import EventContacts
        from runledger.services.triggers.event_opening import EventOpener
        from runledger.services.triggers.handshakes import Handshakes
        from runledger.services.triggers.proving import Prover
        from runledger.services.triggers.webhook_targets import WebhookTargets
        from runledger.services.triggers.webhooks import Webhooks

        of = self.stores
        contacts = EventContacts(self.contacts)
        targets = WebhookTargets(of.automations, self.rates, self.gather, self.clock)
        prover = Prover(self.signing_keys.of, lambda: self.certificates)
        return Webhooks(
            targets=targets,
            prover=prover,
            opening=EventOpener(contacts, self.opener, of.runs, self.gather),
            refusals=self.opener.refusals,
            ignored=self.ignored_events,
            captures=self.captures,
            handshakes=Handshakes(targets, prover, lambda: self.strict_http),
            clock=self.clock,
        )

    def samples_at(self, public_url: str) -> "SampleEvents":
        from runledger.services.triggers.sample_events import SampleEvents

        automations = self.stores.automations
        return SampleEvents(automations, self.signing_keys, self.webhooks, self.clock, public_url)

    @cached_property
    def ignored_events(self) -> "IgnoredEvents":
        from runledger.services.triggers.ignored_events import IgnoredEvents

        of = self.stores
        return IgnoredEvents(of.automations, of.ignored_events, self.clock)

    # ── Schedules ─────────────────────────────────────────────────────────────────────────────
    @cached_property
    def schedules(self) -> "Schedules":
        from runledger.services.schedules.schedules import Schedules, ScheduleTarget

        settings = self.settings(ScheduleSettings)
        target = ScheduleTarget(
            group=settings.schedule_group,
            fan_out_arn=settings.fan_out_arn,
            role_arn=settings.schedule_role_arn,
            lost_events_arn=settings.lost_events_arn,
        )
        return Schedules(self.stores.schedules, self.client("scheduler"), target, self.clock)

    @cached_property
    def date_fires(self) -> "DateFires":
        from runledger.services.schedules.date_fires import DateFires
        from runledger.services.schedules.due_contacts import DueContacts

        of = self.stores
        return DateFires(
            self.table,
            of.automations,
            of.schedules,
            of.fires,
            DueContacts(self.table, of.contacts),
            self.opener,
            self.refusals,
            of.workspaces,
            self.clock,
        )

    @cached_property
    def missed_fires(self) -> "MissedFires":
        from runledger.services.schedules.missed_fires import MissedFires

        of = self.stores
        return MissedFires(
            self.table,
            of.automations,
            self.schedules,
            of.fires,
            of.workspaces,
            self.effect_client("stepfunctions"),
            self.settings(ScheduleSettings).fan_out_arn,
            self.clock,
        )

    # ── Automations and templates ─────────────────────────────────────────────────────────────
    def automations_at(self, public_url: str) -> "Automations":
        """Returns the service for automations. `public_url` is the address of this request's API;
        the addresses of webhooks begin with it."""
        from runledger.services.automations.automations import Automations

        of = self.stores
        return Automations(
            store=of.automations,
            templates=of.templates,
            segments=of.segments,
            schedules=of.schedules,
            fires=of.fires,
            activations=of.activations,
            holds=of.holds,
            clock=self.clock,
            public_url=public_url,
            secrets=of.secrets,
        )

    @cached_property
    def function_arns(self) -> "FunctionArns":
        from runledger.compiler.arns import FunctionArns

        settings = self.settings(MachineSettings)
        return FunctionArns(
            logic=settings.logic_arn,
            message=settings.message_arn,
            integration=settings.integration_arn,
        )

    @cached_property
    def activator(self) -> "Activator":
        from runledger.services.automations.activations import Activator

        of = self.stores
        return Activator(
            of.automations,
            of.activations,
            self.machines,
            self.function_arns,
            self.clock,
            self.schedules,
        )

    def activations_at(self, public_url: str) -> "Activations":
        from runledger.services.automations.activations import Activations

        automations = self.automations_at(public_url)
        rotations = self.rotations_at(public_url)
        return Activations(automations, self.activator, rotations, self.clock)

    def rotations_at(self, public_url: str) -> "Rotations":
        from runledger.services.automations.rotation import Rotations

        automations = self.automations_at(public_url)
        return Rotations(automations, self.signing_keys, self.key_versions, self.clock)

    @cached_property
    def stopping(self) -> "AutomationStopper":
        from runledger.services.automations.automation_stopper import AutomationStopper

        of = self.stores
        return AutomationStopper(
            self.table,
            of.automations,
            of.workspaces,
            self.canceler,
            self.clock,
            self.schedules,
            of.activations,
            self.key_versions,
        )

    @cached_property
    def holds(self) -> "Holds":
        from runledger.services.automations.holds import Holds

        of = self.stores
        return Holds(of.automations, of.runs, of.holds, self.starter, self.clock)

    @cached_property
    def templates(self) -> "Templates":
        from runledger.services.automations.templates import Templates

        return Templates(self.stores.templates, self.clock, self.described_channels)

    @cached_property
    def previews(self) -> "Previews":
        from runledger.services.automations.preview import Previews

        workspaces = self.stores.workspaces
        return Previews(self.templates, self.contacts, self.gatekeeper, workspaces)

    # ── Lists, counts and figures ─────────────────────────────────────────────────────────────
    @cached_property
    def cursors(self) -> "Cursors":
        from runledger.services.lists.cursors import Cursors

        return Cursors(self.cursor_key, self.clock)

    @cached_property
    def queries(self) -> "Queries":
        from runledger.services.lists.queries import Queries

        return Queries(
            self.stores, self.contexts, self.contacts, self.cursors, self.clock, self.gather
        )

    @cached_property
    def details(self) -> "Details":
        from runledger.services.lists.details import Details

        return Details(self.stores, self.contexts, self.clock)

    @cached_property
    def resource_lists(self) -> "ResourceLists":
        from runledger.services.lists.resource_lists import ResourceLists

        return ResourceLists(self.stores, self.contacts, self.cursors, self.clock)

    @cached_property
    def counts(self) -> "Counts":
        from runledger.services.counts.list_counts import Counts

        return Counts(self.queries)

    @cached_property
    def stats(self) -> "Stats":
        from runledger.services.counts.stats import Stats

        return Stats(self.queries)

    @cached_property
    def timelines(self) -> "Timelines":
        from runledger.services.lists.timeline import Timelines

        return Timelines(self.stores, self.cursors, self.clock)

    @cached_property
    def failure_views(self) -> "FailureViews":
        from runledger.services.lists.failures import FailureViews

        of = self.stores
        return FailureViews(of.runs, of.failures, of.automations, self.clock)

    @cached_property
    def failure_queries(self) -> "FailureQueries":
        from runledger.services.lists.failures import FailureQueries

        return FailureQueries(self.failure_views, self.cursors)

    @cached_property
    def failure_resolution(self) -> "FailureResolution":
        from runledger.services.lists.failure_resolution import FailureResolution

        return FailureResolution(self.failure_views)

    @cached_property
    def list_snapshots(self) -> "ListSnapshots":
        from runledger.services.lists.cursors import Cursors
        from runledger.services.lists.queries import Queries
        from runledger.services.lists.snapshots import ListSnapshots

        # Their cursors stay in rows, so the key need not be secret.
        cursors = Cursors(lambda: b"of rows", self.clock)
        return ListSnapshots(
            Queries(self.stores, self.contexts, self.contacts, cursors, self.clock)
        )

    @cached_property
    def total_settler(self) -> "TotalSettler":
        from runledger.services.counts.recount import TotalSettler, countables

        kinds = countables(self.stores)
        return TotalSettler(self.table, self.stores.totals, kinds, self.clock, self.gather)

    # ── Exports and bulk cancellations ────────────────────────────────────────────────────────
    @cached_property
    def export_machine(self) -> "ExportMachine":
        from runledger.services.bulk.exports import ExportMachine

        arn = self.settings(ExportSettings).export_arn
        return ExportMachine(self.effect_client("stepfunctions"), arn)

    @cached_property
    def export_requests(self) -> "ExportRequests":
        from runledger.services.bulk.exports import ExportRequests

        return ExportRequests(
            self.stores.exports, self.list_snapshots, self.export_machine, self.clock
        )

    @cached_property
    def export_queries(self) -> "ExportQueries":
        from runledger.services.bulk.exports import ExportQueries

        return ExportQueries(self.stores.exports, self.export_files, self.cursors, self.clock)

    @cached_property
    def export_pages(self) -> "ExportPages":
        from runledger.services.bulk.export_pages import ExportPages

        return ExportPages(self.stores.exports, self.export_files, self.list_snapshots, self.clock)

    @cached_property
    def export_removal(self) -> "ExportRemoval":
        from runledger.services.bulk.export_removal import ExportRemoval

        return ExportRemoval(self.stores.exports, self.export_files)

    @cached_property
    def due_exports(self) -> "DueExports":
        from runledger.services.bulk.due_exports import DueExports

        return DueExports(self.stores.exports, self.export_files, self.export_machine, self.clock)

    @cached_property
    def bulk_cancels(self) -> "BulkCancels":
        from runledger.services.bulk.bulk_cancel import BulkCancels

        of = self.stores
        return BulkCancels(
            of.bulk_cancels,
            self.list_snapshots,
            of.runs,
            self.canceler,
            self.wait_skipper,
            self.clock,
        )

    # ── Reruns ────────────────────────────────────────────────────────────────────────────────
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
        groups = RecoveredGroups(of.failures, self.failure_resolution, of.runs, self.clock)
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

    # ── Erasure ───────────────────────────────────────────────────────────────────────────────
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
                erasers.EntryEraser(self.table, of.automations),
                KeptEventEraser(of.kept_events, of.refusals, clock),
                erasers.ExportEraser(self.export_removal, clock),
            ),
            clock=clock,
        )

    # ── What the stream and the tick bring ────────────────────────────────────────────────────
    @cached_property
    def expiry_follower(self) -> "ExpiryFollower":
        from runledger.services.stream.expiry import ExpiryFollower

        return ExpiryFollower(self.stores.tombstones, self.stores.bodies)

    @cached_property
    def bus_rules(self) -> "BusRules":
        from runledger.services.stream.bus_rules import BusRules

        return BusRules(self.client("events"), self.settings(PublishSettings).bus, self.clock)

    @cached_property
    def pulses(self) -> "Pulses":
        from runledger.services.counts.pulses import Pulses

        return Pulses(self.stores.freshness, self.clock)

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

    @cached_property
    def due_kinds(self) -> "Mapping[str, Callable[[DueRow], None]]":
        """The functions that settle due rows, by the prefix of a row's id."""
        return {
            "run": self.run_settler.settle,
            "aut": self.stopping.drain,
            "dlv": self.due_deliveries.settle,
            "act": self.activator.settle,
            "mch": self.superseded_machines.settle,
            "sch": self.missed_fires.settle,
            "fire": self.missed_fires.resume,
            "can": self.bulk_cancels.settle,
            "exp": self.due_exports.settle,
            "era": self.erasing.settle,
            "tot": self.total_settler.settle,
            "sec": self.secrets.settle,
            "rel": self.holds.settle,
            "rcv": self.recoveries.settle,
        }

    @cached_property
    def due_work(self) -> "DueWork":
        from runledger.services.due_work import DueWork

        return DueWork(self.stores.due, self.due_kinds, self.clock)


def preload(*modules: str) -> None:
    """Imports modules of this package, such as `services.triggers.webhooks`, before they are used.

    A handler calls this when it is imported, because Lambda gives a new instance more processor
    time for its start than for an invocation (AWS Lambda Developer Guide, "Understanding the Lambda
    execution environment lifecycle")."""
    for module in modules:
        import_module(f"runledger.{module}")


@cache
def services() -> Composition:
    """Returns the services of this process, configured by its environment."""
    return Composition()
