"""Once a minute: starts what is due and settles what is overdue."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.aws import client
from runledger.clock import SECOND, now_ms
from runledger.observability import begin, logger
from runledger.services.settle import Settler
from runledger.services.start import Starter
from runledger.services.wiring import frames, stopping, stores
from runledger.settings import StartSettings, read_settings

# Rows of each due partition that one tick looks at; more wait for the next.
DUE_ROWS = 200
# Of the function's time, left to finish the row at hand.
LAST_SECONDS = 25 * SECOND


@cache
def settler() -> Settler:
    prefix = read_settings(StartSettings).machine_prefix
    stepfunctions = client("stepfunctions")
    return Settler(
        due=stores().due,
        runs=stores().runs,
        automations=stores().automations,
        frames=frames(),
        starter=Starter(stores().runs, stepfunctions, prefix, now_ms),
        stopping=stopping(prefix),
        stepfunctions=stepfunctions,
        execution_prefix=prefix.replace(":stateMachine:", ":execution:"),
        clock=now_ms,
    )


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    begin(context.aws_request_id)
    until = now_ms() + context.get_remaining_time_in_millis() - LAST_SECONDS
    due = settler().settle_due(DUE_ROWS, until)
    logger.info("tick", extra={"dueRows": due})
    return {"due": due}
