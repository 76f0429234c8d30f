"""When a date in an event starts its run: clock changes, ends of months, leap years."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from runledger.clock import DAY, iso
from runledger.errors import InvalidInputError
from runledger.nodes.timezones import from_milliseconds
from runledger.nodes.trigger import DateTrigger, TriggerConfig, WebhookPayloadDate
from runledger.nodes.written_dates import ACCEPTED
from runledger.services.triggers.event_dates import LONGEST_WAIT, EventDate, event_date
from runledger.services.triggers.refusals import MESSAGE_CHARACTERS

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Cairo",
]
FIELD = "order.dueOn"


def a_trigger(
    offset: int = 0, time_of_day: str = "09:00", zone: str = "Europe/Berlin"
) -> DateTrigger:
    config = TriggerConfig.model_validate(
        {
            "triggerType": "DATE",
            "source": {"kind": "WEBHOOK_PAYLOAD", "path": FIELD},
            "offsetDays": offset,
            "timeOfDay": time_of_day,
            "timeZone": zone,
        }
    )
    assert isinstance(config, DateTrigger)
    assert isinstance(config.source, WebhookPayloadDate)
    return config


def at(value: Any, now: datetime | None = None, **trigger: Any) -> EventDate:
    """Reads the date as of `now`; without `now`, as of the year 9999, so that no date is too far
    ahead."""
    moment = now or datetime(9_999, 1, 1, tzinfo=UTC)
    return event_date(a_trigger(**trigger), FIELD, value, int(moment.timestamp() * 1_000))


@pytest.mark.parametrize(
    ("value", "trigger", "starts"),
    [
        ("2026-06-15", {}, "2026-06-15T07:00:00Z"),
        ("2026-12-15", {}, "2026-12-15T08:00:00Z"),
        # The clocks go from 02:00 to 03:00: the first instant after the gap.
        ("2026-03-29", {"time_of_day": "02:30"}, "2026-03-29T01:00:00Z"),
        ("2026-03-28", {"time_of_day": "02:30", "offset": 1}, "2026-03-29T01:00:00Z"),
        # They show 02:30 twice: the earlier.
        ("2026-10-25", {"time_of_day": "02:30"}, "2026-10-25T00:30:00Z"),
        ("2026-01-31", {"offset": 1, "zone": "UTC"}, "2026-02-01T09:00:00Z"),
        ("2026-03-01", {"offset": -1, "zone": "UTC"}, "2026-02-28T09:00:00Z"),
        ("2028-03-01", {"offset": -1, "zone": "UTC"}, "2028-02-29T09:00:00Z"),
        ("2028-02-29", {"offset": 364, "zone": "UTC"}, "2029-02-27T09:00:00Z"),
        ("2026-01-01", {"offset": -1, "zone": "UTC"}, "2025-12-31T09:00:00Z"),
        # An instant is the day that it falls on in the zone; a time without an offset names its
        # own day.
        ("2026-06-15T23:30:00Z", {}, "2026-06-16T07:00:00Z"),
        ("2026-06-15T00:30:00+09:00", {"zone": "UTC"}, "2026-06-14T09:00:00Z"),
        ("2026-06-15T23:30:00", {}, "2026-06-15T07:00:00Z"),
        (" 2026-06-15 ", {}, "2026-06-15T07:00:00Z"),
        # A day that the zone skipped as a whole.
        ("2011-12-30", {"zone": "Pacific/Apia"}, "2011-12-30T10:00:00Z"),
    ],
)
def test_a_date_starts_its_run_at_this_moment(
    value: str, trigger: dict[str, Any], starts: str
) -> None:
    assert iso(at(value, **trigger).moment).replace(".000Z", "Z") == starts


@pytest.mark.parametrize(
    "value",
    [None, "", "tomorrow", 20260131, 1.5, True, [], {}, "2026-02-29", "2026-13-01", "31.01.2026",
     "2026-1-1", "2026-01-31T25:00:00Z", "2026-01-31x", "x" * 10_000],
)  # fmt: skip
def test_an_invalid_date_is_refused_with_its_path_and_the_accepted_forms(value: Any) -> None:
    with pytest.raises(InvalidInputError) as refused:
        at(value)
    assert refused.value.field == FIELD
    beginning = json.dumps(value)[:80]
    assert f"no date at {FIELD}: {beginning}" in str(refused.value)
    assert str(refused.value).endswith(ACCEPTED)
    # It fits into a refusal as a whole.
    assert len(str(refused.value)) <= MESSAGE_CHARACTERS
    assert refused.value.kept == str(refused.value)


@pytest.mark.parametrize(("value", "offset"), [("0001-01-01", -1), ("9999-12-31", 1)])
def test_days_beyond_the_calendar_are_refused(value: str, offset: int) -> None:
    with pytest.raises(InvalidInputError, match="outside the years") as refused:
        at(value, offset=offset)
    assert refused.value.field == FIELD


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("time_of_day", ["00:00", "23:59"])
def test_the_ends_of_the_calendar_break_nothing(zone: str, value: str, time_of_day: str) -> None:
    try:
        at(value, zone=zone, time_of_day=time_of_day)
    except InvalidInputError as error:
        assert error.field == FIELD


def test_a_run_is_scheduled_at_most_364_days_ahead() -> None:
    due = datetime(2027, 6, 15, 9, tzinfo=UTC)
    first = due - timedelta(days=364)
    assert at("2027-06-15", first, zone="UTC").moment == int(due.timestamp()) * 1_000
    with pytest.raises(InvalidInputError, match="more than 364 days") as refused:
        at("2027-06-15", first - timedelta(milliseconds=1), zone="UTC")
    assert refused.value.field == FIELD
    assert LONGEST_WAIT == 364 * DAY


days = st.dates(date(1971, 1, 1), date(2100, 1, 1))
times = st.times().map(lambda moment: moment.strftime("%H:%M"))
offsets = st.integers(-364, 364)
zones = st.sampled_from(ZONES)


@given(days, offsets, times, zones)
def test_a_run_starts_at_the_time_of_day_or_right_after_a_skipped_one(
    day: date, offset: int, time_of_day: str, zone: str
) -> None:
    place = ZoneInfo(zone)
    found = at(day.isoformat(), offset=offset, time_of_day=time_of_day, zone=zone)
    moment = from_milliseconds(found.moment)
    shown = moment.astimezone(place).replace(tzinfo=None)
    wanted = datetime.combine(
        day + timedelta(days=offset), datetime.strptime(time_of_day, "%H:%M").time()
    )
    assert found.day == day
    if shown == wanted:
        # The earlier one, if the clock shows the time twice.
        assert moment.astimezone(place).fold == 0
    else:
        before = (moment - timedelta(seconds=1)).astimezone(place).replace(tzinfo=None)
        assert before < wanted < shown


@given(days, offsets, times, zones)
def test_a_later_day_never_starts_earlier(
    day: date, offset: int, time_of_day: str, zone: str
) -> None:
    assume(offset < 364)
    first, second = (
        at(day.isoformat(), offset=each, time_of_day=time_of_day, zone=zone).moment
        for each in (offset, offset + 1)
    )
    assert first <= second
    moved = at(
        (day + timedelta(days=1)).isoformat(), offset=offset, time_of_day=time_of_day, zone=zone
    )
    assert moved.moment == second


@given(st.datetimes(datetime(1971, 1, 2), datetime(2100, 1, 1), timezones=st.timezones()), zones)
def test_an_instant_means_its_day_in_the_zone(moment: datetime, zone: str) -> None:
    instant = moment.astimezone(UTC).replace(microsecond=0)
    day = instant.astimezone(ZoneInfo(zone)).date()
    assert at(instant.isoformat(), zone=zone) == at(day.isoformat(), zone=zone)
