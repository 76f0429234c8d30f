"""Fires a schedule now instead of at its time.

`POST /_local/schedules/fire` with `{"name", "group"?, "scheduledTime"?}` fires the schedule as if
that moment (ISO 8601; default: its next one) had come. It answers `{"executionId",
"scheduledTime"}` when its target was reached. Errors are 404 if there is no such schedule, 409 if
it is disabled or, for a date automation, if the moment has not come, and 502 with the reason if the
target was not reached.

`GET /_local/schedules` lists `{group, name, state, expression, timeZone, nextFire}`.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.core.concurrency import run_reentrant

from local.patches import schedules
from local.schedule_targets import DeliveryError

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]
Answer = tuple[int, Any]

# As in the engine: a schedule's clock may be ahead of ours by this much.
_EARLY = timedelta(minutes=1)
# Prefix of the schedules of date automations, which are named after their automation.
_AUTOMATION = "aut_"

LIST_PATH = "/_local/schedules"
FIRE_PATH = "/_local/schedules/fire"


def with_schedules(app: App) -> App:
    """Wraps the app: answers LIST_PATH and FIRE_PATH."""

    async def wrapped(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        asked = (scope.get("method"), scope.get("path")) if scope["type"] == "http" else None
        if asked == ("GET", LIST_PATH):
            await _send(send, (200, list_schedules()))
        elif asked == ("POST", FIRE_PATH):
            body = await _body(receive)
            # In a separate thread, because an execution that it starts calls this server.
            await _send(send, await run_reentrant(fire, body, thread_name="schedule-fire"))
        else:
            await app(scope, receive, send)

    return wrapped


def list_schedules() -> list[dict[str, Any]]:
    return [
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


def fire(body: bytes) -> Answer:
    """Returns the status and the document with which FIRE_PATH answers this body."""
    try:
        asked = json.loads(body)
        key = f"{asked.get('group', 'default')}/{asked['name']}"
        moment = _moment(asked["scheduledTime"]) if "scheduledTime" in asked else None
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        return 400, {"message": f"send {{name, group?, scheduledTime?}}: {error!r}"}
    found = [each for each in schedules.described() if each[0][2] == key]
    if not found:
        return 404, {"message": f"there is no schedule {key}"}
    scope, schedule, next_fire = found[0]
    if schedule["State"] != "ENABLED":
        return 409, {"message": f"the schedule {key} is disabled"}
    at = moment or next_fire
    if at is None:
        return 409, {"message": f"the schedule {key} does not fire again; give a scheduledTime"}
    is_date = schedule["Name"].startswith(_AUTOMATION)
    if is_date and at > datetime.now(UTC) + _EARLY:
        # The engine ignores a date automation that fires early, so this would change nothing.
        return 409, {"message": f"{_text(at)} is in the future; give a scheduledTime in the past"}
    try:
        execution_id = schedules.fire(scope, at)
    except DeliveryError as error:
        return 502, {"message": str(error), "code": error.code}
    return 200, {"executionId": execution_id, "scheduledTime": _text(at)}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _send(send: Send, answer: Answer) -> None:
    status, document = answer
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(document).encode()})
