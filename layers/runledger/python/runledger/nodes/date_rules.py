"""Which contacts a date trigger selects on a day, as pure calendar rules.

If a trigger fires on day D, it selects the contacts whose date recurs on day A = D - offsetDays. If
a month is too short for a date, the date recurs on the last day of that month.
"""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum

from runledger.clock import HOUR
from runledger.nodes.dates import moment_of_day, shifted
from runledger.nodes.timezones import from_milliseconds

# For a date, the year matters only because of 29 February.
_LEAP_YEAR, _COMMON_YEAR = 2024, 2023
# Added around a day's instants, because the clocks that wrote the instants may differ.
_MARGIN = HOUR


class Repeat(StrEnum):
    NEVER = "NEVER"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


MonthDay = tuple[int, int]


def recurs_on(start: date, repeat: Repeat, day: date) -> bool:
    """Whether a contact's date `start` recurs on `day`. It never recurs before `start` itself."""
    if day < start:
        return False
    if repeat is Repeat.NEVER:
        return day == start
    if repeat is Repeat.YEARLY and day.month != start.month:
        return False
    return day.day == min(start.day, _last_day(day.year, day.month))


def anchor_of(fire_day: date, offset_days: int) -> date | None:
    """Returns the day on which a contact's date must recur, so that a fire on `fire_day` selects
    the contact. None outside the years that Python supports."""
    return shifted(fire_day, -offset_days)


def month_days(anchor: date, repeat: Repeat) -> list[MonthDay]:
    """The month and day of every date that may recur on `anchor`, in a fixed order."""
    months = range(1, 13) if repeat is Repeat.MONTHLY else [anchor.month]
    days = [anchor.day]
    if repeat is not Repeat.NEVER and anchor.day == _last_day(anchor.year, anchor.month):
        days = list(range(anchor.day, 32))
    return [(month, day) for month in months for day in days if day <= _last_day(_LEAP_YEAR, month)]


def nearby(found: list[MonthDay]) -> list[MonthDay]:
    """Returns the days in `found`, each with the day before it and the day after it, in leap years
    and in common years. If a moment falls on a day in `found` in any time zone, its day in UTC is
    one of the returned days."""
    around: dict[MonthDay, None] = {}
    for month, day in found:
        for year in (_LEAP_YEAR, _COMMON_YEAR):
            if day > _last_day(year, month):
                continue
            for offset in (-1, 0, 1):
                near = date(year, month, day) + timedelta(days=offset)
                around[near.month, near.day] = None
    return list(around)


def origins(anchor: date, repeat: Repeat, oldest: date) -> Iterator[tuple[date, date]]:
    """Yields the dates that recur on `anchor`, as ranges (first and last day), from `anchor` back
    to the month of `oldest`. YEARLY has one range for each year, and MONTHLY one for each month. A
    month without the day of `anchor` has no range. NEVER has at most one range, `anchor` itself.

    A range has several days only if `anchor` is the last day of its month. If `anchor` is 28
    February 2023, for example, 28 to 31 January recur on it."""
    if repeat is Repeat.NEVER:
        if anchor >= oldest:
            yield anchor, anchor
        return
    year, month = anchor.year, anchor.month
    is_last = anchor.day == _last_day(anchor.year, anchor.month)
    while (year, month) >= (oldest.year, oldest.month) and year >= 1:
        last_day = _last_day(year, month)
        if anchor.day <= last_day:
            first = date(year, month, anchor.day)
            yield first, date(year, month, last_day) if is_last else first
        if repeat is Repeat.YEARLY:
            year -= 1
        else:
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)


def instants_of(first: date, last: date, zone: str) -> tuple[int, int]:
    """Returns the start and the end (epoch milliseconds) of a period that contains all days from
    `first` to `last` in the zone. The period is longer than these days by a margin at both ends."""
    after = shifted(last, 1) or last
    low = moment_of_day(first, "00:00", zone) - _MARGIN
    return low, moment_of_day(after, "00:00", zone) + _MARGIN


def next_day(now: int, time_of_day: str, zone: str) -> date:
    """The first day whose time of firing is after `now` (epoch milliseconds)."""
    day = from_milliseconds(now).date() - timedelta(days=2)
    while moment_of_day(day, time_of_day, zone) <= now:
        day += timedelta(days=1)
    return day


def _last_day(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
