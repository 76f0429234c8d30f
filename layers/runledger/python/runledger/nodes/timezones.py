"""Converts between moments, times of day and time zones."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SATURDAY = 6


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Returns the moment at which a clock in the zone shows this time.

    If clocks skip the time, returns the first moment after the gap. If they show it twice, returns
    the earlier moment.
    """
    aware = local.replace(tzinfo=zone, fold=0)
    instant = aware.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    return _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """Returns the moment, exact to the second, at which clocks jump over `local`.

    Converted with the offset before the jump (fold=0), `local` is a moment after the jump.
    Converted with the offset after it (fold=1), it is a moment before the jump. The jump is the
    only change of offset between the two.
    """
    low = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    high = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def next_time_of_day(now: datetime, time_of_day: str, zone: str) -> datetime:
    """Returns the first moment at or after `now` at which clocks in the zone show `time_of_day`. If
    clocks skip the time, it is the first instant after the gap. If they show it twice, only the
    first of the two counts."""
    place = ZoneInfo(zone)
    wanted = time.fromisoformat(time_of_day)
    today = now.astimezone(place).date()
    # Includes yesterday: if a gap skipped its time, it falls on the first instant of today.
    days = (today + timedelta(days=offset) for offset in (-1, 0, 1, 2))
    moments = (to_utc(datetime.combine(day, wanted), place) for day in days)
    return next(moment for moment in moments if moment >= now)


def time_of_day_in(now: datetime, time_of_day: str, zone: str, *, days: int) -> datetime:
    """Returns the moment of `time_of_day` in the zone, `days` days after today. It may be in the
    past."""
    place = ZoneInfo(zone)
    day = now.astimezone(place).date() + timedelta(days=days)
    return to_utc(datetime.combine(day, time.fromisoformat(time_of_day)), place)


def next_weekday_time(now: datetime, time_of_day: str, zone: str) -> datetime:
    """Returns the first moment at or after `now` at which clocks in the zone show `time_of_day` on
    a day from Monday to Friday."""
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    days = (today + timedelta(days=offset) for offset in range(-1, 5))
    wanted = time.fromisoformat(time_of_day)
    moments = (
        to_utc(datetime.combine(day, wanted), place) for day in days if day.isoweekday() < _SATURDAY
    )
    return next(moment for moment in moments if moment >= now)


def from_milliseconds(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, UTC) + timedelta(
        milliseconds=milliseconds % 1000
    )


def to_milliseconds(moment: datetime) -> int:
    """Returns a moment in epoch milliseconds, rounded up so that a wait never ends before it."""
    return -((datetime(1970, 1, 1, tzinfo=UTC) - moment) // timedelta(milliseconds=1))


def to_iso(moment: datetime) -> str:
    """Returns ISO 8601 in UTC, with milliseconds if they are not zero."""
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
