"""Dates as people and systems write them: accepted forms, invalid forms and edge cases."""

import json
import random
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from runledger.nodes.comparison import Operator, compare
from runledger.nodes.dates import calendar_date, doubtful_dates, is_unreadable, written_dates
from runledger.nodes.timezones import to_utc
from runledger.nodes.written_dates import ACCEPTED, moment_of, not_a_date, read_date

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
moments = st.datetimes(datetime(1974, 1, 1), datetime(2280, 1, 1), timezones=st.just(UTC))
offsets = st.integers(-14 * 60, 14 * 60)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05.1234567Z", "2026-01-02T03:04:05.123456+00:00"),
        ("2026-01-02T03:04:05.123456789+02:00", "2026-01-02T01:04:05.123456+00:00"),
        ("2026-01-02T03:04:05.9999999999Z", "2026-01-02T03:04:05.999999+00:00"),
        ("2026-01-02 03:04:05+00", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02 03:04:05-05", "2026-01-02T08:04:05+00:00"),
        ("2026-01-02 03:04:05.5+0530", "2026-01-01T21:34:05.500000+00:00"),
        ("2026-01-02t03:04:05z", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05,25Z", "2026-01-02T03:04:05.250000+00:00"),
        ("2026-01-02 03:04:05 UTC", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02 03:04:05 +0100", "2026-01-02T02:04:05+00:00"),
        ("2026-01-02 03:04:05 GMT", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04Z", "2026-01-02T03:04:00+00:00"),
        ("2026-01-02T03Z", "2026-01-02T03:00:00+00:00"),
        ("20260102T030405Z", "2026-01-02T03:04:05+00:00"),
        ("2026-W01-5T03:04Z", "2026-01-02T03:04:00+00:00"),
        ("  2026-01-02T03:04:05Z\n", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05\u221205:00", "2026-01-02T08:04:05+00:00"),
        ("Fri, 02 Jan 2026 03:04:05 +0000", "2026-01-02T03:04:05+00:00"),
        ("Fri, 2 Jan 2026 03:04:05 -0500", "2026-01-02T08:04:05+00:00"),
        ("2 Jan 2026 03:04 GMT", "2026-01-02T03:04:00+00:00"),
        ("fri, 02 JAN 2026 03:04:05 est", "2026-01-02T08:04:05+00:00"),
        ("Fri, 02 Jan 2026 03:04:05 +0100 (CET)", "2026-01-02T02:04:05+00:00"),
        (1767323045, "2026-01-02T03:04:05+00:00"),
        (1767323045123, "2026-01-02T03:04:05.123000+00:00"),
        (1767323045.25, "2026-01-02T03:04:05.250000+00:00"),
        (Decimal("1767323045.25"), "2026-01-02T03:04:05.250000+00:00"),
        ("1767323045", "2026-01-02T03:04:05+00:00"),
        ("1767323045123", "2026-01-02T03:04:05.123000+00:00"),
        ("1767323045.123456", "2026-01-02T03:04:05.123456+00:00"),
        (-500_000_000, "1954-02-26T23:06:40+00:00"),
        (100_000_000, "1973-03-03T09:46:40+00:00"),
        (99_999_999_999, "5138-11-16T09:46:39+00:00"),
        (100_000_000_000, "1973-03-03T09:46:40+00:00"),
        # ISO 8601: the end of a day; RFC 3339: a leap second.
        ("2026-01-02T24:00Z", "2026-01-03T00:00:00+00:00"),
        ("2025-12-31T24:00:00.000Z", "2026-01-01T00:00:00+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00+00:00"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00+00:00"),
    ],
)
def test_every_accepted_form_is_read(value: Any, moment: str) -> None:
    found = read_date(value)
    assert found is not None and found.is_instant
    for zone in ZONES:
        assert moment_of(value, zone) == at(moment)


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, [], {}, ["2026-01-02"], "", "   ", "soon", "tomorrow", "12:00",
        "31.12.2026", "12/31/2026", "2026-1-2", "2026-13-01", "2026-02-30", "2026-02-29",
        "2026-00-01", "0000-01-01", "+12026-01-01", "-2026-01-01", "2026-01-02T",
        "2026-01-02T3:04", "2026-01-02X03:04", "2026-01-02T25:00", "2026-01-02T24:01",
        "2026-01-02T24:00:00.1", "2026-01-02T03:60", "2026-01-02T03:04:61Z",
        "2016-12-31T23:58:60Z", "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+01:60",
        "2026-01-02T03:04:05 CET", "2026-01-02Z", "2026-01-02+01:00", "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05ZZ", "2026-01-02x", "20260102", "202601", "2026-W54-1", "2026-W01-8",
        "2026-002", "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0662",
        "Sat, 02 Jan 2026 03:04:05 +0000", "Fri, 32 Jan 2026 03:04:05 +0000",
        "Fri, 02 Jan 26 03:04 GMT", "Fri, 02 Foo 2026 03:04:05 +0000",
        "Fri, 02 Jan 2026 03:04:05 XYZ", "Fri Jan 2 03:04:05 2026", "9999-12-31T24:00", 0, 1, -1,
        35, 20260102, 99_999_999, 10**14, -(10**14), 10**30, 1e20, 1.5, float("nan"),
        float("inf"), float("-inf"), Decimal("NaN"), "123456789", "12345678901", "123456789012",
        "12345678901234", "-1767323045", "1767323045 ms", "1_767_323_045", "1e9", "x" * 100_000,
        "\ud800",
    ],
)  # fmt: skip
def test_other_texts_are_not_dates(value: Any) -> None:
    assert read_date(value) is None
    assert moment_of(value, "Europe/Berlin") is None
    assert calendar_date(value, "UTC") is None


@given(moments, offsets, st.sampled_from(ZONES), st.randoms(use_true_random=False))
def test_every_form_of_an_instant_gives_the_same_instant(
    moment: datetime, minutes: int, zone: str, chance: random.Random
) -> None:
    """The instants are compared to the precision of the written form."""
    local = moment.astimezone(timezone(timedelta(minutes=minutes)))
    second = local.replace(microsecond=0)
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    written_offsets = [f"{sign}{hours:02d}:{rest:02d}", f"{sign}{hours:02d}{rest:02d}"]
    written_offsets += [f"{sign}{hours:02d}"] if rest == 0 else []
    if minutes == 0:
        written_offsets += ["Z", "z", " UTC"]
    offset = chance.choice(written_offsets)
    separator = chance.choice(["T", "t", " "])
    day, clock = second.strftime("%Y-%m-%d"), second.strftime("%H:%M:%S")
    whole = [
        f"{day}{separator}{clock}{offset}",
        f"{day}{separator}{clock}.000000000 {offset.strip()}",
        f"{day.replace('-', '')}T{clock.replace(':', '')}{offset.strip()}",
        format_datetime(second),
        int(second.timestamp()),
        float(second.timestamp()),
    ]
    for value in whole:
        assert moment_of(value, zone) == second.astimezone(UTC), value
    microseconds = f"{local.microsecond:06d}"
    for mark in (".", ","):
        for more in ("", "7", "789"):
            text = f"{day}{separator}{clock}{mark}{microseconds}{more}{offset}"
            assert moment_of(text, zone) == moment, text
    milliseconds = (moment - EPOCH) // timedelta(milliseconds=1)
    rounded = EPOCH + timedelta(milliseconds=milliseconds)
    assert moment_of(milliseconds, zone) == rounded
    if 10**12 <= milliseconds < 10**13:
        assert moment_of(str(milliseconds), zone) == rounded
    if 10**9 <= second.timestamp() < 10**10:
        assert moment_of(str(int(second.timestamp())), zone) == second
    # What Python writes is read, and comes back.
    assert moment_of(moment.isoformat(), zone) == moment
    assert calendar_date(local.isoformat(), zone) == moment.astimezone(ZoneInfo(zone)).date()


@given(st.datetimes(datetime(1900, 1, 1), datetime(2280, 1, 1)), st.sampled_from(ZONES))
@example(datetime(2026, 3, 29, 2, 30), "Europe/Berlin")
@example(datetime(2026, 10, 25, 2, 30), "Europe/Berlin")
@example(datetime(2011, 12, 30, 12, 0), "Pacific/Apia")
def test_a_local_time_is_read_in_the_zone(local: datetime, zone: str) -> None:
    for separator in ("T", " ", "t"):
        found = read_date(local.isoformat(separator))
        assert found is not None and not found.is_instant and not found.is_day
        assert found.instant(zone) == to_utc(local, ZoneInfo(zone))
        # Its day is the written one, in any zone.
        assert found.day(zone) == local.date()
    midnight = datetime.combine(local.date(), time.min)
    day = read_date(local.date().isoformat())
    assert day is not None and day.is_day
    assert day.instant(zone) == to_utc(midnight, ZoneInfo(zone))
    assert day.day(zone) == local.date()
    weekly = local.date().isocalendar()
    week = f"{weekly.year:04d}-W{weekly.week:02d}-{weekly.weekday}"
    assert calendar_date(week, zone) == local.date()


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        # In a gap the first instant after it, in an overlap the earlier one.
        ("2026-03-29T02:30:00", "Europe/Berlin", "2026-03-29T01:00:00+00:00"),
        ("2026-10-25T02:30:00", "Europe/Berlin", "2026-10-25T00:30:00+00:00"),
        ("Sun, 29 Mar 2026 02:30:00", "Europe/Berlin", "2026-03-29T01:00:00+00:00"),
        ("2026-03-28T24:00", "Europe/Berlin", "2026-03-28T23:00:00+00:00"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00+00:00"),
    ],
)
def test_clock_changes_are_followed(text: str, zone: str, moment: str) -> None:
    assert moment_of(text, zone) == at(moment)


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00", "0001-01-01T00:00"]
)
def test_a_year_out_of_range_has_no_instant(text: str) -> None:
    assert moment_of(text, "Asia/Tokyo") is None


