"""The period of a list: days and times in zones, and invalid values."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from runledger.clock import DAY, HOUR, iso
from runledger.errors import InvalidInputError
from runledger.nodes.timezones import from_milliseconds, to_milliseconds, to_utc
from runledger.nodes.written_dates import ACCEPTED
from runledger.services.lists.windows import window

NOW = to_milliseconds(datetime(2026, 12, 1, 12, tzinfo=UTC))
ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu")


@pytest.mark.parametrize(
    ("since", "until", "zone", "first", "last"),
    [
        ("2026-11-29", "2026-11-29", None, "2026-11-29T00:00:00.000Z", "2026-11-29T23:59:59.999Z"),
        (
            "2026-11-29",
            "2026-11-29",
            "Europe/Berlin",
            "2026-11-28T23:00:00.000Z",
            "2026-11-29T22:59:59.999Z",
        ),
        # Days of 23 and 25 hours.
        (
            "2026-03-29",
            "2026-03-29",
            "Europe/Berlin",
            "2026-03-28T23:00:00.000Z",
            "2026-03-29T21:59:59.999Z",
        ),
        (
            "2026-10-25",
            "2026-10-25",
            "Europe/Berlin",
            "2026-10-24T22:00:00.000Z",
            "2026-10-25T22:59:59.999Z",
        ),
        # A day whose midnight the clocks skipped.
        (
            "2018-11-04",
            "2018-11-03",
            "America/Sao_Paulo",
            "2018-11-04T03:00:00.000Z",
            "2018-11-04T02:59:59.999Z",
        ),
        (
            "2026-11-29T10:00",
            "2026-11-29 10:00:00.5",
            "Asia/Tokyo",
            "2026-11-29T01:00:00.000Z",
            "2026-11-29T01:00:00.500Z",
        ),
        # An offset is one in every zone.
        (
            "2026-11-29T10:00:00+02:00",
            "2026-11-29t10:00:00z",
            "Asia/Tokyo",
            "2026-11-29T08:00:00.000Z",
            "2026-11-29T10:00:00.000Z",
        ),
        # Pluses that became spaces on their way.
        (
            "2026-11-29T10:00:00 02:00",
            "2026-11-29 10:00:00.1234567 00",
            None,
            "2026-11-29T08:00:00.000Z",
            "2026-11-29T10:00:00.123Z",
        ),
        (
            "1764410400",
            "1764410400123",
            None,
            "2025-11-29T10:00:00.000Z",
            "2025-11-29T10:00:00.123Z",
        ),
        (
            "Sun, 29 Nov 2026 10:00:00 +0200",
            "Sun, 29 Nov 2026 10:00:00 GMT",
            None,
            "2026-11-29T08:00:00.000Z",
            "2026-11-29T10:00:00.000Z",
        ),
        ("20261129", "20261129", None, "2026-11-29T00:00:00.000Z", "2026-11-29T23:59:59.999Z"),
        ("2026-11-29T00:00:00.0001Z", None, None, "2026-11-29T00:00:00.001Z", None),
        ("0001-01-01", "9999-12-31", "Asia/Tokyo", "1970-01-01T00:00:00.000Z", None),
    ],
)
def test_a_period_is_read_from_the_parameters(
    since: str, until: str | None, zone: str | None, first: str, last: str | None
) -> None:
    if (until or "9") < since and last is not None and last < first:
        low, _ = window(None, since, None, NOW, zone)
        _, high = window(None, None, until, NOW, zone)
    else:
        low, high = window(None, since, until, NOW, zone)
    assert iso(low) == first
    assert iso(high) == (iso(NOW + DAY) if last is None else last)


@given(st.dates(date(1971, 1, 1), date(2026, 11, 30)), st.sampled_from(ZONES))
def test_consecutive_days_have_no_gap_and_no_overlap(day: date, zone: str) -> None:
    # Samoa had no such day.
    assume((zone, day) != ("Pacific/Apia", date(2011, 12, 30)))
    low, high = window(None, day.isoformat(), day.isoformat(), NOW, zone)
    following, _ = window(None, (day + timedelta(days=1)).isoformat(), None, NOW, zone)
    assert high + 1 == following
    place = ZoneInfo(zone)
    assert low == to_milliseconds(to_utc(datetime.combine(day, time.min), place))
    for moment in (low, high):
        assert from_milliseconds(moment).astimezone(place).date() == day
    assert 20 * HOUR <= high + 1 - low <= 26 * HOUR


@pytest.mark.parametrize(
    ("since", "until", "zone", "field"),
    [
        ("29.11.2026", None, None, "from"),
        (None, "2026-11-31", None, "to"),
        (None, "", None, "to"),
        ("yesterday", None, "UTC", "from"),
        ("2026-11-29", "2026-11-28", None, "from"),
        ("2026-11-29", None, "Mars/Olympus", "timeZone"),
        ("2026-11-29", None, "", "timeZone"),
        (None, None, "+02:00", "timeZone"),
    ],
)
def test_an_invalid_value_is_named(
    since: str | None, until: str | None, zone: str | None, field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        window(None, since, until, NOW, zone)
    assert refused.value.field == field
    text = since if field == "from" else until
    if field != "timeZone" and "later" not in str(refused.value):
        assert f'"{text}" is not a date; {ACCEPTED}' == str(refused.value)


def test_a_range_counts_back_from_now_in_every_zone() -> None:
    assert window("24h", None, None, NOW, "Asia/Tokyo") == (NOW - DAY, NOW + DAY)
    for since, until in (("2026-11-29", None), (None, "2026-11-29")):
        with pytest.raises(InvalidInputError, match="either `range`, or `from` and `to`"):
            window("24h", since, until, NOW)
