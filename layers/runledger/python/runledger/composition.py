"""Stores and services put together from settings and clients, once per process and role.

Stores and services are imported where they are put together: a function needs few of them, and
starts sooner without the others.
"""

from functools import cache
from typing import TYPE_CHECKING

from runledger.aws import client, effect_client
from runledger.clock import Clock, now_ms
from runledger.settings import (
    ExportSettings,
    IdentitySettings,
    InvitationSettings,
    MachineSettings,
    RetrySettings,
    ScheduleSettings,
    StoreSettings,
    read_settings,
)
from runledger.store.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.services.automations.activations import Activator
    from runledger.services.automations.automations import Automations
    from runledger.services.automations.stopping import Stopping
    from runledger.services.bulk.bulk_cancel import BulkCancels
    from runledger.services.bulk.export_removal import ExportRemoval
    from runledger.services.bulk.exports import ExportMachine
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.execution.walk import Toolbox, Walker
    from runledger.services.lists.snapshots import ListSnapshots
    from runledger.services.messages.gatekeeper import Gatekeeper
    from runledger.services.messages.retry_machine import RetryMachine
    from runledger.services.retry_budget import RetryBudget
    from runledger.services.runs.run_context import RunContexts
    from runledger.services.schedules.date_fires import DateFires
    from runledger.services.schedules.missed_fires import MissedFires
    from runledger.services.schedules.schedules import Schedules
    from runledger.services.triggers.open_run import Opener
    from runledger.services.workspaces.accounts import Accounts
    from runledger.services.workspaces.identity import Identity
    from runledger.services.workspaces.invitations import Invitations, OwnInvitations
    from runledger.store.export_files import ExportFiles


def contexts_over(of: Stores) -> "RunContexts":
    from runledger.services.runs.run_context import RunContexts

    return RunContexts(of.runs, of.automations, of.contacts, of.workspaces)


def opener_over(of: Stores, clock: Clock) -> "Opener":
    from runledger.services.triggers.open_run import Opener
    from runledger.services.triggers.refusals import Refusals

    return Opener(of.runs, of.workspaces, Refusals(of.refusals, of.workspaces, clock), clock)


def gatekeeper_over(of: Stores, clock: Clock) -> "Gatekeeper":
    from runledger.services.messages.gatekeeper import Gatekeeper

    return Gatekeeper(of.suppressions, of.frequencies, clock)


def automations_over(of: Stores, public_url: str) -> "Automations":
    from runledger.services.automations.automations import Automations

    return Automations(
        store=of.automations,
        templates=of.templates,
        segments=of.segments,
        schedules=of.schedules,
        fires=of.fires,
        activations=of.activations,
        clock=now_ms,
        public_url=public_url,
        secrets=of.secrets,
    )


def list_snapshots_over(of: Stores, clock: Clock) -> "ListSnapshots":
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.lists.cursors import Cursors
    from runledger.services.lists.queries import Queries
    from runledger.services.lists.snapshots import ListSnapshots

    # Their cursors are kept in rows, so the key need not be secret.
    cursors = Cursors(lambda: b"of rows", clock)
    return ListSnapshots(
        Queries(of, contexts_over(of), Contacts(of.contacts, clock), cursors, clock)
    )