@given(st.text(max_size=60) | st.integers() | st.floats() | st.booleans() | st.none())
def test_every_value_is_blank_readable_or_unreadable_without_an_error(value: Any) -> None:
    found = read_date(value)
    assert found is None or found.instant("UTC") is None or found.day("UTC") is not None
    blank = value is None or (isinstance(value, str) and not value.strip())
    assert is_unreadable(value) is (found is None and not blank)
    json.dumps(not_a_date(value))
    assert not_a_date(value).endswith(ACCEPTED)


def test_metadata_dates_are_recognized_with_and_without_a_trigger() -> None:
    metadata: dict[str, Any] = {
        "day": "1990-01-16",
        "moment": "2026-01-02 03:04:05+00",
        "mail": "Fri, 02 Jan 2026 03:04:05 +0000",
        "number": 1767323045,
        "digits": "1767323045123",
        "count": 7,
        "text": "soon",
        "blank": " ",
        "nothing": None,
        "x" * 65: "soon",
    }
    assert set(written_dates(metadata)) == {"day", "moment", "mail"}
    doubtful = doubtful_dates(metadata)
    assert {key for key, found in doubtful.items() if found is not None} == {"number", "digits"}
    assert {key for key, found in doubtful.items() if found is None} == {"count", "text"}


@pytest.mark.parametrize(
    ("left", "operator", "right"),
    [
        ("2026-01-02 03:04:05+00", "GREATER_THAN", "2026-01-01"),
        (1767323045, "GREATER_THAN", "2026-01-01"),
        ("1767323045123", "LESS_THAN", "2026-01-03T00:00:00.0000000Z"),
        ("Fri, 02 Jan 2026 03:04:05 +0000", "GREATER_OR_EQUAL", "2026-01-02t03:04:05z"),
        ("2026-01-02", "LESS_OR_EQUAL", 1767312000),
        # Two numbers are numbers.
        (1767323045, "LESS_THAN", 1767323045123),
        ("9", "LESS_THAN", "10"),
    ],
)
def test_values_are_ordered_by_the_same_forms(left: Any, operator: str, right: Any) -> None:
    assert compare(left, Operator(operator), right)


def test_a_day_must_exist_in_the_calendar() -> None:
    assert calendar_date("2024-02-29", "Pacific/Apia") == date(2024, 2, 29)
    assert calendar_date(1767323045, "Pacific/Apia") == date(2026, 1, 2)
    assert calendar_date("2026-01-02T11:00:00Z", "Pacific/Apia") == date(2026, 1, 3)
