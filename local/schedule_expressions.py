"""When a schedule fires: the expressions of EventBridge Scheduler, in a time zone.

- `cron(minute hour day-of-month month day-of-week year)` is in local time. If clocks skip a time in
  spring, the schedule does not fire. If they show it twice in autumn, it fires only the first time.
- `rate(value unit)` counts hours of sixty minutes and days of 24 hours, whatever clocks show.
- `at(yyyy-mm-ddThh:mm:ss)` is one local time.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from aws_cron_expression_validator.validator import (
    AWSCronExpressionError,
    AWSCronExpressionValidator,
)
from ministack.services import eventbridge

_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_CRON = re.compile(r"cron\((.+)\)")


class ScheduleError(ValueError):
    """AWS would refuse the expression or the time zone with a ValidationException. The message is
    the one of AWS."""


def check(expression: str, zone: str) -> None:
    """Raises ScheduleError if AWS would refuse the expression or the time zone."""
    _zone(zone)
    if not _RATE.fullmatch(expression):
        _at(expression) or _cron_fields(expression)


def is_one_time(expression: str) -> bool:
    return expression.startswith("at(")


def next_fire(
    expression: str, zone: str, after: datetime, *, start: datetime | None = None
) -> datetime | None:
    """Returns the first moment after `after` at which the schedule fires, in UTC; None if there is
    none.

    A rate is counted from `start`, where it fires for the first time. Without `start`, it is
    counted from `after`.
    """
    if rate := _RATE.fullmatch(expression):
        interval = timedelta(**{f"{rate[2]}s": int(rate[1])})
        return _next_of_rate(interval, after, start if start is not None else after)
    if wall := _at(expression):
        moment = _moment(wall, _zone(zone))
        return moment if moment is not None and moment > after else None
    return _next_of_cron(_cron_fields(expression), _zone(zone), after)


def _next_of_rate(interval: timedelta, after: datetime, start: datetime) -> datetime:
    if start > after:
        return start.astimezone(UTC)
    return start.astimezone(UTC) + interval * ((after - start) // interval + 1)


def _next_of_cron(fields: object, zone: ZoneInfo, after: datetime) -> datetime | None:
    # The emulator's calendar counts wall-clock minutes; the zone decides here which of them exist.
    wall = after.astimezone(zone).replace(tzinfo=None)
    while (found := eventbridge._cron_next_fire(fields, wall.replace(tzinfo=UTC))) is not None:
        wall = found.replace(tzinfo=None)
        moment = _moment(wall, zone)
        if moment is not None and moment > after:
            return moment
    return None


def _moment(wall: datetime, zone: ZoneInfo) -> datetime | None:
    """Returns the moment, in UTC, at which clocks in the zone show the time `wall`. If they show it
    twice, returns the first moment; if never, None."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == wall else None


def _at(expression: str) -> datetime | None:
    found = _AT.fullmatch(expression)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[1])
    except ValueError as error:
        raise _invalid(expression) from error


@cache
def _cron_fields(expression: str) -> object:
    found = _CRON.fullmatch(expression)
    if found is None:
        raise _invalid(expression)
    try:
        AWSCronExpressionValidator.validate(found[1])
    except AWSCronExpressionError as error:
        raise _invalid(expression) from error
    fields: tuple[object, ...] | None = eventbridge._parse_cron_fields(expression)
    if fields is None or any(_is_empty(field) for field in fields):
        raise _invalid(expression)
    return fields


def _is_empty(field: object) -> bool:
    """Whether a field has no value, as for a backward range such as FRI-MON."""
    if isinstance(field, dict):
        return not any(field.values())
    return field == frozenset()


@cache
def _zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise ScheduleError("Invalid Schedule Expression Timezone.")
    return ZoneInfo(name)


def _invalid(expression: str) -> ScheduleError:
    return ScheduleError(f"Invalid Schedule Expression {expression}.")
