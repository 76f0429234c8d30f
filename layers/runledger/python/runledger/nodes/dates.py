"""Calendar dates that triggers go by: reading them, and the moment a day's trigger fires at."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from runledger.nodes.moments import from_milliseconds, parse_moment, to_milliseconds, to_utc

# Of a metadata key that a trigger can name.
KEY_CHARACTERS = 64
_DATE_CHARACTERS = len("2026-01-31")


class WrittenDate(NamedTuple):
    """A date as a value tells it. `is_instant` where the value names an offset: the day is then
    UTC's, and another in other zones."""

    day: date
    is_instant: bool


def written_date(value: Any) -> WrittenDate | None:
    """The day of an ISO 8601 date or date-time; None where the value is neither."""
    moment = parse_moment(value, "UTC") if isinstance(value, str) else None
    if moment is None:
        return None
    text = value.strip()
    is_bare = len(text) == _DATE_CHARACTERS
    is_instant = not is_bare and datetime.fromisoformat(text).tzinfo is not None
    return WrittenDate(moment.date(), is_instant)


def written_dates(metadata: Mapping[str, Any]) -> dict[str, WrittenDate]:
    """The dates among a contact's metadata, by their keys, as far as a trigger can name those."""
    found = {key: written_date(value) for key, value in metadata.items() if is_date_key(key)}
    return {key: written for key, written in found.items() if written is not None}


def is_date_key(key: str) -> bool:
    """Whether a trigger can name this key of a contact's metadata."""
    return 0 < len(key) <= KEY_CHARACTERS


def calendar_date(value: Any, zone: str) -> date | None:
    """The day that an ISO 8601 date (or a date-time without an offset) names, whatever the zone,
    or that an instant falls on in the zone; None where the value is none of them."""
    written = written_date(value)
    if written is None or not written.is_instant:
        return written and written.day
    moment = parse_moment(value, "UTC")
    return moment and _day_in(zone, moment)


def local_date(moment: int, zone: str) -> date | None:
    """The day in the zone at `moment` (epoch milliseconds); None beyond the years that Python
    knows."""
    return _day_in(zone, from_milliseconds(moment))


def _day_in(zone: str, moment: datetime) -> date | None:
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
