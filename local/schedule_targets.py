"""Delivers a schedule's fire to its target, as EventBridge Scheduler does.

The target is called with the schedule's own role. A failed delivery goes to the dead-letter queue
at once, because AWS would retry none of the failures that can happen here (a role without
permission, a missing target).
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ministack.core import iam_evaluator
from ministack.core.arn import parse_arn
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, iam, lambda_svc, sqs, stepfunctions

from local import roles

Schedule = dict[str, Any]

SERVICE = "scheduler.amazonaws.com"
_START_EXECUTION = "arn:aws:scheduler:::aws-sdk:sfn:startExecution"
_ACTIONS = {
    "lambda": "lambda:InvokeFunction",
    "states": "states:StartExecution",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "events": "events:PutEvents",
}

logger = logging.getLogger("scheduler")


class DeliveryError(Exception):
    """The target was not reached. `code` is AWS's name for the error, as in the dead-letter
    queue."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def deliver(schedule: Schedule, scheduled_at: datetime) -> str:
    """Calls the target and returns the id of this fire. Call it with the schedule's account and
    region set.

    If that fails, the message is put into the dead-letter queue, and DeliveryError is raised.
    """
    execution_id = str(uuid4())
    target = schedule["Target"]
    payload = _payload(schedule, scheduled_at, execution_id)
    try:
        _reach(target, payload, schedule)
    except DeliveryError as error:
        logger.warning("schedule %s was not delivered: %s", schedule["Arn"], error)
        _give_up(schedule, payload, execution_id, error)
        raise
    return execution_id


def trusts_scheduler(role_arn: str, group: str) -> bool:
    """Whether the role exists and its trust policy lets EventBridge Scheduler assume it for a
    schedule of this group. The group's ARN is the request's `aws:SourceArn`."""
    account = get_account_id()
    role = iam._roles.get_scoped(account, None, role_arn.rsplit("/", 1)[-1])
    if role is None:
        return False
    document = role["AssumeRolePolicyDocument"]
    statements = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    asked = iam_evaluator.EvalContext(
        principal_arn=SERVICE,
        principal_type="Service",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=get_region(),
        service_context={
            "aws:sourceaccount": account,
            "aws:sourcearn": f"arn:aws:scheduler:{get_region()}:{account}:schedule-group/{group}",
        },
    )
    return any(
        statement["Effect"] == "Allow"
        and SERVICE in _services(statement)
        and iam_evaluator._conditions_met(statement.get("Condition") or {}, asked)
        for statement in ([statements] if isinstance(statements, dict) else statements)
    )


def _services(statement: dict[str, Any]) -> list[str]:
    principal = statement.get("Principal")
    services = principal.get("Service", []) if isinstance(principal, dict) else []
    return [services] if isinstance(services, str) else services


def _payload(schedule: Schedule, scheduled_at: datetime, execution_id: str) -> str:
    moment = scheduled_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    attributes = {
        "scheduled-time": moment,
        "schedule-arn": schedule["Arn"],
        "execution-id": execution_id,
        "attempt-number": "1",
    }
    given: str | None = schedule["Target"].get("Input")
    if given is None:
        return json.dumps(_notice(schedule["Arn"], moment, execution_id))
    for name, value in attributes.items():
        given = given.replace(f"<aws.scheduler.{name}>", value)
    return given


def _notice(schedule_arn: str, moment: str, execution_id: str) -> dict[str, Any]:
    """Returns the payload for a target if the schedule has no Input."""
    return {
        "version": "0",
        "id": execution_id,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": get_account_id(),
        "time": moment,
        "region": get_region(),
        "resources": [schedule_arn],
        "detail": "{}",
    }


def _reach(target: dict[str, Any], payload: str, schedule: Schedule) -> None:
    arn = target["Arn"]
    if arn == _START_EXECUTION:
        asked = json.loads(payload)
        machine = asked.get("StateMachineArn", "")
        _require_allowed(schedule, _ACTIONS["states"], machine)
        optional = {"input": asked.get("Input"), "name": asked.get("Name")}
        given = {name: value for name, value in optional.items() if value is not None}
        _start_execution({"stateMachineArn": machine, **given})
        return
    service = parse_arn(arn).service
    if service not in _ACTIONS:
        raise DeliveryError(
            "ValidationException", f"{arn} is not a target that the emulator supports"
        )
    _require_allowed(schedule, _ACTIONS[service], arn)
    reach = _DIRECTLY.get(service)
    if reach is not None:
        reach(arn, payload)
    else:
        # The emulator's call of other targets does not report success.
        eventbridge._invoke_target({**target, "Input": payload}, _event(payload), schedule)


def _require_allowed(schedule: Schedule, action: str, resource: str) -> None:
    role_arn = schedule["Target"]["RoleArn"]
    if not trusts_scheduler(role_arn, schedule["GroupName"]):
        raise DeliveryError("AccessDeniedException", f"{role_arn} cannot be assumed by {SERVICE}")
    if not roles.allows(role_arn, action, resource):
        raise DeliveryError("AccessDeniedException", f"{role_arn} may not {action} on {resource}")


def _invoke_function(arn: str, payload: str) -> None:
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        raise DeliveryError("ResourceNotFoundException", f"the function {name} does not exist")
    record = lambda_svc._execution_record_for_config(function, config)
    # Asynchronous: if a handler raises, it is retried by the function's own settings.
    lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def _start_machine(arn: str, payload: str) -> None:
    _start_execution({"stateMachineArn": arn, "input": payload})


def _start_execution(asked: dict[str, Any]) -> None:
    status, _, body = stepfunctions._start_execution(asked)
    if status >= 300:
        problem = json.loads(body)
        raise DeliveryError(problem.get("__type", "Error"), problem.get("message", ""))


_DIRECTLY: dict[str, Callable[[str, str], None]] = {
    "lambda": _invoke_function,
    "states": _start_machine,
}


def _event(payload: str) -> dict[str, Any]:
    return {
        "EventId": str(uuid4()),
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": payload,
        "Time": time.time(),
        "Resources": [],
        "Account": get_account_id(),
        "Region": get_region(),
    }


def _give_up(schedule: Schedule, payload: str, execution_id: str, error: DeliveryError) -> None:
    target = schedule["Target"]
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    queue = sqs._queue_by_arn(queue_arn) if queue_arn else None
    if queue is None or not roles.allows(target["RoleArn"], _ACTIONS["sqs"], queue_arn):
        return
    attributes = {
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": str(error),
        "EXECUTION_ID": execution_id,
        "RETRY_ATTEMPTS": "0",
        "SCHEDULE_ARN": schedule["Arn"],
        "TARGET_ARN": target["Arn"],
    }
    put_message(queue, payload, attributes)


def put_message(queue: dict[str, Any], body: str, attributes: dict[str, str]) -> None:
    """Puts a message with text attributes into a queue of the emulator."""
    described = {
        name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
    }
    now = time.time()
    queue["messages"].append(
        {
            "id": str(uuid4()),
            "body": body,
            "md5_body": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
            "md5_attrs": sqs._md5_msg_attrs(described),
            "receipt_handle": None,
            "sent_at": now,
            "visible_at": now,
            "receive_count": 0,
            "first_receive_at": None,
            "message_attributes": described,
            "sys": sqs._build_send_sys_attrs(now, {}),
            "group_id": None,
            "dedup_id": None,
            "dedup_cache_key": None,
            "seq": None,
        }
    )
    lambda_svc.esm_wake.set()
