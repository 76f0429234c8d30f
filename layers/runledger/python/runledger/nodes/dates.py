"""Calendar dates for triggers: reads them, and calculates the time at which a trigger fires on a
day."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from runledger.nodes.timezones import from_milliseconds, to_milliseconds, to_utc
from runledger.nodes.written_dates import Written, read_date

# The longest metadata key that a trigger can name.
KEY_CHARACTERS = 64


def written_dates(metadata: Mapping[str, Any]) -> dict[str, Written]:
    """Returns the dates in a contact's metadata, for keys that a trigger can name. Numbers and
    texts of digits are left out, because most of them are not dates."""
    found = {key: read_date(value) for key, value in metadata.items() if is_date_key(key)}
    return {
        key: written
        for key, written in found.items()
        if written is not None and not written.is_digits
    }


def doubtful_dates(metadata: Mapping[str, Any]) -> dict[str, Written | None]:
    """Returns the values that `written_dates` leaves out, for keys that a trigger can name. A
    number or a text of digits is returned as the date that it may mean: it counts as a date only if
    a trigger names its key. A value that cannot be a date is returned as None. Blank values are
    left out here too."""
    found = {
        key: read_date(value)
        for key, value in metadata.items()
        if is_date_key(key) and not _is_blank(value)
    }
    return {key: written for key, written in found.items() if written is None or written.is_digits}


def is_unreadable(value: Any) -> bool:
    """Whether a value is present but is not a date."""
    return not _is_blank(value) and read_date(value) is None


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def is_date_key(key: str) -> bool:
    """Whether a trigger can name this key of a contact's metadata."""
    return 0 < len(key) <= KEY_CHARACTERS


def calendar_date(value: Any, zone: str) -> date | None:
    """Returns the date that a value names. For a date with a time, it is the date in the given
    zone. None if the value is not a date."""
    written = read_date(value)
    return None if written is None else written.day(zone)


def local_date(moment: int, zone: str) -> date | None:
    """The day in the zone at `moment` (epoch milliseconds). None outside the years that Python
    supports."""
    return _day_in(zone, from_milliseconds(moment))


def _day_in(zone: str, moment: datetime) -> date | None:
    try:
        return moment.astimezone(ZoneInfo(zone)).date()
    except OverflowError:
        return None


def moment_of_day(day: date, time_of_day: str, zone: str) -> int:
    """The time (epoch milliseconds) at which clocks in the zone show `time_of_day` (HH:MM) on
    `day`.

    If clocks skip this time of day, returns the first moment after the gap. If they show it twice,
    returns the earlier moment. Raises OverflowError outside the years that Python supports.
    """
    local = datetime.combine(day, time.fromisoformat(time_of_day))
    return to_milliseconds(to_utc(local, ZoneInfo(zone)))


def is_skipped(day: date, time_of_day: str, zone: str) -> bool:
    """Whether clocks in the zone skip `time_of_day` on `day`."""
    local = datetime.combine(day, time.fromisoformat(time_of_day))
    place = ZoneInfo(zone)
    instant = local.replace(tzinfo=place).astimezone(UTC)
    return instant.astimezone(place).replace(tzinfo=None) != local


def shifted(day: date, days: int) -> date | None:
    """`day` plus `days`; None outside the years that Python supports."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
