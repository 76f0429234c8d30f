"""The overview: every number agrees with the list that shows its items."""

from typing import Any

import pytest
from runledger.api.overview import OverviewView
from runledger.clock import DAY, HOUR, MINUTE, from_iso, iso
from runledger.errors import InvalidInputError
from runledger.models.automation import AutomationStatus
from runledger.models.delivery import DeliveryStatus
from runledger.models.failure import GroupStatus
from runledger.models.refusal import RefusalReason
from runledger.models.run import ErrorDetail, RunHealth, RunStatus, Step, StepStatus
from runledger.services.lists.failures import FailureRequest
from runledger.services.overview import last_day, open_runs, overview, slow_nodes, usual_hours
from runledger.services.workspaces.workspaces import create_workspace
from runledger.store.runs import Closing

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_delivery_lists import an_attempt
from tests.functional.test_health_filters import bounced, runs_by_health
from tests.functional.test_refusal_lists import a_refusal
from tests.functional.test_run_store import a_run
from tests.functional.test_stats import waiting
from tests.support.engine import Engine
from tests.support.events import an_event
from tests.support.lists import request

__all__ = ["deployed"]

WEEK = 7 * DAY
# A Thursday in Berlin's summer time, three days after the clocks changed.
NOW = from_iso("2026-04-02T07:30:00Z")
KEPT = 90 * DAY


def shown(engine: Engine, time_zone: str | None = None) -> OverviewView:
    return engine.overview.of("ws_demo", time_zone)


def now_shown(engine: Engine, time_zone: str | None = None) -> OverviewView:
    """Returns the overview as of NOW."""
    engine.clock.now = NOW - 1
    return shown(engine, time_zone)


def ended(engine: Engine, created_at: int, status: RunStatus = RunStatus.COMPLETED) -> str:
    """Creates a run that has ended; returns its id."""
    run = a_run(
        automation_id="aut_one", created_at=created_at, expires_at=created_at + KEPT, due_at=None
    )
    shards = engine.stores.workspaces.cached("ws_demo").shards
    run, _ = engine.stores.runs.open(run, an_event({}), shards)
    engine.stores.runs.own(run, "1", run.created_at, 1)
    run = engine.stores.runs.get(run.id)
    error = None
    if status is RunStatus.FAILED:
        error = ErrorDetail(node_id="call", kind="STOP_ERROR", message="too small")
    return engine.stores.runs.close(run, Closing(status, created_at + 5, error=error)).id


