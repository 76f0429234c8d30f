"""Step Functions: starting an execution behaves as on AWS.

- Standard: a second start with the same name and input returns the running execution.
- Express: one name may run many times, each time with its own ARN. An Express execution sends no
  status events and can be neither described nor stopped.
- Both: a machine's TimeoutSeconds ends its executions. An execution begins at once. Without this
  patch, the emulator waits 150 milliseconds before an execution begins.
"""

import contextvars
import heapq
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.patches import guard

_EXPRESS_MAX_SECONDS = 300
_SWEEP_SECONDS = 0.5

_STANDARD_ONLY = {
    "_describe_execution": "c3ad294ad8b5070a",
    "_stop_execution": "44d2d84ccd5c9702",
    "_get_execution_history": "e865bdd85d5d89cd",
}

_deadlines: list[tuple[float, int, contextvars.Context, str]] = []
_deadlines_lock = threading.Lock()
_sequence = iter(range(1 << 62))


def apply() -> None:
    guard.wrap(stepfunctions, "_start_execution", "9923282fc76c57b9", _idempotent)
    guard.edit(stepfunctions, "_run_execution", "996dff84e0e0605a", "    time.sleep(0.15)\n", "")
    stepfunctions._run_execution = _bounded(stepfunctions._run_execution)
    guard.wrap(stepfunctions, "_emit_execution_status_event", "9c89e45693e353eb", _standard_only)
    for name, expected in _STANDARD_ONLY.items():
        guard.wrap(stepfunctions, name, expected, _refusing_express)
    threading.Thread(target=_sweep, daemon=True, name="execution-timeouts").start()


def _idempotent(start: Callable[..., Any]) -> Callable[..., Any]:
    def start_as_on_aws(data: dict[str, Any]) -> Any:
        machine_arn = stepfunctions._resolve_state_machine_arn(data.get("stateMachineArn", ""))
        machine = stepfunctions._state_machines.get(machine_arn) if machine_arn else None
        if machine is None:
            return start(data)
        if machine["type"] == "EXPRESS":
            return _start_express(machine, data)
        name = data.get("name")
        arn = machine_arn.replace(":stateMachine:", ":execution:") + f":{name}"
        running = stepfunctions._executions.get(arn) if name else None
        if (
            running
            and running["status"] == "RUNNING"
            and running["input"] == data.get("input", "{}")
        ):
            return stepfunctions.json_response(
                {"executionArn": arn, "startDate": running["startDate"]}
            )
        return start(data)

    return start_as_on_aws


def _start_express(machine: dict[str, Any], data: dict[str, Any]) -> Any:
    name = data.get("name") or stepfunctions.new_uuid()
    prefix = machine["stateMachineArn"].replace(":stateMachine:", ":express:")
    arn = f"{prefix}:{name}:{stepfunctions.new_uuid()}"
    started = stepfunctions.now_iso()
    text = data.get("input", "{}")
    stepfunctions._executions[arn] = {
        "executionArn": arn,
        "stateMachineArn": machine["stateMachineArn"],
        "name": name,
        "status": "RUNNING",
        "startDate": started,
        "stopDate": None,
        "input": text,
        "output": None,
        "testCase": "",
        "mockAttempts": {},
        "events": [
            {
                "id": 1,
                "type": "ExecutionStarted",
                "timestamp": started,
                "executionStartedEventDetails": {"input": text, "roleArn": machine["roleArn"]},
            }
        ],
    }
    threading.Thread(
        target=contextvars.copy_context().run,
        args=(stepfunctions._run_execution, arn),
        daemon=True,
    ).start()
    return stepfunctions.json_response({"executionArn": arn, "startDate": started})


def _bounded(run: Callable[[str], None]) -> Callable[[str], None]:
    def run_bounded(arn: str) -> None:
        seconds = _timeout_seconds(arn)
        if seconds is not None:
            entry = (time.monotonic() + seconds, next(_sequence), contextvars.copy_context(), arn)
            with _deadlines_lock:
                heapq.heappush(_deadlines, entry)
        run(arn)

    return run_bounded


def _timeout_seconds(arn: str) -> float | None:
    execution = stepfunctions._executions.get(arn) or {}
    machine = stepfunctions._state_machines.get(execution.get("stateMachineArn")) or {}
    limit: float | None = json.loads(machine.get("definition", "{}")).get("TimeoutSeconds")
    if machine.get("type") == "EXPRESS":
        return min(limit or _EXPRESS_MAX_SECONDS, _EXPRESS_MAX_SECONDS)
    return limit


def _sweep() -> None:
    while True:
        time.sleep(_SWEEP_SECONDS)
        while (due := _next_due()) is not None:
            context, arn = due
            context.run(_time_out, arn)


def _next_due() -> tuple[contextvars.Context, str] | None:
    with _deadlines_lock:
        if not _deadlines or _deadlines[0][0] > time.monotonic():
            return None
        _, _, context, arn = heapq.heappop(_deadlines)
        return context, arn


def _time_out(arn: str) -> None:
    execution = stepfunctions._executions.get(arn)
    if execution is None or execution["status"] != "RUNNING":
        return
    execution["status"] = "TIMED_OUT"
    execution["stopDate"] = stepfunctions.now_iso()
    stepfunctions._add_event(execution, "ExecutionTimedOut", {})
    stepfunctions._emit_execution_status_event(execution)


def _refusing_express(act: Callable[..., Any]) -> Callable[..., Any]:
    def act_on_standard(data: dict[str, Any]) -> Any:
        arn = data.get("executionArn") or ""
        if ":express:" in arn:
            return stepfunctions.error_response_json(
                "InvalidArn", f"Resource type not valid in this context: '{arn}'", 400
            )
        return act(data)

    return act_on_standard


def _standard_only(emit: Callable[..., None]) -> Callable[..., None]:
    def emit_for_standard(execution: dict[str, Any]) -> None:
        if ":execution:" in execution["executionArn"]:
            emit(execution)

    return emit_for_standard
