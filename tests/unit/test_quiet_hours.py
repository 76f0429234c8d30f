"""Quiet hours over zones, midnight, and changes of the clocks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from runledger.nodes.message_rules import QuietHours

from tests.support.depth import examples

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
)
times = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda at: f"{at[0]:02}:{at[1]:02}")
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31)).map(
    lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
)


def quiet(begin: str, end: str, zone: str = "UTC") -> QuietHours:
    return QuietHours.model_validate({"from": begin, "to": end, "timeZone": zone})


def is_changing(now: datetime, zone: str) -> bool:
    """Whether the clocks of the zone change within two days of `now`."""
    place = ZoneInfo(zone)
    around = (now + timedelta(hours=hours) for hours in range(-48, 49, 6))
    return len({moment.astimezone(place).utcoffset() for moment in around}) > 1


@settings(max_examples=examples(400), deadline=None)
@given(begin=times, end=times, zone=st.sampled_from(ZONES), now=moments)
def test_quiet_hours_follow_local_time(begin: str, end: str, zone: str, now: datetime) -> None:
    if begin == end or is_changing(now, zone):
        return
    shown = now.astimezone(ZoneInfo(zone)).strftime("%H:%M")
    within = begin <= shown < end if begin < end else shown >= begin or shown < end
    until = quiet(begin, end).ends(now, zone)
    assert (until is not None) == within
    if until is not None:
        assert until > now
        assert until.astimezone(ZoneInfo(zone)).strftime("%H:%M") == end


@settings(max_examples=examples(400), deadline=None)
@given(begin=times, end=times, zone=st.sampled_from(ZONES), now=moments)
def test_after_their_end_a_message_may_be_sent_or_the_next_quiet_hours_apply(
    begin: str, end: str, zone: str, now: datetime
) -> None:
    if begin == end:
        return
    until = quiet(begin, end).ends(now, zone)
    if until is not None:
        assert now < until <= now + timedelta(hours=50)
        again = quiet(begin, end).ends(until, zone)
        assert again is None or again > until


@pytest.mark.parametrize(
    ("now", "until"),
    [
        # Clocks go from 02:00 to 03:00 on 29 March: quiet from 02:30 begins at 03:00, the first
        # instant after the gap.
        ("2026-03-29T00:59:59Z", None),
        ("2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"),
        ("2026-03-29T01:29:59Z", "2026-03-29T01:30:00Z"),
        ("2026-03-29T01:30:00Z", None),
        # They go back from 03:00 to 02:00 on 25 October: quiet from the first 02:30 until 03:30.
        ("2026-10-25T00:29:59Z", None),
        ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"),
        ("2026-10-25T01:10:00Z", "2026-10-25T02:30:00Z"),
        ("2026-10-25T02:30:00Z", None),
    ],
)
def test_clock_changes_are_followed(now: str, until: str | None) -> None:
    found = quiet("02:30", "03:30").ends(datetime.fromisoformat(now), "Europe/Berlin")
    assert found == (None if until is None else datetime.fromisoformat(until))


@pytest.mark.parametrize(
    ("metadata", "zone"),
    [
        (None, "Europe/Berlin"),
        ({}, "Europe/Berlin"),
        ({"timeZone": "Asia/Tokyo"}, "Asia/Tokyo"),
        ({"timeZone": "Moon/Crater"}, "Europe/Berlin"),
        ({"timeZone": "../etc/passwd"}, "Europe/Berlin"),
        ({"timeZone": ""}, "Europe/Berlin"),
        ({"timeZone": 9}, "Europe/Berlin"),
    ],
)
def test_the_contacts_own_zone_is_used_if_there_is_one(
    metadata: dict[str, Any] | None, zone: str
) -> None:
    assert quiet("22:00", "07:00", "Europe/Berlin").zone_of(metadata) == zone


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"from": "22:00", "to": "22:00"}, ()),
        ({"from": "24:00", "to": "07:00"}, ("from",)),
        ({"from": "22:00"}, ("to",)),
        ({"from": "22:00", "to": "07:00", "timeZone": "Berlin"}, ("timeZone",)),
    ],
)
def test_invalid_quiet_hours_are_refused_with_the_field(
    config: dict[str, str], place: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError) as raised:
        QuietHours.model_validate(config)
    assert raised.value.errors()[0]["loc"] == place
