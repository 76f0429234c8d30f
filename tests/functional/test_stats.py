"""Statistics: runs by the hour, and the durations of runs and nodes."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from runledger.clock import DAY, HOUR, MINUTE, iso
from runledger.errors import InvalidInputError
from runledger.models.run import TriggerType
from runledger.models.totals import hour_of
from runledger.services.counts import stats
from runledger.services.counts.stats import percentile
from runledger.services.lists.pages import list_rows
from runledger.store.step_times import StepTimeStore

from tests.functional.test_api_handlers import call, deployed
from tests.support.engine import Engine
from tests.support.lists import request

__all__ = ["deployed"]


def waiting() -> dict[str, object]:
    trigger = {"triggerType": "WEBHOOK"}
    assigned = {"target": "vars.x", "value": "1", "type": "NUMBER"}
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": trigger},
        {"id": "pause", "type": "WAIT", "config": {"delayMinutes": 60}},
        {"id": "note", "type": "SET", "config": {"mode": "MERGE", "assignments": [assigned]}},
        {"id": "done", "type": "END", "config": {}},
    ]
    ids = [str(node["id"]) for node in nodes]
    edges = [{"source": a, "target": b} for a, b in pairwise(ids)]
    return {"name": "Waiting", "nodes": nodes, "edges": edges}


def finished(engine: Engine, automation_id: str, waited: int) -> str:
    run_id = engine.fire(automation_id, {"a": waited})
    engine.walk(run_id, until="note")
    engine.clock.advance(waited)
    engine.visit(run_id, "note")
    graph = engine.graph(run_id)
    engine.visit(run_id, "done", graph.parsed("done")[0].operation)
    return run_id


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([5], 50, 5), ([5], 99, 5), ([1, 2], 50, 1), ([3, 1, 2], 50, 2), (range(1, 101), 95, 95)],
)
def test_percentiles_use_the_nearest_rank(values: list[int], percent: int, expected: int) -> None:
    assert percentile(values, percent) == expected


def test_runs_by_the_hour_and_the_durations_of_nodes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation_id = engine.activate(waiting())
    begun = engine.clock.now
    for waited in (HOUR, 2 * HOUR, 3 * HOUR):
        finished(engine, automation_id, waited)
    engine.fire(automation_id, {"a": "open"})
    told = engine.stats.of("ws_demo", request(automation_id=automation_id, range="24h"))

    hours = {hour.start: hour.counts for hour in told.hours}
    assert len(hours) == len(told.hours) == 25
    assert hours[iso(hour_of(begun))]["COMPLETED"] == 1
    assert sum(counts["COMPLETED"] for counts in hours.values()) == 3
    assert sum(counts["PENDING"] for counts in hours.values()) == 1
    assert told.duration is not None
    assert (told.duration.sampled, told.duration.is_capped) == (3, False)
    assert told.duration.p50_ms // HOUR == 2
    nodes = {node.node_id: node for node in told.nodes}
    assert list(nodes) == ["start", "pause", "note", "done"]
    # A wait is over when its moment has come, or the run went on.
    assert nodes["pause"].type == "WAIT"
    assert (nodes["pause"].sampled, nodes["pause"].p99_ms // HOUR) == (3, 1)
    assert nodes["note"].p99_ms < HOUR
    assert nodes["pause"].max_ms // HOUR == 1
    assert {node.failed for node in told.nodes} == {0}

    # Of all automations there are no nodes; of a large graph those of fewer runs.
    whole = engine.stats.of("ws_demo", request())
    assert (whole.nodes, whole.hours) == ([], told.hours)
    monkeypatch.setattr(stats, "STEP_READS", 4)
    fewer = engine.stats.of("ws_demo", request(automation_id=automation_id, range="24h"))
    assert {node.sampled for node in fewer.nodes} == {2}
    assert fewer.duration is not None and fewer.duration.sampled == 3
    monkeypatch.setattr(stats, "STEP_READS", 1)
    fewest = engine.stats.of("ws_demo", request(automation_id=automation_id, range="24h"))
    assert {node.sampled for node in fewest.nodes} == {1}
    monkeypatch.setattr(stats, "SCAN_BUDGET", 2)
    capped = engine.stats.of("ws_demo", request(automation_id=automation_id, range="24h"))
    assert capped.duration is not None
    assert (capped.duration.sampled, capped.duration.is_capped) == (2, True)


def test_nodes_are_measured_in_the_runs_of_one_version(engine: Engine) -> None:
    automation_id = engine.activate(waiting())
    finished(engine, automation_id, HOUR)
    finished(engine, automation_id, 2 * HOUR)
    asked = request(automation_id=automation_id, range="24h")
    first = engine.stats.of("ws_demo", asked, version=1)
    assert {node.sampled for node in first.nodes} == {2}
    second = engine.stats.of("ws_demo", asked, version=2)
    assert (second.nodes, second.duration) == ([], None)
    # The counts are those of all versions.
    assert second.hours == first.hours
    with pytest.raises(InvalidInputError) as refused:
        engine.stats.of("ws_demo", request(range="24h"), version=1)
    assert refused.value.field == "automationId"


def test_failed_visits_of_a_node_are_counted(engine: Engine) -> None:
    stop = {"id": "stop", "type": "STOP_ERROR", "config": {"message": "Enough"}}
    start = {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}}
    graph = {"nodes": [start, stop], "edges": [{"source": "start", "target": "stop"}]}
    automation_id = engine.activate({"name": "Stops", **graph})
    for number in range(3):
        engine.walk(engine.fire(automation_id, {"a": number}))
    told = engine.stats.of("ws_demo", request(automation_id=automation_id, range="24h"))
    counted = {node.node_id: (node.sampled, node.failed) for node in told.nodes}
    assert counted["stop"] == (3, 3)
    assert counted["start"] == (3, 0)


def test_the_number_of_steps_read_is_limited(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    read = StepTimeStore.get_many

    def counting(store: StepTimeStore, visits: list[tuple[str, str]]) -> object:
        asked.append(len(visits))
        return read(store, visits)

    automation_id = engine.activate(waiting())
    finished(engine, automation_id, HOUR)
    monkeypatch.setattr(StepTimeStore, "get_many", counting)
    monkeypatch.setattr(stats, "list_rows", lambda *given, **more: repeated(given, more))

    def repeated(given: tuple[Any, ...], more: dict[str, Any]) -> Any:
        page = list_rows(*given, **more)
        return replace(page, rows=page.rows * 1_000)

    told = engine.stats.of("ws_demo", request(automation_id=automation_id, range="24h"))
    assert sum(asked) == 1_000
    assert told.duration is not None and told.duration.sampled == 1_000
    assert {node.sampled for node in told.nodes} == {500}


def test_a_range_that_is_too_long_is_refused(engine: Engine) -> None:
    long_ago = iso(engine.clock.now - 93 * DAY)
    with pytest.raises(InvalidInputError) as refused:
        engine.stats.of("ws_demo", request(since=long_ago))
    assert refused.value.field == "from"
    empty = engine.stats.of("ws_demo", request(automation_id="aut_none", range="7d"))
    assert (empty.duration, empty.nodes, len(empty.hours)) == (None, [], 7 * 24 + 1)


def test_a_short_range_is_counted_by_the_minute(engine: Engine) -> None:
    automation_id = engine.activate(waiting())
    begun = engine.clock.now
    for number in range(3):
        engine.fire(automation_id, {"a": number})
        engine.clock.advance(10 * MINUTE)
    told = engine.stats.of("ws_demo", request(range="1h"))
    assert len(told.minutes) == 61
    opened = {each.start: each.counts["PENDING"] for each in told.minutes if each.counts["PENDING"]}
    assert opened == {iso((begun // MINUTE + 10 * at) * MINUTE): 1 for at in range(3)}
    assert sum(hour.counts["PENDING"] for hour in told.hours) == 3
    # The rows of other filters are counted by the minute too.
    by_hand = engine.stats.of(
        "ws_demo", request(range="1h", trigger_types=frozenset({TriggerType.WEBHOOK}))
    )
    assert (by_hand.minutes, by_hand.hours) == (told.minutes, told.hours)
    assert engine.stats.of("ws_demo", request(range="24h")).minutes == []


def test_stats_follow_the_filters_of_a_list(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation_id = engine.activate(waiting())
    finished(engine, automation_id, HOUR)
    engine.walk(engine.fire(automation_id, {"a": "waits"}), until="note")
    engine.fire(automation_id, {"a": "starts"})

    def counted(**filters: Any) -> tuple[dict[str, int], bool, int | None]:
        told = engine.stats.of("ws_demo", request(range="24h", **filters))
        totals = Counter[str]()
        for hour in told.hours:
            totals.update(hour.counts)
        measured = None if told.duration is None else told.duration.sampled
        return {name: count for name, count in totals.items() if count}, told.is_complete, measured

    assert counted() == ({"COMPLETED": 1, "RUNNING": 1, "PENDING": 1}, True, 1)
    assert counted(statuses=frozenset({"COMPLETED"})) == ({"COMPLETED": 1}, True, 1)
    assert counted(statuses=frozenset({"PENDING"})) == ({"PENDING": 1}, True, None)
    assert counted(health=frozenset({"WAITING"})) == ({"RUNNING": 1}, True, None)
    assert counted(trigger_types=frozenset({TriggerType.DATE})) == ({}, True, None)
    assert counted(contact="nobody@example.com") == ({}, True, None)
    monkeypatch.setattr(stats, "SCAN_BUDGET", 1)
    cut = counted(trigger_types=frozenset({TriggerType.WEBHOOK}))
    assert cut[1] is False


def test_stats_over_http(deployed: Engine) -> None:
    answer = call("GET", "/v1/stats", role="viewer", query="range=7d")
    assert answer["status"] == 200
    assert {"from", "to", "freshness", "hours", "duration", "nodes"} <= set(answer["body"])
