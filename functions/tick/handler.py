"""Runs once a minute: sends pulses through the stream, and settles everything that is due."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.clock import SECOND
from runledger.composition import preload, services
from runledger.errors import RunledgerError
from runledger.observability import begin, log_failure, logger

# The most rows that one tick looks at; its time ends long before.
DUE_ROWS = 50_000
# Time of the function kept back for finishing the current row.
LAST_SECONDS = 25 * SECOND

preload(
    "services.due_work",
    "services.erasure.contact_eraser",
    "services.bulk.due_exports",
    "services.bulk.due_imports",
    "services.counts.pulses",
    "services.counts.recount",
    "services.execution.settle",
    "services.execution.superseded_machines",
    "services.execution.watchdog",
    "services.messages.due_deliveries",
    "services.messages.orphaned_messages",
    "services.reruns.recovery",
    "services.secrets.secrets",
)


def send_pulses() -> None:
    """Sends pulses through the stream. If this fails, counts are less current than usual, but due
    work is still done."""
    try:
        services().pulses.send()
    except RunledgerError as error:
        log_failure("pulses were not sent", error)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    begin(context.aws_request_id)
    until = services().clock() + context.get_remaining_time_in_millis() - LAST_SECONDS
    send_pulses()
    due = services().due_work.settle_due(DUE_ROWS, until)
    services().pulses.note_due(due)
    logger.info("tick", extra={"dueRows": due})
    return {"due": due}
