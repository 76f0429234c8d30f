"""Lambda: the thread that invokes a worker also reads its answer and its log.

The emulator starts a thread for each invocation, only to wait for the answer with a timeout. Each
worker also has a thread that reads its log line by line. On a busy machine each change of threads
costs time, and the thread that gets the processor last decides how long the caller waits.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime

from local.patches import guard
from local.patches.lambda_log_end import MARK
from local.patches.lambda_workers import ForkedWorker

_LOG_SECONDS = 0.25
# Lines of stdout that are no answer: a function may write there too.
_MOST_LINES = 200
_DIED = {"status": "error", "error": "Worker process died"}
_SILENT = {"status": "error", "error": f"No JSON response from worker after {_MOST_LINES} lines"}

Result = dict[str, Any]


def apply() -> None:
    guard.wrap(lambda_runtime.Worker, "invoke", "96751a75471021ec", _with_pipes)


def _with_pipes(invoke: Callable[..., Result]) -> Callable[..., Result]:
    def invoke_with_pipes(
        self: Any,
        event: Any,
        request_id: str,
        *,
        trace_id: str | None = None,
        depth: int | None = None,
        durable: dict[str, str] | None = None,
        invoked_function_arn: str | None = None,
    ) -> Result:
        if not str(self.config.get("Runtime", "")).startswith("python"):
            return invoke(
                self,
                event,
                request_id,
                trace_id=trace_id,
                depth=depth,
                durable=durable,
                invoked_function_arn=invoked_function_arn,
            )
        arn = self.config.get("FunctionArn", "")
        message = {
            "event": event,
            "ctx": {
                "request_id": request_id,
                "invoked_function_arn": arn
                if invoked_function_arn is None
                else invoked_function_arn,
                "timeout_ms": int(float(self.config.get("Timeout", 30)) * 1_000),
                "trace_id": trace_id,
                "depth": depth,
                "durable": durable or {},
            },
        }
        with self._lock:
            is_cold = self._proc is None or self._proc.poll() is not None
            if is_cold:
                self._spawn()
                self._cold = False
            return {**_invoked(self, json.dumps(message).encode() + b"\n"), "cold_start": is_cold}

    return invoke_with_pipes


def _invoked(worker: Any, line: bytes) -> Result:
    timeout = worker.config.get("Timeout", 30)
    process: ForkedWorker = worker._proc
    try:
        result = _asked(process, line, time.monotonic() + timeout)
    except TimeoutError:
        name = worker.func_name
        lambda_runtime.logger.warning("Lambda %s timed out after %ds", name, timeout)
        result = {"status": "error", "error": f"Task timed out after {timeout}.00 seconds"}
        _end(worker)
        return {**result, "log": _log(process, 0)}
    if result["status"] == "error":
        _end(worker)
    return {**result, "log": _log(process, _LOG_SECONDS)}


def _asked(process: ForkedWorker, line: bytes, deadline: float) -> Result:
    try:
        process.pipes.write(line, deadline)
    except BrokenPipeError:
        return _DIED
    for _ in range(_MOST_LINES):
        answer = process.pipes.answer(deadline)
        if answer is None:
            return _DIED
        result = _result(answer)
        if result is not None:
            return result
    return _SILENT


def _result(line: bytes) -> Result | None:
    """Returns the result in a line of stdout; None if the line is something else."""
    if not line.startswith(b"{"):
        return None
    try:
        found: Result = json.loads(line)
    except ValueError:
        return None
    return found if found.get("status") in ("ok", "error") else None


def _log(process: ForkedWorker, seconds: float) -> str:
    return "\n".join(process.pipes.log(MARK.encode(), time.monotonic() + seconds))


def _end(worker: Any) -> None:
    process, worker._proc = worker._proc, None
    lambda_runtime._signal(process)
    lambda_runtime._collect(process, time.monotonic() + lambda_runtime._REAP_GRACE)
