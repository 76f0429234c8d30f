"""Step Functions: the time of a task starts when its function has a free worker.

If a function is busy, AWS starts another environment or refuses the call at once. Here its few
workers take calls one after the other, and the wait would count toward the task's TimeoutSeconds.
With five hundred executions at the same time, most tasks would time out.

Tasks also fail here on request (local/faults.py): before the function is called, or after it, with
its answer lost.
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.faults import FAULTS
from local.patches import guard
from local.patches.lambda_workers import MAX_WORKERS

_rooms: defaultdict[str, threading.Semaphore] = defaultdict(
    lambda: threading.Semaphore(MAX_WORKERS)
)
_rooms_lock = threading.Lock()


def apply() -> None:
    guard.wrap(stepfunctions, "_invoke_resource_with_timeout", "faeed0bf70d53efc", _in_turn)


def _in_turn(invoke: Callable[..., Any]) -> Callable[..., Any]:
    def invoke_in_turn(resource: str, input_data: Any, timeout: float) -> Any:
        if ":lambda:" not in resource:
            return invoke(resource, input_data, timeout)
        fault = FAULTS.take(("lambda", "Invoke"), f"{resource} {json.dumps(input_data)}".encode())
        if fault is not None and fault.outcome != "LOSE":
            time.sleep(fault.seconds if fault.outcome == "HANG" else 0)
            raise stepfunctions._ExecutionError(fault.code, fault.message)
        with _rooms_lock:
            room = _rooms[resource]
        with room:
            answer = invoke(resource, input_data, timeout)
        if fault is not None:
            raise stepfunctions._ExecutionError(fault.code, fault.message)
        return answer

    return invoke_in_turn
