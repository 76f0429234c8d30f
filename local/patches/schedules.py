"""EventBridge Scheduler: schedules fire when AWS would fire them.

Without this patch, the emulator ignores the time zone, accepts any expression, and does not replace
`<aws.scheduler.scheduled-time>`. If a one-time schedule has fired and its ActionAfterCompletion did
not delete it, the emulator never again fires a one-time schedule with the same name. This patch
calculates the next fire of each schedule from the schedule's expression, in the schedule's
time zone. The calculation starts from the last change of the schedule or from the start of the
emulator, whichever is later. So no fire happens twice, and fires that were missed while the
emulator was stopped do not happen later.
"""

import contextvars
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import eventbridge, lambda_svc, scheduler

from local.patches import guard
from local.schedule_expressions import ScheduleError, check, is_one_time, next_fire
from local.schedule_targets import DeliveryError, Schedule, deliver, trusts_scheduler

_TICK_SECONDS = 0.5
_STATES = ("ENABLED", "DISABLED")
# Targets whose Input must be JSON on AWS.
_JSON_TARGETS = (":lambda:", ":states:", ":aws-sdk:")

Scope = tuple[str, str, str]


@dataclass(frozen=True)
class _Expected:
    """When a schedule fires next. It is valid until the schedule changes again; `changed` is the
    time of its last change."""

    changed: float
    at: datetime | None


_expected: dict[Scope, _Expected] = {}
_tick_lock = threading.Lock()
_started = datetime.now(UTC)


def apply() -> None:
    guard.expect(scheduler, "_ticker_loop", "51e1b1334023fb4a")
    guard.expect(eventbridge, "_cron_next_fire", "6c0efd26b6123373")
    guard.expect(eventbridge, "_parse_cron_fields", "c88b90c1864de059")
    guard.expect(lambda_svc, "invoke_async_with_retry", "289fe4d3cbd4089b")
    guard.wrap(scheduler, "_tick_schedules", "0ece514e91205b1d", lambda _original: tick)
    guard.wrap(scheduler, "_create_schedule", "5b205607c15c5c7f", _validated)
    guard.wrap(scheduler, "_update_schedule", "93f7fec4f7d84d8f", _validated)
    scheduler._SCHEDULE_TICK_INTERVAL = _TICK_SECONDS


def tick() -> None:
    """Fires all schedules that are due."""
    with _tick_lock:
        now = datetime.now(UTC)
        for scope, schedule in list(scheduler._schedules._data.items()):
            expected = _expected.get(scope)
            if expected is None or expected.changed != schedule["LastModificationDate"]:
                expected = _expected[scope] = _first(schedule)
            if expected.at is not None and expected.at <= now:
                # From now on, so that a machine that slept does not make up for missed fires.
                _expected[scope] = _Expected(expected.changed, _next(schedule, now))
                if schedule["State"] == "ENABLED":
                    _fire_aside(scope, schedule, expected.at)
            elif _is_over(schedule, now):
                _complete(scope, schedule)


def fire(scope: Scope, scheduled_at: datetime) -> str:
    """Fires a schedule at once, as if it were `scheduled_at`, and returns the id of the fire.

    Raises KeyError if the schedule does not exist, and DeliveryError if its target was not reached.
    """
    schedule = scheduler._schedules._data[scope]
    context = contextvars.copy_context()
    execution_id: str = context.run(_fire, scope, schedule, scheduled_at)
    return execution_id


def described() -> Iterator[tuple[Scope, Schedule, datetime | None]]:
    """Yields each schedule with its next fire."""
    now = datetime.now(UTC)
    for scope, schedule in list(scheduler._schedules._data.items()):
        expected = _expected.get(scope)
        is_known = expected is not None and expected.changed == schedule["LastModificationDate"]
        at = expected.at if is_known and expected else _next(schedule, now)
        yield scope, schedule, at if schedule["State"] == "ENABLED" else None


def _fire_aside(scope: Scope, schedule: Schedule, scheduled_at: datetime) -> None:
    def run() -> None:
        try:
            _fire(scope, schedule, scheduled_at)
        except DeliveryError:
            # Already logged, and in the dead-letter queue.
            return

    threading.Thread(target=run, daemon=True, name="schedule-fire").start()


def _fire(scope: Scope, schedule: Schedule, scheduled_at: datetime) -> str:
    account, region, _ = scope
    set_request_account_id(account)
    set_request_region(region)
    try:
        return deliver(schedule, scheduled_at)
    finally:
        if is_one_time(schedule["ScheduleExpression"]):
            _complete(scope, schedule)


def _complete(scope: Scope, schedule: Schedule) -> None:
    if schedule.get("ActionAfterCompletion") == "DELETE":
        scheduler._schedules._data.pop(scope, None)
        _expected.pop(scope, None)


def _first(schedule: Schedule) -> _Expected:
    changed = schedule["LastModificationDate"]
    # A moment earlier, so that a rate fires when its schedule is created, as on AWS.
    since = datetime.fromtimestamp(changed, UTC) - timedelta(microseconds=1)
    return _Expected(changed, _next(schedule, max(since, _started)))


def _next(schedule: Schedule, after: datetime) -> datetime | None:
    start = _moment(schedule.get("StartDate"))
    if start is not None:
        after = max(after, start - timedelta(microseconds=1))
    found = next_fire(
        schedule["ScheduleExpression"],
        schedule.get("ScheduleExpressionTimezone") or "UTC",
        after,
        start=start or datetime.fromtimestamp(schedule["LastModificationDate"], UTC),
    )
    end = _moment(schedule.get("EndDate"))
    return None if found is not None and end is not None and found > end else found


def _moment(value: Any) -> datetime | None:
    epoch: float | None = scheduler._to_epoch(value)
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC)


def _is_over(schedule: Schedule, now: datetime) -> bool:
    end = _moment(schedule.get("EndDate"))
    return end is not None and end < now


def _validated(write: Callable[..., Any]) -> Callable[..., Any]:
    def write_if_valid(name: str, body: dict[str, Any]) -> Any:
        try:
            _validate(body)
        except ScheduleError as error:
            return scheduler._error(400, "ValidationException", str(error))
        return write(name, body)

    return write_if_valid


def _validate(body: dict[str, Any]) -> None:
    """Raises ScheduleError for input that AWS refuses but the emulator would accept."""
    check(body.get("ScheduleExpression") or "", body.get("ScheduleExpressionTimezone") or "UTC")
    if body.get("State", "ENABLED") not in _STATES:
        raise ScheduleError(f"State must be one of {', '.join(_STATES)}.")
    start, end = _moment(body.get("StartDate")), _moment(body.get("EndDate"))
    if end is not None and end.timestamp() < time.time():
        raise ScheduleError("The EndDate you specify cannot be earlier than now.")
    if start is not None and end is not None and start >= end:
        raise ScheduleError("The StartDate must come before the EndDate.")
    target = body.get("Target") or {}
    group = body.get("GroupName") or "default"
    if not trusts_scheduler(target.get("RoleArn") or "", group):
        raise ScheduleError(
            "The execution role you provide must allow AWS EventBridge Scheduler "
            "to assume the role."
        )
    _validate_input(target)


def _validate_input(target: dict[str, Any]) -> None:
    text = target.get("Input")
    if text is None or not any(part in target.get("Arn", "") for part in _JSON_TARGETS):
        return
    try:
        json.loads(text)
    except ValueError as error:
        raise ScheduleError("Target Input must be valid JSON.") from error