def date_fires_over(of: Stores, clock: Clock) -> "DateFires":
    from runledger.services.schedules.date_fires import DateFires
    from runledger.services.schedules.due_contacts import DueContacts
    from runledger.services.triggers.refusals import Refusals

    return DateFires(
        of.table,
        of.automations,
        of.schedules,
        of.fires,
        DueContacts(of.table, of.contacts),
        opener_over(of, clock),
        Refusals(of.refusals, of.workspaces, clock),
        of.workspaces,
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
def accounts() -> "Accounts":
    from runledger.services.workspaces.accounts import Accounts

    return Accounts(client("cognito-idp"), read_settings(IdentitySettings).user_pool_id)


@cache
def identity() -> "Identity":
    from runledger.services.workspaces.identity import Identity

    settings = read_settings(IdentitySettings)
    return Identity(
        stores().workspaces, accounts, settings.user_pool_id, settings.user_pool_client_id
    )


@cache
def invitations() -> "Invitations":
    from runledger.services.workspaces.invitation_mail import InvitationMail
    from runledger.services.workspaces.invitations import Invitations
    from runledger.store.rates import RateStore

    of = stores()
    # Of a mail that may have gone out, no second one is tried.
    ses = effect_client("sesv2")
    mail = InvitationMail(ses, read_settings(InvitationSettings).sender_email)
    rates = RateStore(of.table)
    return Invitations(of.invitations, of.workspaces, rates, accounts(), mail, now_ms)


@cache
def own_invitations() -> "OwnInvitations":
    from runledger.services.workspaces.invitations import OwnInvitations

    of = stores()
    return OwnInvitations(of.invitations, of.workspaces, accounts(), now_ms)


@cache
def contacts() -> "Contacts":
    from runledger.services.contacts.contacts import Contacts

    return Contacts(stores().contacts, now_ms)


@cache
def contexts() -> "RunContexts":
    return contexts_over(stores())


@cache
def schedules() -> "Schedules":
    from runledger.services.schedules.schedules import Schedules, ScheduleTarget

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
    return date_fires_over(stores(), now_ms)


@cache
def missed_fires() -> "MissedFires":
    from runledger.services.schedules.missed_fires import MissedFires

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
    from runledger.services.messages.retry_machine import RetryMachine

    arn = read_settings(RetrySettings).delivery_retry_arn
    return RetryMachine(effect_client("stepfunctions"), arn)


@cache
def list_snapshots() -> "ListSnapshots":
    return list_snapshots_over(stores(), now_ms)


@cache
def export_files() -> "ExportFiles":
    from runledger.store.export_files import ExportFiles

    return ExportFiles(client("s3"), read_settings(StoreSettings).bucket)


@cache
def export_machine() -> "ExportMachine":
    from runledger.services.bulk.exports import ExportMachine

    return ExportMachine(effect_client("stepfunctions"), read_settings(ExportSettings).export_arn)


@cache
def export_removal() -> "ExportRemoval":
    from runledger.services.bulk.export_removal import ExportRemoval

    return ExportRemoval(stores().exports, export_files())


@cache
def activator() -> "Activator":
    from runledger.compiler.compile import FunctionArns
    from runledger.services.automations.activations import Activator
    from runledger.services.execution.machines import Machines, MachineThrottle

    of = stores()
    settings = read_settings(MachineSettings)
    machines = Machines(
        client("stepfunctions"),
        settings.machine_prefix,
        MachineThrottle(of.throttle, now_ms),
        settings.machine_role_arn,
        settings.machine_log_group_arn,
    )
    functions = FunctionArns(
        logic=settings.logic_arn,
        message=settings.message_arn,
        integration=settings.integration_arn,
    )
    return Activator(of.automations, of.activations, machines, functions, now_ms, schedules())


def stopping(machine_prefix: str) -> "Stopping":
    """Cancels runs; `machine_prefix` as in the settings."""
    from runledger.services.automations.stopping import Stopping
    from runledger.services.execution.cancel import Canceler

    of = stores()
    execution_prefix = machine_prefix.replace(":stateMachine:", ":execution:")
    canceler = Canceler(of.runs, client("stepfunctions"), execution_prefix, now_ms)
    return Stopping(
        of.table, of.automations, of.workspaces, canceler, now_ms, schedules(), of.activations
    )


def bulk_cancels(machine_prefix: str) -> "BulkCancels":
    """`machine_prefix` as in the settings."""
    from runledger.services.bulk.bulk_cancel import BulkCancels

    of = stores()
    canceler = stopping(machine_prefix).canceler
    return BulkCancels(of.bulk_cancels, list_snapshots(), of.runs, canceler, now_ms)


def retry_budget(remaining_ms: int, sleep: "Callable[[float], None]") -> "RetryBudget":
    """How long one invocation may hold on to what it knows, by the time that it has left."""
    from runledger.services.retry_budget import MARGIN, RetryBudget

    return RetryBudget(now_ms() + remaining_ms - MARGIN, now_ms, sleep)


def walker(toolbox: "Toolbox", request_id: str, retry_budget: "RetryBudget") -> "Walker":
    """A walker of this process for one request."""
    from runledger.services.execution.walk import Walker

    return Walker(
        runs=stores().runs,
        automations=stores().automations,
        contexts=contexts(),
        toolbox=toolbox,
        clock=now_ms,
        request_id=request_id,
        retry_budget=retry_budget,
    )
