"""When local schedules fire, around every change of the clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.patches import schedules
from local.schedule_expressions import ScheduleError, check, next_fire
from local.schedule_targets import Schedule

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fires(expression: str, zone: str, after: str, count: int) -> list[str]:
    """Returns the next `count` fires as local times with their offset."""
    found, at = [], moment(after)
    for _ in range(count):
        fire = next_fire(expression, zone, at)
        assert fire is not None
        found.append(fire.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes"))
        at = fire
    return found


def test_a_cron_time_is_local_before_and_after_a_clock_change() -> None:
    assert fires("cron(0 9 * * ? *)", "Europe/Berlin", "2026-03-27T12:00", 3) == [
        "2026-03-28T09:00+01:00",
        "2026-03-29T09:00+02:00",
        "2026-03-30T09:00+02:00",
    ]


def test_a_time_that_the_clock_skips_is_skipped() -> None:
    assert fires("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-27T12:00", 3) == [
        "2026-03-28T02:30+01:00",
        "2026-03-30T02:30+02:00",
        "2026-03-31T02:30+02:00",
    ]


def test_a_time_that_the_clock_shows_twice_fires_once() -> None:
    assert fires("cron(30 1 * * ? *)", "America/New_York", "2026-10-31T12:00", 2) == [
        "2026-11-01T01:30-04:00",
        "2026-11-02T01:30-05:00",
    ]
    between = moment("2026-11-01T06:00")
    assert next_fire("cron(30 1 * * ? *)", "America/New_York", between) == moment(
        "2026-11-02T06:30"
    )


def test_a_skipped_midnight_is_skipped() -> None:
    assert fires("cron(0 0 * * ? *)", "Africa/Cairo", "2026-04-22T23:00", 2) == [
        "2026-04-25T00:00+03:00",
        "2026-04-26T00:00+03:00",
    ]


def test_a_clock_change_of_half_an_hour_is_followed() -> None:
    assert fires("cron(15 2 * * ? *)", "Australia/Lord_Howe", "2026-10-02T12:00", 2) == [
        "2026-10-03T02:15+10:30",
        "2026-10-05T02:15+11:00",
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 9 L * ? *)", ["2026-01-31T09:00", "2026-02-28T09:00", "2026-03-31T09:00"]),
        ("cron(0 9 31 * ? *)", ["2026-01-31T09:00", "2026-03-31T09:00", "2026-05-31T09:00"]),
        ("cron(0 9 29 2 ? *)", ["2028-02-29T09:00", "2032-02-29T09:00", "2036-02-29T09:00"]),
        ("cron(0 9 29 FEB ? *)", ["2028-02-29T09:00", "2032-02-29T09:00", "2036-02-29T09:00"]),
        ("cron(0/20 8,17 ? * MON-FRI *)", ["2026-01-01T08:00", "2026-01-01T08:20"]),
        ("cron(0 9 ? * 2 *)", ["2026-01-05T09:00", "2026-01-12T09:00"]),
        ("cron(0 9 ? * 6#2 *)", ["2026-01-09T09:00", "2026-02-13T09:00"]),
        ("cron(0 9 ? * 6L *)", ["2026-01-30T09:00", "2026-02-27T09:00"]),
        ("cron(0 9 LW * ? *)", ["2026-01-30T09:00", "2026-02-27T09:00"]),
        ("cron(0 9 1 1-3/2 ? 2027-2028)", ["2027-01-01T09:00", "2027-03-01T09:00"]),
    ],
)
def test_each_field_of_cron_is_followed(expression: str, expected: list[str]) -> None:
    found = fires(expression, "UTC", "2025-12-31T23:00", len(expected))
    assert found == [f"{each}+00:00" for each in expected]


def test_a_year_that_is_over_never_fires() -> None:
    assert next_fire("cron(0 9 1 1 ? 2025)", "UTC", moment("2025-06-01T00:00")) is None


def test_a_rate_counts_hours_and_not_clock_time() -> None:
    start = moment("2026-03-28T08:00")
    after = start + timedelta(hours=30)
    assert next_fire("rate(1 day)", "Europe/Berlin", after, start=start) == start + timedelta(2)
    assert next_fire("rate(1 day)", "UTC", start - timedelta(hours=1), start=start) == start
    assert next_fire("rate(5 minutes)", "UTC", start) == start + timedelta(minutes=5)


def test_at_fires_once_in_its_zone_and_never_in_a_gap() -> None:
    expression = "at(2026-06-01T09:00:00)"
    fire = next_fire(expression, "Europe/Berlin", moment("2026-01-01T00:00"))
    assert fire == moment("2026-06-01T07:00")
    assert next_fire(expression, "Europe/Berlin", fire) is None
    in_the_gap = "at(2026-03-29T02:30:00)"
    assert next_fire(in_the_gap, "Europe/Berlin", moment("2026-01-01T00:00")) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "cron(0 9 * * *)",
        "cron(60 9 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 9 32 * ? *)",
        "cron(0 9 * 13 ? *)",
        "cron(0 9 * * * *)",
        "cron(0 9 ? * ? *)",
        "cron(0 9 ? * FRI-MON *)",
        "cron(0 9 ? * 0 *)",
        "cron(x 9 * * ? *)",
        "rate(0 days)",
        "rate(5 weeks)",
        "rate(90 seconds)",
        "at(2026-02-30T09:00:00)",
        "at(2026-02-01 09:00:00)",
        "0 9 * * ? *",
    ],
)
def test_an_expression_that_aws_refuses_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError, match="Invalid Schedule Expression"):
        check(expression, "UTC")


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "", "../etc/passwd", "europe/berlin"])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(ScheduleError, match="Timezone"):
        check("rate(1 day)", zone)


def schedule(expression: str, changed: str) -> Schedule:
    return {
        "ScheduleExpression": expression,
        "LastModificationDate": moment(changed).timestamp(),
    }


def test_a_time_before_the_emulator_started_does_not_fire(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "_started", moment("2026-06-01T12:00"))
    before = "2026-06-01T06:00"
    assert schedules._first(schedule("at(2026-06-01T09:00:00)", before)).at is None
    assert schedules._first(schedule("at(2026-06-01T13:00:00)", before)).at == moment(
        "2026-06-01T13:00"
    )
    assert schedules._first(schedule("cron(0 9 * * ? *)", before)).at == moment("2026-06-02T09:00")
    assert schedules._first(schedule("rate(4 hours)", before)).at == moment("2026-06-01T14:00")


def test_a_schedule_counts_from_its_last_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "_started", moment("2026-06-01T00:00"))
    changed = "2026-06-01T09:00"
    assert schedules._first(schedule("rate(1 hour)", changed)).at == moment(changed)
    later = {**schedule("cron(0 9 * * ? *)", changed), "StartDate": "2026-08-01T09:00:00Z"}
    assert schedules._first(later).at == moment("2026-08-01T09:00")
    over = {**schedule("cron(0 9 2 6 ? *)", changed), "EndDate": "2026-06-02T08:59:00Z"}
    assert schedules._first(over).at is None


@given(
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    zone=st.sampled_from(ZONES),
    after=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
)
def test_a_daily_schedule_fires_at_its_time_once_each_day_that_has_it(
    hour: int, minute: int, zone: str, after: datetime
) -> None:
    expression, here = f"cron({minute} {hour} * * ? *)", ZoneInfo(zone)
    at, days = after.replace(tzinfo=UTC), []
    for _ in range(4):
        fire = next_fire(expression, zone, at)
        assert fire is not None
        assert fire > at
        local = fire.astimezone(here)
        assert (local.hour, local.minute, local.second) == (hour, minute, 0)
        days.append(local.date())
        at = fire
    for first, second in pairwise(days):
        # A day in between is one whose clock never showed the time.
        assert (second - first).days in (1, 2)
        if (second - first).days == 2:
            wall = datetime(second.year, second.month, second.day, hour, minute) - timedelta(1)
            back = wall.replace(tzinfo=here).astimezone(UTC).astimezone(here)
            assert back.replace(tzinfo=None) != wall
