"""Calendar dates that triggers go by: reading them, and the moment a day's trigger fires at."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from runledger.nodes.moments import parse_moment, to_milliseconds, to_utc

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def calendar_date(value: Any, zone: str) -> date | None:
    """The day that an ISO 8601 date names, whatever the zone, or that a date-time falls on in the
    zone (read in it where it names no offset); None where the value is neither."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    moment = parse_moment(text, zone)
    if moment is None:
        return None
    try:
        return moment.astimezone(ZoneInfo(zone)).date()
    except OverflowError:
        return None


def moment_of_day(day: date, time_of_day: str, zone: str) -> int:
    """Epoch milliseconds at which the zone's clocks show `time_of_day` (HH:MM) on `day`.

    Where clocks skip it, the first instant after the gap; where they show it twice, the earlier.
    OverflowError beyond the years that Python knows."""
    local = datetime.combine(day, time.fromisoformat(time_of_day))
    return to_milliseconds(to_utc(local, ZoneInfo(zone)))


def is_skipped(day: date, time_of_day: str, zone: str) -> bool:
    """Whether the zone's clocks jump over `time_of_day` on `day`."""
    local = datetime.combine(day, time.fromisoformat(time_of_day))
    place = ZoneInfo(zone)
    instant = local.replace(tzinfo=place).astimezone(UTC)
    return instant.astimezone(place).replace(tzinfo=None) != local


def shifted(day: date, days: int) -> date | None:
    """`day` plus `days`; None beyond the years that Python knows."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
