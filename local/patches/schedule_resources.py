"""CloudFormation: `AWS::Scheduler::Schedule` keeps all its properties.

The emulator drops the time zone, the dates and the action after completion. It also reports a
schedule as deployed even if the emulator's Scheduler API refused it.
"""

import json
from typing import Any

from ministack.services import scheduler
from ministack.services.cloudformation import provisioners

from local.patches import guard

Props = dict[str, Any]

_TYPE = "AWS::Scheduler::Schedule"
_PASSED_ON = (
    "GroupName",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "FlexibleTimeWindow",
    "Target",
    "State",
    "Description",
    "StartDate",
    "EndDate",
    "ActionAfterCompletion",
)


class ScheduleResourceError(ValueError):
    """The Scheduler refused the template's schedule. The deployment fails with its reason."""


def apply() -> None:
    guard.expect(provisioners, "_scheduler_schedule_create", "76f27cf333eb3f04")
    guard.expect(provisioners, "_scheduler_schedule_update", "70e0243c9de11d44")
    guard.expect(provisioners, "_scheduler_schedule_delete", "370cc628b9b731c1")
    handlers = provisioners._RESOURCE_HANDLERS[_TYPE]
    handlers["create"] = _create
    handlers["update"] = _update


def _create(logical_id: str, props: Props, stack_name: str) -> tuple[str, Props]:
    name = props.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=64)
    return name, _written(scheduler._create_schedule(name, _body(props)))


def _update(
    physical_id: str, old_props: Props, new_props: Props, stack_name: str, *rest: Any
) -> tuple[str, Props]:
    name = new_props.get("Name") or physical_id
    if name == physical_id and old_props.get("GroupName") == new_props.get("GroupName"):
        return name, _written(scheduler._update_schedule(name, _body(new_props)))
    made = _written(scheduler._create_schedule(name, _body(new_props)))
    provisioners._scheduler_schedule_delete(physical_id, old_props)
    return name, made


def _body(props: Props) -> Props:
    return {name: props[name] for name in _PASSED_ON if name in props}


def _written(answer: tuple[int, Props, bytes]) -> Props:
    status, _, body = answer
    document = json.loads(body)
    if status >= 300:
        raise ScheduleResourceError(f"{_TYPE}: {document['__type']}: {document['Message']}")
    return {"Arn": document["ScheduleArn"]}
