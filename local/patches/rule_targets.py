"""EventBridge: an event reaches a function as an asynchronous invocation.

The emulator calls the function once and ignores an error. On AWS, Lambda retries according to the
function's settings, and then sends the event to the function's on-failure destination. An event for
a deleted function goes to the dead-letter queue of the rule's target.
"""

import json
import logging
from collections.abc import Callable
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import eventbridge, lambda_svc, sqs

from local.patches import guard
from local.schedule_targets import put_message

logger = logging.getLogger("eventbridge")


def apply() -> None:
    guard.expect(lambda_svc, "invoke_async_with_retry", "289fe4d3cbd4089b")
    guard.wrap(
        eventbridge, "_dispatch_to_lambda", "1f95adbaed3a966a", lambda _original: _invoke_function
    )
    guard.wrap(eventbridge, "_invoke_target", "550e304af0809563", _with_dead_letters)


def _invoke_function(arn: str, payload: str) -> None:
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        logger.warning("the function %s of a rule does not exist", name)
        return
    record = lambda_svc._execution_record_for_config(function, config)
    lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def _with_dead_letters(invoke: Callable[..., Any]) -> Callable[..., Any]:
    def invoke_or_keep(target: dict[str, Any], event: Any, rule: Any, view: Any = None) -> Any:
        arn = target.get("Arn", "")
        queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue_arn or ":lambda:" not in arn or _exists(arn):
            return invoke(target, event, rule, view)
        queue = sqs._queue_by_arn(queue_arn)
        if queue is not None:
            view = view or eventbridge._pattern_event_view(event)
            attributes = {
                "ERROR_CODE": "RESOURCE_NOT_FOUND",
                "ERROR_MESSAGE": f"the function {parse_arn(arn).resource} does not exist",
                "RULE_ARN": rule.get("Arn", ""),
                "TARGET_ARN": arn,
            }
            put_message(queue, json.dumps(view.event_with_detail()), attributes)
        return None

    return invoke_or_keep


def _exists(arn: str) -> bool:
    function, config, _ = lambda_svc._get_func_record_for_ref(arn)
    return bool(function and config)
