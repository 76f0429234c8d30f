"""WAIT: moments, time zones and clock changes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from runledger.errors import NodeError
from runledger.models.run import StepStatus
from runledger.nodes.base import Placement
from runledger.nodes.registry import node_type
from runledger.nodes.timezones import (
    from_milliseconds,
    next_time_of_day,
    to_iso,
    to_milliseconds,
    to_utc,
)
from runledger.nodes.wait import WaitConfig
from runledger.nodes.written_dates import ACCEPTED, moment_of

from tests.support.visits import CONTACT, NOW, evidence_of, run_node, visit

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
    "Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Kiritimati",
)  # fmt: skip


def wait(config: dict[str, Any], now: str = "2026-03-10T12:00:00Z", **trigger: Any) -> str:
    """Returns the moment that the node waits for."""
    milliseconds = to_milliseconds(datetime.fromisoformat(now))
    result = run_node("WAIT", config, visit({"trigger": trigger}, now=milliseconds))
    assert result.status is StepStatus.WAITING
    assert result.wait_until is not None
    assert result.wait_until >= milliseconds
    return to_iso(from_milliseconds(result.wait_until))


def until(zone: str = "UTC", **moment: Any) -> dict[str, Any]:
    return {"until": moment, "timeZone": zone}


def test_a_delay_is_counted_from_now() -> None:
    assert wait({"delayMinutes": 90}) == "2026-03-10T13:30:00Z"
    assert wait({"delayMinutes": 524_160}) == "2027-03-09T12:00:00Z"


@pytest.mark.parametrize(
    ("zone", "value", "moment"),
    [
        ("UTC", "2026-03-20", "2026-03-20T00:00:00Z"),
        ("Europe/Berlin", "2026-03-20", "2026-03-19T23:00:00Z"),
        ("Europe/Berlin", "2026-04-01", "2026-03-31T22:00:00Z"),
        ("America/New_York", "2026-03-20T09:00", "2026-03-20T13:00:00Z"),
        ("Europe/Berlin", "2026-03-20T09:00:00", "2026-03-20T08:00:00Z"),
        ("Europe/Berlin", "2026-03-20 09:00:00", "2026-03-20T08:00:00Z"),
        ("Europe/Berlin", "2026-03-20T09:00:00Z", "2026-03-20T09:00:00Z"),
        ("Europe/Berlin", "2026-03-20T09:00:00.250Z", "2026-03-20T09:00:00.250Z"),
        ("Europe/Berlin", "2026-03-20T09:00:00+05:30", "2026-03-20T03:30:00Z"),
        # The clocks go from 02:00 to 03:00 on this day: the first instant after the gap.
        ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:00:00Z"),
        ("America/Sao_Paulo", "2026-03-20", "2026-03-20T03:00:00Z"),
    ],
)
def test_a_date_field_is_read_in_its_zone(zone: str, value: str, moment: str) -> None:
    assert wait(until(zone, field="trigger.due"), due=value) == moment
    assert wait(until(zone, field="{{ trigger.due }}"), due=value) == moment


def test_a_moment_in_the_past_gives_no_wait() -> None:
    config = until(field="trigger.due")
    result = run_node("WAIT", config, visit({"trigger": {"due": "2020-01-01"}}))
    assert result.wait_until == NOW
    assert result.evidence == {
        "field": "trigger.due",
        "value": "2020-01-01",
        "timeZone": "UTC",
        "timeZoneFrom": "CONFIG",
        "until": "2020-01-01T00:00:00Z",
        "passed": True,
    }


@pytest.mark.parametrize(
    ("config", "due", "days"),
    [
        (until(field="trigger.due"), "2026-04-10", 30),
        (until(field="trigger.due", maxDays=5), "2026-03-15T12:00:01Z", 5),
    ],
)
def test_a_moment_too_far_ahead_is_an_error(config: dict[str, Any], due: str, days: int) -> None:
    with pytest.raises(NodeError, match=rf"`trigger.due` is .*, more than {days} days") as caught:
        wait(config, due=due)
    assert caught.value.kind == "WAIT_TOO_LONG"


def test_a_moment_just_within_the_limit_is_accepted() -> None:
    due = "2026-03-15T12:00:00Z"
    assert wait(until(field="trigger.due", maxDays=5), due=due) == due


@pytest.mark.parametrize(
    "due",
    ["tomorrow", "2026-02-30", "2026-03-01T25:00", "20260301", "", 20_260_301, True, None, []],
)
def test_an_invalid_date_is_an_error(due: Any) -> None:
    with pytest.raises(NodeError, match=r"^`trigger.due`: .* is not a date; ") as caught:
        wait(until(field="trigger.due"), due=due)
    assert caught.value.kind == "INVALID_DATE"
    assert json.dumps(due) in str(caught.value) and str(caught.value).endswith(ACCEPTED)


def test_a_missing_date_is_named() -> None:
    with pytest.raises(NodeError, match="has no value in this run") as caught:
        wait(until(field="trigger.due"))
    assert caught.value.kind == "MISSING_VARIABLE"


@pytest.mark.parametrize(
    ("now", "zone", "time", "moment"),
    [
        ("2026-03-10T12:00:00Z", "UTC", "12:00", "2026-03-10T12:00:00Z"),
        ("2026-03-10T12:00:01Z", "UTC", "12:00", "2026-03-11T12:00:00Z"),
        ("2026-03-10T12:00:00Z", "UTC", "11:59", "2026-03-11T11:59:00Z"),
        ("2026-03-10T07:00:00Z", "Europe/Berlin", "09:00", "2026-03-10T08:00:00Z"),
        ("2026-03-10T23:30:00Z", "Europe/Berlin", "00:15", "2026-03-11T23:15:00Z"),
        ("2026-03-10T23:10:00Z", "Europe/Berlin", "00:15", "2026-03-10T23:15:00Z"),
        # Across the change to summer time, the same wall-clock time is an hour earlier in UTC.
        ("2026-03-28T12:00:00Z", "Europe/Berlin", "09:00", "2026-03-29T07:00:00Z"),
        # 02:30 does not exist on 29 March: the first instant after the gap.
        ("2026-03-28T12:00:00Z", "Europe/Berlin", "02:30", "2026-03-29T01:00:00Z"),
        # 02:30 comes twice on 25 October: the earlier one, and after it the next day's.
        ("2026-10-24T12:00:00Z", "Europe/Berlin", "02:30", "2026-10-25T00:30:00Z"),
        ("2026-10-25T00:45:00Z", "Europe/Berlin", "02:30", "2026-10-26T01:30:00Z"),
        # Lord Howe moves its clocks by half an hour.
        ("2026-10-03T12:00:00Z", "Australia/Lord_Howe", "02:15", "2026-10-03T15:30:00Z"),
        # Samoa had no 30 December 2011.
        ("2011-12-29T12:00:00Z", "Pacific/Apia", "12:00", "2011-12-29T22:00:00Z"),
    ],
)
def test_the_next_time_of_day_is_waited_for(now: str, zone: str, time: str, moment: str) -> None:
    assert wait(until(zone, timeOfDay=time), now) == moment


moments = st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@settings(deadline=None)
@given(now=moments, zone=st.sampled_from(ZONES), time=st.times())
def test_the_next_time_of_day_is_local_time(now: Any, zone: str, time: Any) -> None:
    place = ZoneInfo(zone)
    wanted = time.strftime("%H:%M")
    found = next_time_of_day(now, wanted, zone)
    assert now <= found
    shown = found.astimezone(place)
    if shown.strftime("%H:%M") == wanted:
        assert shown.second == 0
        assert found - now <= timedelta(hours=49)
    else:
        # A gap: a second before, the clocks showed an earlier time than the one wanted.
        before = (found - timedelta(seconds=1)).astimezone(place)
        assert shown.utcoffset() != before.utcoffset()
        assert before.replace(tzinfo=None) < shown.replace(tzinfo=None)


@settings(deadline=None)
@given(moment=moments, zone=st.sampled_from(ZONES))
def test_every_wall_clock_time_has_one_instant(moment: Any, zone: str) -> None:
    place = ZoneInfo(zone)
    local = moment.astimezone(place).replace(tzinfo=None)
    found = to_utc(local, place)
    # The same instant, or the earlier one of two that the clocks show alike.
    assert found <= moment
    assert found.astimezone(place).replace(tzinfo=None) == local.replace(fold=0)
    assert moment_of(local.isoformat(), zone) == found


@settings(deadline=None)
@given(local=st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)), zone=st.sampled_from(ZONES))
def test_instants_keep_the_order_of_local_times(local: Any, zone: str) -> None:
    local = local.replace(microsecond=0)
    place = ZoneInfo(zone)
    earlier = to_utc(local - timedelta(minutes=30), place)
    assert earlier <= to_utc(local, place)


@settings(deadline=None)
@given(milliseconds=st.integers(0, 4_000_000_000_000))
def test_milliseconds_are_kept(milliseconds: int) -> None:
    assert to_milliseconds(from_milliseconds(milliseconds)) == milliseconds
    assert datetime.fromisoformat(to_iso(from_milliseconds(milliseconds))).tzinfo is not None


def test_the_longest_wait_is_known_before_a_run() -> None:
    each = node_type("WAIT")

    def seconds(config: dict[str, Any]) -> int:
        return each.wait_seconds(each.config_model.model_validate(config))

    assert seconds({"delayMinutes": 5}) == 300
    assert seconds(until(field="trigger.due")) == 30 * 86_400
    assert seconds(until(field="trigger.due", maxDays=364)) == 364 * 86_400
    assert 25 * 3_600 <= seconds(until(timeOfDay="09:00")) <= 49 * 3_600


def test_a_wait_needs_a_standard_machine() -> None:
    each = node_type("WAIT")
    assert not each.is_express_safe(each.config_model.model_validate({"delayMinutes": 1}))


def test_the_states_of_a_wait_are_a_task_and_a_wait() -> None:
    each = node_type("WAIT")
    config = each.config_model.model_validate({"delayMinutes": 1})
    assert each.states(config, Placement("n", {"Type": "Task"}, {None: "next"}, "released")) == {
        "n": {"Type": "Task", "ResultPath": "$.last", "Next": "n wait"},
        "n wait": {"Type": "Wait", "TimestampPath": "$.last.waitUntil", "Next": "next"},
    }


def test_the_texts_of_a_wait_are_found() -> None:
    each = node_type("WAIT")
    config = each.config_model.model_validate(until(field="trigger.due"))
    assert each.sources(config) == [("until.field", "{{ trigger['due'] }}")]


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({}, ""),
        ({"delayMinutes": 0}, "delayMinutes"),
        ({"delayMinutes": 524_161}, "delayMinutes"),
        ({"delayMinutes": 1, "until": {"timeOfDay": "09:00"}}, ""),
        (until(), "until"),
        (until(timeOfDay="9:00"), "until.timeOfDay"),
        (until(timeOfDay="09:00", field="trigger.due"), "until"),
        (until(timeOfDay="09:00", maxDays=3), "until"),
        (until(field="trigger.due", maxDays=365), "until.maxDays"),
        (until(field="not a path"), "until.field"),
        (until("Nowhere/Land", timeOfDay="09:00"), "timeZone"),
        (until("../../etc/passwd", timeOfDay="09:00"), "timeZone"),
    ],
)
def test_an_invalid_wait_names_the_field(config: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WaitConfig.model_validate(config)
    assert [".".join(map(str, each["loc"])) for each in caught.value.errors()] == [field]


@pytest.mark.parametrize(
    ("now", "zone", "day", "time", "moment"),
    [
        # 2026-03-10 is a Tuesday.
        ("2026-03-10T12:00:00Z", "UTC", "NEXT", "13:00", "2026-03-10T13:00:00Z"),
        ("2026-03-10T12:00:00Z", "UTC", "NEXT", "11:00", "2026-03-11T11:00:00Z"),
        ("2026-03-10T12:00:00Z", "UTC", "TODAY", "13:00", "2026-03-10T13:00:00Z"),
        ("2026-03-10T12:00:00Z", "UTC", "TODAY", "11:00", "2026-03-10T12:00:00Z"),
        ("2026-03-10T12:00:00Z", "UTC", "TOMORROW", "11:00", "2026-03-11T11:00:00Z"),
        ("2026-03-10T12:00:00Z", "UTC", "TOMORROW", "13:00", "2026-03-11T13:00:00Z"),
        ("2026-03-10T12:00:00Z", "UTC", "NEXT_WEEKDAY", "13:00", "2026-03-10T13:00:00Z"),
        ("2026-03-10T12:00:00Z", "UTC", "NEXT_WEEKDAY", "11:00", "2026-03-11T11:00:00Z"),
        ("2026-03-13T12:00:00Z", "UTC", "NEXT_WEEKDAY", "11:00", "2026-03-16T11:00:00Z"),
        ("2026-03-14T00:00:00Z", "UTC", "NEXT_WEEKDAY", "00:00", "2026-03-16T00:00:00Z"),
        # Already Saturday in Tokyo, still Friday in Los Angeles.
        ("2026-03-13T16:00:00Z", "Asia/Tokyo", "NEXT_WEEKDAY", "02:00", "2026-03-15T17:00:00Z"),
        ("2026-03-13T16:00:00Z", "America/Los_Angeles", "TODAY", "10:00", "2026-03-13T17:00:00Z"),
        ("2026-03-13T16:00:00Z", "Asia/Tokyo", "TOMORROW", "02:00", "2026-03-14T17:00:00Z"),
        # The clocks of Berlin skip 02:30 on Sunday, the 29th.
        ("2026-03-28T12:00:00Z", "Europe/Berlin", "TOMORROW", "02:30", "2026-03-29T01:00:00Z"),
    ],
)
def test_each_day_choice_gives_its_moment(
    now: str, zone: str, day: str, time: str, moment: str
) -> None:
    assert wait(until(zone, timeOfDay=time, day=day), now) == moment


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.sampled_from(ZONES),
    st.sampled_from(["NEXT", "TODAY", "TOMORROW", "NEXT_WEEKDAY"]),
    st.times().map(lambda each: each.strftime("%H:%M")),
)
def test_no_day_choice_exceeds_the_machines_wait(
    now: datetime, zone: str, day: str, time: str
) -> None:
    config = until(zone, timeOfDay=time, day=day)
    waited = datetime.fromisoformat(wait(config, f"{now.isoformat()}+00:00"))
    longest = node_type("WAIT").wait_seconds(WaitConfig.model_validate(config))
    assert waited - now.replace(tzinfo=UTC) <= timedelta(seconds=longest)
    if day == "NEXT_WEEKDAY":
        assert waited.astimezone(ZoneInfo(zone)).isoweekday() < 6


def test_a_day_needs_a_time() -> None:
    with pytest.raises(ValidationError, match="`day` is allowed only with `timeOfDay`"):
        WaitConfig.model_validate(until(field="trigger.x", day="TODAY"))


@pytest.mark.parametrize(
    ("metadata", "zone", "source"),
    [
        ({"timeZone": "asia/tokyo"}, "Asia/Tokyo", "CONTACT"),
        ({"timeZone": "nowhere"}, "Europe/Berlin", "CONFIG"),
        ({"timeZone": "+09:00"}, "Europe/Berlin", "CONFIG"),
        ({"timeZone": 9}, "Europe/Berlin", "CONFIG"),
        ({}, "Europe/Berlin", "CONFIG"),
    ],
)
@pytest.mark.parametrize("moment", [{"timeOfDay": "09:00"}, {"field": "trigger.due"}])
def test_the_contacts_zone_may_be_used(
    metadata: dict[str, Any], zone: str, source: str, moment: dict[str, Any]
) -> None:
    contact = CONTACT.changed(metadata=metadata)
    scope = {"trigger": {"due": "2026-03-11T09:00:00"}}
    config = {"until": moment, "timeZone": "Europe/Berlin", "contactTimeZone": True}
    now = to_milliseconds(datetime.fromisoformat("2026-03-10T12:00:00Z"))
    result = run_node("WAIT", config, visit(scope, now=now, contact=contact))
    assert (evidence_of(result)["timeZone"], evidence_of(result)["timeZoneFrom"]) == (zone, source)
    assert result.wait_until is not None
    there = from_milliseconds(result.wait_until).astimezone(ZoneInfo(zone))
    assert there.strftime("%H:%M") == "09:00"


def test_without_a_contact_the_configs_zone_is_used() -> None:
    config = {**until("Europe/Berlin", timeOfDay="09:00"), "contactTimeZone": True}
    assert wait(config) == "2026-03-11T08:00:00Z"
