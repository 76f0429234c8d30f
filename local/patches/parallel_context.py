"""Step Functions: each branch of a Parallel has its own `$$.State`, and stops when the execution is
stopped.

The emulator's branches share one context object, so `$$.State.Name` may be the name of another
branch's state. Also, they continue after StopExecution.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.patches import guard


def apply() -> None:
    guard.wrap(stepfunctions, "_run_sub_machine", "f8d844168b1459f8", _isolated)
    guard.wrap(stepfunctions, "_execute_task", "53c818d247dba62c", _stoppable)
    guard.wrap(stepfunctions, "_fail_execution", "e6da895fa0b74cdd", _once)


def _isolated(run: Callable[..., Any]) -> Callable[..., Any]:
    def run_isolated(states: Any, start_at: Any, data: Any, execution: Any, context: Any) -> Any:
        return run(states, start_at, data, execution, {**context})

    return run_isolated


def _stoppable(execute: Callable[..., Any]) -> Callable[..., Any]:
    def execute_unless_stopped(state: Any, data: Any, execution: Any, context: Any) -> Any:
        if execution["status"] != "RUNNING":
            raise stepfunctions._ExecutionError("States.Runtime", "the execution was stopped")
        return execute(state, data, execution, context)

    return execute_unless_stopped


def _once(fail: Callable[..., None]) -> Callable[..., None]:
    def fail_if_running(execution: Any, error: str, cause: str) -> None:
        # A stopped or timed-out execution keeps its status if one of its branches raises later.
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    return fail_if_running
