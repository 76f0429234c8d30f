"""Reruns, recoveries and holds publish events on the bus, each event once, if a rule may match
it."""

import json
from typing import Any

import pytest

from tests.support.fakes import rule
from tests.support.graphs import document, end, integration, node
from tests.support.simulation import OPERATOR, WORKSPACE, Simulation


@pytest.fixture
def automation(simulation: Simulation) -> str:
    nodes = [node("start", "TRIGGER", triggerType="WEBHOOK"), integration("score"), end()]
    graph = {"name": "Orders", **document(nodes, "start > score", "score > done")}
    return simulation.activate(graph)


def told(simulation: Simulation, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
    """Returns the events of these kinds. Fails if one of them was published twice."""
    simulation.settle()
    found = [
        (str(entry["DetailType"]), dict(json.loads(entry["Detail"])))
        for entry in simulation.bus.entries
        if entry["DetailType"].startswith(kinds)
    ]
    assert len({detail["id"] for _, detail in found}) == len(found)
    return found


def failed_runs(simulation: Simulation, automation_id: str, count: int) -> list[str]:
    simulation.http.status_of = lambda url: 503
    path = simulation.webhook_path(automation_id)
    answers = [simulation.request("webhook_in", "POST", path, {"n": n}) for n in range(count)]
    simulation.settle()
    simulation.http.status_of = lambda url: 200
    return [str(answer["body"]["runId"]) for answer in answers]


def post(simulation: Simulation, path: str, body: Any = None) -> dict[str, Any]:
    answer = simulation.request("api", "POST", path, body)
    assert answer["status"] in (200, 202), answer
    return dict(answer["body"])


def test_a_hold_and_its_release(simulation: Simulation, automation: str) -> None:
    path = f"/v1/automations/{automation}"
    post(simulation, f"{path}/hold", {"reason": "The partner is away"})
    hook = simulation.webhook_path(automation)
    simulation.request("webhook_in", "POST", hook, {})
    post(simulation, f"{path}/release", {"ratePerMinute": 60})
    held, released = told(simulation, "automation.")
    assert held[0] == "automation.held"
    assert released[0] == "automation.released"
    for _, detail in (held, released):
        assert (detail["workspaceId"], detail["automationId"]) == (WORKSPACE, automation)
        assert detail["by"] == OPERATOR
    assert (held[1]["reason"], held[1]["ratePerMinute"]) == ("The partner is away", None)
    assert (released[1]["reason"], released[1]["ratePerMinute"]) == (None, 60)


def test_a_held_automation_that_is_paused_is_not_released(
    simulation: Simulation, automation: str
) -> None:
    path = f"/v1/automations/{automation}"
    post(simulation, f"{path}/hold", {})
    post(simulation, f"{path}/pause")
    assert [name for name, _ in told(simulation, "automation.")] == ["automation.held"]


def test_a_rerun(simulation: Simulation, automation: str) -> None:
    (run_id,) = failed_runs(simulation, automation, 1)
    rerun = post(simulation, f"/v1/runs/{run_id}/rerun", {})["runId"]
    ((name, detail),) = told(simulation, "run.rerun")
    assert (name, detail["runId"], detail["rerunOf"]) == ("run.rerun", rerun, run_id)
    assert detail["rootRunId"] == run_id


def test_a_recovery(simulation: Simulation, automation: str) -> None:
    failed_runs(simulation, automation, 3)
    made = post(simulation, "/v1/recoveries", {"filter": {}, "canary": {"count": 1}})
    simulation.settle()
    post(simulation, f"/v1/recoveries/{made['id']}/pause")
    post(simulation, f"/v1/recoveries/{made['id']}/continue")
    events = told(simulation, "recovery.")
    assert [name for name, _ in events] == [
        "recovery.started",
        "recovery.waiting",
        "recovery.paused",
        "recovery.completed",
    ]
    assert {detail["recoveryId"] for _, detail in events} == {made["id"]}
    assert [detail["by"] for _, detail in events] == [OPERATOR, None, OPERATOR, None]
    assert events[-1][1]["counts"] == {
        "eligible": 3,
        "excluded": 0,
        "opened": 3,
        "completed": 3,
        "failed": 0,
        "canceled": 0,
    }
    assert len(told(simulation, "run.rerun")) == 3


def test_an_aborted_recovery(simulation: Simulation, automation: str) -> None:
    failed_runs(simulation, automation, 2)
    made = post(simulation, "/v1/recoveries", {"filter": {}, "canary": {"count": 1}})
    post(simulation, f"/v1/recoveries/{made['id']}/abort")
    names = [name for name, _ in told(simulation, "recovery.")]
    assert names == ["recovery.started", "recovery.aborted"]


def test_without_a_rule_nothing_is_published(simulation: Simulation, automation: str) -> None:
    simulation.bus.rules = [
        rule("failed", {"source": ["runledger"], "detail-type": ["run.failed"]})
    ]
    simulation.clock.advance(60_000)
    failed_runs(simulation, automation, 1)
    post(simulation, "/v1/recoveries", {"filter": {}})
    post(simulation, f"/v1/automations/{automation}/hold", {})
    assert told(simulation, "recovery.", "automation.", "run.rerun") == []
    assert len(told(simulation, "run.failed")) == 1
