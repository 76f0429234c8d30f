"""Lambda: an exception is a function error with its own type, and the worker survives it.

The emulator names every error `Runtime.HandlerError`, so a state machine's typed Retry and Catch
never match, and it kills the worker each time. A worker that really dies gives `Runtime.ExitError`,
as on AWS.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.patches import guard

# The worker returns an exception as a result under this key, because the emulator kills a worker
# that answers with an error status.
_KEY = "__runledger_function_error__"

_RAISED = """        except Exception as e:
            _real_stdout.write(json.dumps({"status": "error", "error": str(e), \
"trace": traceback.format_exc()}) + "\\n")
        _real_stdout.flush()
"""
_RETURNED = """        except Exception as e:
            traceback.print_exc()
            _real_stdout.write(json.dumps({"status": "ok", "result": {"%s": {
                "errorMessage": str(e), "errorType": type(e).__name__,
                "requestId": context.aws_request_id,
                "stackTrace": traceback.format_tb(e.__traceback__.tb_next)}}}) + "\\n")
        _real_stdout.flush()
""".replace("%s", _KEY)

_DIED = ("Worker process died", "Worker process exited", "Worker returned no response")


def apply() -> None:
    lambda_runtime._PYTHON_WORKER_SCRIPT = guard.replace_text(
        lambda_runtime._PYTHON_WORKER_SCRIPT, _RAISED, _RETURNED
    )
    guard.wrap(lambda_svc, "_execute_function_warm", "62b9218bef5b948a", _typed)


def _typed(execute: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def execute_typed(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        answer = execute(func, event, request_id)
        body = answer.get("body")
        if not isinstance(body, dict):
            return answer
        if _KEY in body:
            return {**answer, "body": body[_KEY], "error": True, "function_error": "Unhandled"}
        if answer.get("error") and str(body.get("errorMessage", "")).startswith(_DIED):
            crash = {
                "errorType": "Runtime.ExitError",
                "errorMessage": f"RequestId: {request_id} Error: Runtime exited without reason",
            }
            return {**answer, "body": crash}
        return answer

    return execute_typed