@pytest.fixture
def at_now(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine whose clock is at NOW. Its overview does not look for the slowest nodes."""
    engine.clock.now = NOW - 1
    monkeypatch.setattr(slow_nodes, "MOST_RUNS", 0)
    return engine


def test_a_new_workspace_has_an_overview_of_zeros(engine: Engine) -> None:
    told = shown(engine)
    assert (told.automations.count, told.active_automations.count) == (0, 0)
    assert (told.last_hour.runs, told.last_hour.failed, told.last_hour.usual) == (0, 0, None)
    assert set(told.open_runs.by_health) == {health.value for health in RunHealth}
    assert sum(told.open_runs.by_health.values()) == told.open_runs.total == 0
    assert told.open_runs.oldest_at is None
    assert (told.open_failures.count, told.newest_failures) == (0, [])
    assert set(told.refusals.counts) == {reason.value for reason in RefusalReason}
    assert told.refusals.total == told.bounces.count == told.dead_letters.count == 0
    assert (told.date_automations.count, told.next_fires) == (0, [])
    assert (told.measured_runs.count, told.measured_runs.is_complete) == (0, True)
    assert told.slowest_nodes == []


# ── the last hour ───────────────────────────────────────────────────────────────────────────────


def test_the_last_hour_is_compared_with_the_median_of_earlier_weeks(at_now: Engine) -> None:
    for week, (runs, failed) in enumerate([(4, 1), (10, 0), (6, 0), (2, 2), (7, 1)]):
        for number in range(runs):
            status = RunStatus.FAILED if number < failed else RunStatus.COMPLETED
            ended(at_now, NOW - week * WEEK - number * MINUTE, status)
        # Just before and after the hour.
        ended(at_now, NOW - week * WEEK - HOUR)
        if week:
            ended(at_now, NOW - week * WEEK + 1)
    hour = now_shown(at_now).last_hour
    assert (hour.from_, hour.to) == (iso(NOW - HOUR + 1), iso(NOW))
    assert (hour.runs, hour.failed, hour.completed, hour.is_complete) == (4, 1, 3, True)
    usual = hour.usual
    assert usual is not None
    # The medians of 10, 6, 2, 7 and of 0, 0, 2, 1; halves are rounded up.
    assert (usual.runs, usual.failed) == (7, 1)
    assert [(each.runs, each.failed) for each in usual.hours] == [(10, 0), (6, 0), (2, 2), (7, 1)]
    for each in (hour, *usual.hours):
        span = {"since": each.from_, "until": each.to}
        assert at_now.counts.runs("ws_demo", request(**span)).total == each.runs


def test_an_hour_of_an_earlier_week_has_the_same_time_of_day(at_now: Engine) -> None:
    ended(at_now, NOW - 6 * WEEK)
    utc, berlin = (
        now_shown(at_now).last_hour.usual,
        now_shown(at_now, "Europe/Berlin").last_hour.usual,
    )
    assert utc is not None and berlin is not None
    ends = [from_iso(each.to) for each in utc.hours]
    assert [NOW - end for end in ends] == [week * WEEK for week in range(1, 5)]
    # Clocks changed on Sunday, so last Thursday's half past nine was an hour later in UTC.
    moved = [from_iso(each.to) for each in berlin.hours]
    assert [(NOW - end) % WEEK - WEEK for end in moved] == [-HOUR] * 4
    with pytest.raises(InvalidInputError) as refused:
        now_shown(at_now, "Europe/Atlantis")
    assert refused.value.field == "timeZone"


def test_there_is_no_usual_without_two_weeks_of_history(at_now: Engine) -> None:
    ended(at_now, NOW - 2 * WEEK - HOUR + 2)
    assert now_shown(at_now).last_hour.usual is None
    ended(at_now, NOW - 2 * WEEK - HOUR + 1)
    usual = now_shown(at_now).last_hour.usual
    assert usual is not None and len(usual.hours) == 2
    ended(at_now, NOW - 3 * WEEK - HOUR)
    usual = now_shown(at_now).last_hour.usual
    assert usual is not None and len(usual.hours) == 3


def test_weeks_that_may_have_expired_are_not_compared(at_now: Engine) -> None:
    at_now.stores.workspaces.set("ws_demo", "Demo", 15)
    ended(at_now, NOW - 6 * WEEK)
    usual = now_shown(at_now).last_hour.usual
    assert usual is not None and len(usual.hours) == 2


def test_an_open_run_counts_as_open_whatever_it_does(at_now: Engine) -> None:
    run = a_run(created_at=NOW - MINUTE, expires_at=NOW + KEPT)
    at_now.stores.runs.open(run, an_event({}), 1)
    ended(at_now, NOW - MINUTE, RunStatus.CANCELED)
    hour = now_shown(at_now).last_hour
    assert (hour.runs, hour.open_, hour.canceled, hour.completed) == (2, 1, 1, 0)


def test_an_hour_with_too_many_runs_is_a_minimum(
    at_now: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(at_now, NOW - 6 * WEEK)
    for number in range(4):
        ended(at_now, NOW - WEEK - number)
    monkeypatch.setattr(usual_hours, "MOST_KEYS", 3)
    hour = now_shown(at_now).last_hour
    assert (hour.is_complete, hour.usual) == (True, None)
    for number in range(4):
        ended(at_now, NOW - number)
    hour = now_shown(at_now).last_hour
    assert (hour.runs, hour.is_complete) == (3, False)


# ── open runs ───────────────────────────────────────────────────────────────────────────────────


def test_open_runs_are_counted_by_health(engine: Engine) -> None:
    made = runs_by_health(engine)
    told = shown(engine).open_runs
    assert told.is_complete and told.is_overdue_complete and told.is_total_complete
    assert told.total == sum(len(ids) for ids in made.values())
    oldest = engine.stores.runs.get(made["OVERDUE"][-1])
    assert told.oldest_at == iso(oldest.created_at)
    for health in RunHealth:
        assert told.by_health[health] == len(made.get(health, []))
        listed = engine.counts.runs("ws_demo", request(health=frozenset({health.value})))
        assert listed.total == told.by_health[health]


def test_overdue_runs_are_exact_among_many_open_runs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = [run_id for ids in runs_by_health(engine).values() for run_id in ids]
    # Another workspace's overdue run may lie in the same due partition.
    create_workspace(
        engine.stores.workspaces, engine.clock, workspace_id="ws_other", name="Other", shards=1
    )
    other = a_run(workspace_id="ws_other", created_at=1, due_at=1, expires_at=engine.clock.now * 2)
    engine.stores.runs.open(other, an_event({}), 1)
    engine.stores.runs.own(other, "1", 2, 3)
    monkeypatch.setattr(open_runs, "MOST_ROWS", 2)
    told = shown(engine).open_runs
    # One more than were read: so many there are at least.
    assert (told.total, told.is_total_complete, told.is_complete) == (3, False, False)
    created = [run.created_at for run in engine.stores.runs.get_many(every).values()]
    assert told.oldest_at == iso(min(created))
    assert (told.by_health["OVERDUE"], told.is_overdue_complete) == (2, True)
    assert told.by_health["WAITING"] < 3
    monkeypatch.setattr(open_runs, "MOST_DUE", 1)
    assert not shown(engine).open_runs.is_overdue_complete


# ── the last day ────────────────────────────────────────────────────────────────────────────────


def test_numbers_of_the_last_day_agree_with_their_lists(
    at_now: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for created_at in (NOW - DAY, NOW - DAY - 1, NOW):
        for reason in (RefusalReason.NO_CONTACT, RefusalReason.RATE_LIMITED):
            a_refusal(at_now, created_at=created_at, reason=reason, expires_at=NOW + DAY)
        bounced(at_now, created_at=created_at, expires_at=NOW + DAY)
        for status in (DeliveryStatus.DEAD_LETTERED, DeliveryStatus.FAILED, DeliveryStatus.SENT):
            an_attempt(at_now, created_at=created_at, status=status, expires_at=NOW + DAY)
    told = now_shown(at_now)
    assert told.day_from == iso(NOW - DAY)
    span = {"since": told.day_from, "until": told.at}
    assert told.refusals.counts["NO_CONTACT"] == told.refusals.counts["RATE_LIMITED"] == 2
    refused = at_now.counts.refusals("ws_demo", request(**span))
    assert told.refusals.total == refused.total == 4
    assert told.refusals.counts == refused.counts
    dead = request(**span, statuses=frozenset({"DEAD_LETTERED"}))
    assert told.dead_letters.count == at_now.counts.deliveries("ws_demo", dead).total == 2
    of_kind = request(**span, error_kind="BOUNCED")
    assert told.bounces.count == at_now.counts.deliveries("ws_demo", of_kind).total == 2
    assert told.refusals.is_complete and told.bounces.is_complete and told.dead_letters.is_complete

    monkeypatch.setattr(last_day, "MOST_FAILED", 2)
    monkeypatch.setattr(last_day, "MOST_KEYS", 1)
    told = now_shown(at_now)
    # Of four failed deliveries, the newest two were read.
    assert (told.bounces.count, told.bounces.is_complete) == (1, False)
    assert (told.dead_letters.count, told.dead_letters.is_complete) == (1, False)
    assert (told.refusals.total, told.refusals.is_complete) == (1, False)


def test_open_failure_groups_are_those_of_the_last_day(
    at_now: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failed(message: str, created_at: int) -> str:
        run = a_run(automation_id="aut_one", created_at=created_at, expires_at=NOW + KEPT)
        run, _ = at_now.stores.runs.open(run, an_event({}), 1)
        error = ErrorDetail(node_id="call", kind="STOP_ERROR", message=message)
        closing = Closing(RunStatus.FAILED, created_at + 5, error=error)
        closed = at_now.stores.runs.close(run, closing)
        at_now.failure_groups.take(closed.id)
        assert closed.error_group is not None
        return closed.error_group

    names = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
    groups = [failed(f"{name} broke", NOW - number * HOUR) for number, name in enumerate(names)]
    failed("eta broke", NOW - DAY - MINUTE)
    failed("alpha broke", NOW - MINUTE)
    resolved = failed("theta broke", NOW - MINUTE)
    at_now.failure_resolution.resolve("ws_demo", resolved, "ada@example.com", None)
    told = now_shown(at_now)
    assert (told.open_failures.count, told.open_failures.is_complete) == (6, True)
    assert [each.id for each in told.newest_failures] == groups[:5]
    assert told.newest_failures[0].count == 2
    listed = at_now.failure_queries.page(
        "ws_demo",
        FailureRequest(
            automation_id=None,
            status=GroupStatus.OPEN,
            range=None,
            since=told.day_from,
            until=told.at,
            time_zone=None,
            text=None,
            limit=50,
            cursor=None,
        ),
    )
    assert {each.id for each in listed.items} == set(groups)
    monkeypatch.setattr(overview, "MOST_GROUPS", 2)
    told = now_shown(at_now)
    assert (told.open_failures.count, told.open_failures.is_complete) == (2, False)


# ── what comes, and what is slow ────────────────────────────────────────────────────────────────


def dated(engine: Engine, name: str, time_of_day: str) -> str:
    trigger = {
        "triggerType": "DATE",
        "source": {"kind": "CONTACT_METADATA", "key": "birthday"},
        "timeOfDay": time_of_day,
        "timeZone": "Europe/Berlin",
        "repeat": "YEARLY",
    }
    document: dict[str, Any] = {
        "name": name,
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": trigger},
            {"id": "done", "type": "END", "config": {}},
        ],
        "edges": [{"source": "start", "target": "done"}],
    }
    return engine.activate(document)


def test_date_automations_are_sorted_by_their_next_fire(at_now: Engine) -> None:
    at_now.activate(waiting())
    hours = ("18", "12", "10", "16", "14", "20")
    made = {hour: dated(at_now, f"At {hour}", f"{hour}:00") for hour in hours}
    paused = dated(at_now, "Paused", "11:00")
    at_now.stopping.stop("ws_demo", paused, AutomationStatus.PAUSED, "ada@example.com")
    at_now.holds.hold("ws_demo", made["12"], "an outage", "ada@example.com")
    told = now_shown(at_now)
    assert (told.automations.count, told.active_automations.count) == (8, 7)
    assert (told.date_automations.count, told.date_automations.is_complete) == (6, True)
    assert [each.automation_id for each in told.next_fires] == [
        made[hour] for hour in ("10", "12", "14", "16", "18")
    ]
    assert [each.is_held for each in told.next_fires] == [False, True, False, False, False]
    first = told.next_fires[0]
    assert (first.automation_name, first.next_fire_at, first.time_zone) == (
        "At 10",
        "2026-04-02T08:00:00.000Z",
        "Europe/Berlin",
    )


def took(engine: Engine, automation_id: str, created_at: int, milliseconds: int) -> None:
    """Creates a completed run whose node `note` took this long."""
    run = a_run(automation_id=automation_id, created_at=created_at, expires_at=created_at + KEPT)
    run, _ = engine.stores.runs.open(run, an_event({}), 1)
    for node_id, type_, wait_until, spent in (
        ("pause", "WAIT", created_at + HOUR, HOUR),
        ("note", "SET", None, milliseconds),
    ):
        step = Step(
            node_id=node_id,
            type=type_,
            status=StepStatus.COMPLETED,
            started_at=created_at,
            finished_at=created_at + spent,
            wait_until=wait_until,
        )
        engine.stores.runs.record(run, step)
        run = engine.stores.runs.get(run.id)
    engine.stores.runs.close(run, Closing(RunStatus.COMPLETED, created_at + HOUR))


def test_the_slowest_nodes_are_measured_without_waits(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.clock.now = NOW - 1
    quick, slow = engine.activate(waiting()), engine.activate(waiting())
    for number in range(20):
        took(engine, quick, NOW - HOUR - number, 10 + number)
        took(engine, slow, NOW - HOUR - number, 100 + number)
    took(engine, slow, NOW - DAY - 1, 9_000)
    told = shown(engine)
    assert (told.measured_runs.count, told.measured_runs.is_complete) == (40, True)
    # The nearest rank: the 19th of 20.
    assert [(each.automation_id, each.node_id, each.p95_ms) for each in told.slowest_nodes] == [
        (slow, "note", 118),
        (quick, "note", 28),
    ]
    assert {(each.type, each.sampled) for each in told.slowest_nodes} == {("SET", 20)}
    monkeypatch.setattr(slow_nodes, "MOST_STEPS", 10)
    told = shown(engine)
    assert (told.measured_runs.count, told.measured_runs.is_complete) == (10, False)
    monkeypatch.setattr(slow_nodes, "MOST_RUNS", 4)
    told = shown(engine)
    assert (told.measured_runs.count, told.measured_runs.is_complete) == (4, False)


def test_a_run_without_its_version_is_not_measured(engine: Engine) -> None:
    engine.clock.now = NOW - 1
    took(engine, "aut_unknown", NOW - HOUR, 10)
    told = shown(engine)
    assert (told.measured_runs.count, told.measured_runs.is_complete) == (0, False)
    assert told.slowest_nodes == []


# ── over HTTP ───────────────────────────────────────────────────────────────────────────────────


def test_the_overview_over_http(deployed: Engine) -> None:
    answer = call("GET", "/v1/overview", role="viewer", query="timeZone=Europe/Berlin")
    assert answer["status"] == 200
    assert {"at", "lastHour", "openRuns", "openFailures", "refusals", "slowestNodes"} <= set(
        answer["body"]
    )
    assert {"from", "to", "open", "usual"} <= set(answer["body"]["lastHour"])
    refused = call("GET", "/v1/overview", query="timeZone=Nowhere")
    assert refused["status"] in (400, 422)
    assert call("GET", "/v1/overview", role="stranger")["status"] in (403, 404)
