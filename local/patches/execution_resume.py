"""Step Functions: executions survive a restart of the emulator, as on AWS.

The emulator marks running executions as failed when it restores them. The patch walks each of them
again from the beginning. A Wait state with a fixed end time then lasts only for the remaining time.
"""

import contextvars
import threading
from collections.abc import Callable
from typing import Any

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import stepfunctions

from local.patches import guard

_MARK = "States.ServiceRestart"

_interrupted: list[tuple[str, str, str]] = []


def apply() -> None:
    guard.wrap(stepfunctions, "_restore_state", "b94c49c3dd97e93d", _keeping)


def resume() -> int:
    """Continues the interrupted executions and returns their number. Call it when the emulator is
    ready."""
    scopes, _interrupted[:] = list(_interrupted), []
    for account, region, arn in scopes:
        target = contextvars.copy_context().run
        threading.Thread(target=target, args=(_walk, account, region, arn), daemon=True).start()
    return len(scopes)


def _keeping(restore: Callable[[Any], None]) -> Callable[[Any], None]:
    def restore_and_keep(data: Any) -> None:
        restore(data)
        for scope, execution in stepfunctions._executions._data.items():
            if execution["status"] == "FAILED" and execution.get("error") == _MARK:
                execution.update(status="RUNNING", stopDate=None, error=None, cause=None)
                _interrupted.append(scope)

    return restore_and_keep


def _walk(account: str, region: str, arn: str) -> None:
    set_request_account_id(account)
    set_request_region(region)
    stepfunctions._run_execution(arn)
