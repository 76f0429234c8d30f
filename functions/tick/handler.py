"""Once a minute: sends pulses through the stream, starts what is due, settles what is overdue."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.aws import client, effect_client
from runledger.channels.registry import CHANNEL_NAMES
from runledger.clock import SECOND, now_ms
from runledger.composition import (
    activator,
    bulk_cancels,
    contexts,
    export_files,
    export_machine,
    missed_fires,
    retry_machine,
    stopping,
    stores,
)
from runledger.errors import RunledgerError
from runledger.observability import begin, log_failure, logger
from runledger.services.bulk.due_exports import DueExports
from runledger.services.counts.recount import TotalSettler, countables
from runledger.services.due_work import DueWork
from runledger.services.erasure.erasing_wiring import erasing
from runledger.services.execution.machines import MachineRemover, MachineThrottle
from runledger.services.execution.settle import Settler
from runledger.services.execution.start import Starter
from runledger.services.execution.superseded_machines import SupersededMachines
from runledger.services.execution.watchdog import Watchdog
from runledger.services.in_parallel import in_parallel
from runledger.services.messages.due_deliveries import DueDeliveries
from runledger.services.messages.orphaned_messages import OrphanedMessages
from runledger.services.secrets.secrets import Secrets
from runledger.settings import StartSettings, read_settings

# Rows that one tick looks at; its time is up long before.
DUE_ROWS = 50_000
# Of the function's time, left to finish the row at hand.
LAST_SECONDS = 25 * SECOND


@cache
def starter() -> Starter:
    prefix = read_settings(StartSettings).machine_prefix
    return Starter(stores().runs, effect_client("stepfunctions"), prefix, now_ms)


@cache
def watchdog() -> Watchdog:
    of = stores()
    prefix = read_settings(StartSettings).machine_prefix
    return Watchdog(
        runs=of.runs,
        automations=of.automations,
        contexts=contexts(),
        starter=starter(),
        stepfunctions=client("stepfunctions"),
        execution_prefix=prefix.replace(":stateMachine:", ":execution:"),
        clock=now_ms,
    )


@cache
def due_work() -> DueWork:
    of = stores()
    settings = read_settings(StartSettings)
    prefix, stack = settings.machine_prefix, settings.stack
    orphaned_messages = OrphanedMessages(
        of.runs, of.deliveries, of.workspaces, contexts(), CHANNEL_NAMES, now_ms
    )
    settler = Settler(of.runs, starter(), orphaned_messages, watchdog(), now_ms)
    turns = MachineThrottle(of.throttle, now_ms)
    remover = MachineRemover(client("stepfunctions"), prefix, turns)
    superseded = SupersededMachines(of.machines, remover, of.workspaces, now_ms)
    deliveries = DueDeliveries(of.deliveries, of.workspaces, retry_machine(), now_ms)
    exports = DueExports(of.exports, export_files(), export_machine(), now_ms)
    kinds = {
        "run": settler.settle,
        "aut": stopping(prefix).drain,
        "dlv": deliveries.settle,
        "act": activator().settle,
        "mch": superseded.settle,
        "sch": missed_fires().settle,
        "fire": missed_fires().resume,
        "can": bulk_cancels(prefix).settle,
        "exp": exports.settle,
        "era": erasing(prefix).settle,
        "tot": TotalSettler(of.table, of.totals, countables(of), now_ms, in_parallel).settle,
        "sec": Secrets(of.secrets, client("secretsmanager"), stack, now_ms).settle,
    }
    return DueWork(of.due, kinds, now_ms)


def send_pulses() -> None:
    """Where that fails, counts tell by their freshness; what is due does not wait for it."""
    try:
        stores().freshness.beat(now_ms())
    except RunledgerError as error:
        log_failure("pulses were not sent", error)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    begin(context.aws_request_id)
    until = now_ms() + context.get_remaining_time_in_millis() - LAST_SECONDS
    send_pulses()
    due = due_work().settle_due(DUE_ROWS, until)
    logger.info("tick", extra={"dueRows": due})
    return {"due": due}
