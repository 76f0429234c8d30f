"""Skipping the waits of a run."""

from typing import Any

import pytest
from runledger.clock import HOUR, MINUTE
from runledger.errors import TransientError
from runledger.services.execution.skip_wait import WaitSkipper

from tests.support.graphs import calls_after_a_wait, document, end, merge, node, wait
from tests.support.simulation import Simulation


def forked() -> dict[str, Any]:
    nodes = [node("start", "TRIGGER", triggerType="WEBHOOK"), wait("short", 60), wait("long", 600)]
    nodes += [merge("both"), end()]
    edges = ("start > short", "start > long", "short > both", "long > both", "both > done")
    return {"name": "B", **document(nodes, *edges)}


def waiting_run(simulation: Simulation, automation: dict[str, Any]) -> str:
    automation_id = simulation.activate(automation)
    path = simulation.webhook_path(automation_id)
    opened = simulation.request("webhook_in", "POST", path, {})
    simulation.run_until(simulation.clock.now + MINUTE)
    return str(opened["body"]["runId"])


def skip(simulation: Simulation, run_id: str) -> dict[str, Any]:
    return simulation.request("api", "POST", f"/v1/runs/{run_id}/skip-wait", None)


def detail(simulation: Simulation, run_id: str) -> dict[str, Any]:
    body: dict[str, Any] = simulation.request("query", "GET", f"/v1/runs/{run_id}", None)["body"]
    return body


def test_a_skipped_wait_ends_and_the_run_goes_on(simulation: Simulation) -> None:
    run_id = waiting_run(simulation, calls_after_a_wait())
    assert detail(simulation, run_id)["health"]["state"] == "WAITING"
    began = simulation.clock.now
    skipped = skip(simulation, run_id)
    assert skipped["status"] == 200
    assert skipped["body"]["health"]["state"] == "RETRYING"
    simulation.settle()
    shown = detail(simulation, run_id)
    assert shown["status"] == "COMPLETED"
    assert simulation.clock.now - began < HOUR
    (pause,) = (step for step in shown["steps"] if step["nodeId"] == "pause")
    assert (pause["status"], pause["reason"]) == ("COMPLETED", "skipped by operator@example.com")
    assert pause["waitedMs"] < HOUR
    assert len(simulation.http.calls) == 1


def test_both_waits_of_a_fork_are_skipped(simulation: Simulation) -> None:
    run_id = waiting_run(simulation, forked())
    began = simulation.clock.now
    assert skip(simulation, run_id)["status"] == 200
    simulation.settle()
    assert detail(simulation, run_id)["status"] == "COMPLETED"
    assert simulation.clock.now - began < HOUR


def test_only_a_waiting_run_has_a_wait_to_skip(simulation: Simulation) -> None:
    run_id = waiting_run(simulation, calls_after_a_wait())
    assert skip(simulation, run_id)["status"] == 200
    again = skip(simulation, run_id)
    assert (again["status"], again["body"]["detail"]) == (409, "the run is not waiting")
    simulation.settle()
    assert skip(simulation, run_id)["status"] == 409
    assert skip(simulation, "run_01HF7YAT0F0000000000000000")["status"] == 404


def test_all_waits_that_a_list_shows_are_skipped(simulation: Simulation) -> None:
    automation_id = simulation.activate(calls_after_a_wait())
    path = simulation.webhook_path(automation_id)
    opened = [simulation.request("webhook_in", "POST", path, {"n": n}) for n in range(3)]
    simulation.run_until(simulation.clock.now + MINUTE)
    asked = {"filter": {"automationId": automation_id}}
    counted = simulation.request("api", "POST", "/v1/runs/skip-wait", {**asked, "dryRun": True})
    assert (counted["status"], counted["body"]["matched"], counted["body"]["skipped"]) == (
        200,
        3,
        0,
    )
    began = simulation.clock.now
    begun = simulation.request("api", "POST", "/v1/runs/skip-wait", asked)
    assert begun["body"]["skipped"] == 3
    simulation.settle()
    ended = simulation.request("query", "GET", f"/v1/runs/skip-wait/{begun['body']['id']}", None)
    assert (ended["body"]["isComplete"], ended["body"]["skipped"]) == (True, 3)
    assert simulation.clock.now - began < HOUR
    for answer in opened:
        assert detail(simulation, answer["body"]["runId"])["status"] == "COMPLETED"


def two_waits() -> dict[str, Any]:
    nodes = [node("start", "TRIGGER", triggerType="WEBHOOK"), wait("first", 60), wait("second", 60)]
    edges = ("start > first", "first > second", "second > done")
    return {"name": "C", **document([*nodes, end()], *edges)}


def waiting_runs(simulation: Simulation, automation_id: str, count: int) -> list[str]:
    path = simulation.webhook_path(automation_id)
    opened = [simulation.request("webhook_in", "POST", path, {"n": n}) for n in range(count)]
    simulation.run_until(simulation.clock.now + MINUTE)
    return [str(answer["body"]["runId"]) for answer in opened]


def bulk_skip(simulation: Simulation, automation_id: str) -> dict[str, Any]:
    asked = {"filter": {"automationId": automation_id}}
    body: dict[str, Any] = simulation.request("api", "POST", "/v1/runs/skip-wait", asked)["body"]
    return body


def bulk_skipped(simulation: Simulation, bulk_id: str) -> dict[str, Any]:
    path = f"/v1/runs/skip-wait/{bulk_id}"
    body: dict[str, Any] = simulation.request("query", "GET", path, None)["body"]
    return body


def test_a_run_that_comes_to_another_wait_is_counted_once(simulation: Simulation) -> None:
    automation_id = simulation.activate(two_waits())
    run_ids = waiting_runs(simulation, automation_id, 2)
    begun = bulk_skip(simulation, automation_id)
    assert (begun["matched"], begun["skipped"]) == (2, 2)
    simulation.run_until(simulation.clock.now + 5 * MINUTE)
    ended = bulk_skipped(simulation, begun["id"])
    assert ended["isComplete"]
    assert (ended["matched"], ended["skipped"]) == (2, 2)
    assert sorted(run["id"] for run in ended["sample"]) == sorted(run_ids)
    # The second wait began after the request, so it is not skipped.
    assert {detail(simulation, each)["health"]["state"] for each in run_ids} == {"WAITING"}


@pytest.mark.parametrize("reading", ["first", "second"])
def test_a_batch_that_is_repeated_after_a_crash_counts_each_skipped_run(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, reading: str
) -> None:
    automation_id = simulation.activate(two_waits())
    simulation.table.holds_back = reading == "second"
    run_ids = waiting_runs(simulation, automation_id, 3)
    skip_one, skipped = WaitSkipper.skip, list[str]()

    def die_after_two(self: WaitSkipper, workspace_id: str, run_id: str, *more: Any) -> Any:
        free = skip_one(self, workspace_id, run_id, *more)
        skipped.append(run_id)
        if len(skipped) == 2:
            raise TransientError("the process died")
        return free

    monkeypatch.setattr(WaitSkipper, "skip", die_after_two)
    begun = bulk_skip(simulation, automation_id)
    simulation.table.holds_back = False
    simulation.table.catch_up()
    simulation.run_until(simulation.clock.now + 10 * MINUTE)
    ended = bulk_skipped(simulation, begun["id"])
    assert ended["isComplete"]
    assert (ended["matched"], ended["skipped"]) == (3, 3)
    assert sorted(skipped) == sorted(run_ids)
