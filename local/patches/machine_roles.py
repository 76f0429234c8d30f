"""Step Functions: a machine calls functions with its own role.

The emulator does not check the role. So a role without `lambda:InvokeFunction` would fail only on
AWS.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import lambda_svc, stepfunctions

from local import roles
from local.patches import guard

_ACTION = "lambda:InvokeFunction"

# The role of the machine whose task this thread runs.
_role: ContextVar[str] = ContextVar("machine role", default="")


def apply() -> None:
    """Applies the patch. Must be called after the `apply` of parallel_context, which checks the
    original `_execute_task`."""
    guard.expect(stepfunctions, "_invoke_resource_with_timeout", "faeed0bf70d53efc")
    guard.expect(iam_evaluator, "_gather_role_policies", "d83d1661b86595ac")
    guard.wrap(stepfunctions, "_call_lambda", "25830369b12636da", _asking)
    stepfunctions._execute_task = _with_role(stepfunctions._execute_task)


def _with_role(execute: Callable[..., Any]) -> Callable[..., Any]:
    def execute_with_role(state: Any, data: Any, execution: Any, context: Any) -> Any:
        machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) or {}
        token = _role.set(machine.get("roleArn", ""))
        try:
            return execute(state, data, execution, context)
        finally:
            _role.reset(token)

    return execute_with_role


def _asking(call: Callable[..., Any]) -> Callable[..., Any]:
    def call_if_allowed(function_ref: str, event: Any) -> Any:
        function, config, _ = lambda_svc._get_func_record_for_ref(function_ref)
        # The ARN that the state names: a role that may call the function may not call its alias.
        if function and config and not roles.allows(_role.get(), _ACTION, function_ref):
            raise stepfunctions._ExecutionError(
                "Lambda.AWSLambdaException",
                f"User: {_role.get()} is not authorized to perform: {_ACTION} on resource: "
                f"{function_ref} (Service: Lambda, Status Code: 403)",
            )
        return call(function_ref, event)

    return call_if_allowed
