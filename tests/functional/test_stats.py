"""Statistics: runs by the hour, and the durations of runs and nodes."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from runledger.clock import DAY, HOUR, iso
from runledger.errors import InvalidInputError
from runledger.models.totals import hour_of
from runledger.services.counts import stats
from runledger.services.counts.stats import percentile
from runledger.services.lists.pages import list_rows
from runledger.store.step_times import StepTimeStore

from tests.functional.test_api_handlers import call, deployed
from tests.support.engine import Engine

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
    told = engine.stats.of("ws_demo", automation_id, "24h", None, None)

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

    # Of all automations there are no nodes; of a large graph those of fewer runs.
    whole = engine.stats.of("ws_demo", None, None, None, None)
    assert (whole.nodes, whole.hours) == ([], told.hours)
    monkeypatch.setattr(stats, "STEP_READS", 4)
    fewer = engine.stats.of("ws_demo", automation_id, "24h", None, None)
    assert {node.sampled for node in fewer.nodes} == {2}
    assert fewer.duration is not None and fewer.duration.sampled == 3
    monkeypatch.setattr(stats, "STEP_READS", 1)
    fewest = engine.stats.of("ws_demo", automation_id, "24h", None, None)
    assert {node.sampled for node in fewest.nodes} == {1}
    monkeypatch.setattr(stats, "SCAN_BUDGET", 2)
    capped = engine.stats.of("ws_demo", automation_id, "24h", None, None)
    assert capped.duration is not None
    assert (capped.duration.sampled, capped.duration.is_capped) == (2, True)


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

    told = engine.stats.of("ws_demo", automation_id, "24h", None, None)
    assert sum(asked) == 1_000
    assert told.duration is not None and told.duration.sampled == 1_000
    assert {node.sampled for node in told.nodes} == {500}


def test_a_range_that_is_too_long_is_refused(engine: Engine) -> None:
    long_ago = iso(engine.clock.now - 93 * DAY)
    with pytest.raises(InvalidInputError) as refused:
        engine.stats.of("ws_demo", None, None, long_ago, None)
    assert refused.value.field == "from"
    empty = engine.stats.of("ws_demo", "aut_none", "7d", None, None)
    assert (empty.duration, empty.nodes, len(empty.hours)) == (None, [], 7 * 24 + 1)


def test_stats_over_http(deployed: Engine) -> None:
    answer = call("GET", "/v1/stats", role="viewer", query="range=7d")
    assert answer["status"] == 200
    assert {"from", "to", "freshness", "hours", "duration", "nodes"} <= set(answer["body"])
