"""The details of a run: its steps with their times, waits and tries, and the run that opened it."""

from typing import Any

import pytest
from runledger.clock import MINUTE, SECOND, from_iso
from runledger.models.run import Cancellation
from runledger.nodes.tools import HttpRequest, HttpResponse

from tests.functional.test_upstream import edit, end, follow, opened_by, upstream_document, waiting
from tests.support.engine import Engine
from tests.support.graphs import condition, edge, node, switch, wait
from tests.support.graphs import end as end_node

BY = "ada@example.com"


def document(name: str = "Long") -> dict[str, Any]:
    """Returns an automation that decides, waits, decides again, and makes a call with a
    second try."""
    big = {"kind": "COMPARE", "left": "{{trigger.n}}", "operator": "GREATER_THAN", "right": 10}
    retry = {"maxTries": 3, "backoffSeconds": 1}
    call = {"method": "GET", "url": "https://api.example.com/score", "retry": retry}
    return {
        "name": name,
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
            node("big", "CONDITION", **big),
            wait("nap", 5),
            switch("plan", "pro", "team", fallback="free"),
            node("call", "INTEGRATION", provider="HTTP", **call),
            end_node(),
        ],
        "edges": [
            edge(text)
            for text in (
                "start > big",
                "big > nap : true",
                "big > done : false",
                "nap > plan",
                "plan > done : pro",
                "plan > call : team",
                "plan > done : free",
                "call > done",
            )
        ],
    }


class Flaky:
    """Answers 503 to the first call."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.statuses = [503, 200]

    def call(self, request: HttpRequest) -> HttpResponse:
        self.engine.clock.advance(40)
        return HttpResponse(
            status=self.statuses.pop(0), headers=(), body=b"{}", truncated=False, duration_ms=40
        )


def steps_of(detail: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["nodeId"]: step for step in detail["steps"]}


def test_each_step_shows_its_duration_its_wait_and_its_tries(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "http", Flaky(engine))
    run_id = engine.fire(engine.activate(document()), {"n": 20, "plan": "team"})
    engine.walk(run_id, until="plan")
    nap = steps_of(engine.detail(run_id))["nap"]
    assert (nap["status"], nap["waitedMs"]) == ("WAITING", None)
    assert from_iso(nap["waitUntil"]) - from_iso(nap["startedAt"]) == pytest.approx(
        5 * MINUTE, abs=SECOND
    )
    engine.clock.advance(6 * MINUTE)
    engine.walk(run_id)
    detail = engine.detail(run_id)
    steps = steps_of(detail)
    assert detail["status"] == "COMPLETED"
    assert [step["order"] for step in detail["steps"]] == [1, 2, 3, 4, 5, 6]
    nap = steps["nap"]
    assert nap["status"] == "COMPLETED"
    assert nap["waitedMs"] == pytest.approx(5 * MINUTE, abs=SECOND)
    assert nap["waitedMs"] <= nap["durationMs"]
    call = steps["call"]
    assert call["tries"] == len(call["evidence"]["tries"]) == 2
    assert call["durationMs"] >= 2 * 40
    others = [step for name, step in steps.items() if name not in ("nap", "call")]
    assert {(step["tries"], step["waitedMs"]) for step in others} == {(None, None)}
    for step in detail["steps"]:
        took = from_iso(step["finishedAt"]) - from_iso(step["startedAt"])
        assert step["durationMs"] == took >= 0


def test_each_decision_shows_the_branches_it_did_not_take(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "http", Flaky(engine))
    run_id = engine.fire(engine.activate(document()), {"n": 20, "plan": "team"})
    engine.walk(run_id, until="plan")
    engine.clock.advance(6 * MINUTE)
    engine.walk(run_id)
    told = {
        name: (step["outcome"], step["branchesNotTaken"])
        for name, step in steps_of(engine.detail(run_id)).items()
    }
    assert told == {
        "start": (None, []),
        "big": ("true", ["false"]),
        "nap": (None, []),
        "plan": ("team", ["pro", "free"]),
        "call": (None, []),
        "done": (None, []),
    }


def test_a_canceled_wait_shows_how_long_it_lasted(engine: Engine) -> None:
    run_id = engine.fire(engine.activate(document()), {"n": 20})
    engine.walk(run_id, until="plan")
    engine.clock.advance(2 * MINUTE)
    engine.canceler.cancel("ws_demo", run_id, Cancellation(by=BY, reason="wrong list"))
    detail = engine.detail(run_id)
    nap = steps_of(detail)["nap"]
    assert nap["status"] == "CANCELED"
    assert nap["waitedMs"] == nap["durationMs"] == pytest.approx(2 * MINUTE, abs=SECOND)
    canceled = detail["canceled"]
    assert (canceled["by"], canceled["reason"]) == (BY, "wrong list")
    assert canceled["at"] == detail["finishedAt"]


def test_a_run_shows_the_version_graph_and_name_it_was_opened_with(engine: Engine) -> None:
    automation_id = engine.activate(document())
    run_id = engine.fire(automation_id, {"n": 1})
    engine.walk(run_id)
    later = document("Other")
    later["nodes"][1] = condition("big")
    edit(engine, automation_id, later)
    detail = engine.detail(run_id)
    assert (detail["version"], detail["automationName"]) == (1, "Long")
    kinds = {each["id"]: each["config"].get("kind") for each in detail["graph"]["nodes"]}
    assert kinds["big"] == "COMPARE"
    assert steps_of(detail)["big"]["branchesNotTaken"] == ["true"]


def test_a_run_links_to_the_one_that_opened_it(engine: Engine) -> None:
    first = engine.activate(upstream_document())
    second = engine.activate(waiting(first))
    upstream_id = end(engine, first)
    engine.clock.advance(10 * MINUTE)
    follow(engine, upstream_id)
    run_id = opened_by(engine, second, upstream_id)
    detail = engine.detail(run_id)
    assert detail["upstream"] == {
        "automationId": first,
        "automationName": "First",
        "runId": upstream_id,
        "status": "COMPLETED",
    }
    above = engine.detail(upstream_id)
    assert above["upstream"] is None
    assert [each["runId"] for each in above["downstream"]] == [run_id]

    # It may expire before the run that it opened.
    engine.clock.now = engine.stores.runs.get(upstream_id).expires_at
    assert engine.stores.runs.get(run_id).expires_at > engine.clock.now + 1
    assert engine.detail(run_id)["upstream"] == {
        "automationId": first,
        "automationName": None,
        "runId": upstream_id,
        "status": None,
    }
