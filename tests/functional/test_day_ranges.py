"""A day in a time zone means the same for lists, counts, chart, failure groups, exports and bulk
cancels."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from runledger.clock import DAY, iso, now_ms
from runledger.models.run import ErrorDetail, RunStatus
from runledger.nodes.timezones import to_milliseconds
from runledger.nodes.written_dates import ACCEPTED
from runledger.store.runs import Closing

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_run_store import EVENT, a_run
from tests.support.engine import Engine

__all__ = ["deployed"]

ZONE = "America/Sao_Paulo"


@pytest.fixture
def day(deployed: Engine) -> date:
    """Opens five runs around a day of the zone and returns the day. Three of the runs are on that
    day: in its first millisecond, in its middle, and in its last millisecond. The first of these
    three has failed. The other two runs are a millisecond before the day and right after its
    end."""
    day = datetime.now(UTC).date() - timedelta(days=10)
    midnight = datetime.combine(day, time.min, ZoneInfo(ZONE))
    first = to_milliseconds(midnight)
    after = to_milliseconds(midnight + timedelta(days=1))
    stores = deployed.stores
    for moment in (first - 1, first, first + DAY // 2, after - 1, after):
        run, _ = stores.runs.open(
            a_run(created_at=moment, automation_id="aut_one", expires_at=now_ms() + 30 * DAY),
            EVENT,
            1,
        )
        if moment == first:
            error = ErrorDetail(node_id="bad", kind="STOP_ERROR", message="too small")
            stores.runs.close(run, Closing(RunStatus.FAILED, moment, error=error))
            deployed.failure_groups.take(run.id)
    return day


def decoded(query: dict[str, str]) -> str:
    """Returns the query string like API Gateway passes it on."""
    return "&".join(f"{name}={value}" for name, value in query.items())


def read(path: str, **query: str) -> dict[str, Any]:
    answer = call("GET", path, query=decoded(query), role="viewer")
    assert answer["status"] == 200, answer
    return dict(answer["body"])


def test_all_lists_and_counts_have_the_same_runs_of_a_day(deployed: Engine, day: date) -> None:
    asked = {"from": day.isoformat(), "to": day.isoformat(), "timeZone": ZONE}
    listed = read("/v1/runs", **asked)["items"]
    assert len(listed) == 3
    assert read("/v1/runs/counts", **asked)["total"] == 3
    stats = read("/v1/stats", **asked)
    assert sum(sum(hour["counts"].values()) for hour in stats["hours"]) == 3
    (group,) = read("/v1/failure-groups", **asked)["items"]
    assert group["count"] == 1
    page = read("/v1/runs", **asked, limit="2")
    rest = read("/v1/runs", **asked, limit="2", cursor=page["nextCursor"])
    assert [each["id"] for each in page["items"] + rest["items"]] == [each["id"] for each in listed]
    # A cursor is of one zone.
    moved = {**asked, "timeZone": "UTC", "cursor": page["nextCursor"]}
    assert call("GET", "/v1/runs", query=decoded(moved))["status"] == 400
    canceling = {"filter": asked, "reason": "called off", "dryRun": True}
    told = call("POST", "/v1/runs/cancel", canceling)["body"]
    assert told["matched"] == 2
    export = {"list": "RUNS", "format": "CSV", "filter": asked}
    frozen = call("POST", "/v1/exports", export)["body"]["filter"]
    assert (frozen["from"], frozen["to"]) == (stats["from"], stats["to"])
    whole = datetime.combine(day, time.min, ZoneInfo(ZONE))
    assert frozen["from"] == iso(to_milliseconds(whole))
    assert frozen["to"] == iso(to_milliseconds(whole + timedelta(days=1)) - 1)
    for path in ("/v1/deliveries", "/v1/refusals", "/v1/deliveries/counts", "/v1/refusals/counts"):
        read(path, **asked)


def test_the_zone_is_utc_unless_given(deployed: Engine, day: date) -> None:
    asked = {"from": day.isoformat(), "to": day.isoformat()}
    for query in (asked, {**asked, "timeZone": "UTC"}):
        # Of the day in the zone, its last moment is the next day's in UTC.
        assert len(read("/v1/runs", **query)["items"]) == 3
        assert read("/v1/runs/counts", **query)["total"] == 3
    midnight = datetime.combine(day, time.min, ZoneInfo(ZONE))
    exact = {
        "from": str(int(midnight.timestamp())),
        "to": (midnight + timedelta(days=1)).isoformat().replace("T", " "),
    }
    assert read("/v1/runs/counts", **exact)["total"] == 4
    # As a client sends it that does not escape the plus.
    moment = midnight.astimezone(UTC).isoformat().replace("+", " ")
    raw = f"from={moment}&to={day.isoformat()}&timeZone={ZONE}"
    answer = call("GET", "/v1/runs/counts", query=raw)
    assert answer["body"]["total"] == 3


def test_an_invalid_date_or_zone_is_refused(deployed: Engine, day: date) -> None:
    wrong = {"from": "29.11.2026", "to": "soon", "timeZone": "+02:00"}
    for name, value in wrong.items():
        for path in ("/v1/runs", "/v1/runs/counts", "/v1/stats", "/v1/failure-groups"):
            answer = call("GET", path, query=decoded({name: value}))
            assert (answer["status"], answer["body"]["field"]) == (422, name), path
            if name != "timeZone":
                assert answer["body"]["detail"] == f'"{value}" is not a date; {ACCEPTED}'
        body = {"filter": {name: value}, "reason": "x", "dryRun": True}
        answer = call("POST", "/v1/runs/cancel", body)
        assert (answer["status"], answer["body"]["field"]) == (422, f"filter.{name}")
