"""Fires a schedule now instead of at its time.

`POST /_local/schedules/fire` with `{"name", "group"?, "scheduledTime"?}` fires the schedule as if
`scheduledTime` (ISO 8601; default: the schedule's next fire) had come. It answers `{"executionId",
"scheduledTime"}` when the target was reached. Errors are:

- 400 if the request is invalid.
- 404 if there is no such schedule.
- 409 if the schedule is disabled, if it never fires again and no `scheduledTime` was given, or if
  the `scheduledTime` of a date automation is in the future.
- 502, with the reason, if the target was not reached.

`GET /_local/schedules` lists `{group, name, state, expression, timeZone, nextFire}`.
"""

import json
from datetime import UTC, datetime, timedelta

from local.asgi import Answer, App, json_answer
from local.local_endpoint import with_endpoint
from local.patches import schedules
from local.schedule_targets import DeliveryError

# As in the engine: a schedule's clock may be ahead of ours by this much.
_EARLY = timedelta(minutes=1)
# Prefix of the schedules of date automations, which are named after their automation.
_AUTOMATION = "aut_"

LIST_PATH = "/_local/schedules"
FIRE_PATH = "/_local/schedules/fire"


def with_schedules(app: App) -> App:
    """Wraps the app, so that it also answers requests to LIST_PATH and FIRE_PATH."""

    return with_endpoint(
        with_endpoint(app, "POST", FIRE_PATH, fire), "GET", LIST_PATH, lambda _: list_schedules()
    )


def list_schedules() -> Answer:
    """Returns the answer to a request to LIST_PATH."""
    found = [
        {
            "group": schedule["GroupName"],
            "name": schedule["Name"],
            "state": schedule["State"],
            "expression": schedule["ScheduleExpression"],
            "timeZone": schedule["ScheduleExpressionTimezone"],
            "nextFire": _text(at) if at is not None else None,
        }
        for _, schedule, at in schedules.described()
    ]
    return json_answer(200, found)


def fire(body: bytes) -> Answer:
    """Returns the answer to a request to FIRE_PATH with this body."""
    try:
        asked = json.loads(body)
        key = f"{asked.get('group', 'default')}/{asked['name']}"
        moment = _moment(asked["scheduledTime"]) if "scheduledTime" in asked else None
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        return json_answer(400, {"message": f"send {{name, group?, scheduledTime?}}: {error!r}"})
    found = [each for each in schedules.described() if each[0][2] == key]
    if not found:
        return json_answer(404, {"message": f"there is no schedule {key}"})
    scope, schedule, next_fire = found[0]
    if schedule["State"] != "ENABLED":
        return json_answer(409, {"message": f"the schedule {key} is disabled"})
    at = moment or next_fire
    if at is None:
        return json_answer(
            409, {"message": f"the schedule {key} does not fire again; give a scheduledTime"}
        )
    is_date = schedule["Name"].startswith(_AUTOMATION)
    if is_date and at > datetime.now(UTC) + _EARLY:
        # The engine ignores a date automation that fires early, so this would change nothing.
        return json_answer(
            409, {"message": f"{_text(at)} is in the future; give a scheduledTime in the past"}
        )
    try:
        execution_id = schedules.fire(scope, at)
    except DeliveryError as error:
        return json_answer(502, {"message": str(error), "code": error.code})
    return json_answer(200, {"executionId": execution_id, "scheduledTime": _text(at)})


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
