"""When a contact's date recurs, and at which moment a date automation fires on a day."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.clock import DAY, HOUR, MINUTE
from runledger.nodes.date_rules import (
    Repeat,
    anchor_of,
    instants_of,
    month_days,
    nearby,
    next_day,
    origins,
    recurs_on,
)
from runledger.nodes.dates import (
    calendar_date,
    is_skipped,
    local_date,
    moment_of_day,
    shifted,
)
from runledger.nodes.timezones import from_milliseconds
from runledger.nodes.written_dates import read_date

# Whole and half hours, gaps at midnight and at 24:00, a half-hour's saving, no saving at all.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
]
APIA = "Pacific/Apia"
DATES = st.dates(date(1900, 1, 1), date(2100, 12, 31))
TIMES = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@given(DATES, st.integers(0, 30))
def test_a_yearly_date_recurs_exactly_once_a_year(start: date, years: int) -> None:
    for year in range(start.year - 1, start.year + years):
        found = [
            day
            for day in days(date(year, 1, 1), date(year, 12, 31))
            if recurs_on(start, Repeat.YEARLY, day)
        ]
        assert len(found) == (year >= start.year)
        for day in found:
            assert day.month == start.month
            assert day.day == start.day or (start.month, start.day, day.day) == (2, 29, 28)


@given(DATES, st.integers(0, 400))
def test_a_monthly_date_recurs_exactly_once_a_month(start: date, months: int) -> None:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    of_month = [day for day in days(first, first + timedelta(days=30)) if day.month == first.month]
    (found,) = [day for day in of_month if recurs_on(start, Repeat.MONTHLY, day)]
    assert found.day == start.day or found == of_month[-1]


@given(DATES)
def test_a_date_that_does_not_repeat_comes_once(start: date) -> None:
    around = days(start - timedelta(days=800), start + timedelta(days=800))
    assert [day for day in around if recurs_on(start, Repeat.NEVER, day)] == [start]


@pytest.mark.parametrize(
    ("start", "repeat", "day"),
    [
        ("2000-02-29", "YEARLY", "2023-02-28"),
        ("2000-02-29", "YEARLY", "2024-02-29"),
        ("2000-02-29", "YEARLY", "2100-02-28"),
        ("2024-01-31", "MONTHLY", "2024-02-29"),
        ("2024-01-31", "MONTHLY", "2025-02-28"),
        ("2024-01-30", "MONTHLY", "2024-04-30"),
        ("2024-01-31", "MONTHLY", "2024-04-30"),
        ("2024-05-17", "YEARLY", "2024-05-17"),
    ],
)
def test_short_months_and_leap_days(start: str, repeat: str, day: str) -> None:
    on = date.fromisoformat(day)
    assert recurs_on(date.fromisoformat(start), Repeat(repeat), on)
    assert not recurs_on(date.fromisoformat(start), Repeat(repeat), on + timedelta(days=1))
    assert not recurs_on(date.fromisoformat(start), Repeat(repeat), on - timedelta(days=1))


@given(DATES, DATES, st.sampled_from(Repeat))
def test_every_recurring_date_is_searched(start: date, anchor: date, repeat: Repeat) -> None:
    if not recurs_on(start, repeat, anchor):
        return
    looked_at = month_days(anchor, repeat)
    assert (start.month, start.day) in looked_at
    assert len(set(looked_at)) == len(looked_at)
    spans = list(origins(anchor, repeat, start))
    assert sum(first <= start <= last for first, last in spans) == 1


@given(DATES, DATES, st.sampled_from(Repeat))
def test_every_searched_day_is_a_recurring_date(anchor: date, oldest: date, repeat: Repeat) -> None:
    spans = list(origins(anchor, repeat, oldest))
    assert all(recurs_on(day, repeat, anchor) for span in spans for day in days(*span))
    assert all(later[0] > earlier[1] for later, earlier in pairwise(spans))
    # Newest first from the anchor itself, so a page continues at the same place tomorrow.
    assert spans[:1] in ([], [(anchor, anchor)])


@given(DATES, st.integers(-364, 364))
def test_the_contacts_date_follows_from_fire_day_and_offset(anchor: date, offset: int) -> None:
    fire_day = shifted(anchor, offset)
    assert fire_day is not None
    assert anchor_of(fire_day, offset) == anchor


def test_an_offset_beyond_the_calendar_has_no_day() -> None:
    assert anchor_of(date.max, -1) is None


@pytest.mark.parametrize("zone", ZONES)
@given(first=DATES, time_of_day=TIMES)
def test_fire_moments_of_consecutive_days_increase(
    zone: str, first: date, time_of_day: str
) -> None:
    for day in days(first, first + timedelta(days=9)):
        moment = moment_of_day(day, time_of_day, zone)
        after = moment_of_day(day + timedelta(days=1), time_of_day, zone)
        assert after > moment or (after == moment and is_left_out(day, zone))


def is_left_out(day: date, zone: str) -> bool:
    """Whether the clocks skipped the whole day, as when a country crosses the date line."""
    return is_skipped(day, "00:00", zone) and is_skipped(day, "23:59", zone)


def test_a_skipped_day_fires_with_the_next_day() -> None:
    left_out = [day for day in days(date(2011, 1, 1), date(2011, 12, 31)) if is_left_out(day, APIA)]
    assert left_out == [date(2011, 12, 30)]
    next_midnight = moment_of_day(date(2011, 12, 31), "00:00", APIA)
    assert moment_of_day(date(2011, 12, 30), "00:00", APIA) == next_midnight
    assert moment_of_day(date(2011, 12, 30), "09:00", APIA) == next_midnight


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", [1999, 2005, 2016, 2024, 2026])
def test_a_day_fires_at_its_local_time_or_right_after_the_gap(zone: str, year: int) -> None:
    place = ZoneInfo(zone)
    for day in days(date(year, 1, 1), date(year, 12, 31)):
        for time_of_day in ("00:00", "00:30", "01:30", "02:00", "02:15", "23:45"):
            moment = moment_of_day(day, time_of_day, zone)
            shown = from_milliseconds(moment).astimezone(place)
            wanted = datetime.combine(day, datetime.strptime(time_of_day, "%H:%M").time())
            if not is_skipped(day, time_of_day, zone):
                assert shown.replace(tzinfo=None) == wanted
                # The earlier of two: an hour before, the clocks showed something else.
                for back in (30 * MINUTE, HOUR):
                    before = from_milliseconds(moment - back).astimezone(place)
                    assert before.replace(tzinfo=None) < wanted
                continue
            # The very jump: a second earlier the clocks were before the time, now they are past.
            before = from_milliseconds(moment - 1_000).astimezone(place)
            assert before.replace(tzinfo=None) < wanted < shown.replace(tzinfo=None)
            assert before.utcoffset() != shown.utcoffset()


@pytest.mark.parametrize(
    ("zone", "day", "time_of_day", "moment"),
    [
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30:00Z"),
        ("America/Santiago", "2026-09-06", "00:30", "2026-09-06T04:00:00Z"),
        # A whole day that the clocks left out: it fires as the next begins.
        ("Pacific/Apia", "2011-12-30", "09:00", "2011-12-30T10:00:00Z"),
    ],
)
def test_gaps_and_overlaps(zone: str, day: str, time_of_day: str, moment: str) -> None:
    found = from_milliseconds(moment_of_day(date.fromisoformat(day), time_of_day, zone))
    assert found == datetime.fromisoformat(moment)


@pytest.mark.parametrize("zone", ZONES)
@given(now=st.integers(0, 4_000_000_000_000), time_of_day=TIMES)
def test_the_next_day_is_the_first_in_the_future(zone: str, now: int, time_of_day: str) -> None:
    day = next_day(now, time_of_day, zone)
    yesterday = shifted(day, -1)
    assert yesterday is not None
    assert (
        moment_of_day(yesterday, time_of_day, zone) <= now < moment_of_day(day, time_of_day, zone)
    )


@pytest.mark.parametrize("zone", ZONES)
@given(moment=st.datetimes(datetime(1900, 1, 2), datetime(2100, 1, 1)), hours=st.integers(-14, 14))
def test_an_instants_written_day_is_at_most_a_day_off(
    zone: str, moment: datetime, hours: int
) -> None:
    sign = "-" if hours < 0 else "+"
    text = f"{moment.isoformat(timespec='seconds')}{sign}{abs(hours):02d}:00"
    written, local = read_date(text), calendar_date(text, zone)
    assert written is not None and local is not None
    assert written.is_instant
    day = written.day("UTC")
    assert day is not None
    assert (day.month, day.day) in nearby([(local.month, local.day)])
    # Without an offset it is a calendar day, independent of the zone.
    bare = calendar_date(moment.isoformat(timespec="seconds"), zone)
    assert bare == moment.date() == calendar_date(moment.date().isoformat(), zone)


@pytest.mark.parametrize("zone", ZONES)
@given(first=DATES, more=st.integers(0, 3), second=st.integers(0, 86_399))
def test_the_instants_of_days_lie_within_their_bounds(
    zone: str, first: date, more: int, second: int
) -> None:
    last = shifted(first, more)
    assert last is not None
    low, high = instants_of(first, last, zone)
    midnight = datetime.combine(first, datetime.min.time(), UTC)
    moment = round(midnight.timestamp() * 1_000) + second * 1_000
    for near in range(moment - 2 * DAY, moment + 2 * DAY, 7 * HOUR):
        day = local_date(near, zone)
        assert day is not None
        if first <= day <= last:
            assert low < near < high


@pytest.mark.parametrize(
    "value", ["", "soon", "2026-02-30", "2026-1-1", 20260101, None, True, ["2026-01-01"], "12:00"]
)
def test_other_values_are_not_dates(value: object) -> None:
    assert read_date(value) is None
    assert calendar_date(value, "UTC") is None
