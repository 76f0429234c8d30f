"""Counts the runs of a failure group per minute, hour or day."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from runledger.api.failures import TrendView
from runledger.clock import DAY, HOUR, MINUTE, iso
from runledger.models.failure import TrendUnit
from runledger.nodes.timezones import to_milliseconds, to_utc

# The longest trend; older runs are counted, but have no bar.
LONGEST = 92 * DAY
_LONGEST_IN_MINUTES = 2 * HOUR
_LONGEST_IN_HOURS = 3 * DAY


def trend_of(
    created: Sequence[int], since: int, until: int, now: int, zone: str, *, is_complete: bool
) -> TrendView:
    """Counts runs by their creation times, which lie between `since` and `until`. The last bar is
    that of `until`, or of now if that is earlier."""
    last = max(min(until, now), *created, 0)
    # Of a list from the beginning of time, or one that was not read to its end, the oldest run
    # says where it starts.
    is_open = since == 0 or not is_complete
    first = min(created, default=last) if is_open else min(since, last)
    first = max(first, last - LONGEST)
    unit = _unit(last - first)
    starts = _starts(unit, first, last, ZoneInfo(zone))
    counts = [0] * len(starts)
    for moment in created:
        bar = bisect_right(starts, moment) - 1
        if bar >= 0:
            counts[bar] += 1
    return TrendView(unit=unit, from_=iso(starts[0]), counts=counts)


def _unit(length: int) -> TrendUnit:
    if length <= _LONGEST_IN_MINUTES:
        return TrendUnit.MINUTE
    return TrendUnit.HOUR if length <= _LONGEST_IN_HOURS else TrendUnit.DAY


def _starts(unit: TrendUnit, first: int, last: int, zone: ZoneInfo) -> list[int]:
    """Returns where each bar begins, in order. The first bar holds `first`."""
    if unit is not TrendUnit.DAY:
        length = MINUTE if unit is TrendUnit.MINUTE else HOUR
        return list(range(first // length * length, last + 1, length))
    day = datetime.fromtimestamp(first / 1_000, UTC).astimezone(zone).date()
    starts = []
    while (start := _midnight(day, zone)) <= last:
        starts.append(start)
        day += timedelta(days=1)
    return starts


def _midnight(day: date, zone: ZoneInfo) -> int:
    return to_milliseconds(to_utc(datetime.combine(day, time.min), zone))
